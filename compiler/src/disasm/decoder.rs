//! Instructions as text: what every instruction set's decoder says, and the choice of one.

use wasm2mcu_abi::image::Architecture;

use crate::isa::{riscv32, thumb2};

/// A decoded instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Its size: 2 or 4.
    pub bytes: u32,
    /// Its name with condition and width.
    pub mnemonic: String,
    /// Its operands, without the target of a branch.
    pub operands: String,
    /// Where it branches to, as a text offset.
    pub target: Option<u32>,
    /// Whether it branches to one of the entries behind it, and how large those are in bytes.
    pub table_entry_bytes: Option<u32>,
    /// The constant that it compares a register with: in front of a jump table, its entries.
    pub compared_with: Option<u32>,
    /// Whether control never goes on behind it.
    pub ends: bool,
}

/// Decodes the instructions of a text one after the other.
#[derive(Debug)]
pub enum Decoder {
    /// Thumb.
    Thumb(thumb2::disasm::Decoder),
    /// RISC-V.
    RiscV(riscv32::disasm::Decoder),
}

impl Decoder {
    /// A decoder for text of this architecture.
    pub fn new(architecture: Architecture) -> Decoder {
        match architecture {
            Architecture::Thumb => Decoder::Thumb(thumb2::disasm::Decoder::default()),
            Architecture::RiscV32 => Decoder::RiscV(riscv32::disasm::Decoder::default()),
        }
    }

    /// The instruction that `code` begins with, which stands at text offset `at`; `None` if the
    /// bytes are none.
    pub fn decode(&mut self, code: &[u8], at: u32) -> Option<Decoded> {
        match self {
            Decoder::Thumb(decoder) => decoder.decode(code, at),
            Decoder::RiscV(decoder) => decoder.decode(code, at),
        }
    }
}
