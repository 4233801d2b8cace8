//! The header: 32 words that say who may run the image, what it needs and where its sections end.

use super::target::{Architecture, Features};
use super::{ABI_VERSION, FORMAT_VERSION, MAGIC, Section, Words, halves, high_half, low_half};

/// Offsets of the header's fields from the image's first byte.
///
/// For a reader that looks at one field where it stands; [`Header`] has them all at once.
pub mod field {
    /// [`MAGIC`](super::MAGIC).
    pub const MAGIC: u32 = 0;
    /// Low half: format version. High half: ABI version.
    pub const VERSIONS: u32 = 4;
    /// Low half: architecture. High half: size of the header, [`Header::BYTES`](super::Header).
    pub const ARCHITECTURE: u32 = 8;
    /// Features required of the core.
    pub const FEATURES: u32 = 12;
    /// Size of the image, trailer included.
    pub const IMAGE_BYTES: u32 = 16;
    /// Size of the context.
    pub const CONTEXT_BYTES: u32 = 20;
    /// Worst stack depth of any export and the start function.
    pub const STACK_BYTES: u32 = 24;
    /// Size of memory 0 at the start.
    pub const MEMORY_MIN: u32 = 28;
    /// Size that memory 0 may reach.
    pub const MEMORY_MAX: u32 = 32;
    /// Byte 0: page size as a power of two. Byte 1: [`MemoryFlags`](super::MemoryFlags).
    /// High half: zero.
    pub const MEMORY_KIND: u32 = 36;
    /// Bytes behind the memory that removed guards rely on.
    pub const GUARD_ZONE: u32 = 40;
    /// Code value of the start function, 0 = none.
    pub const START_CODE: u32 = 44;
    /// Worst stack depth of the start function.
    pub const START_STACK: u32 = 48;
    /// Type of the start function.
    pub const START_TYPE: u32 = 52;
    /// Context offset of the globals.
    pub const GLOBALS: u32 = 56;
    /// Context offset of the function records; 0 if references are addresses of code.
    pub const RECORDS: u32 = 60;
    /// Ends of the sections, one word each.
    pub const SECTION_ENDS: u32 = 64;
    /// Context offset of the interrupt word; 0 if the code looks at none.
    pub const INTERRUPT: u32 = SECTION_ENDS + 4 * super::Section::COUNT as u32;
    /// Zeros up to the header's end.
    pub const RESERVED_TAIL: u32 = INTERRUPT + 4;
}

/// What is special about memory 0, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryFlags(pub u8);

impl MemoryFlags {
    /// The module has a memory.
    pub const PRESENT: MemoryFlags = MemoryFlags(1 << 0);
    /// Guards rely on the memory having exactly its minimum size: it may never grow.
    pub const FIXED: MemoryFlags = MemoryFlags(1 << 1);
    /// Another instance or the host has it: sizes are what the module asks of it.
    pub const IMPORTED: MemoryFlags = MemoryFlags(1 << 2);

    /// Whether all of `other` is set.
    pub const fn contains(self, other: MemoryFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The fields of a header of format version 1, as plain values.
///
/// Constant fields (magic, versions, header size, reserved words) are added by
/// [`Header::to_bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the [`Architecture`] whose instructions the text holds.
    pub architecture: Architecture,
    /// Features that the core must have.
    pub features: Features,
    /// Size of the image in bytes, trailer included; a multiple of 4.
    pub image_bytes: u32,
    /// Size of the context in bytes, a multiple of 8.
    pub context_bytes: u32,
    /// Worst stack depth in bytes of any export and the start function, recursion excluded.
    pub stack_bytes: u32,
    /// Size of memory 0 at the start, in bytes.
    pub memory_min: u32,
    /// Size in bytes that memory 0 may reach; equal to `memory_min` if it cannot grow.
    pub memory_max: u32,
    /// Page size of memory 0 as a power of two: 16, or 0 for pages of one byte.
    pub page_size_log2: u8,
    /// Whether there is a memory and what relies on its size.
    pub memory_flags: MemoryFlags,
    /// Bytes behind the memory that removed guards rely on; 0 in version 1.
    pub guard_zone: u32,
    /// Code value of the start function; 0 = none.
    pub start_code: u32,
    /// Worst stack depth of the start function in bytes.
    pub start_stack: u32,
    /// Offset in TYPES of the start function's type.
    pub start_type: u32,
    /// Context offset in bytes of the globals, a multiple of 4.
    pub globals: u32,
    /// Context offset in bytes of the function records, a multiple of 4; 0 in an image whose
    /// references are addresses of code.
    pub records: u32,
    /// Offset from the image's first byte where each section ends. A section begins where the
    /// one before ends, the first one at [`Header::BYTES`].
    pub section_ends: [u32; Section::COUNT],
    /// Context offset of the interrupt word, a multiple of 4; 0 in an image that cannot be
    /// interrupted.
    pub interrupt: u32,
}

impl Header {
    /// Size of the header in bytes; TEXT begins there.
    pub const BYTES: u32 = 128;
    const WORDS: usize = Self::BYTES as usize / 4;

