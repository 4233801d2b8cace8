//! How references between functions stand in the code.

use super::branch;
use super::encode::Opcode;
use super::imm::Parts;
use super::regs::{RA, ZERO};
use crate::mach::buffer::{CallOutOfRange, Relocate};
use crate::mach::reg::Reg;

/// A kind of relocation, each of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelocKind {
    /// JAL with `ra`; `R_RISCV_JAL`. It reaches ±1 MB.
    Call,
    /// JAL with `zero`; `R_RISCV_JAL`.
    Jump,
    /// C.JAL; `R_RISCV_RVC_JUMP`. It reaches ±2 KB.
    ShortCall,
    /// C.J; `R_RISCV_RVC_JUMP`.
    ShortJump,
    /// AUIPC of the high part of an address less that of the instruction itself;
    /// `R_RISCV_PCREL_HI20`.
    DistanceHigh,
    /// ADDI or JALR of the low part of the same difference, right behind; `R_RISCV_PCREL_LO12_I`.
    DistanceLow,
}

impl Relocate for RelocKind {
    fn apply(self, text: &mut [u8], at: u32, target: u32) -> Result<(), CallOutOfRange> {
        let code = &text[at as usize..];
        let opcode = match self {
            RelocKind::Call => jal(RA, at, target)?,
            RelocKind::Jump => jal(ZERO, at, target)?,
            RelocKind::ShortCall => short_jal(true, at, target)?,
            RelocKind::ShortJump => short_jal(false, at, target)?,
            RelocKind::DistanceHigh => {
                let Parts { high, .. } = Parts::of(target.wrapping_sub(at));
                Opcode::Wide(word_of(code) | high)
            }
            RelocKind::DistanceLow => {
                let Parts { low, .. } = Parts::of(target.wrapping_sub(at - 4));
                Opcode::Wide(word_of(code) | (low.value() as u32) << 20)
            }
        };
        let mut bytes = Vec::with_capacity(4);
        opcode.write(&mut bytes);
        text[at as usize..][..bytes.len()].copy_from_slice(&bytes);
        Ok(())
    }

    fn short_span(self) -> Option<u32> {
        // Less than there is: padding may put a piece of code 2 bytes farther away when calls in it
        // become shorter.
        matches!(self, RelocKind::Call | RelocKind::Jump).then_some(2040)
    }
}

fn jal(link: Reg, at: u32, target: u32) -> Result<Opcode, CallOutOfRange> {
    let distance = i64::from(target) - i64::from(at);
    branch::jal(link, distance).ok_or(CallOutOfRange { at, target })
}

fn short_jal(is_call: bool, at: u32, target: u32) -> Result<Opcode, CallOutOfRange> {
    let distance = i64::from(target) - i64::from(at);
    branch::short_jal(is_call, distance).ok_or(CallOutOfRange { at, target })
}

fn word_of(place: &[u8]) -> u32 {
    u32::from_le_bytes([place[0], place[1], place[2], place[3]])
}
