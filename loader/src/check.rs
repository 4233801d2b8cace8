//! The structural check: one pass over everything that a later reader follows.
//!
//! The order is that of `IMAGE.md`, "What a loader checks". Each step relies on the ones before
//! it and on nothing else, so the first contradiction ends the check.

use wasm2mcu_abi::context::{self, Context};
use wasm2mcu_abi::image::{
    self as format, ABI_VERSION, Architecture, ExportKind, FORMAT_VERSION, Header, MAGIC,
    MemoryFlags, RecordType, Section, TrailerRecord, field, read_word, read_words,
};
use wasm2mcu_abi::types::ValueType;

use crate::error::{Fault, ImageError};
use crate::image::Image;
use crate::records::{Record, Records, words};

/// What contradicts the specification, and its offset in the image. Small enough to be returned
/// in registers.
pub(crate) struct Malformed {
    offset: u32,
    fault: Fault,
}

impl From<Malformed> for ImageError {
    fn from(Malformed { offset, fault }: Malformed) -> Self {
        ImageError::Malformed { offset, fault }
    }
}

type Checked = Result<(), Malformed>;

const fn malformed(offset: u32, fault: Fault) -> Malformed {
    Malformed { offset, fault }
}

const fn require(holds: bool, offset: u32, fault: Fault) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(malformed(offset, fault))
    }
}

/// Checks what tells where the image ends, and returns its size.
pub(crate) fn frame(bytes: &[u8]) -> Result<u32, ImageError> {
    let truncated = |needed| ImageError::Truncated {
        needed,
        given: bytes.len(),
    };
    let [magic, versions, architecture, _, image_bytes] =
        read_words(bytes, field::MAGIC).ok_or(truncated(Header::BYTES))?;
    if magic != MAGIC {
        return Err(ImageError::Magic);
    }
    if versions as u16 != FORMAT_VERSION {
        return Err(ImageError::FormatVersion(versions as u16));
    }
    if (versions >> 16) as u16 != ABI_VERSION {
        return Err(ImageError::AbiVersion((versions >> 16) as u16));
    }
    if Architecture::from_u16(architecture as u16).is_none() {
        return Err(ImageError::Architecture(architecture as u16));
    }
    let header_fits = architecture >> 16 == Header::BYTES;
    require(header_fits, field::ARCHITECTURE, Fault::HeaderBytes)?;
    let sound = image_bytes >= Header::BYTES && image_bytes.is_multiple_of(format::ALIGNMENT);
    require(sound, field::IMAGE_BYTES, Fault::ImageBytes)?;
    if bytes.len() < image_bytes as usize {
        return Err(truncated(image_bytes));
    }
    Ok(image_bytes)
}

/// Checks everything behind the frame.
pub(crate) fn image(image: &Image<'_>) -> Checked {
    reserved(image)?;
    sections(image)?;
    memory(image)?;
    functions(image)?;
    imports(image)?;
    walk(
        image,
        Section::Exports,
        Records::new(image.section(Section::Exports)),
        |export| check_export(image, export),
    )?;
    context(image)?;
    walk(image, Section::Elements, image.elements(), |segment| {
        if segment.table >= image.section(Section::Tables).len() as u32 / format::Table::BYTES {
            return Err(Fault::Index);
        }
        segment
            .codes()
            .try_for_each(|code| code_or_none(image, code))
    })?;
    walk(image, Section::Data, image.data(), |_| Ok(()))?;
    start(image)?;
    trailer(image)
}

fn reserved(image: &Image<'_>) -> Checked {
    let tail = (field::RESERVED_TAIL..Header::BYTES).step_by(4);
    for offset in core::iter::once(field::RESERVED).chain(tail) {
        require(image.field(offset) == 0, offset, Fault::Reserved)?;
    }
    Ok(())
}

fn sections(image: &Image<'_>) -> Checked {
    let mut begin = Header::BYTES;
    for i in 0..Section::COUNT as u32 {
        let offset = field::SECTION_ENDS + 4 * i;
        let end = image.field(offset);
        let sound = begin <= end
            && end as usize <= image.bytes().len()
            && end.is_multiple_of(format::ALIGNMENT);
        require(sound, offset, Fault::SectionEnd)?;
        begin = end;
    }
    Ok(())
}

