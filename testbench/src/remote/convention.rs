//! How the cores speak: the registers of a host function's call, the words of a fault.

use wasm2mcu_abi::image::Architecture;
use wasm2mcu_abi::types::ValueType;

use super::protocol::register_words;
use crate::board::BoardError;
use crate::fault::Cause;
use crate::{aapcs, ilp32};

/// How C functions are called.
#[derive(Clone, Copy, Debug)]
pub enum Convention {
    /// Arm's, with floats in floating-point registers.
    Aapcs,
    /// RISC-V's.
    Ilp32(ilp32::FloatAbi),
}

impl Convention {
    /// The cause of a fault, from its two words in the message.
    pub(super) fn cause(self, first: u32, second: u32) -> Cause {
        match self {
            Self::Aapcs => Cause::Arm {
                cfsr: first,
                hfsr: second,
            },
            Self::Ilp32(_) => Cause::RiscV {
                mcause: Some(first),
            },
        }
    }

    /// The words of a host function's arguments, from the registers in the message; `stack` reads
    /// at an offset from the stack pointer of the call.
    pub(super) fn arguments(
        self,
        params: &[ValueType],
        registers: &[u32],
        stack: impl FnMut(u32) -> Result<u32, BoardError>,
    ) -> Result<Vec<u32>, BoardError> {
        match self {
            Self::Aapcs => aapcs::arguments(params, aapcs::FloatAbi::Hard, &arm(registers)?, stack),
            Self::Ilp32(abi) => ilp32::arguments(params, abi, &riscv(registers)?, stack),
        }
    }

    /// Puts the words of a result into the registers of the message.
    pub(super) fn set_result(
        self,
        result: ValueType,
        words: &[u32],
        registers: &mut [u32],
    ) -> Result<(), BoardError> {
        match self {
            Self::Aapcs => {
                let mut set = arm(registers)?;
                aapcs::set_result(result, aapcs::FloatAbi::Hard, words, &mut set);
                registers.copy_from_slice(&[&set.core[..], &set.float].concat());
            }
            Self::Ilp32(abi) => {
                let mut set = riscv(registers)?;
                ilp32::set_result(result, abi, words, &mut set);
                registers.copy_from_slice(&[set.integer, set.float].concat());
            }
        }
        Ok(())
    }
}

fn arm(words: &[u32]) -> Result<aapcs::CallRegisters, BoardError> {
    let words: &[u32; register_words(Architecture::Thumb)] = exactly(words)?;
    let (core, float) = words.split_at(4);
    let mut registers = aapcs::CallRegisters::default();
    registers.core.copy_from_slice(core);
    registers.float.copy_from_slice(float);
    Ok(registers)
}

fn riscv(words: &[u32]) -> Result<ilp32::CallRegisters, BoardError> {
    let words: &[u32; register_words(Architecture::RiscV32)] = exactly(words)?;
    let (integer, float) = words.split_at(8);
    let mut registers = ilp32::CallRegisters::default();
    registers.integer.copy_from_slice(integer);
    registers.float.copy_from_slice(float);
    Ok(registers)
}

fn exactly<const N: usize>(words: &[u32]) -> Result<&[u32; N], BoardError> {
    words.try_into().map_err(|_| {
        let count = words.len();
        BoardError::Link(format!("a host call came with {count} registers, not {N}"))
    })
}
