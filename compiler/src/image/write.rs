//! Layout and writing of an image.

use sha2::{Digest, Sha256};
use thiserror::Error;
use wasm2mcu_abi::image::{
    self as format, DataHeader, ElementHeader, ExportKind, Header, MemoryFlags, RecordType,
    Section, TrailerRecord, words_to_bytes,
};
use wasm2mcu_abi::types::ValueType;

use super::intern::Interner;
use super::parts::{ExportItem, FunctionType, ImportItem, Parts, TypeIndex};

/// Why parts cannot be written as an image.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WriteError {
    /// the image is larger than 4 GiB
    #[error("the image is larger than 4 GiB")]
    ImageTooLarge,
    /// the name is longer than the format's 65535 bytes
    #[error("the name \"{start}…\" has {bytes} bytes, the image format allows 65535")]
    NameTooLong {
        /// The first characters of the name.
        start: String,
        /// Its length.
        bytes: usize,
    },
    /// a function type has more parameters or results than the format's 65535
    #[error(
        "a function type has {params} parameters and {results} results, the image format allows 65535 each"
    )]
    TypeTooLong {
        /// Number of parameters.
        params: usize,
        /// Number of results.
        results: usize,
    },
    /// an import, export or the start function refers to a type that is not among the parts
    #[error("type {index} referred to, but the parts have {types} types")]
    NoSuchType {
        /// The index used.
        index: TypeIndex,
        /// How many types there are.
        types: usize,
    },
}

/// The bytes of the image made of these parts, its SHA-256 included.
pub fn write(parts: &Parts) -> Result<Vec<u8>, WriteError> {
    let types = Types::new(&parts.types)?;
    let mut strings = Interner::default();
    let start_type = match &parts.start {
        Some(start) => types.offset(start.function_type)?,
        None => 0,
    };
    // Names are placed in the order of imports, then exports, so the bytes do not depend on
    // anything but the parts.
    let imports = imports(parts, &types, &mut strings)?;
    let exports = exports(parts, &types, &mut strings)?;
    let functions = || parts.functions.iter().copied().chain([parts.functions_end]);

    let mut body = Body::default();
    body.section(Section::Text, parts.text.iter().copied())?;
    body.section(Section::Functions, functions().flat_map(u32::to_le_bytes))?;
    body.section(Section::Types, types.section.iter().copied())?;
    body.section(Section::Imports, imports)?;
    body.section(Section::Exports, exports)?;
    body.section(Section::Globals, words_to_bytes(&parts.globals))?;
    body.section(Section::Funcrefs, words_to_bytes(&parts.funcref_globals))?;
    let tables = parts.tables.iter().map(|table| table.to_words());
    body.section(Section::Tables, tables.flatten().flat_map(u32::to_le_bytes))?;
    body.section(Section::Elements, elements(parts)?)?;
    body.section(Section::Data, data(parts)?)?;
    body.section(Section::Records, records(parts, &types)?)?;
    body.section(Section::Strings, strings.into_bytes())?;

    let source = parts.source_sha256.as_ref().map(|hash| TrailerRecord {
        record_type: RecordType::SOURCE_SHA256,
        value: hash,
    });
    let hash_record = TrailerRecord {
        record_type: RecordType::SHA256,
        value: &[0; format::DIGEST_BYTES as usize],
    };
    let manifest = parts.manifest.as_ref().map(|manifest| TrailerRecord {
        record_type: RecordType::MANIFEST,
        value: manifest,
    });
    let hashed = || source.into_iter().chain(manifest);
    let trailer_bytes = hashed().map(|record| record.bytes()).sum::<u32>() + hash_record.bytes();
    let image_bytes = body.end()?.checked_add(trailer_bytes);

    let header = Header {
        image_bytes: image_bytes.ok_or(WriteError::ImageTooLarge)?,
        start_type,
        section_ends: body.ends,
        ..header(parts)
    };
    let mut image: Vec<u8> = header.to_bytes().chain(body.bytes).collect();
    image.extend(hashed().filter_map(TrailerRecord::to_bytes).flatten());
    let digest = Sha256::digest(&image);
    let record = TrailerRecord {
        value: &digest,
        ..hash_record
    };
    image.extend(record.to_bytes().into_iter().flatten());
    Ok(image)
}

