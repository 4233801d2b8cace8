//! Where slots and journal lie in the flash, and what of that can be refused before anything is read.

use core::fmt;

use embedded_storage::nor_flash::NorFlash;

use super::record::Record;

/// Which of the two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The slot that the first image of a device goes to.
    A,
    /// The other one.
    B,
}

impl Slot {
    /// The other slot.
    pub const fn other(self) -> Slot {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }
}

/// Where slots and journal lie: offsets in the flash and sizes, all in bytes, all multiples of its erase size.
///
/// The four ranges must not overlap; what else the flash holds is not touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Offsets of slot A and slot B.
    pub slots: [u32; 2],
    /// Size of each slot: the largest image that the device can have.
    pub slot_bytes: u32,
    /// Offsets of the two halves of the journal.
    pub journal: [u32; 2],
    /// Size of each half: one sector in most flashes, with room for 8 records of 68 bytes at least (more
    /// where the flash writes more than 4 bytes at once).
    pub journal_bytes: u32,
}

/// What is wrong with a layout, or with the flash that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutFault {
    /// The flash reads or writes in units that do not divide 64 bytes.
    WordSize,
    /// An offset or a size is no multiple of the erase size.
    Alignment,
    /// A range ends beyond the flash.
    Capacity,
    /// Two ranges overlap.
    Overlap,
    /// A slot holds no byte.
    EmptySlot,
    /// A half of the journal has no room for 8 records.
    JournalTooSmall,
}

impl fmt::Display for LayoutFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LayoutFault::WordSize => {
                "the flash reads or writes in units that do not divide 64 bytes"
            }
            LayoutFault::Alignment => "an offset or size is no multiple of the erase size",
            LayoutFault::Capacity => "a range ends beyond the flash",
            LayoutFault::Overlap => "two ranges overlap",
            LayoutFault::EmptySlot => "the slots are empty",
            LayoutFault::JournalTooSmall => "a half of the journal has no room for 8 records",
        })
    }
}

impl Layout {
    /// A burnt place and the records of an update, with as many again for cuts in between.
    const MIN_PLACES: u32 = 8;

    /// Where a slot begins.
    pub const fn slot(&self, slot: Slot) -> u32 {
        match slot {
            Slot::A => self.slots[0],
            Slot::B => self.slots[1],
        }
    }

    /// Records that a half of the journal has room for.
    pub(super) const fn places(&self, place_bytes: u32) -> u32 {
        self.journal_bytes / place_bytes
    }

    pub(super) fn check<F: NorFlash>(&self, flash: &F) -> Result<(), LayoutFault> {
        let divides = |size: usize| size != 0 && Record::BYTES.is_multiple_of(size);
        if !divides(F::READ_SIZE) || !divides(F::WRITE_SIZE) || F::ERASE_SIZE == 0 {
            return Err(LayoutFault::WordSize);
        }
        let ranges = [
            (self.slots[0], self.slot_bytes),
            (self.slots[1], self.slot_bytes),
            (self.journal[0], self.journal_bytes),
            (self.journal[1], self.journal_bytes),
        ];
        let aligned = |figure: u32| (figure as usize).is_multiple_of(F::ERASE_SIZE);
        for (index, &(offset, bytes)) in ranges.iter().enumerate() {
            if !aligned(offset) || !aligned(bytes) {
                return Err(LayoutFault::Alignment);
            }
            let end = offset.checked_add(bytes);
            let Some(end) = end.filter(|&end| end as usize <= flash.capacity()) else {
                return Err(LayoutFault::Capacity);
            };
            let before = &ranges[..index];
            // The ends of those before are known to be in range.
            if before
                .iter()
                .any(|&(other, bytes)| offset < other + bytes && other < end)
            {
                return Err(LayoutFault::Overlap);
            }
        }
        if self.slot_bytes == 0 {
            return Err(LayoutFault::EmptySlot);
        }
        if self.places(place_bytes::<F>()) < Self::MIN_PLACES {
            return Err(LayoutFault::JournalTooSmall);
        }
        Ok(())
    }
}

/// What the mark behind a record takes: as little as can be written and read by itself.
pub(super) const fn mark_bytes<F: NorFlash>() -> u32 {
    let mut bytes = 4;
    if F::WRITE_SIZE > bytes {
        bytes = F::WRITE_SIZE;
    }
    if F::READ_SIZE > bytes {
        bytes = F::READ_SIZE;
    }
    bytes as u32
}

/// A record with its mark.
pub(super) const fn place_bytes<F: NorFlash>() -> u32 {
    Record::BYTES as u32 + mark_bytes::<F>()
}
