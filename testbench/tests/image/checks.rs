//! Each rule of the specification's section 8, broken alone: the loader names the rule and the
//! place.

use wasm2mcu::image::{FunctionRecord, Memory, Parts, write};
use wasm2mcu_loader::abi::image::{Header, Section, Table, field};
use wasm2mcu_loader::{Fault, Image, ImageError};

use crate::sample::{self, thumb};

/// Where a section of the sample begins.
fn begin(section: Section) -> u32 {
    let image = write(&sample::parts()).unwrap();
    let ends = Header::read(&image).unwrap().section_ends;
    match section {
        Section::Text => Header::BYTES,
        _ => ends[section as usize - 1],
    }
}

fn parse(bytes: &[u8]) -> Result<(), ImageError> {
    Image::parse(bytes).map(|_| ())
}

/// The sample with one word replaced is refused at `at` for this reason.
#[track_caller]
fn word_refused(offset: u32, value: u32, at: u32, fault: Fault) {
    let mut bytes = write(&sample::parts()).unwrap();
    bytes[offset as usize..][..4].copy_from_slice(&value.to_le_bytes());
    let expected = ImageError::Malformed { offset: at, fault };
    assert_eq!(
        parse(&bytes),
        Err(expected),
        "word {offset:#x} = {value:#x}"
    );
}

/// The sample, changed before it was written, is refused for this reason.
#[track_caller]
fn parts_refused(change: impl FnOnce(&mut Parts), expected: Fault) {
    let mut parts = sample::parts();
    change(&mut parts);
    match parse(&write(&parts).unwrap()) {
        Err(ImageError::Malformed { fault, .. }) => assert_eq!(fault, expected),
        other => panic!("{other:?}, expected {expected:?}"),
    }
}

#[test]
fn header() {
    word_refused(8, 132 << 16 | 1, 8, Fault::HeaderBytes);
    word_refused(16, 124, 16, Fault::ImageBytes);
    word_refused(16, 130, 16, Fault::ImageBytes);
    word_refused(60, 1, 60, Fault::Context);
    word_refused(124, 1 << 31, 124, Fault::Reserved);
    word_refused(116, 1, 116, Fault::Reserved);
}

#[test]
fn interrupt_word() {
    let mut parts = sample::parts();
    parts.interrupt_offset = sample::GLOBALS;
    assert_eq!(parse(&write(&parts).unwrap()), Ok(()));
    let end = sample::GLOBALS + 4 * parts.globals.len() as u32;
    for wrong in [
        4,
        sample::GLOBALS - 4,
        sample::GLOBALS + 2,
        end,
        u32::MAX - 3,
    ] {
        word_refused(112, wrong, 112, Fault::Context);
    }
}

#[test]
fn section_ends() {
    let size = write(&sample::parts()).unwrap().len() as u32;
    word_refused(64, 124, 64, Fault::SectionEnd);
    word_refused(64, begin(Section::Functions) + 2, 64, Fault::SectionEnd);
    // TEXT ends behind FUNCTIONS: it is the latter that ends before it begins.
    word_refused(64, begin(Section::Types) + 4, 68, Fault::SectionEnd);
    word_refused(104, size + 4, 104, Fault::SectionEnd);
    word_refused(104, u32::MAX - 3, 104, Fault::SectionEnd);
}

#[test]
fn memory_and_context_sizes() {
    word_refused(36, 0x0111, 36, Fault::Reserved);
    word_refused(36, 0x0910, 36, Fault::Reserved);
    // An imported memory that is not among the imports.
    word_refused(36, 0x0510, begin(Section::Imports), Fault::Index);
    word_refused(36, 0x1_0110, 36, Fault::Reserved);
    word_refused(28, 5 * sample::PAGE, 28, Fault::Memory);
    word_refused(28, sample::PAGE + 1, 28, Fault::Memory);
    word_refused(32, 4 * sample::PAGE + 8, 28, Fault::Memory);
    // No memory, but sizes.
    word_refused(36, 0, 28, Fault::Memory);
    word_refused(20, sample::CONTEXT_BYTES + 4, 20, Fault::Context);
    word_refused(20, 0xffff_0000, 20, Fault::Context);
}

#[test]
fn functions() {
    let refused = |change: fn(&mut Parts)| parts_refused(change, Fault::Functions);
    refused(|parts| parts.functions[1] = parts.functions[0] - 2);
    refused(|parts| parts.functions[2] -= 32);
    refused(|parts| parts.functions[2] += 1);
    refused(|parts| parts.functions_end = sample::MIX - 2);
    refused(|parts| parts.functions_end = sample::TEXT_BYTES + 2);
    // The section is empty.
    let (at, end) = (begin(Section::Functions), field::SECTION_ENDS);
    word_refused(end + 4, at, at, Fault::Functions);
}

