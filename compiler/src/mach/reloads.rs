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
//!
//! Only places that some move reads or writes have numbers, and what happens to them is listed once,
//! since loops are gone through several times.

use std::ops::{Range, RangeInclusive};

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
    let registers = || {
        let preferred = env.preferred_regs_by_class.iter();
        let sets = preferred.chain(&env.non_preferred_regs_by_class);
        sets.flat_map(|&set| set)
    };
    let places = registers().count() + output.num_spillslots;
    let blocks = code.blocks.len();
    let too_many = blocks.saturating_mul(places) > MAX_PLACES;
    if output.num_spillslots == 0 || output.edits.is_empty() || too_many {
        return;
    }
    let places = Places::of(registers(), output);
    let mut numbers = Numbers {
        code,
        steps: Steps::of(code, output, &places),
        places: places.count,
        entries: vec![UNKNOWN; blocks * places.count],
        exits: vec![UNKNOWN; blocks * places.count],
        reached: vec![false; blocks],
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
        let mut state = numbers.entries[numbers.row(block)].to_vec();
        numbers.walk(block, &mut state, |same| redundant.push(same));
    }
    debug_assert_eq!(redundant.len(), output.edits.len());
    let mut redundant = redundant.into_iter();
    output.edits.retain(|_| redundant.next() != Some(true));
}

/// A place that has a number, or none.
type Place = Option<u32>;

/// The places that moves read or write.
struct Places {
    /// Registers that are not allocated belong to the emitter, which says nothing of them.
    allocated: [bool; PReg::NUM_INDEX],
    registers: [Place; PReg::NUM_INDEX],
    slots: Vec<Place>,
    count: usize,
}

impl Places {
    fn of(registers: impl Iterator<Item = PReg>, output: &Output) -> Places {
        let mut places = Places {
            allocated: [false; PReg::NUM_INDEX],
            registers: [None; PReg::NUM_INDEX],
            slots: vec![None; output.num_spillslots],
            count: 0,
        };
        for register in registers {
            places.allocated[register.index()] = true;
        }
        for (_, Edit::Move { from, to }) in &output.edits {
            for at in [from, to] {
                let place = match (at.as_reg(), at.as_stack()) {
                    (Some(register), _) if places.allocated[register.index()] => {
                        &mut places.registers[register.index()]
                    }
                    (_, Some(slot)) => &mut places.slots[slot.index()],
                    _ => continue,
                };
                if place.is_none() {
                    *place = Some(places.count as u32);
                    places.count += 1;
                }
            }
        }
        places
    }

    fn at(&self, at: Allocation) -> Place {
        match (at.as_reg(), at.as_stack()) {
            (Some(register), _) => self.registers[register.index()],
            (_, Some(slot)) => self.slots[slot.index()],
            _ => None,
        }
    }

    fn is_known(&self, at: Allocation) -> bool {
        match at.as_reg() {
            Some(register) => self.allocated[register.index()],
            None => at.is_stack(),
        }
    }
}

/// What happens to values and places.
#[derive(Clone, Copy)]
enum Step {
    Move {
        from: Place,
        to: Place,
    },
    Clobber(u32),
    /// The value with this number is computed, for a place that may have none.
    Compute(u32, Place),
}

/// The steps of all blocks.
struct Steps {
    list: Vec<Step>,
    of_block: Vec<Range<usize>>,
}

impl Steps {
    fn of<I: Isa>(code: &VCode<I>, output: &Output, places: &Places) -> Steps {
        let mut list = Vec::with_capacity(code.insts.len());
        let mut of_block = Vec::with_capacity(code.blocks.len());
        for block in (0..code.blocks.len()).map(Block::new) {
            let first = list.len();
            for step in output.block_insts_and_edits(code, block) {
                match step {
                    InstOrEdit::Edit(&Edit::Move { from, to }) => list.push(Step::Move {
                        from: places.at(from),
                        to: places.at(to),
                    }),
                    InstOrEdit::Inst(inst) => {
                        for register in code.inst_clobbers(inst) {
                            list.extend(places.registers[register.index()].map(Step::Clobber));
                        }
                        let first = code.operand_ranges[inst.index()].0 + 1;
                        let operands = code.inst_operands(inst).iter();
                        let results = operands.zip(output.inst_allocs(inst));
                        for (number, (operand, &at)) in (first..).zip(results) {
                            if operand.kind() == OperandKind::Def && places.is_known(at) {
                                list.push(Step::Compute(number, places.at(at)));
                            }
                        }
                    }
                }
            }
            of_block.push(first..list.len());
        }
        Steps { list, of_block }
    }
}

