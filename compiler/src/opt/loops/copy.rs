//! A second copy of a loop, which leaves to where the first one does.
//!
//! ```text
//!   loop(p = p0):                     loop(p = p0):             copy(q = p0):
//!     v = load p                        v = load p                w = load q
//!     brif …, loop(p'), out       ─▶    brif …, loop(p'), out(v)  brif …, copy(q'), out(w)
//!   out:                              out(x):
//!     return v                          return x
//! ```
//!
//! Nothing leads to the copy yet. What is computed in the loop and used behind it gets a parameter in
//! every block where the two meet; parameters that turn out to be always the same value are left for
//! `remove_constant_phis`.

use std::collections::VecDeque;

use super::shape::{Edges, Loop, out_of};
use crate::clif::{Values, each_value};
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::entity::packed_option::PackedOption;
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, Function, Inst, InstructionData, Value};
use rustc_hash::FxHashMap;

/// Copies a loop to cold blocks at the end of the function; returns the
/// copy's header. `domtree` is of the function before any copies.
pub(super) fn copy(
    func: &mut Function,
    domtree: &DominatorTree,
    edges: &mut Edges,
    lp: &Loop,
) -> Block {
    let mut copy = Copy {
        blocks: FxHashMap::default(),
        values: Copies::with_capacity(func.dfg.num_values()),
    };
    for &block in &lp.blocks {
        copy.block(func, block);
    }
    for &block in &lp.blocks {
        copy.connect(func, edges, copy.blocks[&block]);
    }
    Meeting {
        lp,
        domtree,
        edges,
        originals: copy.blocks.iter().map(|(&from, &to)| (to, from)).collect(),
        copies: copy.values,
        params: FxHashMap::default(),
        open: VecDeque::new(),
    }
    .run(func);
    copy.blocks[&lp.header]
}

/// The copy of each value that the loop computes.
type Copies = SecondaryMap<Value, PackedOption<Value>>;

struct Copy {
    blocks: FxHashMap<Block, Block>,
    values: Copies,
}

impl Copy {
    /// Copies a block with its instructions, which still refer to the original.
    fn block(&mut self, func: &mut Function, original: Block) {
        let block = func.dfg.make_block();
        func.layout.append_block(block);
        func.layout.set_cold(block);
        self.blocks.insert(original, block);
        for param in func.dfg.block_params(original).to_vec() {
            let ty = func.dfg.value_type(param);
            let copied = func.dfg.append_block_param(block, ty);
            self.values[param] = copied.into();
        }
        let insts: Vec<Inst> = func.layout.block_insts(original).collect();
        for inst in insts {
            let copied = func.dfg.clone_inst(inst);
            own_table(func, copied);
            func.layout.append_inst(copied, block);
            func.srclocs[copied] = func.srclocs[inst];
            let results = func.dfg.inst_results(inst).to_vec();
            let copies = func.dfg.inst_results(copied);
            for (result, &copy) in results.into_iter().zip(copies) {
                self.values[result] = copy.into();
            }
        }
    }

    /// Lets a copied block refer to the copy.
    fn connect(&self, func: &mut Function, edges: &mut Edges, block: Block) {
        let insts: Vec<Inst> = func.layout.block_insts(block).collect();
        for inst in insts {
            let value = |value| self.values[value].expand().unwrap_or(value);
            func.dfg.map_inst_values(inst, value);
        }
        for edge in out_of(func, block) {
            if let Some(&target) = self.blocks.get(&edge.target(func)) {
                edge.redirect(func, target);
            }
        }
        edges.enter(func, block);
    }
}

/// Gives a copied branch a jump table of its own.
fn own_table(func: &mut Function, branch: Inst) {
    let InstructionData::BranchTable { table, .. } = func.dfg.insts[branch] else {
        return;
    };
    let mut copied = func.dfg.jump_tables[table].clone();
    for call in copied.all_branches_mut() {
        let pool = &mut func.dfg.value_lists;
        let args: Vec<BlockArg> = call.args(pool).collect();
        *call = BlockCall::new(call.block(pool), args, pool);
    }
    let own = func.dfg.jump_tables.push(copied);
    if let InstructionData::BranchTable { table, .. } = &mut func.dfg.insts[branch] {
        *table = own;
    }
}

