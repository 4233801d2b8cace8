//! Value types as one byte each, with the numbers of the WebAssembly binary format.

use core::fmt;

/// The type of a parameter, result or global.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum ValueType {
    /// 32-bit integer, one word.
    I32 = 0x7f,
    /// 64-bit integer, two words, low word first.
    I64 = 0x7e,
    /// 32-bit float, one word.
    F32 = 0x7d,
    /// 64-bit float, two words, low word first.
    F64 = 0x7c,
    /// Reference to a function: its address, one word, 0 = null.
    FuncRef = 0x70,
    /// Opaque reference of the host, one word, 0 = null.
    ExternRef = 0x6f,
}

impl ValueType {
    /// The type with this byte of the binary format.
    pub const fn from_u8(byte: u8) -> Option<ValueType> {
        Some(match byte {
            0x7f => ValueType::I32,
            0x7e => ValueType::I64,
            0x7d => ValueType::F32,
            0x7c => ValueType::F64,
            0x70 => ValueType::FuncRef,
            0x6f => ValueType::ExternRef,
            _ => return None,
        })
    }

    /// Size in 32-bit words: 1 or 2.
    pub const fn words(self) -> u32 {
        match self {
            ValueType::I64 | ValueType::F64 => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::I32 => "i32",
            ValueType::I64 => "i64",
            ValueType::F32 => "f32",
            ValueType::F64 => "f64",
            ValueType::FuncRef => "funcref",
            ValueType::ExternRef => "externref",
        })
    }
}