/// The header's fields that the parts name as they stand.
fn header(parts: &Parts) -> Header {
    let memory_flags = parts.memory.map_or(MemoryFlags::default(), |memory| {
        let fixed = if memory.fixed {
            MemoryFlags::FIXED.0
        } else {
            0
        };
        let imported = if memory.imported {
            MemoryFlags::IMPORTED.0
        } else {
            0
        };
        MemoryFlags(MemoryFlags::PRESENT.0 | fixed | imported)
    });
    Header {
        architecture: parts.architecture,
        features: parts.features,
        image_bytes: 0,
        context_bytes: parts.context_bytes,
        stack_bytes: parts.stack_bytes,
        memory_min: parts.memory.map_or(0, |memory| memory.min_bytes),
        memory_max: parts.memory.map_or(0, |memory| memory.max_bytes),
        page_size_log2: parts.memory.map_or(0, |memory| memory.page_size_log2),
        memory_flags,
        guard_zone: parts.guard_zone,
        start_code: parts.start.map_or(0, |start| start.code),
        start_stack: parts.start.map_or(0, |start| start.stack_bytes),
        start_type: 0,
        globals: parts.globals_offset,
        records: parts.records_offset,
        section_ends: [0; Section::COUNT],
        interrupt: parts.interrupt_offset,
    }
}

/// The sections, one behind the other.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    ends: [u32; Section::COUNT],
}

impl Body {
    fn section(
        &mut self,
        section: Section,
        content: impl IntoIterator<Item = u8>,
    ) -> Result<(), WriteError> {
        self.bytes.extend(content);
        let padded = self
            .bytes
            .len()
            .next_multiple_of(format::ALIGNMENT as usize);
        self.bytes.resize(padded, 0);
        self.ends[section as usize] = self.end()?;
        Ok(())
    }

    /// Offset in the image of what comes next.
    fn end(&self) -> Result<u32, WriteError> {
        let bytes = u32::try_from(self.bytes.len()).ok();
        bytes
            .and_then(|bytes| bytes.checked_add(Header::BYTES))
            .ok_or(WriteError::ImageTooLarge)
    }
}

/// The TYPES section and where each of the parts' types stands in it.
struct Types {
    section: Vec<u8>,
    offsets: Vec<u32>,
}

impl Types {
    fn new(types: &[FunctionType]) -> Result<Types, WriteError> {
        let mut section = Interner::default();
        let mut offsets = Vec::with_capacity(types.len());
        for ty in types {
            let bytes_of = |values: &[ValueType]| values.iter().map(|&v| v as u8).collect();
            let (params, results): (Vec<u8>, Vec<u8>) =
                (bytes_of(&ty.params), bytes_of(&ty.results));
            let record = format::FunctionType::new(ty.entry, &params, &results);
            let record = record.ok_or(WriteError::TypeTooLong {
                params: params.len(),
                results: results.len(),
            })?;
            offsets.push(offset_of(section.intern(record.to_bytes().collect()))?);
        }
        Ok(Types {
            section: section.into_bytes(),
            offsets,
        })
    }

    fn offset(&self, index: TypeIndex) -> Result<u32, WriteError> {
        let offset = self.offsets.get(index).copied();
        offset.ok_or(WriteError::NoSuchType {
            index,
            types: self.offsets.len(),
        })
    }
}

