//! `qemu-m33`, `qemu-rv32`, `qemu-rv32f`, `qemu-rv32zb`: QEMU's cores, with the real loader in a firmware.
//!
//! ```text
//!   Remote ── Emulator ══ pipes ══ qemu-system-…: firmware ── loader::Instance ── image text
//! ```
//!
//! A connection is a process of QEMU; after a time-out it is ended, and the next image starts another.

mod emulator;
mod machine;

use std::time::Duration;

use self::emulator::Emulator;
pub use self::machine::{M33, Machine, RV32, RV32F, RV32ZB};
use crate::board::{BoardError, BoardInfo, Limits};
use crate::remote::{Convention, Remote, Station, Wire};

/// Starts the emulator of this machine.
///
/// # Errors
///
/// [`BoardError::Absent`] without QEMU or firmware.
pub fn open(machine: &'static Machine) -> Result<Remote, BoardError> {
    Remote::open(Box::new(machine))
}

impl Station for &'static Machine {
    fn info(&self) -> BoardInfo {
        self.info
    }

    fn convention(&self) -> Convention {
        self.convention
    }

    fn limits(&self) -> Limits {
        Limits {
            // Several instances share 16 MiB.
            memory_bytes: 1 << 20,
            instructions: None,
            time: Duration::from_secs(60),
            interrupt: None,
        }
    }

    fn connect(&self) -> Result<Box<dyn Wire>, BoardError> {
        Ok(Box::new(Emulator::start(self)?))
    }
}
