//! What is said about a call, the same in firmware and in the tests' process.

use core::fmt;

use wasm2mcu_loader::abi::trap::TrapCode;

/// How a call of an export ended.
pub(crate) enum End {
    /// With a value, or without one.
    Value(Option<i32>),
    /// By a trap.
    Trap(TrapCode),
    /// A WASI program ended itself.
    Exit(u32),
}

/// A line about a call.
pub(crate) struct Line<'l> {
    /// The export's name.
    pub(crate) export: &'l str,
    /// How its call ended.
    pub(crate) end: End,
    /// Events that were handed to the module afterwards.
    pub(crate) events: u32,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.export)?;
        match &self.end {
            End::Value(Some(value)) => write!(f, " = {value}")?,
            End::Value(None) => f.write_str(" returns")?,
            End::Trap(code) => write!(f, " traps: {}", code.message())?,
            End::Exit(status) => write!(f, " exits with {status}")?,
        }
        match self.events {
            0 => Ok(()),
            events => write!(f, ", then {events} events"),
        }
    }
}