/// Where the two copies meet.
struct Meeting<'a> {
    lp: &'a Loop,
    domtree: &'a DominatorTree,
    edges: &'a Edges,
    /// The copied blocks and what they are copies of.
    originals: FxHashMap<Block, Block>,
    copies: Copies,
    /// What a value of the loop is at the beginning of a block behind it.
    params: FxHashMap<(Block, Value), Value>,
    /// Parameters whose arguments are not yet there, in their order.
    open: VecDeque<(Block, Value)>,
}

impl Meeting<'_> {
    fn run(mut self, func: &mut Function) {
        let blocks = func.layout.blocks();
        let behind: Vec<Block> = blocks.filter(|&block| self.is_behind(block)).collect();
        let mut users: Vec<(Block, Inst, Values)> = Vec::new();
        for block in behind {
            for inst in func.layout.block_insts(block) {
                let mut used = Values::new();
                each_value(func, inst, |value| {
                    if self.copies[value].is_some() {
                        used.push(value);
                    }
                });
                if !used.is_empty() {
                    users.push((block, inst, used));
                }
            }
        }
        for (block, inst, mut used) in users {
            used.sort_unstable();
            used.dedup();
            for value in used {
                let here = match self.rebuilt(func, block, value) {
                    Some(constant) => constant,
                    None => self.at_entry(func, block, value),
                };
                func.dfg
                    .map_inst_values(inst, |old| if old == value { here } else { old });
            }
        }
        while let Some((block, value)) = self.open.pop_front() {
            for edge in self.edges.to(block).to_vec() {
                let argument = self.at_end(func, edge.from, value);
                edge.append(func, argument);
            }
        }
    }

    /// Whether a block can use what the loop computes: blocks that its header dominates do, and
    /// copies of other loops do not know what dominates them.
    fn is_behind(&self, block: Block) -> bool {
        let outside = !self.lp.contains(block) && !self.originals.contains_key(&block);
        let known = self.domtree.is_reachable(block);
        outside && (!known || self.domtree.block_dominates(self.lp.header, block))
    }

    /// A constant or an address is computed again instead.
    fn rebuilt(&mut self, func: &mut Function, block: Block, value: Value) -> Option<Value> {
        let inst = func.dfg.value_def(value).inst()?;
        match func.dfg.insts[inst] {
            InstructionData::UnaryImm { .. }
            | InstructionData::UnaryIeee32 { .. }
            | InstructionData::UnaryIeee64 { .. }
            | InstructionData::UnaryGlobalValue { .. } => {}
            _ => return None,
        }
        Some(*self.params.entry((block, value)).or_insert_with(|| {
            let copy = func.dfg.clone_inst(inst);
            let mut cursor = FuncCursor::new(func).at_first_insertion_point(block);
            cursor.insert_inst(copy);
            cursor.func.dfg.first_result(copy)
        }))
    }

    /// What a value of the loop is at the beginning of a block behind it.
    fn at_entry(&mut self, func: &mut Function, block: Block, value: Value) -> Value {
        let mut passed = Vec::new();
        let mut at = block;
        let found = loop {
            if let Some(&known) = self.params.get(&(at, value)) {
                break known;
            }
            passed.push(at);
            match self.edges.to(at) {
                [edge] => match self.inside(edge.from, value) {
                    Some(inside) => break inside,
                    None => at = edge.from,
                },
                _ => {
                    let ty = func.dfg.value_type(value);
                    self.open.push_back((at, value));
                    break func.dfg.append_block_param(at, ty);
                }
            }
        };
        for block in passed {
            self.params.insert((block, value), found);
        }
        found
    }

    fn at_end(&mut self, func: &mut Function, block: Block, value: Value) -> Value {
        match self.inside(block, value) {
            Some(inside) => inside,
            None => self.at_entry(func, block, value),
        }
    }

    /// The value at the end of a block of one of the copies.
    fn inside(&self, block: Block, value: Value) -> Option<Value> {
        if self.lp.contains(block) {
            Some(value)
        } else if self.originals.contains_key(&block) {
            self.copies[value].expand()
        } else {
            None
        }
    }
}
