//! Images into firmware: one file to flash, from a linked firmware and the images that belong into its slots.
//!
//! ```text
//!   firmware.elf ──elf──▶ segments, records, symbols ──slots──▶ Firmware
//!   app.w2m ─────────────────────────────────────────────────────┼──fit──▶ placed images, or why not
//!   slot or address ─────────────────────────────────────────────┘            │
//!                                          ELF, BIN, HEX, UF2 ◀──write────────┘
//! ```
//!
//! A firmware that is built without any image says where images may go and what its loader takes there
//! (`abi/FIRMWARE.md`). What does not fit is refused here, with what both sides say, and not by the loader
//! on the device.
//!
//! * `elf`: what of the firmware's file matters here, and nothing else
//! * `slots`: the slots that it declares
//! * `fit`: whether an image can go where it is to go
//! * `write`: the forms of the result

mod elf;
mod error;
mod fit;
mod slots;
mod write;

pub use error::{FirmwareError, FitError};
pub use fit::Place;
pub use slots::Slot;
pub use write::{FAMILIES, Family, Format, WriteError};

use wasm2mcu_abi::image::Architecture;

use elf::Segment;

/// A linked firmware, as far as images are concerned.
#[derive(Debug)]
pub struct Firmware<'a> {
    /// The ELF file.
    bytes: &'a [u8],
    /// What its core executes.
    pub architecture: Architecture,
    /// Where it starts.
    entry: u32,
    /// What is loaded, and what of RAM is in use.
    segments: Vec<Segment>,
    /// The slots that it declares, by address.
    pub slots: Vec<Slot>,
    /// The images in it, in the order in which they were placed.
    images: Vec<Placed>,
}

/// An image that has its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The slot that it stands in, if it is in one.
    pub slot: Option<Slot>,
    /// Where it begins.
    pub address: u32,
    /// The image.
    pub image: Vec<u8>,
}

impl Placed {
    /// The address behind its last byte.
    fn end(&self) -> u64 {
        u64::from(self.address) + self.image.len() as u64
    }
}

/// Bytes and where they are loaded to.
struct Chunk<'a> {
    address: u32,
    bytes: &'a [u8],
}

impl<'a> Firmware<'a> {
    /// Reads a linked firmware.
    ///
    /// # Errors
    ///
    /// [`FirmwareError`] if it is no program for a 32-bit core that images are compiled for, or what it
    /// declares contradicts itself.
    pub fn read(bytes: &'a [u8]) -> Result<Firmware<'a>, FirmwareError> {
        let file = elf::read(bytes)?;
        let slots = slots::find(&file)?;
        Ok(Firmware {
            bytes,
            architecture: file.architecture,
            entry: file.entry,
            segments: file.segments,
            slots,
            images: Vec::new(),
        })
    }

    /// Gives an image its place, which no other may overlap then.
    ///
    /// That the image is sound is the caller's to see to: its hash is not looked at.
    ///
    /// # Errors
    ///
    /// [`FitError`] if it cannot stand there, or the firmware could not run it.
    pub fn place(&mut self, image: Vec<u8>, place: &Place) -> Result<&Placed, FitError> {
        let placed = fit::place(self, image, place)?;
        self.images.push(placed);
        Ok(&self.images[self.images.len() - 1])
    }

    /// The firmware with its images as a file.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if the form cannot hold it.
    pub fn write(&self, format: Format) -> Result<Vec<u8>, WriteError> {
        write::write(self, format)
    }

    /// All that is to be flashed, ascending by address; the firmware's own where bytes coincide, which no
    /// linker makes.
    fn chunks(&self) -> Vec<Chunk<'_>> {
        let own = self.segments.iter().map(|segment| Chunk {
            address: segment.load_address,
            bytes: &self.bytes[segment.file.clone()],
        });
        let images = self.images.iter().map(|placed| Chunk {
            address: placed.address,
            bytes: &placed.image[..],
        });
        let mut chunks: Vec<_> = own.chain(images).collect();
        chunks.retain(|chunk| !chunk.bytes.is_empty());
        chunks.sort_by_key(|chunk| chunk.address);
        chunks
    }
}