    /// The header as it stands in an image.
    pub fn to_bytes(&self) -> impl Iterator<Item = u8> {
        let mut words = [0; Self::WORDS];
        let mut set = |offset: u32, value| words[offset as usize / 4] = value;
        set(field::MAGIC, MAGIC);
        set(field::VERSIONS, halves(FORMAT_VERSION, ABI_VERSION));
        set(
            field::ARCHITECTURE,
            halves(self.architecture as u16, Self::BYTES as u16),
        );
        set(field::FEATURES, self.features.0);
        set(field::IMAGE_BYTES, self.image_bytes);
        set(field::CONTEXT_BYTES, self.context_bytes);
        set(field::STACK_BYTES, self.stack_bytes);
        set(field::MEMORY_MIN, self.memory_min);
        set(field::MEMORY_MAX, self.memory_max);
        set(
            field::MEMORY_KIND,
            u32::from(self.page_size_log2) | u32::from(self.memory_flags.0) << 8,
        );
        set(field::GUARD_ZONE, self.guard_zone);
        set(field::START_CODE, self.start_code);
        set(field::START_STACK, self.start_stack);
        set(field::START_TYPE, self.start_type);
        set(field::GLOBALS, self.globals);
        set(field::RECORDS, self.records);
        for (i, end) in self.section_ends.into_iter().enumerate() {
            set(field::SECTION_ENDS + 4 * i as u32, end);
        }
        set(field::INTERRUPT, self.interrupt);
        words.into_iter().flat_map(u32::to_le_bytes)
    }

    /// The fields of an image's header.
    ///
    /// `None` when there are fewer than [`Header::BYTES`] bytes, or when magic, format version
    /// or header size are not those of version 1, or the architecture is unknown. Nothing else
    /// is checked.
    pub fn read(image: &[u8]) -> Option<Header> {
        let words = Words::<{ Self::WORDS }>::read(image, 0)?;
        let get = |offset: u32| words.at(offset as usize / 4);
        let (header_bytes, versions) = (get(field::ARCHITECTURE), get(field::VERSIONS));
        if get(field::MAGIC) != MAGIC
            || low_half(versions) != FORMAT_VERSION
            || u32::from(high_half(header_bytes)) != Self::BYTES
        {
            return None;
        }
        let memory = get(field::MEMORY_KIND).to_le_bytes();
        let mut section_ends = [0; Section::COUNT];
        for (i, end) in section_ends.iter_mut().enumerate() {
            *end = get(field::SECTION_ENDS + 4 * i as u32);
        }
        Some(Header {
            architecture: Architecture::from_u16(low_half(get(field::ARCHITECTURE)))?,
            features: Features(get(field::FEATURES)),
            image_bytes: get(field::IMAGE_BYTES),
            context_bytes: get(field::CONTEXT_BYTES),
            stack_bytes: get(field::STACK_BYTES),
            memory_min: get(field::MEMORY_MIN),
            memory_max: get(field::MEMORY_MAX),
            page_size_log2: memory[0],
            memory_flags: MemoryFlags(memory[1]),
            guard_zone: get(field::GUARD_ZONE),
            start_code: get(field::START_CODE),
            start_stack: get(field::START_STACK),
            start_type: get(field::START_TYPE),
            globals: get(field::GLOBALS),
            records: get(field::RECORDS),
            section_ends,
            interrupt: get(field::INTERRUPT),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, MemoryFlags, Section, field};
    use crate::image::{Architecture, Features};

    #[test]
    fn fields_round_trip() {
        let mut section_ends = [0; Section::COUNT];
        for (i, end) in section_ends.iter_mut().enumerate() {
            *end = 1000 + i as u32;
        }
        let header = Header {
            architecture: Architecture::RiscV32,
            features: Features::RISCV_M | Features::RISCV_ZBA,
            image_bytes: 1,
            context_bytes: 2,
            stack_bytes: 3,
            memory_min: 4,
            memory_max: 5,
            page_size_log2: 16,
            memory_flags: MemoryFlags::FIXED,
            guard_zone: 6,
            start_code: 7,
            start_stack: 8,
            start_type: 9,
            globals: 10,
            records: 11,
            section_ends,
            interrupt: 12,
        };
        let mut bytes = [0xff; Header::BYTES as usize];
        assert_eq!(header.to_bytes().count(), bytes.len());
        for (to, from) in bytes.iter_mut().zip(header.to_bytes()) {
            *to = from;
        }
        assert_eq!(Header::read(&bytes), Some(header));
        assert_eq!(Header::read(&bytes[..127]), None);
        let tail = &bytes[field::RESERVED_TAIL as usize..];
        assert_eq!((field::RESERVED_TAIL, tail), (116, &[0; 12][..]));
        for (at, value) in [(0, 0), (4, 2), (8, 3), (10, 0)] {
            let mut other = bytes;
            other[at] = value;
            assert_eq!(Header::read(&other), None, "byte {at}");
        }
    }
}