fn imports(parts: &Parts, types: &Types, strings: &mut Interner) -> Result<Vec<u8>, WriteError> {
    let mut section = Vec::new();
    for import in &parts.imports {
        let (kind, detail) = match import.item {
            ImportItem::Function(ty) => (ExportKind::Function, types.offset(ty)?),
            ImportItem::Table(element) => (ExportKind::Table, element as u32),
            ImportItem::Memory => (ExportKind::Memory, 0),
            ImportItem::Global {
                value_type,
                mutable,
            } => {
                let mutable = if mutable { format::Export::MUTABLE } else { 0 };
                (ExportKind::Global, value_type as u32 | mutable)
            }
        };
        let record = format::Import {
            module: name(strings, &import.module)?,
            name: name(strings, &import.name)?,
            detail,
            kind,
        };
        section.extend(words_to_bytes(&record.to_words()));
    }
    Ok(section)
}

fn exports(parts: &Parts, types: &Types, strings: &mut Interner) -> Result<Vec<u8>, WriteError> {
    let mut section = Vec::new();
    for export in &parts.exports {
        let name = name(strings, &export.name)?;
        let (kind, value, detail, limit) = match export.item {
            ExportItem::Function {
                code,
                function_type,
                stack_bytes,
            } => {
                let function_type = types.offset(function_type)?;
                (ExportKind::Function, code, function_type, stack_bytes)
            }
            ExportItem::Table {
                number,
                element,
                max,
            } => {
                let max = max.unwrap_or(u32::MAX);
                (ExportKind::Table, number, element as u32, max)
            }
            ExportItem::Memory(max) => (ExportKind::Memory, 0, 0, max.unwrap_or(u32::MAX)),
            ExportItem::Global {
                offset,
                indirect,
                value_type,
                mutable,
            } => {
                let mutable = if mutable { format::Export::MUTABLE } else { 0 };
                let indirect = if indirect {
                    format::Export::INDIRECT
                } else {
                    0
                };
                let detail = value_type as u32 | mutable | indirect;
                (ExportKind::Global, offset, detail, 0)
            }
        };
        let record = format::Export {
            name,
            kind,
            value,
            detail,
            limit,
        };
        section.extend(words_to_bytes(&record.to_words()));
    }
    Ok(section)
}

fn records(parts: &Parts, types: &Types) -> Result<Vec<u8>, WriteError> {
    let mut section = Vec::new();
    for record in &parts.records {
        let record = format::FunctionRecord {
            code: record.code,
            function_type: types.offset(record.function_type)?,
            stack_bytes: record.stack_bytes,
        };
        section.extend(words_to_bytes(&record.to_words()));
    }
    Ok(section)
}

fn elements(parts: &Parts) -> Result<Vec<u8>, WriteError> {
    let mut section = Vec::new();
    for segment in &parts.elements {
        let header = ElementHeader {
            table: segment.table,
            start: segment.start,
            count: offset_of(segment.codes.len())?,
        };
        section.extend(words_to_bytes(&header.to_words()));
        section.extend(words_to_bytes(&segment.codes));
    }
    Ok(section)
}

fn data(parts: &Parts) -> Result<Vec<u8>, WriteError> {
    let mut section = Vec::new();
    for segment in &parts.data {
        let header = DataHeader {
            offset: segment.offset,
            length: offset_of(segment.bytes.len())?,
        };
        section.extend(words_to_bytes(&header.to_words()));
        section.extend_from_slice(&segment.bytes);
        section.resize(
            section.len().next_multiple_of(format::ALIGNMENT as usize),
            0,
        );
    }
    Ok(section)
}

/// Offset of a name in STRINGS.
fn name(strings: &mut Interner, name: &str) -> Result<u32, WriteError> {
    let length = u16::try_from(name.len()).map_err(|_| WriteError::NameTooLong {
        start: name.chars().take(32).collect(),
        bytes: name.len(),
    })?;
    let mut record = length.to_le_bytes().to_vec();
    record.extend_from_slice(name.as_bytes());
    offset_of(strings.intern(record))
}

fn offset_of(offset: usize) -> Result<u32, WriteError> {
    u32::try_from(offset).map_err(|_| WriteError::ImageTooLarge)
}
