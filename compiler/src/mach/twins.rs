//! Blocks that do the same are emitted once, where bytes count.
//!
//! ```text
//!   one:   mov r0, #-1; b out           (branches to `one` lead to `other`)
//!   …                              ─▶   …
//!   other: mov r0, #-1; b out           other: mov r0, #-1; b out
//! ```
//!
//! Only what has registers as its results alone is compared: a trap or a call must stay where it is
//! in the module. The last of such blocks stays, and none that jumps back is one of them, so that
//! branches lead forwards that did.

use regalloc2::{Block, Edit, InstOrEdit};
use rustc_hash::FxHashMap;

use super::emit::Emitter;
use super::reg::Substitution;
use super::regalloc::Allocated;
use super::repeats::Repeats;
use super::{Isa, MachineInst};

/// Rounds over the function: blocks that lead to twins become twins by that.
const MAX_ROUNDS: usize = 4;

/// Makes blocks mean others that do the same. `means` has for each block the one that stands in its
/// place; those of `repeats` are not looked at.
pub(super) fn merge<I: Isa>(
    function: &Allocated<I>,
    repeats: &Repeats,
    means: &mut [Block],
    emitter: &mut I::Emitter,
) {
    for _ in 0..MAX_ROUNDS {
        let mut last: FxHashMap<Vec<String>, Block> = FxHashMap::default();
        let mut changed = false;
        // The entry stays.
        for block in (1..means.len()).rev().map(Block::new) {
            if means[block.index()] != block || repeats.before_branch_of(block).is_some() {
                continue;
            }
            let Some(steps) = steps(function, block, means) else {
                continue;
            };
            let one = *last.entry(steps).or_insert(block);
            if one != block && emitter.alias(block, one) {
                for meant in means.iter_mut().filter(|meant| **meant == block) {
                    *meant = one;
                }
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// What a block does, as text, if it can be told from others by that.
fn steps<I: Isa>(function: &Allocated<I>, block: Block, means: &[Block]) -> Option<Vec<String>> {
    let code = &function.code;
    let steps = function.output.block_insts_and_edits(code, block);
    let steps = steps.map(|step| match step {
        InstOrEdit::Edit(Edit::Move { from, to }) => Some(format!("{from} {to}")),
        InstOrEdit::Inst(index) => {
            let mut inst = code.insts[index.index()].clone();
            if let Some(target) = inst.jump_target() {
                let target = means[target.index()];
                return (target > block).then(|| format!("to {}", target.index()));
            }
            if !inst.only_writes_results() && !inst.is_return() {
                return None;
            }
            inst.visit_operands(&mut Substitution::new(function.output.inst_allocs(index)));
            Some(format!("{inst:?}"))
        }
    });
    steps.collect()
}
