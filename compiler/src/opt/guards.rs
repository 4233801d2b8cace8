//! Removes checks that can never fail.
//!
//! A guard is `trapnz (icmp ugt index, limit)`, but every `trapz` and `trapnz` is treated alike:
//! when the condition is decided by what is known, the check goes away, or becomes a plain `trap`
//! if it always fails. What is known comes from
//!
//! * the unsigned range of a value, by what computes it (`range`);
//! * **range facts**: a check or a branch that was passed bounds the values it compared;
//! * **room facts**: for a memory that grows, a passed guard says `index + room <= size`, in
//!   unbounded arithmetic, for the size that it loaded.
//!
//! # Why this is sound
//!
//! The walk visits blocks in preorder of the dominator tree. A fact is entered behind the check
//! that establishes it, or in a block whose only edge in comes from the branch that does, and is
//! forgotten when the walk leaves that block's subtree: so it is used at points only that its
//! origin *dominates*.
//!
//! **A fact holds for the value's latest instance.** In a loop, a value has many. Let the origin
//! G of a fact on v dominate the point P. Suppose v were computed anew after the last G and
//! before P. The definition D of v dominates G, so entry reaches D without passing G; and D
//! reaches P without passing G: then a path avoids G on its way to P, and G does not dominate P.
//! The same argument, with the definition of x for G, shows that x = y + z at P refers to the
//! latest instances of y and z, which is what `range` relies on.
//!
//! **Sizes only grow.** A memory's size at one load is no larger than at a later load, and two
//! loads that dominate the same point are ordered by dominance, hence by preorder number. A room
//! fact from one load proves a guard that compares with the same load or a later one. A guard
//! against an *older* size is left alone. What a size is known to reach, every load further on
//! reaches too.
//!
//! **Nothing wraps unnoticed.** A limit `size - end` counts as such only where `size >= end` is
//! known, from the declared minimum or from a passed check. An index `j + c` is proven by room of
//! `j`: from `j + room <= size < 2^32` and `c + end <= room` follows that `j + c` does not wrap
//! and that `j + c + end <= size`.
//!
//! **Premises.** Ranges of sizes rely on the memory's declared minimum and maximum, constant
//! limits on its fixed size; the image carries both, and the loader refuses to break them.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef,
};
use rustc_hash::FxHashMap;

use super::range::{self, Range};
use crate::wasm::contract::Region;
use crate::wasm::module::Memory;

/// What became of a function's checks, `trapz` and `trapnz`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Checks that remain.
    pub kept: u32,
    /// Guards whose work an earlier one of the same index has taken over, removed.
    pub merged: u32,
    /// Guards that a check before their loop stands for.
    pub hoisted: u32,
    /// Checks that can never fail, removed.
    pub removed: u32,
    /// Checks that always fail, now a `trap`.
    pub certain: u32,
}

/// Counts the checks of a function that the pass does not run on.
pub fn count(func: &Function) -> Statistics {
    let checks = func
        .layout
        .blocks()
        .flat_map(|block| func.layout.block_insts(block))
        .filter(|&inst| matches!(func.dfg.insts[inst], InstructionData::CondTrap { .. }));
    Statistics {
        kept: checks.count() as u32,
        ..Statistics::default()
    }
}

/// Removes the guards of the memory from `func`, whether they hold or not.
#[cfg(feature = "measure")]
pub(super) fn leave_out(func: &mut Function) {
    use crate::wasm::contract::trap;
    use wasm2mcu_abi::trap::TrapCode;

    let guard = trap(TrapCode::MemoryOutOfBounds);
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for block in blocks {
        let insts: Vec<Inst> = func.layout.block_insts(block).collect();
        for inst in insts {
            if matches!(func.dfg.insts[inst], InstructionData::CondTrap { code, .. } if code == guard)
            {
                func.layout.remove_inst(inst);
            }
        }
    }
}

