//! What a firmware says of its slots, the places in flash that images are linked into.
//!
//! The specification is `FIRMWARE.md`; this module is its transcription. A record is for tools on the
//! host: it stands in a section of the firmware's ELF file that is not loaded, and no device ever reads it.
//!
//! ```text
//!   firmware.elf
//!   ┌───────────────────┐
//!   │ .text .data …     │ what is flashed
//!   ├───────────────────┤
//!   │ .wasm2mcu.slots   │ [`SlotRecord`]s, one for each slot: where it is, and what the loader takes there
//!   └───────────────────┘
//! ```

use core::fmt;

use crate::image::{
    ABI_VERSION, Architecture, FORMAT_VERSION, Features, halves, high_half, low_half, read_words,
    words_to_bytes,
};

/// The section of the ELF file that holds the records.
pub const SECTION: &str = ".wasm2mcu.slots";
/// First four bytes of a record: `W2MS`.
pub const MAGIC: u32 = u32::from_le_bytes(*b"W2MS");
/// Version of the record that this module describes.
pub const RECORD_VERSION: u16 = 1;
/// What the name of a linker symbol begins with that says where a slot begins or ends.
pub const SYMBOL_PREFIX: &str = "__wasm2mcu_slot_";
/// What it ends with where the slot begins.
pub const SYMBOL_START: &str = "_start";
/// What it ends with behind the slot's last byte.
pub const SYMBOL_END: &str = "_end";

/// Versions from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The oldest.
    pub lowest: u16,
    /// The newest.
    pub highest: u16,
}

impl Versions {
    /// The image format that this loader reads.
    pub const FORMAT: Versions = Versions::only(FORMAT_VERSION);
    /// The ABI that this loader speaks.
    pub const ABI: Versions = Versions::only(ABI_VERSION);

    const fn only(version: u16) -> Versions {
        Versions {
            lowest: version,
            highest: version,
        }
    }

    /// Whether this version is one of them.
    pub const fn contains(self, version: u16) -> bool {
        self.lowest <= version && version <= self.highest
    }

    const fn word(self) -> u32 {
        halves(self.lowest, self.highest)
    }

    const fn of_word(word: u32) -> Versions {
        Versions {
            lowest: low_half(word),
            highest: high_half(word),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.lowest)?;
        if self.highest != self.lowest {
            write!(f, " to {}", self.highest)?;
        }
        Ok(())
    }
}

/// One slot, and what the loader behind it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotRecord<'a> {
    /// The core's instruction set.
    pub architecture: Architecture,
    /// Versions of the image format.
    pub formats: Versions,
    /// Versions of the ABI.
    pub abis: Versions,
    /// What the core has, and the float ABI of the host's functions.
    pub features: Features,
    /// Address of the first byte.
    pub start: u32,
    /// Address behind the last byte.
    pub end: u32,
    /// What start and end are multiples of, and the place of an image in the slot: a power of two, 4 or more.
    pub alignment: u32,
    /// What it is called.
    pub name: &'a str,
}

/// Words of a record, before the name.
const WORDS: usize = 9;

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotFault {
    /// Fewer bytes than a record has.
    Truncated,
    /// They do not begin with [`MAGIC`].
    Magic(u32),
    /// A version that this module does not know.
    Version(u16),
    /// A number of an architecture that does not exist.
    Architecture(u16),
    /// The alignment is no power of two from 4 on.
    Alignment(u32),
    /// Start or end is no multiple of the alignment.
    Border(u32),
    /// The end is not behind the start.
    Empty,
    /// The name has a character that none has: `A` to `Z`, `a` to `z`, digits and `_` are allowed.
    Name,
    /// Bytes that must be zero are not.
    Reserved,
}

impl<'a> SlotRecord<'a> {
    /// Size of a record.
    pub const BYTES: u32 = 64;
    /// Longest name.
    pub const NAME_BYTES: usize = Self::BYTES as usize - Self::NAME;
    /// Where the name begins.
    const NAME: usize = 4 * WORDS;