fn memory(image: &Image<'_>) -> Checked {
    let [page_size_log2, flags, zeros @ ..] = image.field(field::MEMORY_KIND).to_le_bytes();
    let known = MemoryFlags::PRESENT.0 | MemoryFlags::FIXED.0;
    let defined = zeros == [0, 0] && flags & !known == 0 && matches!(page_size_log2, 0 | 16);
    require(defined, field::MEMORY_KIND, Fault::Reserved)?;

    let (min, max) = (
        image.field(field::MEMORY_MIN),
        image.field(field::MEMORY_MAX),
    );
    let present = MemoryFlags(flags).contains(MemoryFlags::PRESENT);
    let absent_is_empty = present || (max == 0 && flags == 0 && page_size_log2 == 0);
    let pages_fit = min == max || (min | max).trailing_zeros() >= u32::from(page_size_log2);
    require(
        min <= max && absent_is_empty && pages_fit,
        field::MEMORY_MIN,
        Fault::Memory,
    )?;

    let context_bytes = image.field(field::CONTEXT_BYTES);
    let sound = context_bytes.is_multiple_of(context::ALIGNMENT)
        && context_bytes.checked_add(min).is_some();
    require(sound, field::CONTEXT_BYTES, Fault::Context)
}

fn functions(image: &Image<'_>) -> Checked {
    let section = image.section(Section::Functions);
    let at = image.section_range(Section::Functions).0;
    let text_bytes = image.section(Section::Text).len() as u32;
    let mut least = 0;
    for offset in words(section) {
        let sound = offset >= least && offset <= text_bytes && offset.is_multiple_of(2);
        require(sound, at, Fault::Functions)?;
        least = offset + 1;
    }
    require(!section.is_empty(), at, Fault::Functions)
}

/// Checks each record of a section, and that the last one ends where the section does.
fn walk<'a, R: Record<'a>>(
    image: &Image<'_>,
    section: Section,
    mut records: Records<'a, R>,
    check: impl Fn(R) -> Result<(), Fault>,
) -> Checked {
    let begin = image.section_range(section).0;
    loop {
        let offset = begin + records.offset();
        match records.next() {
            Some(record) => check(record).map_err(|fault| malformed(offset, fault))?,
            None => return require(records.is_at_end(), offset, Fault::Record),
        }
    }
}

fn imports(image: &Image<'_>) -> Checked {
    let section = image.section(Section::Imports);
    walk(
        image,
        Section::Imports,
        Records::<format::Import>::new(section),
        |import| {
            if import.kind != format::Import::FUNCTION {
                return Err(Fault::Reserved);
            }
            image.name(import.module).ok_or(Fault::Name)?;
            image.name(import.name).ok_or(Fault::Name)?;
            image
                .function_type(import.function_type)
                .ok_or(Fault::Type)?;
            Ok(())
        },
    )
}

fn check_export(image: &Image<'_>, export: format::Export) -> Result<(), Fault> {
    image.name(export.name).ok_or(Fault::Name)?;
    let tables = image.section(Section::Tables).len() as u32 / format::Table::BYTES;
    let nothing_else = export.stack_bytes == 0;
    match export.kind {
        ExportKind::Function => {
            code(image, export.value)?;
            let ty = image.function_type(export.detail).ok_or(Fault::Type)?;
            code(image, ty.entry)
        }
        ExportKind::Table if export.detail == 0 && nothing_else => {
            if export.value < tables {
                Ok(())
            } else {
                Err(Fault::Index)
            }
        }
        ExportKind::Memory if export.detail == 0 && nothing_else => {
            if export.value == 0 && image.memory_flags().contains(MemoryFlags::PRESENT) {
                Ok(())
            } else {
                Err(Fault::Index)
            }
        }
        ExportKind::Global if export.detail >> 9 == 0 && nothing_else => {
            let value_type = ValueType::from_u8(export.detail as u8).ok_or(Fault::Record)?;
            let begin = image.field(field::GLOBALS);
            let bytes = image.section(Section::Globals).len() as u32;
            let inside = export
                .value
                .checked_sub(begin)
                .and_then(|offset| offset.checked_add(4 * value_type.words()))
                .is_some_and(|end| end <= bytes);
            if inside && export.value.is_multiple_of(4) {
                Ok(())
            } else {
                Err(Fault::Context)
            }
        }
        _ => Err(Fault::Record),
    }
}

