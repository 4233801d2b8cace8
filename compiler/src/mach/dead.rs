//! Removes CLIF that nobody reads.
//!
//! Selection would leave such instructions out anyway, but until they are gone they count as uses of
//! their operands, and what has one use only can be folded into it. A block parameter that only
//! keeps itself alive, round after round, would even get a register.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::{EntitySet, SecondaryMap};
use cranelift_codegen::ir::{Block, BlockArg, Function, Inst, Value, ValueDef};
use smallvec::SmallVec;

use super::lower::has_effect;
use crate::clif::{destinations, each_value};

/// Removes the instructions and block parameters of `func`, whose aliases are resolved, that nothing
/// with an effect depends on.
pub(super) fn remove(func: &mut Function) {
    let live = Live::of(func);
    let entry = func.layout.entry_block();
    let mut cursor = FuncCursor::new(func);
    while let Some(block) = cursor.next_block() {
        while let Some(inst) = cursor.next_inst() {
            let func = &mut *cursor.func;
            let mut results = func.dfg.inst_results(inst).iter();
            let wanted = results.any(|&result| live.values.contains(result));
            if !wanted && !has_effect(func, inst) {
                cursor.remove_inst_and_step_back();
            }
        }
        if let Some(branch) = cursor.func.layout.last_inst(block) {
            drop_arguments(cursor.func, branch, &live, entry);
        }
        if Some(block) != entry {
            for param in cursor.func.dfg.block_params(block).to_vec() {
                if !live.values.contains(param) {
                    cursor.func.dfg.remove_block_param(param);
                }
            }
        }
    }
}

/// Drops the arguments for parameters that are about to go, or have gone already.
fn drop_arguments(func: &mut Function, branch: Inst, live: &Live, entry: Option<Block>) {
    let dfg = &mut func.dfg;
    let calls =
        dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
    for call in calls {
        let block = call.block(&dfg.value_lists);
        if Some(block) == entry {
            continue;
        }
        for position in (0..call.len(&dfg.value_lists)).rev() {
            if !live.params[block][position] {
                call.remove(position, &mut dfg.value_lists);
            }
        }
    }
}

/// What an effect depends on.
struct Live {
    values: EntitySet<Value>,
    /// For each block, which of the parameters are.
    params: SecondaryMap<Block, SmallVec<[bool; 16]>>,
}

impl Live {
    fn of(func: &Function) -> Live {
        // What branches pass for a parameter, each with the place of the argument before it.
        let mut arguments: Vec<(Value, Option<u32>)> = Vec::new();
        let mut last: SecondaryMap<Value, Option<u32>> = SecondaryMap::with_default(None);
        last.resize(func.dfg.num_values());
        let mut values = EntitySet::with_capacity(func.dfg.num_values());
        let mut work: Vec<Value> = Vec::new();
        let pool = &func.dfg.value_lists;
        for block in func.layout.blocks() {
            for inst in func.layout.block_insts(block) {
                if has_effect(func, inst) {
                    work.extend(func.dfg.inst_args(inst));
                }
            }
            if let Some(branch) = func.layout.last_inst(block) {
                for call in destinations(func, branch) {
                    let params = func.dfg.block_params(call.block(pool));
                    for (&param, argument) in params.iter().zip(call.args(pool)) {
                        if let BlockArg::Value(value) = argument {
                            arguments.push((value, last[param]));
                            last[param] = Some(arguments.len() as u32 - 1);
                        }
                    }
                }
            }
        }
        while let Some(value) = work.pop() {
            if !values.insert(value) {
                continue;
            }
            match func.dfg.value_def(value) {
                ValueDef::Result(inst, _) => each_value(func, inst, |value| work.push(value)),
                ValueDef::Param(..) => {
                    let mut next = last[value];
                    while let Some(position) = next {
                        let (argument, before) = arguments[position as usize];
                        work.push(argument);
                        next = before;
                    }
                }
                ValueDef::Union(x, y) => work.extend([x, y]),
            }
        }
        let mut params = SecondaryMap::new();
        params.resize(func.dfg.num_blocks());
        for block in func.layout.blocks() {
            let of_block = func.dfg.block_params(block).iter();
            params[block] = of_block.map(|&param| values.contains(param)).collect();
        }
        Live { values, params }
    }
}

/// How often each value is read, kept up while instructions come and go.
#[derive(Debug)]
pub(super) struct Uses(SecondaryMap<Value, u32>);

impl Uses {
    /// Counts the uses in `func`, whose aliases are resolved.
    pub(super) fn of(func: &Function) -> Uses {
        let mut uses = SecondaryMap::new();
        uses.resize(func.dfg.num_values());
        for block in func.layout.blocks() {
            for inst in func.layout.block_insts(block) {
                each_value(func, inst, |value| uses[value] += 1);
            }
        }
        Uses(uses)
    }

    /// How often a value is read.
    pub(super) fn count(&self, value: Value) -> u32 {
        self.0[value]
    }

    /// One more reader.
    pub(super) fn add(&mut self, value: Value) {
        self.0[value] += 1;
    }

    /// One reader less; what nobody reads any more is removed.
    pub(super) fn release(&mut self, func: &mut Function, value: Value) {
        // Operands of what goes may go too; a list, for chains can be long.
        let mut released = vec![value];
        while let Some(value) = released.pop() {
            self.0[value] -= 1;
            let Some(inst) = func.dfg.value_def(value).inst() else {
                continue;
            };
            let mut results = func.dfg.inst_results(inst).iter();
            if results.any(|&result| self.0[result] > 0) || has_effect(func, inst) {
                continue;
            }
            func.layout.remove_inst(inst);
            each_value(func, inst, |value| released.push(value));
        }
    }
}
