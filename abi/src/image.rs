//! The image format, version 1: the bytes of a compiled module (`.w2m`).
//!
//! The specification is `IMAGE.md`; this module is its transcription, offsets and numbers in one
//! place. Nothing is checked here beyond what a type needs to exist: whether an image as a
//! whole is sound is the loader's question.
//!
//! ```text
//!   0 ┌──────────────┐
//!     │ Header       │ who may run this, what it needs, where each section ends
//! 128 ├──────────────┤
//!     │ 12 sections  │ in the order of [`Section`], each 4-byte aligned, without gaps
//!     ├──────────────┤ end of the last section: the body
//!     │ trailer      │ type-length-value records, the SHA-256 of all before it among them
//!     └──────────────┘ Header::image_bytes
//! ```
//!
//! Every fixed record is a row of little-endian 32-bit words, so one reader and one writer
//! ([`read_words`], [`words_to_bytes`]) serve them all.

mod header;
mod record;
mod target;
mod trailer;

pub use header::{Header, MemoryFlags, field};
pub use record::{
    DataHeader, ElementHeader, Export, ExportKind, FunctionRecord, FunctionType, Import, Table,
    read_name,
};
pub use target::{Architecture, Features};
pub use trailer::{KeyId, PUBLIC_KEY_BYTES, RecordType, SIGNATURE_BYTES, TrailerRecord};

/// First four bytes of an image: `W2M` and a zero.
pub const MAGIC: u32 = u32::from_le_bytes(*b"W2M\0");
/// Version of the format that this module describes.
pub const FORMAT_VERSION: u16 = 1;
/// Version of what image and loader share at run time: context layout, thunks, trap codes.
pub const ABI_VERSION: u16 = 1;
/// Alignment of an image, of its sections and records, in bytes.
pub const ALIGNMENT: u32 = 4;
/// Bytes of a SHA-256 digest.
pub const DIGEST_BYTES: u32 = 32;

/// The sections of an image, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Section {
    /// Machine code and the constants it reads; runs where it stands.
    Text = 0,
    /// One word for each defined function, its text offset, ascending; then the offset where
    /// the last one ends.
    Functions = 1,
    /// [`FunctionType`] records, referred to by their byte offset in this section.
    Types = 2,
    /// [`Import`] records, in the order of the import slots.
    Imports = 3,
    /// [`Export`] records.
    Exports = 4,
    /// The words that globals begin with, copied into the context as they stand.
    Globals = 5,
    /// Context offsets of those words of the globals that hold a code value, ascending.
    Funcrefs = 6,
    /// [`Table`] records.
    Tables = 7,
    /// Element records: an [`ElementHeader`], then as many code values as it says.
    Elements = 8,
    /// Data records: a [`DataHeader`], then the bytes, padded to a multiple of 4.
    Data = 9,
    /// [`FunctionRecord`]s: what references of an open image lead to.
    Records = 10,
    /// Names: a 16-bit length, then UTF-8; unaligned, referred to by byte offset.
    Strings = 11,
}

impl Section {
    /// How many sections an image has.
    pub const COUNT: usize = 12;

    /// Every section, in order.
    pub const ALL: [Section; Section::COUNT] = [
        Section::Text,
        Section::Functions,
        Section::Types,
        Section::Imports,
        Section::Exports,
        Section::Globals,
        Section::Funcrefs,
        Section::Tables,
        Section::Elements,
        Section::Data,
        Section::Records,
        Section::Strings,
    ];

    /// The section's name, as in `IMAGE.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Section::Text => "TEXT",
            Section::Functions => "FUNCTIONS",
            Section::Types => "TYPES",
            Section::Imports => "IMPORTS",
            Section::Exports => "EXPORTS",
            Section::Globals => "GLOBALS",
            Section::Funcrefs => "FUNCREFS",
            Section::Tables => "TABLES",
            Section::Elements => "ELEMENTS",
            Section::Data => "DATA",
            Section::Records => "RECORDS",
            Section::Strings => "STRINGS",
        }
    }
}

/// `N` little-endian words where they stand.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a, const N: usize>(&'a [[u8; 4]; N]);

impl<'a, const N: usize> Words<'a, N> {
    /// The words of `bytes` from `offset`; `None` when they reach beyond the end.
    // One compare, after which each word is a load: smaller than a call.
    #[inline(always)]
    pub fn read(bytes: &'a [u8], offset: u32) -> Option<Self> {
        let rest = bytes.get(usize::try_from(offset).ok()?..)?;
        rest.as_chunks().0.first_chunk().map(Words)
    }

    /// The word with this number.
    ///
    /// # Panics
    ///
    /// If there is none, which the compiler sees where the number is a constant.
    #[inline(always)]
    pub const fn at(self, number: usize) -> u32 {
        u32::from_le_bytes(self.0[number])
    }
}

/// The same as an array; `None` when they reach beyond the end.
pub fn read_words<const N: usize>(bytes: &[u8], offset: u32) -> Option<[u32; N]> {
    Words::read(bytes, offset).map(|words| words.0.map(u32::from_le_bytes))
}

/// One little-endian word of `bytes` at `offset`; `None` when it reaches beyond the end.
// A compare and a load on a target: smaller than a call, which optimising for size would make it.
#[inline(always)]
pub fn read_word(bytes: &[u8], offset: u32) -> Option<u32> {
    let rest = bytes.get(usize::try_from(offset).ok()?..)?;
    rest.first_chunk().map(|word| u32::from_le_bytes(*word))
}

/// The bytes of a row of words, as they stand in an image.
pub fn words_to_bytes(words: &[u32]) -> impl Iterator<Item = u8> + '_ {
    words.iter().flat_map(|word| word.to_le_bytes())
}

/// `bytes` rounded up to the next multiple of 4; `None` beyond 32 bits.
pub const fn padded(bytes: u32) -> Option<u32> {
    bytes.checked_next_multiple_of(ALIGNMENT)
}

pub(crate) const fn halves(low: u16, high: u16) -> u32 {
    low as u32 | (high as u32) << 16
}

pub(crate) const fn low_half(word: u32) -> u16 {
    word as u16
}

pub(crate) const fn high_half(word: u32) -> u16 {
    (word >> 16) as u16
}
