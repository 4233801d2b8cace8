//! What an image is made of, as plain values.

use wasm2mcu_abi::image::{Architecture, Features, Table};
use wasm2mcu_abi::types::ValueType;

/// Position of a type in [`Parts::types`].
pub type TypeIndex = usize;

/// Everything that goes into an image.
///
/// Offsets and sizes are in bytes. A *code value* is a text offset with the architecture's code bit
/// set ([`Architecture::code_bit`]); 0 means none. The figures are written as they are given: whether
/// they fit together is what the loader checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Instruction set of the text.
    pub architecture: Architecture,
    /// Features that the text relies on.
    pub features: Features,
    /// Machine code and its constants; padded to a multiple of 4 by the writer.
    pub text: Vec<u8>,
    /// Text offset of each defined function, ascending; of one without code, that of the next.
    pub functions: Vec<u32>,
    /// Text offset where the last defined function ends; 0 if there are none.
    pub functions_end: u32,
    /// Types of imported, exported and start functions. Equal ones are written once.
    pub types: Vec<FunctionType>,
    /// Imports, in the order of their slots: functions first.
    pub imports: Vec<Import>,
    /// Exports, with unique names.
    pub exports: Vec<Export>,
    /// Context offset of the globals, a multiple of 4.
    pub globals_offset: u32,
    /// Words that the globals begin with.
    pub globals: Vec<u32>,
    /// Context offsets, ascending, of the words of globals that hold a code value.
    pub funcref_globals: Vec<u32>,
    /// Where the tables stand in the context, imported ones first.
    pub tables: Vec<Table>,
    /// Context offset of the function records; 0 if references are code values.
    pub records_offset: u32,
    /// Context offset of the interrupt word, inside the globals; 0 if the code looks at none.
    pub interrupt_offset: u32,
    /// The functions that references may lead to.
    pub records: Vec<FunctionRecord>,
    /// Active element segments.
    pub elements: Vec<Element>,
    /// Active data segments.
    pub data: Vec<Data>,
    /// The start function.
    pub start: Option<Start>,
    /// Memory 0.
    pub memory: Option<Memory>,
    /// Bytes behind the memory that removed guards rely on; loaders of version 1 refuse others
    /// than 0.
    pub guard_zone: u32,
    /// Size of the context, a multiple of 8.
    pub context_bytes: u32,
    /// Worst stack depth of any export and the start function, recursion excluded.
    pub stack_bytes: u32,
    /// SHA-256 of the module that was compiled.
    pub source_sha256: Option<[u8; 32]>,
    /// Value of the record with the manifest, 65535 bytes at most; `None` if the module asks for nothing.
    pub manifest: Option<Vec<u8>>,
}

impl Parts {
    /// Parts of an image that holds nothing: fill in what there is.
    pub fn new(architecture: Architecture) -> Parts {
        Parts {
            architecture,
            features: Features::NONE,
            text: Vec::new(),
            functions: Vec::new(),
            functions_end: 0,
            types: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            globals_offset: 0,
            globals: Vec::new(),
            funcref_globals: Vec::new(),
            tables: Vec::new(),
            records_offset: 0,
            interrupt_offset: 0,
            records: Vec::new(),
            elements: Vec::new(),
            data: Vec::new(),
            start: None,
            memory: None,
            guard_zone: 0,
            context_bytes: 0,
            stack_bytes: 0,
            source_sha256: None,
            manifest: None,
        }
    }
}

/// A function type, with the thunk through which the host enters functions of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionType {
    /// Parameters.
    pub params: Vec<ValueType>,
    /// Results.
    pub results: Vec<ValueType>,
    /// Code value of the entry thunk; 0 if the host never enters such a function.
    pub entry: u32,
}

/// Something that the module must be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Module name.
    pub module: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub item: ImportItem,
}

/// What an import is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportItem {
    /// A function of this type.
    Function(TypeIndex),
    /// A table with elements of this type; its size is in [`Parts::tables`].
    Table(ValueType),
    /// The memory, of which [`Parts::memory`] says the size.
    Memory,
    /// A global.
    Global {
        /// Its type.
        value_type: ValueType,
        /// Whether it is mutable.
        mutable: bool,
    },
}

/// A function that references may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionRecord {
    /// Its code value.
    pub code: u32,
    /// Its type, which has an entry thunk.
    pub function_type: TypeIndex,
    /// Worst stack depth of a call.
    pub stack_bytes: u32,
}

/// Something that the host can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name.
    pub name: String,
    /// What it is.
    pub item: ExportItem,
}

/// What an export is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportItem {
    /// A function.
    Function {
        /// Its code value; of an imported function, that of its import thunk.
        code: u32,
        /// Its type, which has an entry thunk.
        function_type: TypeIndex,
        /// Worst stack depth of a call.
        stack_bytes: u32,
    },
    /// A table.
    Table {
        /// Its number.
        number: u32,
        /// Type of its elements.
        element: ValueType,
        /// The largest number of elements that is declared.
        max: Option<u32>,
    },
    /// Memory 0, with the largest size in bytes that is declared.
    Memory(Option<u32>),
    /// A global.
    Global {
        /// Its context offset.
        offset: u32,
        /// Whether its address is there instead.
        indirect: bool,
        /// Its type.
        value_type: ValueType,
        /// Whether it is mutable.
        mutable: bool,
    },
}

/// An active element segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Number of the table.
    pub table: u32,
    /// First element to write.
    pub start: u32,
    /// References: code values, or context offsets of function records; 0 = null.
    pub codes: Vec<u32>,
}

/// An active data segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Offset in memory 0.
    pub offset: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The start function, of type `() -> ()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its code value.
    pub code: u32,
    /// Its type, which has an entry thunk.
    pub function_type: TypeIndex,
    /// Worst stack depth of the call.
    pub stack_bytes: u32,
}

/// Memory 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Size at the start.
    pub min_bytes: u32,
    /// Size that it may reach; equal to `min_bytes` if it cannot grow.
    pub max_bytes: u32,
    /// Page size as a power of two: 16 or 0.
    pub page_size_log2: u8,
    /// Guards rely on the memory having its initial size: it must not grow.
    pub fixed: bool,
    /// Another instance or the host has it.
    pub imported: bool,
}
