//! What the way from CLIF to registers leaves open, and attempts to make a function small by it.
//!
//! Which code is the smallest depends on the registers that are left, which nobody knows before. So
//! where bytes count, one choice after the other is changed, and what made the code smaller stays:
//!
//! ```text
//!   as for speed ──▶ constants elsewhere ──▶ memory base copied ──▶ fewer registers ──▶ …
//!                      smaller? keep           smaller? keep          smaller? keep
//! ```

use super::constants::Constants;
use super::lower::MemoryBase;

/// Which registers allocation works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registers {
    /// All that there are.
    All,
    /// Those that cost no bytes to save.
    Cheap,
}

/// One way to prepare, lower and allocate a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Where constants are made.
    pub constants: Constants,
    /// Where the address of memory 0 is read.
    pub base: MemoryBase,
    /// The registers to be had.
    pub registers: Registers,
    /// Whether the addresses in loops are rewritten.
    pub addresses: bool,
}

impl Choices {
    /// What is fast as a rule.
    pub const FAST: Choices = Choices {
        constants: Constants::BeforeLoops,
        base: MemoryBase::Pinned,
        registers: Registers::All,
        addresses: true,
    };

    /// Changes that may make the code smaller, to be tried in this order.
    pub const ATTEMPTS: [fn(Choices) -> Choices; 5] = [
        |choices| Choices {
            constants: Constants::WhereUsed,
            ..choices
        },
        |choices| Choices {
            constants: Constants::AtEntry,
            ..choices
        },
        |choices| Choices {
            base: MemoryBase::Copied,
            ..choices
        },
        |choices| Choices {
            registers: Registers::Cheap,
            ..choices
        },
        |choices| Choices {
            addresses: false,
            ..choices
        },
    ];
}
