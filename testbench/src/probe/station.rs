//! A chip as a place where the firmware runs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::chips::Chip;
use super::firmware::Firmware;
use super::target::{Target, TargetError};
use super::wire::{Channel, Shared, lost};
use crate::board::{BoardError, BoardInfo, Limits};
use crate::ilp32;
use crate::remote::{Convention, Remote, Station, Wire};

/// Whether the flash had to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flashed {
    /// It was written.
    Now,
    /// This firmware was there already.
    Before,
}

/// Puts the firmware on a chip unless it is there already, and starts it.
///
/// # Errors
///
/// [`BoardError::Link`] if flashing fails or the firmware does not answer.
pub fn open_on(
    target: Box<dyn Target>,
    chip: &'static Chip,
    firmware: Firmware,
) -> Result<(Remote, Flashed), BoardError> {
    let station = Rc::new(OnChip {
        chip,
        firmware,
        target: Rc::new(RefCell::new(target)),
        flashed: Cell::new(Flashed::Before),
    });
    if !station.has_firmware() {
        station.flash()?;
    }
    let board = Remote::open(Box::new(Rc::clone(&station)))?;
    Ok((board, station.flashed.get()))
}

/// A chip, its firmware, and the way to it.
struct OnChip {
    chip: &'static Chip,
    firmware: Firmware,
    target: Shared,
    flashed: Cell<Flashed>,
}

impl OnChip {
    /// Whether the note of this firmware is where it would be. What cannot be read is not it.
    fn has_firmware(&self) -> bool {
        let id = &self.firmware.id;
        let mut there = vec![0; id.bytes.len()];
        let read = self.target.borrow_mut().read(id.address, &mut there);
        read.is_ok() && there == id.bytes
    }

    fn flash(&self) -> Result<(), BoardError> {
        let written = self.target.borrow_mut().flash(&self.firmware.segments);
        written.map_err(lost)?;
        self.flashed.set(Flashed::Now);
        Ok(())
    }

    fn start(&self) -> Result<Option<Channel>, TargetError> {
        Channel::start(&self.target, &self.firmware)
    }
}

impl Station for Rc<OnChip> {
    fn info(&self) -> BoardInfo {
        self.chip.info
    }

    fn convention(&self) -> Convention {
        if self.chip.info.target.starts_with("riscv") {
            Convention::Ilp32(ilp32::FloatAbi::Soft)
        } else {
            Convention::Aapcs
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            memory_bytes: self.chip.memory_bytes,
            instructions: None,
            time: Duration::from_secs(60),
            interrupt: None,
        }
    }

    fn clock(&self) -> Option<u32> {
        Some(self.chip.clock)
    }

    fn connect(&self) -> Result<Box<dyn Wire>, BoardError> {
        let mut channel = self.start().map_err(lost)?;
        if channel.is_none() && self.flashed.get() == Flashed::Before {
            // Another program may have been written over parts of the firmware, and not over its note.
            self.flash()?;
            channel = self.start().map_err(lost)?;
        }
        let channel = channel.ok_or_else(|| {
            BoardError::Link(format!(
                "the firmware on {} does not answer: is it the right chip, and is nothing else \
                 attached to its debug port?",
                self.chip.name()
            ))
        })?;
        Ok(Box::new(channel))
    }
}