/// Import slots, globals and tables: one behind the other, all inside the context.
fn context(image: &Image<'_>) -> Checked {
    let context_bytes = image.field(field::CONTEXT_BYTES);
    let imports = image.section(Section::Imports).len() as u32 / format::Import::BYTES;
    // No overflow: sections are smaller than 4 GiB and an import takes 16 bytes of one.
    let slots_end = Context::import_slot(imports);

    let globals = image.section(Section::Globals);
    let globals_begin = image.field(field::GLOBALS);
    let globals_end = globals_begin
        .checked_add(globals.len() as u32)
        .filter(|&end| end <= context_bytes)
        .ok_or(malformed(field::GLOBALS, Fault::Context))?;
    let sound = slots_end <= globals_begin && globals_begin.is_multiple_of(4);
    require(sound, field::GLOBALS, Fault::Context)?;

    let at = image.section_range(Section::Funcrefs).0;
    let mut least = globals_begin;
    for offset in words(image.section(Section::Funcrefs)) {
        let inside = offset >= least && offset < globals_end && offset.is_multiple_of(4);
        require(inside, at, Fault::Context)?;
        let value = read_word(globals, offset - globals_begin).unwrap_or(0);
        code_or_none(image, value).map_err(|fault| malformed(at, fault))?;
        least = offset + 4;
    }

    let mut least = globals_end;
    let mut tables = image.tables();
    let begin = image.section_range(Section::Tables).0;
    loop {
        let at = begin + tables.offset();
        let Some(table) = tables.next() else {
            return require(tables.is_at_end(), at, Fault::Record);
        };
        let end = table
            .capacity
            .checked_mul(4)
            .and_then(|bytes| table.offset.checked_add(bytes))
            .filter(|&end| end <= context_bytes)
            .ok_or(malformed(at, Fault::Context))?;
        let sound = table.offset >= least && table.offset.is_multiple_of(4);
        require(sound, at, Fault::Context)?;
        require(table.elements <= table.capacity, at, Fault::Record)?;
        least = end;
    }
}

fn start(image: &Image<'_>) -> Checked {
    let value = image.field(field::START_CODE);
    if value == 0 {
        let unused = image.field(field::START_STACK) | image.field(field::START_TYPE);
        return require(unused == 0, field::START_CODE, Fault::Reserved);
    }
    code(image, value).map_err(|fault| malformed(field::START_CODE, fault))?;
    let entry = image
        .function_type(image.field(field::START_TYPE))
        .filter(|ty| ty.is(&[], &[]))
        .map(|ty| ty.entry)
        .ok_or(Fault::Type);
    entry
        .and_then(|entry| code(image, entry))
        .map_err(|fault| malformed(field::START_TYPE, fault))
}

fn trailer(image: &Image<'_>) -> Checked {
    let mut offset = image.body_bytes();
    let mut hashed = false;
    while offset as usize != image.bytes().len() {
        let record = TrailerRecord::read(image.bytes(), offset)
            .ok_or(malformed(offset, Fault::TrailerRecord))?;
        if record.record_type.is_critical() {
            let is_hash = record.record_type == RecordType::SHA256
                && record.value.len() == format::DIGEST_BYTES as usize;
            require(is_hash && !hashed, offset, Fault::TrailerRecord)?;
            hashed = true;
        }
        offset += record.bytes();
    }
    require(hashed, offset, Fault::HashMissing)
}

/// A code value of a function or thunk.
fn code(image: &Image<'_>, value: u32) -> Result<(), Fault> {
    let bit = image.architecture().code_bit();
    let offset = value.wrapping_sub(bit);
    let inside = (offset as usize) < image.section(Section::Text).len();
    if value != 0 && inside && offset.is_multiple_of(2) {
        Ok(())
    } else {
        Err(Fault::CodeValue)
    }
}

/// A code value, or 0 for none.
fn code_or_none(image: &Image<'_>, value: u32) -> Result<(), Fault> {
    if value == 0 {
        Ok(())
    } else {
        code(image, value)
    }
}