#[test]
fn imports() {
    let at = begin(Section::Imports) + 16;
    word_refused(at, 1 << 16, at, Fault::Name);
    word_refused(at + 4, u32::MAX, at, Fault::Name);
    word_refused(at + 8, 0x1000, at, Fault::Type);
    word_refused(at + 8, 2, at, Fault::Type);
    word_refused(at + 12, 4, at, Fault::Record);
    // A table, a memory or a global needs more than the kind.
    word_refused(at + 12, 1, at, Fault::Index);
    word_refused(at + 12, 2, begin(Section::Imports), Fault::Index);
    word_refused(at + 12, 3, at, Fault::Record);
    // Functions come first.
    let first = begin(Section::Imports);
    word_refused(first + 12, 3, first, Fault::Record);
}

#[test]
fn types_that_are_referred_to() {
    let ty = begin(Section::Types);
    let (import, export) = (begin(Section::Imports), begin(Section::Exports));
    // The sample's first type is `(i32, i32) -> i32`, used by the second import first.
    word_refused(ty + 4, 0xffff_0002, import + 16, Fault::Type);
    word_refused(ty + 8, 0x007f_7f00, import + 16, Fault::Type);
    word_refused(ty + 8, 0x017f_7f7f, import + 16, Fault::Type);
    // Exported functions have an entry thunk.
    word_refused(ty, 0, export, Fault::CodeValue);
    word_refused(ty, sample::ENTRY, export, Fault::CodeValue);
    word_refused(ty, thumb(sample::TEXT_BYTES), export, Fault::CodeValue);
}

#[test]
fn exports() {
    let function = begin(Section::Exports);
    let record = |index: u32| function + 20 * index;
    word_refused(function, u32::MAX, function, Fault::Name);
    word_refused(function + 4, 4, function, Fault::Record);
    word_refused(function + 4, 1 << 8, function, Fault::Record);
    word_refused(function + 8, 0, function, Fault::CodeValue);
    word_refused(function + 8, sample::ADD, function, Fault::CodeValue);
    word_refused(function + 8, 0xffff_ffff, function, Fault::CodeValue);
    word_refused(function + 12, 0x1000, function, Fault::Type);

    let (table, memory, global) = (record(4), record(5), record(6));
    word_refused(table + 8, 2, table, Fault::Index);
    word_refused(table + 12, 1, table, Fault::Record);
    word_refused(memory + 8, 1, memory, Fault::Index);
    word_refused(memory + 12, 1, memory, Fault::Record);
    word_refused(global + 8, sample::GLOBALS - 4, global, Fault::Context);
    word_refused(global + 8, sample::GLOBALS + 2, global, Fault::Context);
    word_refused(global + 8, sample::GLOBALS + 16, global, Fault::Context);
    word_refused(global + 12, 0x0100, global, Fault::Record);
    word_refused(global + 12, 0x047f, global, Fault::Record);
    word_refused(global + 16, 1, global, Fault::Record);
    // Two words of which the second lies behind the globals.
    word_refused(
        record(7) + 8,
        sample::GLOBALS + 12,
        record(7),
        Fault::Context,
    );

    let no_memory = |parts: &mut Parts| {
        parts.memory = None;
        parts.data.clear();
    };
    parts_refused(no_memory, Fault::Index);
    // The last record is cut.
    let end = begin(Section::Globals);
    let ends = field::SECTION_ENDS + 4 * Section::Exports as u32;
    word_refused(ends, end - 4, record(8), Fault::Record);
}

#[test]
fn context_parts_do_not_overlap() {
    let refused = |change: fn(&mut Parts)| parts_refused(change, Fault::Context);
    let without_exports = |parts: &mut Parts, globals_offset| {
        parts.exports.clear();
        parts.funcref_globals.clear();
        parts.globals_offset = globals_offset;
    };
    parts_refused(
        |parts| without_exports(parts, sample::GLOBALS - 4),
        Fault::Context,
    );
    parts_refused(
        |parts| without_exports(parts, sample::GLOBALS + 1),
        Fault::Context,
    );
    parts_refused(|parts| without_exports(parts, u32::MAX - 3), Fault::Context);
    refused(|parts| parts.tables[0].offset = sample::GLOBALS + 12);
    refused(|parts| parts.tables[0].offset += 1);
    refused(|parts| parts.tables[1].offset -= 4);
    refused(|parts| parts.tables[1].capacity = 4);
    refused(|parts| parts.tables[1].capacity = 1 << 30);
    refused(|parts| parts.tables[1].offset = u32::MAX - 3);
    refused(|parts| parts.context_bytes = 48);
    parts_refused(|parts| parts.tables[0].elements = 7, Fault::Record);
}

#[test]
fn funcrefs() {
    let refused = |change: fn(&mut Parts)| parts_refused(change, Fault::Context);
    refused(|parts| parts.funcref_globals = vec![sample::GLOBALS - 4]);
    refused(|parts| parts.funcref_globals = vec![sample::GLOBALS + 16]);
    refused(|parts| parts.funcref_globals = vec![sample::GLOBALS + 14]);
    refused(|parts| parts.funcref_globals = vec![sample::GLOBALS + 12; 2]);
    parts_refused(|parts| parts.globals[3] = sample::MIX, Fault::CodeValue);
}

