//! The segments of a transaction, from the module's memory.

use wasm2mcu_abi::hardware::{Direction, Error, Segment};

use crate::fault::Fault;
use crate::memory::{Memory, Range, SEGMENTS};

/// Directions and ranges of a transaction's segments.
pub(super) struct Segments {
    directions: [Direction; SEGMENTS],
    ranges: [Range; SEGMENTS],
    count: usize,
}

impl Segments {
    /// Reads `count` records at `address`.
    pub(super) fn read<M: Memory + ?Sized>(
        memory: &mut M,
        address: u32,
        count: u32,
    ) -> Result<Self, Fault> {
        let mut segments = Segments {
            directions: [Direction::Read; SEGMENTS],
            ranges: [Range::EMPTY; SEGMENTS],
            count: count as usize,
        };
        // A range that is out of bounds traps, whatever else is wrong.
        let bytes = count.saturating_mul(Segment::BYTES as u32);
        let table = Range::new(address, bytes);
        let good = memory.read([table, Range::EMPTY], |[table, _]| {
            let records = table.as_chunks::<{ Segment::BYTES }>().0;
            let directions = segments.directions.iter_mut();
            let places = directions.zip(segments.ranges.iter_mut());
            let mut good = true;
            for (record, (direction, range)) in records.iter().zip(places) {
                let [d0, d1, d2, d3, a0, a1, a2, a3, l0, l1, l2, l3] = *record;
                let number = u32::from_le_bytes([d0, d1, d2, d3]);
                match Direction::from_u32(number) {
                    Some(known) => *direction = known,
                    None => good = false,
                }
                *range = Range::new(
                    u32::from_le_bytes([a0, a1, a2, a3]),
                    u32::from_le_bytes([l0, l1, l2, l3]),
                );
            }
            good
        })?;
        match good && segments.count <= SEGMENTS {
            true => Ok(segments),
            false => Err(Error::InvalidArgument.into()),
        }
    }

    pub(super) fn directions(&self) -> &[Direction] {
        self.directions.get(..self.count).unwrap_or_default()
    }

    pub(super) fn ranges(&self) -> &[Range] {
        self.ranges.get(..self.count).unwrap_or_default()
    }
}
