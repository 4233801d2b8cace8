//! An address as a sum: shifted values plus a constant, modulo 2^32.

use cranelift_codegen::ir::{Block, Function, GlobalValue, InstructionData, Opcode, Value, types};

use crate::mach::lower::word_constant;

/// Most terms that a sum is taken apart into.
const MAX_TERMS: usize = 6;

/// Most bits that a term is shifted by.
pub(super) const MAX_SHIFT: u8 = 3;

/// What a term is the multiple of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// A symbol: the same wherever it is computed, and in a pinned register.
    Symbol(GlobalValue),
    /// Any other value.
    Value(Value),
}

/// A part shifted to the left, added or subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term {
    pub(super) part: Part,
    pub(super) shift: u8,
    pub(super) negative: bool,
}

impl Term {
    /// What the term is if its part is a constant.
    pub(super) fn times(self, constant: u32) -> u32 {
        let shifted = constant << self.shift;
        if self.negative {
            shifted.wrapping_neg()
        } else {
            shifted
        }
    }
}

/// A sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Linear {
    /// Sorted, so that equal sums are equal.
    pub(super) terms: Vec<Term>,
    pub(super) constant: u32,
}

/// Takes values apart, as far as instructions in some blocks compute them.
pub(super) struct Decomposer<'f, F> {
    pub(super) func: &'f Function,
    /// Whether an instruction of this block may be taken apart.
    pub(super) open: F,
    /// By how many bits at most a term is shifted.
    pub(super) max_shift: u8,
}

impl<F: Fn(Block) -> bool> Decomposer<'_, F> {
    /// The sum that `value` is.
    pub(super) fn of(&self, value: Value) -> Linear {
        let mut sum = Linear::default();
        self.add(&mut sum, value, 0, false, MAX_TERMS);
        sum.terms.sort_unstable();
        sum
    }

    /// Adds `value << shift`, or subtracts it, as at most `room` terms.
    fn add(&self, sum: &mut Linear, value: Value, shift: u8, negative: bool, room: usize) {
        let dfg = &self.func.dfg;
        let opaque = Term {
            part: Part::Value(value),
            shift,
            negative,
        };
        let Some(inst) = dfg.value_def(value).inst() else {
            sum.terms.push(opaque);
            return;
        };
        match dfg.insts[inst] {
            InstructionData::UnaryGlobalValue {
                opcode: Opcode::SymbolValue,
                global_value,
            } => {
                sum.terms.push(Term {
                    part: Part::Symbol(global_value),
                    shift,
                    negative,
                });
                return;
            }
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => {
                let constant = (imm.bits() as u32) << shift;
                sum.constant = match negative {
                    true => sum.constant.wrapping_sub(constant),
                    false => sum.constant.wrapping_add(constant),
                };
                return;
            }
            _ => {}
        }
        let inside = self.func.layout.inst_block(inst).is_some_and(&self.open);
        let word = dfg.value_type(value) == types::I32;
        match dfg.insts[inst] {
            InstructionData::Binary {
                opcode: Opcode::Iadd,
                args: [x, y],
            } if inside && word && room > 1 => {
                self.add(sum, x, shift, negative, room - 1);
                self.add(sum, y, shift, negative, room - 1);
            }
            InstructionData::Binary {
                opcode: Opcode::Isub,
                args: [x, y],
            } if inside && word && room > 1 => {
                self.add(sum, x, shift, negative, room - 1);
                self.add(sum, y, shift, !negative, room - 1);
            }
            InstructionData::Binary {
                opcode: Opcode::Ishl,
                args: [x, by],
            } if inside && word => match word_constant(self.func, by) {
                Some(by @ 0..=3) if shift + by as u8 <= self.max_shift => {
                    self.add(sum, x, shift + by as u8, negative, room);
                }
                _ => sum.terms.push(opaque),
            },
            _ => sum.terms.push(opaque),
        }
    }
}