    /// The record that `bytes` begin with.
    ///
    /// # Errors
    ///
    /// [`SlotFault`] says why it is none.
    pub fn read(bytes: &'a [u8]) -> Result<SlotRecord<'a>, SlotFault> {
        let bytes = bytes
            .get(..Self::BYTES as usize)
            .ok_or(SlotFault::Truncated)?;
        let words: Option<[u32; WORDS]> = read_words(bytes, 0);
        let [
            magic,
            version,
            architecture,
            formats,
            abis,
            features,
            start,
            end,
            alignment,
        ] = words.ok_or(SlotFault::Truncated)?;
        if magic != MAGIC {
            return Err(SlotFault::Magic(magic));
        }
        if low_half(version) != RECORD_VERSION || u32::from(high_half(version)) != Self::BYTES {
            return Err(SlotFault::Version(low_half(version)));
        }
        let number = low_half(architecture);
        let Some(known) = Architecture::from_u16(number) else {
            return Err(SlotFault::Architecture(number));
        };
        if high_half(architecture) != 0 {
            return Err(SlotFault::Reserved);
        }
        if !alignment.is_power_of_two() || alignment < crate::image::ALIGNMENT {
            return Err(SlotFault::Alignment(alignment));
        }
        if let Some(border) = [start, end].into_iter().find(|at| at % alignment != 0) {
            return Err(SlotFault::Border(border));
        }
        if end <= start {
            return Err(SlotFault::Empty);
        }
        Ok(SlotRecord {
            architecture: known,
            formats: Versions::of_word(formats),
            abis: Versions::of_word(abis),
            features: Features(features),
            start,
            end,
            alignment,
            name: name(&bytes[Self::NAME..])?,
        })
    }

    /// The record as it stands in the section. Of a name that is too long, the beginning.
    pub fn to_bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        let words = [
            MAGIC,
            halves(RECORD_VERSION, Self::BYTES as u16),
            halves(self.architecture as u16, 0),
            self.formats.word(),
            self.abis.word(),
            self.features.0,
            self.start,
            self.end,
            self.alignment,
        ];
        let mut bytes = [0; Self::BYTES as usize];
        let name = self.name.bytes().take(Self::NAME_BYTES);
        let padded = name.chain(core::iter::repeat(0));
        bytes[Self::NAME..]
            .iter_mut()
            .zip(padded)
            .for_each(|(to, from)| *to = from);
        bytes
            .iter_mut()
            .zip(words_to_bytes(&words))
            .for_each(|(to, from)| *to = from);
        bytes.into_iter()
    }
}

/// Whether a slot may have this name: that of an identifier, so that it can be part of a symbol's.
pub const fn is_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [byte, behind @ ..] = rest {
        if !byte.is_ascii_alphanumeric() && *byte != b'_' {
            return false;
        }
        rest = behind;
    }
    !name.is_empty() && name.len() <= SlotRecord::NAME_BYTES
}

fn name(padded: &[u8]) -> Result<&str, SlotFault> {
    let bytes = padded.iter().position(|&byte| byte == 0);
    let (name, padding) = padded.split_at(bytes.unwrap_or(padded.len()));
    if padding.iter().any(|&byte| byte != 0) {
        return Err(SlotFault::Reserved);
    }
    let name = str::from_utf8(name).ok().filter(|name| is_name(name));
    name.ok_or(SlotFault::Name)
}

impl fmt::Display for SlotFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlotFault::Truncated => write!(f, "it has not {} bytes", SlotRecord::BYTES),
            SlotFault::Magic(found) => write!(f, "it begins with {found:08x}, not {MAGIC:08x}"),
            SlotFault::Version(found) => {
                write!(
                    f,
                    "it has version {found}, this program reads {RECORD_VERSION}"
                )
            }
            SlotFault::Architecture(found) => write!(f, "there is no architecture {found}"),
            SlotFault::Alignment(found) => {
                write!(f, "the alignment {found} is no power of two from 4 on")
            }
            SlotFault::Border(address) => {
                write!(
                    f,
                    "the border at {address:#010x} is no multiple of the alignment"
                )
            }
            SlotFault::Empty => f.write_str("it ends where it begins, or before"),
            SlotFault::Name => f.write_str("its name is not of letters, digits and _"),
            SlotFault::Reserved => f.write_str("bytes that must be zero are not"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{MAGIC, SlotFault, SlotRecord, Versions};
    use crate::image::{Architecture, Features};
    use std::vec::Vec;

    const RECORD: SlotRecord<'static> = SlotRecord {
        architecture: Architecture::Thumb,
        formats: Versions {
            lowest: 1,
            highest: 2,
        },
        abis: Versions::ABI,
        features: Features::THUMB_FPU,
        start: 0x1010_0000,
        end: 0x1011_0000,
        alignment: 0x1000,
        name: "app",
    };

    #[test]
    fn records_round_trip() {
        let bytes: Vec<u8> = RECORD.to_bytes().collect();
        assert_eq!(bytes.len(), 64);
        assert_eq!(bytes[..4], MAGIC.to_le_bytes());
        assert_eq!(SlotRecord::read(&bytes), Ok(RECORD));
        let full = SlotRecord {
            name: "abcdefghijklmnopqrstuvwxyz_0",
            ..RECORD
        };
        let bytes: Vec<u8> = full.to_bytes().collect();
        assert_eq!(SlotRecord::read(&bytes), Ok(full));
        assert!(!RECORD.formats.contains(3));
    }

    #[test]
    fn what_is_no_record_says_why() {
        let bytes: Vec<u8> = RECORD.to_bytes().collect();
        assert_eq!(SlotRecord::read(&bytes[..63]), Err(SlotFault::Truncated));
        let cases = [
            (0, 0, SlotFault::Magic(MAGIC & !0xff)),
            (4, 2, SlotFault::Version(2)),
            (6, 65, SlotFault::Version(1)),
            (8, 3, SlotFault::Architecture(3)),
            (10, 1, SlotFault::Reserved),
            (24, 4, SlotFault::Border(0x1010_0004)),
            (30, 0x10, SlotFault::Empty),
            (32, 2, SlotFault::Alignment(0x1002)),
            (36, b'-', SlotFault::Name),
            (36, 0, SlotFault::Reserved),
            (63, b'x', SlotFault::Reserved),
        ];
        for (at, value, fault) in cases {
            let mut other = bytes.clone();
            other[at] = value;
            assert_eq!(SlotRecord::read(&other), Err(fault), "byte {at}");
        }
    }
}