struct Numbers<'a, I: Isa> {
    code: &'a VCode<I>,
    steps: Steps,
    places: usize,
    /// The number of what each place holds at the beginning of each block: a row for each.
    entries: Vec<u32>,
    exits: Vec<u32>,
    /// The blocks that have an entry and an exit.
    reached: Vec<bool>,
    /// The blocks that have predecessors whose exits changed.
    stale: Vec<bool>,
}

impl<I: Isa> Numbers<'_, I> {
    fn row(&self, block: Block) -> Range<usize> {
        let first = block.index() * self.places;
        first..first + self.places
    }

    /// Numbers the blocks where something may have changed; false if nothing did.
    fn round(&mut self) -> bool {
        let mut changed = false;
        let mut state = Vec::with_capacity(self.places);
        for block in (0..self.code.blocks.len()).map(Block::new) {
            if !std::mem::take(&mut self.stale[block.index()]) {
                continue;
            }
            state.clear();
            if !self.enter(block, &mut state) {
                continue;
            }
            let row = self.row(block);
            if self.reached[block.index()] && self.entries[row.clone()] == state[..] {
                continue;
            }
            changed = true;
            self.reached[block.index()] = true;
            self.entries[row.clone()].copy_from_slice(&state);
            self.walk(block, &mut state, |_| {});
            self.exits[row].copy_from_slice(&state);
            for successor in &self.code.blocks[block.index()].succs {
                self.stale[successor.index()] = true;
            }
        }
        changed
    }

    /// Makes `state` what the predecessors agree on so far, and for other places the number of this
    /// entry; false if none of them was reached.
    fn enter(&self, block: Block, state: &mut Vec<u32>) -> bool {
        let first = self.code.operands.len() + 1 + block.index() * self.places;
        let own = |place: usize| (first + place) as u32;
        if block.index() == 0 {
            state.extend((0..self.places).map(own));
            return true;
        }
        let preds = self.code.blocks[block.index()].preds.iter();
        let mut exits = preds
            .filter(|pred| self.reached[pred.index()])
            .map(|&pred| &self.exits[self.row(pred)]);
        let Some(exit) = exits.next() else {
            return false;
        };
        state.extend_from_slice(exit);
        for exit in exits {
            for (place, (number, other)) in state.iter_mut().zip(exit).enumerate() {
                if *number != *other {
                    *number = own(place);
                }
            }
        }
        let reached = self.reached[block.index()];
        let before = &self.entries[self.row(block)];
        for (place, number) in state.iter_mut().enumerate() {
            // Numbers of this very entry are those of the last time, and what was told apart once
            // stays so, or there would be no end.
            let stale = (own(0)..=own(self.places - 1)).contains(number);
            if stale || reached && before[place] == own(place) {
                *number = own(place);
            }
        }
        true
    }

    /// Goes through a block and tells for each of its moves whether it changes nothing.
    fn walk(&self, block: Block, state: &mut [u32], mut tell: impl FnMut(bool)) {
        // What the block computes is there before only if it came around a loop.
        let computed = self.computed(block);
        let again = state.iter().any(|number| computed.contains(number));
        for &step in &self.steps.list[self.steps.of_block[block.index()].clone()] {
            match step {
                Step::Move { from, to } => {
                    let number = from.map_or(UNKNOWN, |from| state[from as usize]);
                    let same = to.is_some_and(|to| state[to as usize] == number);
                    tell(number != UNKNOWN && same);
                    if let Some(to) = to {
                        state[to as usize] = number;
                    }
                }
                Step::Clobber(place) => state[place as usize] = UNKNOWN,
                Step::Compute(number, place) => {
                    if again {
                        let others = state.iter_mut().filter(|other| **other == number);
                        others.for_each(|other| *other = UNKNOWN);
                    }
                    if let Some(place) = place {
                        state[place as usize] = number;
                    }
                }
            }
        }
    }

    /// The numbers of the results of a block.
    fn computed(&self, block: Block) -> RangeInclusive<u32> {
        let (first, behind) = self.code.blocks[block.index()].range;
        let [first, last] = [first, behind - 1].map(|inst| self.code.operand_ranges[inst as usize]);
        first.0.min(last.0) + 1..=first.1.max(last.1)
    }
}
