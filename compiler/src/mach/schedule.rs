//! Brings computations down to their readers, so that fewer values wait in registers.
//!
//! ```text
//!   a = load p+6                      s = iadd t, r
//!   b = load q+6                      a = load p+6
//!   s = iadd t, r             ─▶      b = load q+6
//!   m = imul a, b                     m = imul a, b
//!   n = iadd m, s                     n = iadd m, s
//! ```
//!
//! WebAssembly evaluates operands in the order of its stack, so all leaves of a large expression come
//! first. Within a block, an instruction moves right before its first reader if it has no effect and
//! what it reads is there anyway at that place, or takes no more registers than its result. A load
//! moves across no store and no call.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::entity::packed_option::PackedOption;
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode, Value, ValueDef};
use smallvec::SmallVec;

use super::dead::Uses;
use super::loops::Loops;
use super::lower::has_effect;
use crate::clif::{each_value, values};

/// How deep an expression is looked into.
const DEPTH: u32 = 8;

/// Moves instructions of `func`, whose aliases are resolved, within their blocks.
pub(super) fn run(func: &mut Function, loops: &Loops) {
    let uses = Uses::of(func);
    let Some(entry) = func.layout.entry_block() else {
        return;
    };
    let mut readers = SecondaryMap::new();
    readers.resize(func.dfg.num_values());
    let mut barriers = SecondaryMap::new();
    barriers.resize(func.dfg.num_insts());
    let mut scheduler = Scheduler {
        uses,
        loops,
        readers,
        barriers,
        func,
        passed: 0,
        block: entry,
    };
    let blocks: Vec<Block> = scheduler.func.layout.blocks().collect();
    for block in blocks {
        scheduler.run(block);
    }
}

/// How many readers of a value a block has, and how many of them stand at or behind the place that
/// was reached.
#[derive(Clone, Copy, Default)]
struct Readers {
    /// The block; what is said of another one is over.
    of: PackedOption<Block>,
    inside: u32,
    seen: u32,
}

struct Scheduler<'f> {
    func: &'f mut Function,
    uses: Uses,
    loops: &'f Loops,
    /// Who reads each value in the block that was last seen to do so.
    readers: SecondaryMap<Value, Readers>,
    /// For each instruction, how many barriers for loads stand before it in its block.
    barriers: SecondaryMap<Inst, u32>,
    /// The same for the place that was reached.
    passed: u32,
    block: Block,
}

impl Scheduler<'_> {
    fn run(&mut self, block: Block) {
        self.block = block;
        self.passed = 0;
        for inst in self.func.layout.block_insts(block) {
            each_value(self.func, inst, |value| {
                let readers = &mut self.readers[value];
                if readers.of != block.into() {
                    *readers = Readers {
                        of: block.into(),
                        ..Readers::default()
                    };
                }
                readers.inside += 1;
            });
            self.barriers[inst] = self.passed;
            self.passed += u32::from(is_barrier(self.func, inst));
        }
        let mut next = self.func.layout.last_inst(block);
        while let Some(reader) = next {
            self.passed -= u32::from(is_barrier(self.func, reader));
            let operands = values(self.func, reader);
            for &value in &operands {
                self.readers[value].seen += 1;
            }
            let mut movable: SmallVec<[(u32, Inst); 4]> = SmallVec::new();
            for &value in &operands {
                let Some(inst) = self.producer(value, 0) else {
                    continue;
                };
                let cost = self.cost(inst, DEPTH);
                let gain = words(self.func, value);
                let load = self.func.dfg.insts[inst].opcode().can_load();
                let moves = cost < gain || (cost == gain && !load);
                if moves && !movable.iter().any(|&(_, other)| other == inst) {
                    movable.push((cost, inst));
                }
            }
            // What needs more registers is computed first, and what a branch tests last, because flags
            // do not last.
            let tested = match self.func.dfg.insts[reader] {
                InstructionData::Brif { arg, .. } => self.func.dfg.value_def(arg).inst(),
                _ => None,
            };
            movable.sort_by_key(|&(cost, inst)| (Some(inst) == tested, std::cmp::Reverse(cost)));
            for (_, inst) in movable {
                self.func.layout.remove_inst(inst);
                self.func.layout.insert_inst(inst, reader);
            }
            next = self.func.layout.prev_inst(reader);
        }
    }

    /// Who reads a value in this block.
    fn readers(&self, value: Value) -> Readers {
        let readers = self.readers[value];
        match readers.of == self.block.into() {
            true => readers,
            false => Readers::default(),
        }
    }

    /// The instruction of this block that computes `value`, if it can move to the place that was
    /// reached, where `readers` more of the value's readers would be.
    fn producer(&self, value: Value, readers: u32) -> Option<Inst> {
        let Readers { inside, seen, .. } = self.readers(value);
        let first = seen + readers == inside;
        if !first {
            return None;
        }
        let inst = self.func.dfg.value_def(value).inst()?;
        let opcode = self.func.dfg.insts[inst].opcode();
        let constant = matches!(opcode, Opcode::Iconst | Opcode::SymbolValue);
        if constant || opcode.can_load() && self.barriers[inst] != self.passed {
            return None;
        }
        let here = self.func.layout.inst_block(inst) == Some(self.block);
        let single = self.func.dfg.inst_results(inst).len() == 1;
        (here && single && !has_effect(self.func, inst)).then_some(inst)
    }

    /// How many registers are taken, at the place that was reached, by what the instruction reads
    /// and nothing else does from there on.
    fn cost(&self, inst: Inst, depth: u32) -> u32 {
        let mut cost = 0;
        let operands = values(self.func, inst);
        for (position, &value) in operands.iter().enumerate() {
            if operands[..position].contains(&value) || self.is_alive(value) {
                continue;
            }
            let itself = words(self.func, value);
            let readers = operands.iter().filter(|&&other| other == value).count();
            cost += match self.producer(value, readers as u32) {
                Some(inner) if depth > 0 => self.cost(inner, depth - 1).min(itself),
                _ => itself,
            };
        }
        cost
    }

    /// Whether a value is needed behind the place that was reached anyway.
    fn is_alive(&self, value: Value) -> bool {
        let Readers { inside, seen, .. } = self.readers(value);
        if seen > 0 {
            return true;
        }
        let defined = match self.func.dfg.value_def(value) {
            ValueDef::Result(inst, _) => self.func.layout.inst_block(inst),
            ValueDef::Param(block, _) => Some(block),
            ValueDef::Union(..) => None,
        };
        // What other blocks read, they read behind this one; and a loop keeps what it does not compute.
        let outside = self.uses.count(value) > inside;
        let of = self.loops.innermost(self.block);
        (outside && defined == Some(self.block))
            || of.is_some_and(|of| self.loops.is_invariant(self.func, of, value))
    }
}

/// Registers of a value; constants and pinned registers take none.
fn words(func: &Function, value: Value) -> u32 {
    if let Some(inst) = func.dfg.value_def(value).inst() {
        let opcode = func.dfg.insts[inst].opcode();
        if matches!(opcode, Opcode::Iconst | Opcode::SymbolValue) {
            return 0;
        }
    }
    func.dfg.value_type(value).bits().div_ceil(32)
}

/// Whether a load does not move across this instruction.
fn is_barrier(func: &Function, inst: Inst) -> bool {
    let opcode = func.dfg.insts[inst].opcode();
    opcode.can_store() || opcode.is_call() || opcode.other_side_effects()
}
