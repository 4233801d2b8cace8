//! How references between functions stand in the code.

use super::branch;
use super::regs::{RA, ZERO};
use crate::mach::buffer::{CallOutOfRange, Relocate};

/// A kind of relocation, each of one 32-bit instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelocKind {
    /// JAL with `ra`; `R_RISCV_JAL`. It reaches ±1 MB, which is the limit of a text.
    Call,
    /// JAL with `zero`; `R_RISCV_JAL`.
    Jump,
}

impl Relocate for RelocKind {
    fn apply(self, text: &mut [u8], at: u32, target: u32) -> Result<(), CallOutOfRange> {
        let link = match self {
            RelocKind::Call => RA,
            RelocKind::Jump => ZERO,
        };
        let distance = i64::from(target) - i64::from(at);
        let opcode = branch::jal(link, distance).ok_or(CallOutOfRange { at, target })?;
        let mut bytes = Vec::with_capacity(4);
        opcode.write(&mut bytes);
        text[at as usize..at as usize + 4].copy_from_slice(&bytes);
        Ok(())
    }
}
