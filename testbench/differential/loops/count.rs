//! How a loop counts: from where, in which steps, and what ends it.
//!
//! All of it is known here, so that a loop can be tried out before it is written: one that would go
//! round too often gets a second exit, and arrays are laid so that its last round is near an end of
//! the memory.

use arbitrary::{Result, Unstructured};
use wasm_encoder::Instruction;

/// What a counter is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Ne,
    Eq,
    LtS,
    LtU,
    LeS,
    LeU,
    GtS,
    GtU,
    GeS,
    GeU,
}

use Comparison as C;

/// Those that a counter going up passes until it reaches the bound.
const UP: [Comparison; 6] = [C::Ne, C::LtU, C::LtS, C::Ne, C::LeU, C::LeS];
const DOWN: [Comparison; 6] = [C::Ne, C::GtU, C::GtS, C::Ne, C::GeU, C::GeS];

impl Comparison {
    fn holds(self, x: u32, y: u32) -> bool {
        let (signed_x, signed_y) = (x.cast_signed(), y.cast_signed());
        match self {
            C::Ne => x != y,
            C::Eq => x == y,
            C::LtS => signed_x < signed_y,
            C::LtU => x < y,
            C::LeS => signed_x <= signed_y,
            C::LeU => x <= y,
            C::GtS => signed_x > signed_y,
            C::GtU => x > y,
            C::GeS => signed_x >= signed_y,
            C::GeU => x >= y,
        }
    }

    /// The one that holds where this one does not.
    pub(super) fn complement(self) -> Comparison {
        match self {
            C::Ne => C::Eq,
            C::Eq => C::Ne,
            C::LtS => C::GeS,
            C::LtU => C::GeU,
            C::LeS => C::GtS,
            C::LeU => C::GtU,
            C::GtS => C::LeS,
            C::GtU => C::LeU,
            C::GeS => C::LtS,
            C::GeU => C::LtU,
        }
    }

    /// The same of the operands in the other order.
    pub(super) fn swapped(self) -> Comparison {
        match self {
            C::Ne => C::Ne,
            C::Eq => C::Eq,
            C::LtS => C::GtS,
            C::LtU => C::GtU,
            C::LeS => C::GeS,
            C::LeU => C::GeU,
            C::GtS => C::LtS,
            C::GtU => C::LtU,
            C::GeS => C::LeS,
            C::GeU => C::LeU,
        }
    }

    pub(super) fn instruction(self) -> Instruction<'static> {
        match self {
            C::Ne => Instruction::I32Ne,
            C::Eq => Instruction::I32Eq,
            C::LtS => Instruction::I32LtS,
            C::LtU => Instruction::I32LtU,
            C::LeS => Instruction::I32LeS,
            C::LeU => Instruction::I32LeU,
            C::GtS => Instruction::I32GtS,
            C::GtU => Instruction::I32GtU,
            C::GeS => Instruction::I32GeS,
            C::GeU => Instruction::I32GeU,
        }
    }
}

/// Where in its loop a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind everything; what it compares has made its step.
    Bottom,
    /// Before everything.
    Top,
    /// Between two parts of the loop.
    Middle,
}

/// How a loop counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) start: u32,
    pub(super) step: u32,
    pub(super) bound: u32,
    /// What lets the loop go on, the counter being the first operand.
    pub(super) comparison: Comparison,
    pub(super) place: Place,
}

/// Rounds that a loop may take.
const MOST_ROUNDS: u32 = 70;

const STEPS: [i32; 16] = [1, 4, -1, 1, 2, -4, 8, 1, 3, -1, 16, 12, -3, 5, -8, 100];
const LARGE_STEPS: [i32; 5] = [0x1_0000, 0x4000_0000, i32::MAX, i32::MIN, -0x5555_5555];

impl Count {
    pub(super) fn choose(u: &mut Unstructured<'_>) -> Result<Count> {
        let step = match u.int_in_range(0..=19)? {
            0..=18 => *u.choose(&STEPS)?,
            _ => *u.choose(&LARGE_STEPS)?,
        };
        let comparisons = if u.ratio(1, 12)? != (step > 0) {
            UP
        } else {
            DOWN
        };
        let comparison = *u.choose(&comparisons)?;
        let place = *u.choose(&[Place::Bottom, Place::Top, Place::Middle])?;
        let rounds = match u.int_in_range(0..=9)? {
            0 | 1 => u.int_in_range(0..=2)?,
            2..=7 => u.int_in_range(3..=9)?,
            _ => u.int_in_range(0..=60)?,
        };
        let way = step.cast_unsigned().wrapping_mul(rounds);
        let edge: u32 = *u.choose(&[0, 0, 0x8000_0000, 0, 0x1_0000, 0x7fff_ffff])?;
        let near = |u: &mut Unstructured<'_>| {
            let near: i32 = u.int_in_range(-20..=20)?;
            Ok(edge.wrapping_add_signed(near))
        };
        // One of the ends is near a number at which something changes.
        let start = match u.int_in_range(0..=5)? {
            0..=2 => edge,
            3 => near(u)?,
            4 => edge.wrapping_sub(way),
            _ => near(u)?.wrapping_sub(way),
        };
        let slack = match u.int_in_range(0..=7)? {
            0..=3 => 0,
            4 | 5 => u.int_in_range(-1..=1)?,
            _ => {
                let most = step.saturating_abs().min(0x4000);
                u.int_in_range(-most..=most)?
            }
        };
        Ok(Count {
            start,
            step: step.cast_unsigned(),
            bound: start.wrapping_add(way).wrapping_add_signed(slack),
            comparison,
            place,
        })
    }

    /// How often what comes before the test is done, if that is not too often.
    pub(super) fn rounds(&self) -> Option<u32> {
        let mut counter = self.start;
        for round in 1..=MOST_ROUNDS {
            let next = counter.wrapping_add(self.step);
            let tested = match self.place {
                Place::Bottom => next,
                Place::Top | Place::Middle => counter,
            };
            if !self.comparison.holds(tested, self.bound) {
                return Some(round);
            }
            counter = next;
        }
        None
    }
}