#[test]
fn segments() {
    parts_refused(|parts| parts.elements[0].table = 2, Fault::Index);
    let in_text = thumb(sample::TEXT_BYTES);
    parts_refused(
        |parts| parts.elements[0].codes[2] = in_text,
        Fault::CodeValue,
    );
    let (elements, data) = (begin(Section::Elements), begin(Section::Data));
    word_refused(elements + 8, 100, elements, Fault::Record);
    word_refused(elements + 8, 1 << 30, elements, Fault::Record);
    word_refused(data + 4, 1000, data, Fault::Record);
    word_refused(data + 4, u32::MAX, data, Fault::Record);
    // "hello" is followed by three bytes of padding.
    word_refused(data + 12, u32::from(b'o') | 1 << 24, data, Fault::Record);
}

#[test]
fn start() {
    word_refused(44, sample::INIT, 44, Fault::CodeValue);
    word_refused(44, 0, 44, Fault::Reserved);
    word_refused(52, 0, 52, Fault::Type);
    word_refused(52, 0x1000, 52, Fault::Type);
    parts_refused(|parts| parts.types[1].entry = 0, Fault::CodeValue);
}

/// The sample as an open image: functions have records, and references are their places.
fn open(parts: &mut Parts) {
    let function = |code, function_type| FunctionRecord {
        code: thumb(code),
        function_type,
        stack_bytes: 24,
    };
    parts.records = vec![function(sample::ADD, 0), function(sample::MIX, 3)];
    parts.records_offset = sample::TABLE_0;
    for table in &mut parts.tables {
        table.offset += 40;
    }
    parts.context_bytes += 40;
    parts.globals[3] = sample::TABLE_0 + 20;
    for segment in &mut parts.elements {
        segment.codes.fill(sample::TABLE_0);
    }
}

#[test]
fn records_and_references_to_them() {
    let mut parts = sample::parts();
    open(&mut parts);
    assert_eq!(parse(&write(&parts).unwrap()), Ok(()));

    let refused = |change: fn(&mut Parts), fault| {
        parts_refused(
            |parts| {
                open(parts);
                change(parts);
            },
            fault,
        );
    };
    refused(|parts| parts.records_offset = 0, Fault::Reserved);
    refused(
        |parts| parts.records_offset = sample::GLOBALS + 12,
        Fault::Context,
    );
    // Records reach into the first table.
    refused(|parts| parts.tables[0].offset -= 4, Fault::Context);
    refused(|parts| parts.records_offset = u32::MAX - 3, Fault::Context);
    refused(
        |parts| parts.records[1].code = sample::MIX,
        Fault::CodeValue,
    );
    // A function that is entered from elsewhere needs a thunk.
    refused(|parts| parts.records[1].function_type = 2, Fault::CodeValue);
    // References lead to records, not between them or behind the last one.
    refused(|parts| parts.globals[3] += 4, Fault::CodeValue);
    refused(|parts| parts.globals[3] += 20, Fault::CodeValue);
    refused(
        |parts| parts.globals[3] = thumb(sample::MIX),
        Fault::CodeValue,
    );
    refused(
        |parts| parts.elements[0].codes[0] = thumb(sample::ADD),
        Fault::CodeValue,
    );
    // The record of a table is three words of the globals.
    refused(
        |parts| parts.tables[0].record = sample::GLOBALS + 8,
        Fault::Context,
    );
    refused(
        |parts| parts.tables[0].record = sample::GLOBALS + 2,
        Fault::Context,
    );
    let imported = |parts: &mut Parts| parts.tables[0].record = sample::GLOBALS | 1;
    refused(imported, Fault::Index);
}

#[test]
fn what_is_odd_but_allowed() {
    let allowed = |change: fn(&mut Parts)| {
        let mut parts = sample::parts();
        change(&mut parts);
        assert_eq!(parse(&write(&parts).unwrap()), Ok(()));
    };
    // A gap between the parts of the context, an empty table, a memory of nothing.
    allowed(|parts| parts.context_bytes += 800);
    allowed(|parts| {
        parts.tables.push(Table {
            offset: sample::CONTEXT_BYTES,
            elements: 0,
            capacity: 0,
            record: 0,
        });
    });
    allowed(|parts| {
        parts.memory = Some(Memory {
            min_bytes: 0,
            max_bytes: 0,
            page_size_log2: 16,
            fixed: true,
            imported: false,
        });
    });
    // A memory that cannot grow need not be whole pages.
    allowed(|parts| {
        parts.memory = Some(Memory {
            min_bytes: 1000,
            max_bytes: 1000,
            page_size_log2: 16,
            fixed: true,
            imported: false,
        });
    });
}
