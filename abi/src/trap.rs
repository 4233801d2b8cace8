//! Trap codes: why generated code gave up, as one byte that fits a trap stub.

use core::fmt;

/// Why a call into a module ended without a result.
///
/// The texts are those of the WebAssembly specification's test suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum TrapCode {
    /// The `unreachable` operator was executed.
    Unreachable = 1,
    /// A load, store or data segment reaches beyond the linear memory.
    MemoryOutOfBounds = 2,
    /// A table access or element segment reaches beyond the table.
    TableOutOfBounds = 3,
    /// `call_indirect` with an index beyond the table.
    UndefinedElement = 4,
    /// `call_indirect` of a null table entry.
    UninitializedElement = 5,
    /// `call_indirect` of a function with another signature.
    IndirectCallTypeMismatch = 6,
    /// Integer division or remainder by zero.
    IntegerDivideByZero = 7,
    /// Signed division overflow, or a float that does not fit the integer.
    IntegerOverflow = 8,
    /// NaN converted to an integer.
    InvalidConversionToInteger = 9,
    /// The stack that the host granted does not suffice.
    StackExhausted = 10,
    /// A host function asked for the trap.
    Host = 11,
    /// The host stored in the instance's interrupt word.
    Interrupted = 12,
}

impl TrapCode {
    /// Every code, in numeric order.
    pub const ALL: [TrapCode; 12] = [
        TrapCode::Unreachable,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::UndefinedElement,
        TrapCode::UninitializedElement,
        TrapCode::IndirectCallTypeMismatch,
        TrapCode::IntegerDivideByZero,
        TrapCode::IntegerOverflow,
        TrapCode::InvalidConversionToInteger,
        TrapCode::StackExhausted,
        TrapCode::Host,
        TrapCode::Interrupted,
    ];

    /// The code with this number; `None` for 0 (no trap) and for unknown numbers.
    pub const fn from_u8(number: u8) -> Option<TrapCode> {
        match number {
            0 => None,
            n if n as usize <= Self::ALL.len() => Some(Self::ALL[n as usize - 1]),
            _ => None,
        }
    }

    /// The message of the specification's test suite, or one like it.
    pub const fn message(self) -> &'static str {
        match self {
            TrapCode::Unreachable => "unreachable",
            TrapCode::MemoryOutOfBounds => "out of bounds memory access",
            TrapCode::TableOutOfBounds => "out of bounds table access",
            TrapCode::UndefinedElement => "undefined element",
            TrapCode::UninitializedElement => "uninitialized element",
            TrapCode::IndirectCallTypeMismatch => "indirect call type mismatch",
            TrapCode::IntegerDivideByZero => "integer divide by zero",
            TrapCode::IntegerOverflow => "integer overflow",
            TrapCode::InvalidConversionToInteger => "invalid conversion to integer",
            TrapCode::StackExhausted => "call stack exhausted",
            TrapCode::Host => "host trap",
            TrapCode::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::TrapCode;

    #[test]
    fn numbers_round_trip() {
        for (i, code) in TrapCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, i + 1);
            assert_eq!(TrapCode::from_u8(code as u8), Some(code));
        }
        assert_eq!(TrapCode::from_u8(0), None);
        assert_eq!(TrapCode::from_u8(TrapCode::ALL.len() as u8 + 1), None);
    }
}
