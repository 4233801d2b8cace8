//! The cores that programs are measured on.
//!
//! ```text
//!   ELF ──elf──▶ segments, symbols, sizes ──emulated──▶ call a function, count, read memory
//!                                     │           │ m33, rv32
//!                                     └──rtl──▶ the same, for one call on Ibex or CV32E40P
//! ```

pub(crate) mod elf;
pub(crate) mod emulated;
mod m33;
pub(crate) mod rtl;
mod rv32;
mod timing;

use self::emulated::{Call, Called, Emulated};
use self::rtl::Simulator;
use crate::engine::EngineError;

/// Bytes and the address that they are linked for.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// First byte's address.
    pub(crate) address: u32,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

/// A core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Core {
    /// Cortex-M33 with FPU, emulated: instructions exact, cycles estimated.
    M33,
    /// RV32IMAC that does misaligned accesses, emulated: instructions exact, no cycles.
    Rv32,
    /// lowRISC's Ibex as RTL: instructions and cycles exact.
    Ibex,
    /// OpenHW's CV32E40P as RTL: instructions and cycles exact.
    Cv32e40p,
}

impl Core {
    /// Every core, in the order of the report.
    pub(crate) const ALL: [Self; 4] = [Self::M33, Self::Rv32, Self::Ibex, Self::Cv32e40p];

    /// Its name for options and in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::M33 => "m33",
            Self::Rv32 => "rv32",
            Self::Ibex => "ibex",
            Self::Cv32e40p => "cv32e40p",
        }
    }

    /// Its name for people.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::M33 => "Cortex-M33 with FPU (emulated; cycles are an estimate)",
            Self::Rv32 => "RV32IMAC with misaligned access in hardware (emulated)",
            Self::Ibex => "Ibex, RV32IMC (RTL; memory without wait states)",
            Self::Cv32e40p => "CV32E40P, RV32IMC (RTL; memory without wait states)",
        }
    }
}

/// Clock cycles, and how far they can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cycles {
    /// Counted on the core's RTL.
    Measured(u64),
    /// Added up from the executed instructions by the timings of the Cortex-M4's manual. There is
    /// no public model of the M33; reports must call this an estimate.
    Estimated(u64),
}

impl Cycles {
    /// The number.
    pub(crate) const fn count(self) -> u64 {
        match self {
            Self::Measured(count) | Self::Estimated(count) => count,
        }
    }
}

/// Calls a function of a program that has just been loaded, on any core.
///
/// # Errors
///
/// That the code faulted or did not end, or that a simulator is missing.
pub(crate) fn call(core: Core, segments: &[Segment], call: Call) -> Result<Called, EngineError> {
    match core {
        Core::M33 | Core::Rv32 => Emulated::new(core, segments)
            .and_then(|mut machine| machine.call(call))
            .map_err(EngineError::Failed),
        Core::Ibex | Core::Cv32e40p => {
            let (called, _) = Simulator::open(core)?.call(segments, call, emulated::RAM)?;
            Ok(called)
        }
    }
}

/// Which RTL a core is, if it is one.
///
/// # Errors
///
/// [`EngineError::Missing`] if it is not installed.
pub(crate) fn rtl_version(core: Core) -> Option<Result<String, EngineError>> {
    match core {
        Core::M33 | Core::Rv32 => None,
        Core::Ibex | Core::Cv32e40p => Some(rtl::version(core)),
    }
}
