//! Ranges of the module's memory, as the host is told of them: address and length.
//!
//! A pointer that becomes a number is exposed: the compiler counts on the host's reading and writing what it points to
//! during the call, so that no `unsafe` is needed to lend a slice.

use wasm2mcu_abi::hardware::{Direction, Segment};

use crate::{Error, ErrorCode};

/// Most segments of a transaction.
const SEGMENTS: usize = 8;

/// Where something begins that the host reads.
pub(crate) fn input<T>(values: &[T]) -> u32 {
    values.as_ptr() as u32
}

/// Where something begins that the host writes to.
pub(crate) fn output<T>(values: &mut [T]) -> u32 {
    values.as_mut_ptr() as u32
}

/// Number of the values in a slice.
pub(crate) fn length<T>(values: &[T]) -> u32 {
    values.len() as u32
}

/// The parts of a transaction.
pub(crate) struct Segments {
    list: [Segment; SEGMENTS],
    count: usize,
}

impl Segments {
    pub(crate) const NONE: Segments = Segments {
        list: [Segment {
            direction: Direction::Read,
            address: 0,
            length: 0,
        }; SEGMENTS],
        count: 0,
    };

    /// Bytes to send.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.add(Direction::Write, input(bytes), bytes)
    }

    /// Bytes to fill.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.add(Direction::Read, output(bytes), bytes)
    }

    /// Bytes to send, which are replaced by what comes back.
    pub(crate) fn transfer(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.add(Direction::Transfer, output(bytes), bytes)
    }

    fn add(&mut self, direction: Direction, address: u32, bytes: &[u8]) -> Result<(), Error> {
        let place = self.list.get_mut(self.count);
        *place.ok_or(Error(ErrorCode::NoSpace))? = Segment {
            direction,
            address,
            length: length(bytes),
        };
        self.count += 1;
        Ok(())
    }

    /// Address and number of the records.
    pub(crate) fn records(&self) -> (u32, u32) {
        (input(&self.list), self.count as u32)
    }
}
