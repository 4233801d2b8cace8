//! How a call of the hardware ABI fails.

use wasm2mcu_abi::hardware::Error;
use wasm2mcu_abi::trap::TrapCode;

use crate::memory::Unreachable;

/// Why a call has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The module's call ends with this trap.
    Trap(TrapCode),
    /// The module gets this error.
    Error(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Error(error)
    }
}

impl From<Unreachable> for Fault {
    fn from(unreachable: Unreachable) -> Self {
        match unreachable {
            Unreachable::OutOfBounds => Fault::Trap(TrapCode::MemoryOutOfBounds),
            Unreachable::Overlap => Fault::Error(Error::InvalidArgument),
        }
    }
}
