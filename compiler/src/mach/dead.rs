//! Removes CLIF that nobody reads.
//!
//! Selection would leave it out anyway, but until it is gone it counts as a use of its operands,
//! and what has one use only can be folded into it.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Function, Inst, Value};

use super::lower::has_effect;

/// How often each value is read, kept up while instructions come and go.
#[derive(Debug)]
pub(super) struct Uses(SecondaryMap<Value, u32>);

impl Uses {
    /// Counts the uses in `func`, whose aliases are resolved, after removing what has no effect
    /// and no reader.
    pub(super) fn of(func: &mut Function) -> Uses {
        let mut uses = Uses(SecondaryMap::new());
        for block in func.layout.blocks() {
            for inst in func.layout.block_insts(block) {
                for value in func.dfg.inst_values(inst) {
                    uses.0[value] += 1;
                }
            }
        }
        let blocks: Vec<_> = func.layout.blocks().collect();
        for block in blocks.into_iter().rev() {
            let mut next = func.layout.last_inst(block);
            while let Some(inst) = next {
                next = func.layout.prev_inst(inst);
                uses.remove_if_dead(func, inst);
            }
        }
        uses
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
        self.0[value] -= 1;
        if let Some(inst) = func.dfg.value_def(value).inst() {
            self.remove_if_dead(func, inst);
        }
    }

    fn remove_if_dead(&mut self, func: &mut Function, inst: Inst) {
        // Operands of what goes may go too; a list, for chains can be long.
        let mut candidates = vec![inst];
        while let Some(inst) = candidates.pop() {
            let mut results = func.dfg.inst_results(inst).iter();
            let read = results.any(|&result| self.0[result] > 0);
            if read || has_effect(func, inst) || func.layout.inst_block(inst).is_none() {
                continue;
            }
            func.layout.remove_inst(inst);
            let operands: Vec<Value> = func.dfg.inst_values(inst).collect();
            for value in operands {
                self.0[value] -= 1;
                candidates.extend(func.dfg.value_def(value).inst());
            }
        }
    }
}
