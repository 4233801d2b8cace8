//! The records of a checked image as a reader meets them: names and types resolved, in place.

use core::fmt;
use core::marker::PhantomData;

use wasm2mcu_abi::image::{self, DataHeader, ElementHeader, FunctionType, Table, read_word};
use wasm2mcu_abi::types::ValueType;

use crate::bytes::same;

/// A name in an image.
///
/// It is UTF-8 by the specification, which the loader does not check; broken sequences display
/// as the replacement character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(pub &'a [u8]);

impl PartialEq<str> for Name<'_> {
    fn eq(&self, other: &str) -> bool {
        same(self.0, other.as_bytes())
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Name<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        match str::from_utf8(self.0) {
            Ok(name) => defmt::write!(f, "{=str}", name),
            Err(_) => defmt::write!(f, "{=[u8]:a}", self.0),
        }
    }
}

/// A record that stands in a section behind others.
pub(crate) trait Record<'a>: Sized {
    /// The record at `offset` of its section; `None` when no whole one is there.
    fn read(section: &'a [u8], offset: u32) -> Option<Self>;

    /// Its size in bytes, more than 0; `None` beyond 32 bits.
    fn bytes(&self) -> Option<u32>;
}

/// The records of one section, in order.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a, R> {
    section: &'a [u8],
    offset: u32,
    record: PhantomData<R>,
}

impl<'a, R> Records<'a, R> {
    pub(crate) const fn new(section: &'a [u8]) -> Self {
        Records {
            section,
            offset: 0,
            record: PhantomData,
        }
    }

    /// Offset in the section of the record that comes next.
    pub(crate) const fn offset(&self) -> u32 {
        self.offset
    }

    /// Whether the section is used up.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.offset as usize == self.section.len()
    }
}

#[allow(
    private_bounds,
    reason = "which records exist is the crate's own affair"
)]
impl<'a, R: Record<'a>> Iterator for Records<'a, R> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        let record = R::read(self.section, self.offset)?;
        self.offset = self.offset.checked_add(record.bytes()?)?;
        Some(record)
    }
}

impl<'a> Record<'a> for FunctionType<'a> {
    fn read(section: &'a [u8], offset: u32) -> Option<Self> {
        FunctionType::read(section, offset)
    }

    fn bytes(&self) -> Option<u32> {
        Some(FunctionType::bytes(self))
    }
}

macro_rules! fixed_size {
    ($($record:ty),*) => {$(
        impl<'a> Record<'a> for $record {
            fn read(section: &'a [u8], offset: u32) -> Option<Self> {
                <$record>::read(section, offset)
            }

            fn bytes(&self) -> Option<u32> {
                Some(<$record>::BYTES)
            }
        }
    )*};
}

fixed_size!(image::Import, image::Export, image::FunctionRecord, Table);

/// An active element segment: code values for consecutive elements of a table.
#[derive(Clone, Copy, Debug)]
pub struct ElementSegment<'a> {
    /// Number of the table.
    pub table: u32,
    /// First element to write.
    pub start: u32,
    codes: &'a [u8],
}

impl<'a> ElementSegment<'a> {
    /// How many elements.
    pub const fn count(&self) -> u32 {
        self.codes.len() as u32 / 4
    }

    /// The code values; 0 = null.
    pub fn codes(&self) -> impl Iterator<Item = u32> + 'a {
        self.codes
            .as_chunks()
            .0
            .iter()
            .map(|word| u32::from_le_bytes(*word))
    }
}

impl<'a> Record<'a> for ElementSegment<'a> {
    fn read(section: &'a [u8], offset: u32) -> Option<Self> {
        let header = ElementHeader::read(section, offset)?;
        let record = section.get(offset as usize..)?;
        let record = record.get(..header.record_bytes()? as usize)?;
        Some(ElementSegment {
            table: header.table,
            start: header.start,
            codes: record.get(ElementHeader::BYTES as usize..)?,
        })
    }

    fn bytes(&self) -> Option<u32> {
        Some(ElementHeader::BYTES + self.codes.len() as u32)
    }
}

/// An active data segment: bytes for the memory.
#[derive(Clone, Copy, Debug)]
pub struct DataSegment<'a> {
    /// Offset in memory 0 of the first byte.
    pub offset: u32,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Record<'a> for DataSegment<'a> {
    fn read(section: &'a [u8], offset: u32) -> Option<Self> {
        let header = DataHeader::read(section, offset)?;
        let record = section.get(offset as usize..)?;
        let record = record.get(..header.record_bytes()? as usize)?;
        let content = record.get(DataHeader::BYTES as usize..)?;
        let (bytes, padding) = content.split_at_checked(header.length as usize)?;
        padding.iter().all(|&b| b == 0).then_some(DataSegment {
            offset: header.offset,
            bytes,
        })
    }

    fn bytes(&self) -> Option<u32> {
        let length = self.bytes.len() as u32;
        DataHeader { offset: 0, length }.record_bytes()
    }
}

/// Something that the module must be given.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// Module name.
    pub module: Name<'a>,
    /// Name.
    pub name: Name<'a>,
    /// What it is.
    pub item: ImportItem<'a>,
}

/// What an import must be.
#[derive(Clone, Copy, Debug)]
pub enum ImportItem<'a> {
    /// A function of this type.
    Function(FunctionType<'a>),
    /// A table.
    Table {
        /// Type of its elements.
        element: ValueType,
        /// What it must have, and may be declared to have at most.
        limits: Limits,
    },
    /// A memory; limits are in bytes.
    Memory {
        /// Page size as a power of two.
        page_size_log2: u8,
        /// What it must have, and may be declared to have at most.
        limits: Limits,
    },
    /// A global.
    Global {
        /// Its type.
        value_type: ValueType,
        /// Whether it is mutable.
        mutable: bool,
    },
}

/// A size, and the largest that is declared: [`Limits::NONE`] if none is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// The size now, or the least.
    pub size: u32,
    /// The largest.
    pub max: u32,
}

impl Limits {
    /// No largest size is declared.
    pub const NONE: u32 = u32::MAX;

    /// Whether something of these limits is what an import of `wanted` asks for.
    pub const fn serve(self, wanted: Limits) -> bool {
        self.size >= wanted.size && self.max <= wanted.max
    }
}

/// Something that the module offers, by name.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// What it is.
    pub item: Item<'a>,
}

/// What an export is.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A function.
    Function(FunctionExport<'a>),
    /// The table of this number.
    Table(u32),
    /// The memory.
    Memory,
    /// A global.
    Global(GlobalExport),
}

/// A function that the host may call.
#[derive(Clone, Copy, Debug)]
pub struct FunctionExport<'a> {
    /// Its type.
    pub function_type: FunctionType<'a>,
    /// Its code value.
    pub code: u32,
    /// Worst stack depth of a call in bytes, recursion excluded.
    pub stack_bytes: u32,
}

/// A global that the host may look at.
#[derive(Clone, Copy, Debug)]
pub struct GlobalExport {
    /// Its offset in the context.
    pub offset: u32,
    /// Its type.
    pub value_type: ValueType,
    /// Whether the module may change it.
    pub mutable: bool,
    /// Whether its address is there instead, because another instance or the host has it.
    pub indirect: bool,
}

/// The words of a section.
pub(crate) fn words(section: &[u8]) -> impl DoubleEndedIterator<Item = u32> + '_ {
    let (words, _) = section.as_chunks();
    words.iter().map(|word| u32::from_le_bytes(*word))
}

/// Word number `index` of a section.
pub(crate) fn word(section: &[u8], index: u32) -> Option<u32> {
    read_word(section, index.checked_mul(4)?)
}
