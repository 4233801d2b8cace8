//! What the flags tell when an instruction tests something: perhaps the answer already.
//!
//! ```text
//!   adds r2, #8                  cmp r0, r1
//!   str  r3, [r4]                bhi trap
//!   cmp  r2, #0   ─▶ nothing     cmp r0, r1   ─▶ nothing
//!   bne  loop                    beq there
//! ```
//!
//! Machine instructions promise nothing about flags, so this looks at the code that was emitted since
//! the last place that is jumped to: the 16-bit forms of data processing set flags anyway, and in the 32-bit forms one
//! bit makes them do so.

use super::encode::Opcode;
use super::imm::{ModifiedImm, Shift};
use super::inst::{Compare, CompareOp, Cond, Inst, Operand2};
use crate::mach::reg::Reg;

/// What is known of the flags at some place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flags {
    /// Nothing.
    #[default]
    Unknown,
    /// Negative and zero are those of the value in this register.
    OfResult(Reg),
    /// They would be, if the instruction at this byte set flags.
    OfResultAt(Reg, usize),
    /// They are those of a comparison of words.
    Compared(CompareOp, Reg, Operand2),
}

/// An answer without a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The condition on the flags as they are.
    pub(super) cond: Cond,
    /// The byte at which an instruction must set flags first.
    pub(super) set_at: Option<usize>,
}

impl Flags {
    /// What is known behind an instruction that was emitted as `opcode`, the last of its opcodes, at
    /// byte `at`.
    pub(super) fn after(self, inst: &Inst, opcode: Opcode, at: usize) -> Flags {
        match *inst {
            Inst::AluRRR { rd, .. }
            | Inst::AluRRI { rd, .. }
            | Inst::AddImm { rd, .. }
            | Inst::Mvn { rd, .. }
            | Inst::ShiftImm { rd, .. }
            | Inst::ShiftReg { rd, .. } => match opcode {
                _ if opcode.is_flag_setting() => Flags::OfResult(rd),
                _ if opcode.can_set_flags() => Flags::OfResultAt(rd, at),
                _ => Flags::Unknown,
            },
            Inst::Mov { rd, .. } | Inst::Load { rt: rd, .. } => self.unless_written(rd),
            Inst::Store { .. } | Inst::FloatStore { .. } | Inst::FloatLoad { .. } => self,
            _ => Flags::Unknown,
        }
    }

    fn unless_written(self, rd: Reg) -> Flags {
        let touched = match self {
            Flags::Unknown => false,
            Flags::OfResult(of) | Flags::OfResultAt(of, _) => of == rd,
            Flags::Compared(_, rn, Operand2::Reg { rm, .. }) => rn == rd || rm == rd,
            Flags::Compared(_, rn, Operand2::Imm(_)) => rn == rd,
        };
        if touched { Flags::Unknown } else { self }
    }

    /// What is known behind a comparison.
    pub(super) fn behind(compare: &Compare) -> Flags {
        match *compare {
            Compare::Word { op, rn, rhs } => Flags::Compared(op, rn, rhs),
            _ => Flags::Unknown,
        }
    }

    /// What the flags answer when `cond` is asked of a comparison, if they do.
    pub(super) fn answer(self, cond: Cond, compare: &Compare) -> Option<Answer> {
        let Compare::Word { op, rn, rhs } = *compare else {
            return None;
        };
        let (of, set_at) = match self {
            Flags::Unknown => return None,
            Flags::Compared(..) => {
                let same = self == Flags::Compared(op, rn, rhs);
                let swapped = matches!(rhs, Operand2::Reg { rm, shift: Shift::NONE }
                    if op == CompareOp::Cmp && self == Flags::Compared(op, rm, Operand2::reg(rn)));
                let cond = match swapped && !same {
                    true => cond.swap(),
                    false => cond,
                };
                return (same || swapped).then_some(Answer { cond, set_at: None });
            }
            Flags::OfResult(of) => (of, None),
            Flags::OfResultAt(of, at) => (of, Some(at)),
        };
        let with_zero = op == CompareOp::Cmp && rhs == Operand2::Imm(ModifiedImm::ZERO);
        // A comparison with zero never overflows, so less means negative.
        let cond = match cond {
            Cond::Eq | Cond::Ne => cond,
            Cond::Lt => Cond::Mi,
            Cond::Ge => Cond::Pl,
            _ => return None,
        };
        (with_zero && of == rn).then_some(Answer { cond, set_at })
    }
}