/// Removes checks from `func`. Code behind a check that became a `trap` goes away with its edges,
/// so flow graph and dominator tree are stale if [`Statistics::certain`] is not 0.
pub fn run(
    func: &mut Function,
    cfg: &ControlFlowGraph,
    domtree: &DominatorTree,
    memory: Option<&Memory>,
) -> Statistics {
    let Some(entry) = func.layout.entry_block() else {
        return Statistics::default();
    };
    let size = memory.map(|memory| Range {
        lo: u64::from(memory.min_bytes),
        hi: u64::from(memory.max_bytes),
    });
    let mut pass = Pass {
        func,
        size,
        least_size: size.map_or(0, |size| size.lo),
        size_loads: FxHashMap::default(),
        ranges: FxHashMap::default(),
        rooms: FxHashMap::default(),
        undo: Vec::new(),
        statistics: Statistics::default(),
    };
    let mut work = vec![Step::Enter(entry)];
    while let Some(step) = work.pop() {
        match step {
            Step::Enter(block) => {
                work.push(Step::Leave(pass.undo.len()));
                pass.branch_facts(block, cfg);
                pass.block(block);
                work.extend(domtree.children(block).map(Step::Enter));
            }
            Step::Leave(mark) => pass.forget(mark),
        }
    }
    pass.statistics
}

enum Step {
    Enter(Block),
    /// Forget the facts entered since the log had this length.
    Leave(usize),
}

/// How to take a fact back.
enum Undo {
    Range(Value, Option<Range>),
    Room(Value),
    LeastSize(u64),
}

/// `index + bytes <= size`, for the size that the load with this number read.
#[derive(Clone, Copy)]
struct Room {
    bytes: u64,
    load: usize,
}

struct Pass<'a> {
    func: &'a mut Function,
    /// The sizes that the memory can have.
    size: Option<Range>,
    /// What the size is known to have reached.
    least_size: u64,
    /// The loads of the memory's size met so far, numbered in the order of the walk.
    size_loads: FxHashMap<Value, usize>,
    ranges: FxHashMap<Value, Range>,
    rooms: FxHashMap<Value, Vec<Room>>,
    undo: Vec<Undo>,
    statistics: Statistics,
}

