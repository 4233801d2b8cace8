//! `probe:CHIP`: chips on a desk, behind a debug probe, with the real loader in a firmware.
//!
//! ```text
//!   Remote ── Channel ── rings in RAM ── Target ── probe-rs ── USB ── probe ══ chip: firmware
//!                │                         └── or an emulated chip, in the tests
//!                └ Firmware: flashed unless the note of its build is in the flash already
//! ```
//!
//! All that is decided is decided above `Target`, which is small, so that the tests run this code with
//! the real firmware on emulated chips; below it stands the driver of probes. `testbench/BOARDS.md`
//! is for people with a board.
//!
//! * [`chips`]: the chips that there is a firmware for
//! * `target`: what has to be done to a chip
//! * `firmware`: the ELF file, what of it goes into the flash
//! * `rtt`, `wire`: rings in RAM, and messages through them
//! * `hardware` (the feature `probe`): targets behind probes

pub mod chips;
#[cfg(feature = "target")]
mod firmware;
#[cfg(feature = "probe")]
mod hardware;
#[cfg(feature = "target")]
mod rtt;
#[cfg(feature = "target")]
mod target;
#[cfg(feature = "target")]
mod wire;

#[cfg(feature = "target")]
mod station;

pub use self::chips::{CHIPS, Chip};
#[cfg(feature = "target")]
pub use self::firmware::Firmware;
#[cfg(feature = "probe")]
pub use self::hardware::{Attached, attached, known_chips};
#[cfg(feature = "target")]
pub use self::station::{Flashed, open_on};
#[cfg(feature = "target")]
pub use self::target::{Segment, Target, TargetError};
use crate::board::{Board, BoardError};

/// Opens the board with this chip, behind this probe (`VID:PID` or `VID:PID:SERIAL`) or the only one
/// that is attached.
///
/// # Errors
///
/// [`BoardError::UnknownChip`]; [`BoardError::Absent`] without the feature `probe`, without a probe, with
/// several, if the chip does not answer the probe or there is no firmware; [`BoardError::Link`] if
/// flashing fails or the firmware does not answer.
pub fn open(chip: &str, probe: Option<&str>) -> Result<Box<dyn Board>, BoardError> {
    let chip = Chip::named(chip)?;
    #[cfg(feature = "probe")]
    {
        let firmware = Firmware::of(chip)?;
        let target = hardware::Hardware::open(chip, probe)?;
        let (board, _) = open_on(Box::new(target), chip, firmware)?;
        Ok(Box::new(board))
    }
    #[cfg(not(feature = "probe"))]
    {
        let _ = probe;
        Err(BoardError::Absent {
            what: format!(
                "{} is reached through a debug probe, which this program was built without",
                chip.info.name
            ),
            remedy: "build it with the feature: `cargo install --path compiler --features probe`",
        })
    }
}
