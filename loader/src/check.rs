//! The structural check: one pass over everything that a later reader follows.
//!
//! The order is that of `IMAGE.md`, "What a loader checks". Each step relies on the ones before
//! it and on nothing else, so the first contradiction ends the check.

use core::ops::Range;

use wasm2mcu_abi::context::{self, Context, FunctionRecord, TableRecord};
use wasm2mcu_abi::image::{
    self as format, ABI_VERSION, Architecture, ExportKind, FORMAT_VERSION, Header, KeyId, MAGIC,
    MemoryFlags, RecordType, Section, TrailerRecord, Words, field, read_word,
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
    let words = Words::<5>::read(bytes, field::MAGIC).ok_or(truncated(Header::BYTES))?;
    let (magic, versions) = (words.at(0), words.at(1));
    let (architecture, image_bytes) = (words.at(2), words.at(4));
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
    exports(image)?;
    context(image)?;
    interrupt(image)?;
    walk(image, Section::Elements, image.elements(), |segment| {
        // Nothing is known here about what another instance's table holds.
        let own = image.table(segment.table).filter(|t| !t.is_imported());
        own.ok_or(Fault::Index)?;
        segment
            .codes()
            .try_for_each(|value| reference(image, value))
    })?;
    walk(image, Section::Data, image.data(), |_| Ok(()))?;
    start(image)?;
    trailer(image)
}