impl Pass<'_> {
    fn forget(&mut self, mark: usize) {
        for undo in self.undo.drain(mark..).rev() {
            match undo {
                Undo::Range(value, Some(before)) => {
                    self.ranges.insert(value, before);
                }
                Undo::Range(value, None) => {
                    self.ranges.remove(&value);
                }
                Undo::Room(value) => {
                    self.rooms.get_mut(&value).and_then(Vec::pop);
                }
                Undo::LeastSize(before) => self.least_size = before,
            }
        }
    }

    /// What the branch into `block` tells, if there is only that way in.
    fn branch_facts(&mut self, block: Block, cfg: &ControlFlowGraph) {
        let mut edges = cfg.pred_iter(block);
        let (Some(edge), None) = (edges.next(), edges.next()) else {
            return;
        };
        if self.func.layout.entry_block() == Some(block) {
            return;
        }
        let dfg = &self.func.dfg;
        let InstructionData::Brif { arg, blocks, .. } = dfg.insts[edge.inst] else {
            return;
        };
        let [then, otherwise] = blocks.map(|call| call.block(&dfg.value_lists));
        if then != otherwise {
            self.assume(arg, then == block);
        }
    }

    fn block(&mut self, block: Block) {
        let mut next = self.func.layout.first_inst(block);
        while let Some(inst) = next {
            next = self.func.layout.next_inst(inst);
            match self.func.dfg.insts[inst] {
                InstructionData::Load { .. } => self.size_load(inst),
                InstructionData::CondTrap { opcode, arg, .. } => {
                    let fails_if = opcode == Opcode::Trapnz;
                    match self.decide(arg) {
                        Some(truth) if truth != fails_if => {
                            self.func.layout.remove_inst(inst);
                            self.statistics.removed += 1;
                        }
                        Some(_) => {
                            self.trap_always(inst);
                            return;
                        }
                        None => {
                            self.assume(arg, !fails_if);
                            self.statistics.kept += 1;
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Replaces a check that always fails, and everything behind it in its block.
    fn trap_always(&mut self, inst: Inst) {
        let InstructionData::CondTrap { code, .. } = self.func.dfg.insts[inst] else {
            return;
        };
        let mut cursor = FuncCursor::new(self.func).at_inst(inst);
        cursor.use_srcloc(inst);
        cursor.ins().trap(code);
        let mut dead = Some(inst);
        while let Some(inst) = dead {
            dead = self.func.layout.next_inst(inst);
            self.func.layout.remove_inst(inst);
        }
        self.statistics.certain += 1;
    }

    /// Numbers a load of the memory's size. Nothing else accesses that alias region but the
    /// store of `memory.grow`.
    fn size_load(&mut self, inst: Inst) {
        let dfg = &self.func.dfg;
        let Some(flags) = dfg.insts[inst].memflags() else {
            return;
        };
        let region = dfg.mem_flags[flags].alias_region();
        if region.is_none() || region != dfg.alias_regions.get(Region::MemorySize.user_id()) {
            return;
        }
        let value = dfg.first_result(inst);
        let number = self.size_loads.len();
        self.size_loads.insert(value, number);
        if let Some(Range { hi, .. }) = self.size {
            let lo = self.least_size;
            self.refine(value, Range { lo, hi });
        }
    }

    fn range(&self, value: Value) -> Option<Range> {
        range::of(self.func, value, &|value| self.ranges.get(&value).copied())
    }

    /// Whether `condition` is surely not zero (`true`) or surely zero (`false`) here.
    fn decide(&self, condition: Value) -> Option<bool> {
        if let Some((comparison, x, y)) = self.comparison(condition)
            && let Some(truth) = self.decide_comparison(comparison, x, y)
        {
            return Some(truth);
        }
        let range = self.range(condition)?;
        match range {
            Range { hi: 0, .. } => Some(false),
            Range { lo: 1.., .. } => Some(true),
            _ => None,
        }
    }

    fn decide_comparison(&self, comparison: IntCC, x: Value, y: Value) -> Option<bool> {
        let either = |yes: bool, no: bool| match (yes, no) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let (a, b) = (self.range(x)?, self.range(y)?);
        match comparison {
            IntCC::Equal => either(
                a.exact().is_some() && a.exact() == b.exact(),
                a.intersect(b).is_none(),
            ),
            IntCC::NotEqual => self.decide_comparison(IntCC::Equal, x, y).map(|eq| !eq),
            _ => {
                let (greater, smaller, strict) = ordered(comparison, x, y)?;
                if comparison != comparison.unsigned() {
                    // Alike where neither can be negative.
                    let positive = self.not_negative(x)?;
                    a.intersect(positive).filter(|&r| r == a)?;
                    b.intersect(positive).filter(|&r| r == b)?;
                }
                either(
                    self.surely_at_most(smaller, greater, strict),
                    self.surely_at_most(greater, smaller, !strict),
                )
            }
        }
    }

    /// Whether `x <= y`, or `x < y` if `strict`.
    fn surely_at_most(&self, x: Value, y: Value, strict: bool) -> bool {
        let (Some(a), Some(b)) = (self.range(x), self.range(y)) else {
            return false;
        };
        if a.hi < b.lo || !strict && a.hi == b.lo {
            return true;
        }
        let Some((load, end)) = self.limit(y) else {
            return false;
        };
        let needed = end + u64::from(strict);
        let proves = |index: Value, needed: u64| {
            let rooms = self.rooms.get(&index).map_or(&[][..], Vec::as_slice);
            rooms
                .iter()
                .any(|room| room.bytes >= needed && room.load <= load)
        };
        let x = self.func.dfg.resolve_aliases(x);
        proves(x, needed)
            || self
                .plus_constant(x)
                .is_some_and(|(index, constant)| proves(index, needed + constant))
    }

    /// Enters what follows from `condition` being zero or not.
    fn assume(&mut self, condition: Value, truth: bool) {
        let Some((comparison, x, y)) = self.comparison(condition) else {
            return self.assume_flag(condition, truth);
        };
        let comparison = match truth {
            true => comparison,
            false => comparison.complement(),
        };
        let (Some(a), Some(b)) = (self.range(x), self.range(y)) else {
            return;
        };
        match comparison {
            IntCC::Equal => {
                self.refine(x, b);
                self.refine(y, a);
            }
            IntCC::NotEqual => {
                self.exclude(x, b);
                self.exclude(y, a);
            }
            _ => {
                let Some((greater, smaller, strict)) = ordered(comparison, x, y) else {
                    return;
                };
                if comparison == comparison.unsigned() {
                    self.assume_at_most(smaller, greater, strict);
                } else {
                    self.assume_at_most_signed(smaller, greater, strict);
                }
            }
        }
    }

    /// The condition is no comparison, but a value like any other.
    fn assume_flag(&mut self, condition: Value, truth: bool) {
        let zero = Range { lo: 0, hi: 0 };
        if truth {
            self.exclude(condition, zero);
        } else {
            self.refine(condition, zero);
        }
    }

    /// Enters `smaller <= greater`, or `<` if `strict`, as unsigned numbers.
    fn assume_at_most(&mut self, smaller: Value, greater: Value, strict: bool) {
        let (Some(s), Some(g)) = (self.range(smaller), self.range(greater)) else {
            return;
        };
        let step = u64::from(strict);
        if let Some((load, end)) = self.limit(greater) {
            let room = Room {
                bytes: end + step,
                load,
            };
            let smaller = self.func.dfg.resolve_aliases(smaller);
            self.rooms.entry(smaller).or_default().push(room);
            self.undo.push(Undo::Room(smaller));
        }
        let below = Range {
            lo: 0,
            hi: g.hi.saturating_sub(step),
        };
        let above = Range {
            lo: s.lo.saturating_add(step),
            hi: u64::MAX,
        };
        self.refine(smaller, below);
        self.refine(greater, above);
    }

    /// The same for signed numbers: useful once the smaller one is not negative.
    fn assume_at_most_signed(&mut self, smaller: Value, greater: Value, strict: bool) {
        let (Some(s), Some(positive)) = (self.range(smaller), self.not_negative(smaller)) else {
            return;
        };
        let minus_one = 2 * positive.hi + 1;
        if s.hi <= positive.hi {
            self.refine(greater, positive);
            self.assume_at_most(smaller, greater, strict);
        } else if strict && s.exact() == Some(minus_one) {
            self.refine(greater, positive);
        }
    }

    /// Enters that `value` lies in `range`.
    fn refine(&mut self, value: Value, range: Range) {
        let Some(before) = self.range(value) else {
            return;
        };
        // No common value: this point is never reached, and nothing needs to be known.
        let Some(now) = before.intersect(range).filter(|&now| now != before) else {
            return;
        };
        let value = self.func.dfg.resolve_aliases(value);
        let replaced = self.ranges.insert(value, now);
        self.undo.push(Undo::Range(value, replaced));
        if self.size_loads.contains_key(&value) && now.lo > self.least_size {
            self.undo.push(Undo::LeastSize(self.least_size));
            self.least_size = now.lo;
        }
        self.refine_addend(value, now);
    }

    /// What `value = index + constant` being in `range` tells of the index, if the sum wraps for all
    /// indices that there can be or for none.
    fn refine_addend(&mut self, value: Value, range: Range) {
        let Some((index, constant)) = self.plus_constant(value) else {
            return;
        };
        let (Some(known), Some(full)) = (
            self.range(index),
            Range::full(self.func.dfg.value_type(value)),
        ) else {
            return;
        };
        let modulus = u128::from(full.hi) + 1;
        let sum = |bound: u64| u128::from(bound) + u128::from(constant);
        let wrapped = match (sum(known.lo) < modulus, sum(known.hi) < modulus) {
            (true, true) => 0,
            (false, false) => modulus,
            _ => return,
        };
        let back = |bound: u64| (u128::from(bound) + wrapped).checked_sub(u128::from(constant));
        let lo = back(range.lo).unwrap_or(0);
        if let Some(hi) = back(range.hi) {
            let index_range = Range {
                lo: lo as u64,
                hi: hi.min(u128::from(full.hi)) as u64,
            };
            self.refine(index, index_range);
        }
    }

    /// Enters that `value` is not the only value of `other`, which tells something at an end.
    fn exclude(&mut self, value: Value, other: Range) {
        let (Some(range), Some(other)) = (self.range(value), other.exact()) else {
            return;
        };
        if range.lo == other && range.lo < range.hi {
            self.refine(
                value,
                Range {
                    lo: other + 1,
                    hi: range.hi,
                },
            );
        } else if range.hi == other && range.lo < range.hi {
            self.refine(
                value,
                Range {
                    lo: range.lo,
                    hi: other - 1,
                },
            );
        }
    }

    /// The numbers of `value`'s type that are not negative when signed.
    fn not_negative(&self, value: Value) -> Option<Range> {
        let full = Range::full(self.func.dfg.value_type(value))?;
        Some(Range {
            lo: 0,
            hi: full.hi / 2,
        })
    }

    /// `limit = size - end` without wrapping: the number of the load that read the size, and
    /// `end`.
    fn limit(&self, limit: Value) -> Option<(usize, u64)> {
        let limit = self.func.dfg.resolve_aliases(limit);
        if let Some(&load) = self.size_loads.get(&limit) {
            return Some((load, 0));
        }
        let (size, end) = match *self.definition(limit)? {
            InstructionData::Binary {
                opcode: Opcode::Isub,
                args: [size, end],
            } => (size, self.range(end)?.exact()?),
            InstructionData::Binary {
                opcode: Opcode::Iadd,
                args,
            } => {
                let (size, negative) = self.with_constant(args)?;
                let full = Range::full(self.func.dfg.value_type(limit))?;
                (size, negative.wrapping_neg() & full.hi)
            }
            _ => return None,
        };
        let size = self.func.dfg.resolve_aliases(size);
        let load = *self.size_loads.get(&size)?;
        (self.range(size)?.lo >= end).then_some((load, end))
    }

    /// `value = index + constant`, possibly wrapping.
    fn plus_constant(&self, value: Value) -> Option<(Value, u64)> {
        match *self.definition(value)? {
            InstructionData::Binary {
                opcode: Opcode::Iadd,
                args,
            } => self.with_constant(args),
            _ => None,
        }
    }

    /// Tells which of two operands is a constant.
    fn with_constant(&self, [x, y]: [Value; 2]) -> Option<(Value, u64)> {
        let dfg = &self.func.dfg;
        let constant = |value| match *self.definition(dfg.resolve_aliases(value))? {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => Some(imm.bits() as u64 & Range::full(dfg.value_type(value))?.hi),
            _ => None,
        };
        constant(y)
            .map(|c| (dfg.resolve_aliases(x), c))
            .or_else(|| constant(x).map(|c| (dfg.resolve_aliases(y), c)))
    }

    /// The comparison whose result `condition` is, also when extended or compared with 0 again.
    fn comparison(&self, condition: Value) -> Option<(IntCC, Value, Value)> {
        let condition = self.func.dfg.resolve_aliases(condition);
        match *self.definition(condition)? {
            InstructionData::IntCompare {
                cond, args: [x, y], ..
            } => Some((cond, x, y)),
            InstructionData::Unary {
                opcode: Opcode::Uextend,
                arg,
            } => self.comparison(arg),
            _ => None,
        }
    }

    fn definition(&self, value: Value) -> Option<&InstructionData> {
        match self.func.dfg.value_def(value) {
            ValueDef::Result(inst, 0) => Some(&self.func.dfg.insts[inst]),
            _ => None,
        }
    }
}

/// An inequality as (greater, smaller, strict).
fn ordered(comparison: IntCC, x: Value, y: Value) -> Option<(Value, Value, bool)> {
    match comparison.unsigned() {
        IntCC::UnsignedGreaterThan => Some((x, y, true)),
        IntCC::UnsignedGreaterThanOrEqual => Some((x, y, false)),
        IntCC::UnsignedLessThan => Some((y, x, true)),
        IntCC::UnsignedLessThanOrEqual => Some((y, x, false)),
        _ => None,
    }
}
