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

use regalloc2::{Allocation, Block, Edit, Function, InstOrEdit, MachineEnv, OperandKind, Output};

use super::Isa;
use super::vcode::VCode;

/// Registers of both classes by their index; spill slots come behind.
const REGISTERS: usize = 128;
/// Places of all blocks, at most.
const MAX_PLACES: usize = 1 << 22;
/// Rounds over the function, at most; two more than loops are deep suffice as a rule.
const MAX_ROUNDS: u32 = 12;
/// Not known to be the same as any other value.
const UNKNOWN: u32 = 0;

/// Removes moves from the result of register allocation.
pub(super) fn remove<I: Isa>(code: &VCode<I>, env: &MachineEnv, output: &mut Output) {
    let places = REGISTERS + output.num_spillslots;
    let blocks = code.blocks.len();
    if output.num_spillslots == 0 || blocks.saturating_mul(places) > MAX_PLACES {
        return;
    }
    let mut allocatable = vec![false; REGISTERS];
    let preferred = env.preferred_regs_by_class.iter();
    for set in preferred.chain(&env.non_preferred_regs_by_class) {
        for register in *set {
            if let Some(known) = allocatable.get_mut(register.index()) {
                *known = true;
            }
        }
    }
    let mut numbers = Numbers {
        code,
        output,
        allocatable,
        places,
        entries: vec![None; blocks],
        exits: vec![None; blocks],
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
    /// Other registers belong to the emitter, which says nothing of them.
    allocatable: Vec<bool>,
    places: usize,
    entries: Vec<Option<State>>,
    exits: Vec<Option<State>>,
}

impl<I: Isa> Numbers<'_, I> {
    /// Numbers once, block by block; false if nothing changed.
    fn round(&mut self) -> bool {
        let mut changed = false;
        for block in (0..self.code.blocks.len()).map(Block::new) {
            let Some(entry) = self.entry(block) else {
                continue;
            };
            if self.entries[block.index()].as_ref() == Some(&entry) {
                continue;
            }
            changed = true;
            self.entries[block.index()] = Some(entry.clone());
            self.exits[block.index()] = Some(self.walk(block, entry, |_| {}));
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
                            for other in state.iter_mut().filter(|other| **other == number) {
                                *other = UNKNOWN;
                            }
                            state[place] = number;
                        }
                    }
                }
            }
        }
        state
    }

    fn place(&self, at: Allocation) -> Option<usize> {
        match (at.as_reg(), at.as_stack()) {
            (Some(register), _) => {
                let index = register.index();
                (index < REGISTERS && self.allocatable[index]).then_some(index)
            }
            (_, Some(slot)) => Some(REGISTERS + slot.index()),
            _ => None,
        }
    }
}