fn reserved(image: &Image<'_>) -> Checked {
    for offset in (field::RESERVED_TAIL..Header::BYTES).step_by(4) {
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
    let known = MemoryFlags::PRESENT.0 | MemoryFlags::FIXED.0 | MemoryFlags::IMPORTED.0;
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
    let text_bytes = image.text_bytes();
    let mut least = 0;
    for offset in words(section) {
        let sound = offset >= least && offset <= text_bytes && offset.is_multiple_of(2);
        require(sound, at, Fault::Functions)?;
        least = offset;
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
    let mut tables = image.tables();
    let mut functions_only = true;
    let mut memories = 0;
    let mut records = image.import_records();
    let begin = image.section_range(Section::Imports).0;
    loop {
        let offset = begin + records.offset();
        let at = |fault| malformed(offset, fault);
        let Some(import) = records.next() else {
            require(records.is_at_end(), offset, Fault::Record)?;
            break;
        };
        image.name(import.module).ok_or(at(Fault::Name))?;
        image.name(import.name).ok_or(at(Fault::Name))?;
        let is_function = import.kind == ExportKind::Function;
        require(functions_only || !is_function, offset, Fault::Record)?;
        functions_only = is_function;
        let sound = match import.kind {
            ExportKind::Function => {
                let ty = image.function_type(import.detail);
                ty.map(|_| true).ok_or(at(Fault::Type))?
            }
            ExportKind::Table => {
                let table = tables.next().filter(format::Table::is_imported);
                table.ok_or(at(Fault::Index))?;
                is_reference(import.detail)
            }
            ExportKind::Memory => {
                memories += 1;
                import.detail == 0
            }
            ExportKind::Global => {
                import.detail & !(format::Export::MUTABLE | 0xff) == 0
                    && import.value_type().is_some()
            }
        };
        require(sound, offset, Fault::Record)?;
    }
    // What else is in the list is the module's own.
    let imported = tables.any(|table| table.is_imported());
    require(!imported, begin, Fault::Index)?;
    let expected = u32::from(image.memory_flags().contains(MemoryFlags::IMPORTED));
    require(memories == expected, begin, Fault::Index)
}

/// Whether a word is the number of a reference type.
fn is_reference(number: u32) -> bool {
    let types = [ValueType::FuncRef, ValueType::ExternRef];
    types.iter().any(|&ty| number == ty as u32)
}

fn exports(image: &Image<'_>) -> Checked {
    // Counted once: for every export it would be work with the square of the image's size.
    let slots = Context::import_slot(image.imported_functions())..image.slots_end();
    let records = Records::new(image.section(Section::Exports));
    walk(image, Section::Exports, records, |export| {
        check_export(image, export, &slots)
    })
}

/// `slots` are those of imports that are no functions.
fn check_export(
    image: &Image<'_>,
    export: format::Export,
    slots: &Range<u32>,
) -> Result<(), Fault> {
    image.name(export.name).ok_or(Fault::Name)?;
    let tables = image.section_bytes(Section::Tables) / format::Table::BYTES;
    let nothing_else = export.limit == 0;
    match export.kind {
        ExportKind::Function => {
            code(image, export.value)?;
            let ty = image.function_type(export.detail).ok_or(Fault::Type)?;
            code(image, ty.entry)
        }
        ExportKind::Table if is_reference(export.detail) => {
            if export.value < tables {
                Ok(())
            } else {
                Err(Fault::Index)
            }
        }
        ExportKind::Memory if export.detail == 0 => {
            if export.value == 0 && image.memory_flags().contains(MemoryFlags::PRESENT) {
                Ok(())
            } else {
                Err(Fault::Index)
            }
        }
        ExportKind::Global if export.detail >> 10 == 0 && nothing_else => {
            let value_type = ValueType::from_u8(export.detail as u8).ok_or(Fault::Record)?;
            let indirect = export.detail & format::Export::INDIRECT != 0;
            let words = if indirect { 1 } else { value_type.words() };
            // An imported one is in a slot behind those of functions.
            let (begin, end) = if export.value < image.field(field::GLOBALS) {
                (slots.start, slots.end)
            } else {
                let begin = image.field(field::GLOBALS);
                let bytes = image.section_bytes(Section::Globals);
                (begin, begin.saturating_add(bytes))
            };
            let inside = export.value >= begin
                && export
                    .value
                    .checked_add(4 * words)
                    .is_some_and(|behind| behind <= end);
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
    // No overflow: sections are smaller than 4 GiB and an import takes 16 bytes of one.
    let slots_end = image.slots_end();

    let globals = image.section(Section::Globals);
    let globals_begin = image.field(field::GLOBALS);
    let globals_end = globals_begin
        .checked_add(globals.len() as u32)
        .filter(|&end| end <= context_bytes)
        .ok_or(malformed(field::GLOBALS, Fault::Context))?;
    let sound = slots_end <= globals_begin && globals_begin.is_multiple_of(4);
    require(sound, field::GLOBALS, Fault::Context)?;

    let records_end = records(image, globals_end)?;
    let at = image.section_range(Section::Funcrefs).0;
    let mut least = globals_begin;
    for offset in words(image.section(Section::Funcrefs)) {
        let inside = offset >= least && offset < globals_end && offset.is_multiple_of(4);
        require(inside, at, Fault::Context)?;
        let value = read_word(globals, offset - globals_begin).unwrap_or(0);
        reference(image, value).map_err(|fault| malformed(at, fault))?;
        least = offset + 4;
    }

    let mut least = records_end;
    let mut tables = image.tables();
    let begin = image.section_range(Section::Tables).0;
    loop {
        let at = begin + tables.offset();
        let Some(table) = tables.next() else {
            return require(tables.is_at_end(), at, Fault::Record);
        };
        if table.is_imported() {
            require(table.offset == 0, at, Fault::Context)?;
            continue;
        }
        if table.record != 0 {
            let room = TableRecord::BYTES;
            let inside = table.record >= globals_begin
                && table
                    .record
                    .checked_add(room)
                    .is_some_and(|end| end <= globals_end);
            require(inside && table.record.is_multiple_of(4), at, Fault::Context)?;
        }
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

/// The interrupt word lies inside the globals, if there is one.
fn interrupt(image: &Image<'_>) -> Checked {
    let word = image.field(field::INTERRUPT);
    let globals = image.section(Section::Globals).len() as u32;
    let inside = word.wrapping_sub(image.field(field::GLOBALS)) < globals;
    let sound = word == 0 || inside && word.is_multiple_of(4);
    require(sound, field::INTERRUPT, Fault::Context)
}

/// Function records, behind the globals; returns where they end.
fn records(image: &Image<'_>, globals_end: u32) -> Result<u32, Malformed> {
    let begin = image.field(field::RECORDS);
    let records = image.section_bytes(Section::Records) / format::FunctionRecord::BYTES;
    walk(image, Section::Records, image.records(), |record| {
        code(image, record.code)?;
        let ty = image
            .function_type(record.function_type)
            .ok_or(Fault::Type)?;
        code(image, ty.entry)
    })?;
    if begin == 0 {
        require(records == 0, field::RECORDS, Fault::Reserved)?;
        return Ok(globals_end);
    }
    let end = records
        .checked_mul(FunctionRecord::BYTES)
        .and_then(|bytes| begin.checked_add(bytes))
        .filter(|&end| end <= image.field(field::CONTEXT_BYTES))
        .ok_or(malformed(field::RECORDS, Fault::Context))?;
    let sound = begin >= globals_end && begin.is_multiple_of(4);
    require(sound, field::RECORDS, Fault::Context)?;
    Ok(end)
}

/// A reference as the image has it: 0 for null, a code value, or the context offset of a function
/// record.
fn reference(image: &Image<'_>, value: u32) -> Result<(), Fault> {
    if value == 0 {
        return Ok(());
    }
    if !image.is_open() {
        return code(image, value);
    }
    let begin = image.field(field::RECORDS);
    let records = image.section_bytes(Section::Records) / format::FunctionRecord::BYTES;
    let offset = value.wrapping_sub(begin);
    let is_record =
        offset.is_multiple_of(FunctionRecord::BYTES) && offset / FunctionRecord::BYTES < records;
    if is_record {
        Ok(())
    } else {
        Err(Fault::CodeValue)
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
    let mut seen = 0;
    while offset as usize != image.bytes().len() {
        let record = TrailerRecord::read(image.bytes(), offset)
            .ok_or(malformed(offset, Fault::TrailerRecord))?;
        let placed = match Placement::of(record.record_type) {
            Some(rule) => {
                let sound = record.value.len() == rule.bytes && rule.allows(seen);
                seen |= rule.bit;
                sound
            }
            None => !record.record_type.is_critical(),
        };
        require(placed, offset, Fault::TrailerRecord)?;
        offset += record.bytes();
    }
    require(seen & HASH != 0, offset, Fault::HashMissing)
}

/// A bit for each type of trailer record that this loader knows.
const HASH: u8 = 1;
const KEY_ID: u8 = 2;
const COUNTER: u8 = 4;
const SOURCE: u8 = 8;
const SIGNATURE: u8 = 16;

/// Where a known trailer record may stand.
struct Placement {
    bit: u8,
    /// Bytes of the value.
    bytes: usize,
    /// What must stand before it. If that is not the hash, the hash must stand behind it.
    needed: u8,
}

impl Placement {
    fn of(record_type: RecordType) -> Option<Placement> {
        let (bit, bytes, needed) = match record_type {
            RecordType::SHA256 => (HASH, format::DIGEST_BYTES as usize, 0),
            RecordType::KEY_ID => (KEY_ID, KeyId::BYTES, 0),
            RecordType::SECURITY_COUNTER => (COUNTER, 4, 0),
            RecordType::SOURCE_SHA256 => (SOURCE, format::DIGEST_BYTES as usize, 0),
            RecordType::ED25519 => (SIGNATURE, format::SIGNATURE_BYTES, HASH | KEY_ID),
            _ => return None,
        };
        Some(Placement { bit, bytes, needed })
    }

    /// Whether it may stand behind these: once, and on the right side of the hash.
    const fn allows(&self, seen: u8) -> bool {
        seen & (self.bit | HASH | self.needed) == self.needed
    }
}

/// A code value of a function or thunk.
fn code(image: &Image<'_>, value: u32) -> Result<(), Fault> {
    let bit = image.architecture().code_bit();
    let offset = value.wrapping_sub(bit);
    let inside = offset < image.text_bytes();
    if value != 0 && inside && offset.is_multiple_of(2) {
        Ok(())
    } else {
        Err(Fault::CodeValue)
    }
}
