//! Drops the allocator's moves to places that hold the value already.
//!
//! ```text
//!     str r1, [sp, #8]                str r1, [sp, #8]
//!   loop:                           loop:
//!     …                               …
//!     ldr r1, [sp, #8]          ─▶    ldr r1, [sp, #8]
//!     umull r5, r2, r0, r1            umull r5, r2, r0, r1
//!     str r1, [sp, #8]                …
//!     …                               b loop
//!     b loop
//! ```
//!
//! Where the allocator splits the range of a value, it moves the value from one place to the other,
//! and does not see that it was there before. This numbers values: each result of an instruction has a
//! number, and so has each place at the entry of each block, for what comes there with several
//! numbers. Two places with the same number hold the same bits. A number means what was computed
//! last: when it is computed again, other places lose it.

use std::ops::RangeInclusive;

use regalloc2::{
    Allocation, Block, Edit, Function, InstOrEdit, MachineEnv, OperandKind, Output, PReg,
};

use super::Isa;
use super::vcode::VCode;

/// Places of all blocks, at most.
const MAX_PLACES: usize = 1 << 22;
/// Rounds over the function, at most; two more than loops are deep suffice as a rule.
const MAX_ROUNDS: u32 = 12;
/// Not known to be the same as any other value.
const UNKNOWN: u32 = 0;

/// Removes moves from the result of register allocation.
pub(super) fn remove<I: Isa>(code: &VCode<I>, env: &MachineEnv, output: &mut Output) {
    let preferred = env.preferred_regs_by_class.iter();
    let sets = preferred.chain(&env.non_preferred_regs_by_class);
    let registers: Vec<PReg> = sets.flat_map(|&set| set).collect();
    let places = registers.len() + output.num_spillslots;
    let blocks = code.blocks.len();
    if output.num_spillslots == 0 || blocks.saturating_mul(places) > MAX_PLACES {
        return;
    }
    let mut place_of = [None; PReg::NUM_INDEX];
    for (place, register) in registers.iter().enumerate() {
        place_of[register.index()] = Some(place);
    }
    let mut numbers = Numbers {
        code,
        output,
        place_of,
        registers: registers.len(),
        places,
        entries: vec![None; blocks],
        exits: vec![None; blocks],
        stale: vec![true; blocks],
    };
    let mut rounds = 0;
    while numbers.round() {
        rounds += 1;
        if rounds == MAX_ROUNDS {
            return;
        }
    }
    // The blocks have the moves in the order of the list.
    let mut redundant = Vec::with_capacity(output.edits.len());
    for block in (0..blocks).map(Block::new) {
        let entry = numbers.entries[block.index()].clone();
        let entry = entry.unwrap_or_else(|| vec![UNKNOWN; places]);
        numbers.walk(block, entry, |same| redundant.push(same));
    }
    debug_assert_eq!(redundant.len(), output.edits.len());
    let mut redundant = redundant.into_iter();
    output.edits.retain(|_| redundant.next() != Some(true));
}

/// The number of what each place holds.
type State = Vec<u32>;

struct Numbers<'a, I: Isa> {
    code: &'a VCode<I>,
    output: &'a Output,
    /// The place of each register, which come before the spill slots. Those that are not allocated
    /// belong to the emitter, which says nothing of them.
    place_of: [Option<usize>; PReg::NUM_INDEX],
    registers: usize,
    places: usize,
    entries: Vec<Option<State>>,
    exits: Vec<Option<State>>,
    /// The blocks that have predecessors whose exits changed.
    stale: Vec<bool>,
}

impl<I: Isa> Numbers<'_, I> {
    /// Numbers the blocks where something may have changed; false if nothing did.
    fn round(&mut self) -> bool {
        let mut changed = false;
        for block in (0..self.code.blocks.len()).map(Block::new) {
            if !std::mem::take(&mut self.stale[block.index()]) {
                continue;
            }
            let Some(entry) = self.entry(block) else {
                continue;
            };
            if self.entries[block.index()].as_ref() == Some(&entry) {
                continue;
            }
            changed = true;
            let exit = self.walk(block, entry.clone(), |_| {});
            self.entries[block.index()] = Some(entry);
            self.exits[block.index()] = Some(exit);
            for successor in &self.code.blocks[block.index()].succs {
                self.stale[successor.index()] = true;
            }
        }
        changed
    }

    /// What the predecessors agree on so far, and for other places the number of this entry.
    fn entry(&self, block: Block) -> Option<State> {
        let first = self.code.operands.len() + 1 + block.index() * self.places;
        let own = |place: usize| (first + place) as u32;
        if block.index() == 0 {
            return Some((0..self.places).map(own).collect());
        }
        let preds = &self.code.blocks[block.index()].preds;
        let mut exits = preds
            .iter()
            .filter_map(|pred| self.exits[pred.index()].as_ref());
        let mut entry = exits.next()?.clone();
        let before = self.entries[block.index()].as_ref();
        for exit in exits {
            for (place, (number, other)) in entry.iter_mut().zip(exit).enumerate() {
                if *number != *other {
                    *number = own(place);
                }
            }
        }
        for (place, number) in entry.iter_mut().enumerate() {
            // Numbers of this very entry are those of the last time, and what was told apart once
            // stays so, or there would be no end.
            let stale = (own(0)..=own(self.places - 1)).contains(number);
            if stale || before.is_some_and(|before| before[place] == own(place)) {
                *number = own(place);
            }
        }
        Some(entry)
    }

    /// Goes through a block and tells for each of its moves whether it changes nothing.
    fn walk(&self, block: Block, mut state: State, mut tell: impl FnMut(bool)) -> State {
        // What the block computes is there before only if it came around a loop.
        let computed = self.computed(block);
        let again = state.iter().any(|number| computed.contains(number));
        for step in self.output.block_insts_and_edits(self.code, block) {
            match step {
                InstOrEdit::Edit(&Edit::Move { from, to }) => {
                    let number = self.place(from).map_or(UNKNOWN, |from| state[from]);
                    let to = self.place(to);
                    tell(number != UNKNOWN && to.is_some_and(|to| state[to] == number));
                    if let Some(to) = to {
                        state[to] = number;
                    }
                }
                InstOrEdit::Inst(inst) => {
                    for register in self.code.inst_clobbers(inst) {
                        if let Some(place) = self.place(Allocation::reg(register)) {
                            state[place] = UNKNOWN;
                        }
                    }
                    let first = self.code.operand_ranges[inst.index()].0 + 1;
                    let operands = self.code.inst_operands(inst).iter();
                    let places = operands.zip(self.output.inst_allocs(inst));
                    for (number, (operand, &place)) in (first..).zip(places) {
                        let place = self.place(place);
                        if let (OperandKind::Def, Some(place)) = (operand.kind(), place) {
                            if again {
                                let others = state.iter_mut().filter(|other| **other == number);
                                others.for_each(|other| *other = UNKNOWN);
                            }
                            state[place] = number;
                        }
                    }
                }
            }
        }
        state
    }

    /// The numbers of the results of a block.
    fn computed(&self, block: Block) -> RangeInclusive<u32> {
        let (first, behind) = self.code.blocks[block.index()].range;
        let [first, last] = [first, behind - 1].map(|inst| self.code.operand_ranges[inst as usize]);
        first.0.min(last.0) + 1..=first.1.max(last.1)
    }

    fn place(&self, at: Allocation) -> Option<usize> {
        match (at.as_reg(), at.as_stack()) {
            (Some(register), _) => self.place_of[register.index()],
            (_, Some(slot)) => Some(self.registers + slot.index()),
            _ => None,
        }
    }
}
