//! The PC's side of the rings in a chip's RAM (`testbench/firmware/src/rtt.rs`).
//!
//! The address of the control block is known from the firmware's ELF file, so that nothing is searched
//! for. The PC alone moves one of a ring's two positions, and remembers it.
//!
//! ```text
//!   control block: id (16 bytes), up channels, down channels, then the channels, 24 bytes each:
//!                  name, buffer, size, write position, read position, flags
//! ```
//!
//! Source: J-Link user guide (SEGGER, UM08001), "Real Time Transfer".

use super::target::{Target, TargetError};

/// What the firmware writes first in the block when the rings are there.
const ID: [u8; 16] = *b"SEGGER RTT\0\0\0\0\0\0";
const CHANNELS: u32 = 24;
const CHANNEL_BYTES: u32 = 24;
const WRITE: u32 = 12;
const READ: u32 = 16;
/// What a ring's size may be; more is no ring of ours.
const SIZES: std::ops::RangeInclusive<u32> = 2..=1 << 20;

/// Takes the id out of the block, so that what an earlier run left there is not taken for rings.
pub(super) fn forget(target: &mut dyn Target, block: u32) -> Result<(), TargetError> {
    target.write(block, &[0; ID.len()])
}

/// The rings of a firmware that runs.
#[derive(Debug)]
pub(super) struct Rings {
    /// Texts for people.
    texts: Ring,
    /// Messages from the firmware.
    replies: Ring,
    /// Messages to it.
    requests: Ring,
}

impl Rings {
    /// The rings, if the firmware has shown them.
    pub(super) fn find(target: &mut dyn Target, block: u32) -> Result<Option<Self>, TargetError> {
        let mut id = [0; ID.len()];
        target.read(block, &mut id)?;
        if id != ID {
            return Ok(None);
        }
        // Two channels up, two down; the first one down is not used.
        let channel = |number| block + CHANNELS + CHANNEL_BYTES * number;
        Ok(Some(Self {
            texts: Ring::open(target, channel(0))?,
            replies: Ring::open(target, channel(1))?,
            requests: Ring::open(target, channel(3))?,
        }))
    }

    /// The bytes that the firmware has sent and the PC has not taken.
    pub(super) fn receive(&mut self, target: &mut dyn Target) -> Result<Vec<u8>, TargetError> {
        self.replies.take(target)
    }

    /// What the firmware says to people.
    pub(super) fn text(&mut self, target: &mut dyn Target) -> Result<String, TargetError> {
        let bytes = self.texts.take(target)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Sends as many of `bytes` as there is room for; returns how many.
    pub(super) fn send(
        &mut self,
        target: &mut dyn Target,
        bytes: &[u8],
    ) -> Result<usize, TargetError> {
        self.requests.put(target, bytes)
    }
}

/// One direction of a channel.
#[derive(Debug)]
struct Ring {
    channel: u32,
    buffer: u32,
    size: u32,
    /// The position that the PC moves.
    mine: u32,
}

impl Ring {
    fn open(target: &mut dyn Target, channel: u32) -> Result<Self, TargetError> {
        let buffer = read_word(target, channel + 4)?;
        let size = read_word(target, channel + 8)?;
        if !SIZES.contains(&size) {
            return Err(nonsense(format_args!("a ring of {size} bytes")));
        }
        Ok(Self {
            channel,
            buffer,
            size,
            mine: 0,
        })
    }

    /// The position that the firmware moves.
    fn theirs(&self, target: &mut dyn Target, field: u32) -> Result<u32, TargetError> {
        let position = read_word(target, self.channel + field)?;
        if position < self.size {
            Ok(position)
        } else {
            let size = self.size;
            Err(nonsense(format_args!(
                "position {position} in a ring of {size} bytes"
            )))
        }
    }

    fn take(&mut self, target: &mut dyn Target) -> Result<Vec<u8>, TargetError> {
        let write = self.theirs(target, WRITE)?;
        let mut bytes = Vec::new();
        while self.mine != write {
            let end = if write > self.mine { write } else { self.size };
            let mut part = vec![0; (end - self.mine) as usize];
            target.read(self.buffer + self.mine, &mut part)?;
            bytes.append(&mut part);
            self.mine = end % self.size;
        }
        if !bytes.is_empty() {
            target.write(self.channel + READ, &self.mine.to_le_bytes())?;
        }
        Ok(bytes)
    }

    fn put(&mut self, target: &mut dyn Target, bytes: &[u8]) -> Result<usize, TargetError> {
        let read = self.theirs(target, READ)?;
        // One byte stays free: a full ring is no empty one.
        let room = (read + self.size - self.mine - 1) % self.size;
        let count = bytes.len().min(room as usize);
        let (mut left, all) = (&bytes[..count], count);
        while !left.is_empty() {
            let here = left.len().min((self.size - self.mine) as usize);
            let (part, rest) = left.split_at(here);
            target.write(self.buffer + self.mine, part)?;
            self.mine = (self.mine + here as u32) % self.size;
            left = rest;
        }
        if all > 0 {
            target.write(self.channel + WRITE, &self.mine.to_le_bytes())?;
        }
        Ok(all)
    }
}

fn read_word(target: &mut dyn Target, address: u32) -> Result<u32, TargetError> {
    let mut bytes = [0; 4];
    target.read(address, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn nonsense(what: std::fmt::Arguments<'_>) -> TargetError {
    TargetError {
        doing: "speak to the firmware".to_owned(),
        why: format!("its control block shows {what}"),
    }
}
