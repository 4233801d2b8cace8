//! The module as the rest of the compiler sees it: indices resolved, constants evaluated,
//! types numbered by structure, every table and global with its place in the context.

use std::collections::BTreeSet;
use std::fmt;

use wasm2mcu_abi::types::ValueType;

/// A validated module without its code.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The name that the name section gives the module.
    pub name: Option<String>,
    /// Distinct signatures. A signature's position is its *type number*: two functions have the
    /// same number if and only if `call_indirect` takes one for the other.
    pub types: Vec<Signature>,
    /// Type number of every entry of the type section.
    pub(crate) type_numbers: Vec<u32>,
    /// Functions in index order, the imported ones first.
    pub functions: Vec<Function>,
    /// Tables in index order.
    pub tables: Vec<Table>,
    /// Memory 0.
    pub memory: Option<Memory>,
    /// Imports other than functions, in order.
    pub other_imports: Vec<OtherImport>,
    /// Whether references to functions are addresses of records in the context, so that they may leave
    /// the instance; else they are addresses of code.
    pub open: bool,
    /// What the instruction set adds to addresses of code.
    pub(crate) code_address_bit: u8,
    /// Where function records begin in the context, in bytes; 0 in a module that is not open.
    pub records_offset: u32,
    /// Offset in the context of the word that the host stores in to interrupt the code, if it looks at
    /// one.
    pub interrupt_offset: Option<u32>,
    /// Globals in index order.
    pub globals: Vec<Global>,
    /// Exports in the order of the export section.
    pub exports: Vec<Export>,
    /// Element segments in index order.
    pub elements: Vec<ElementSegment>,
    /// Data segments in index order.
    pub data: Vec<DataSegment>,
    /// What code must know of the data segments, which stand behind it, in index order.
    pub(crate) data_shapes: Vec<DataShape>,
    /// Index of the function to call once after instantiation.
    pub start: Option<u32>,
    /// The type number of `() -> ()`, if instantiation takes code of its own:
    /// [`Builtin::Initialize`](super::contract::Builtin::Initialize). It performs all active segments,
    /// and calls the start function.
    pub initializer: Option<u32>,
    /// Where the globals begin in the context, in bytes.
    pub globals_offset: u32,
    /// Bytes of the whole context, a multiple of 8.
    pub context_bytes: u32,
}

/// Parameters and results of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Types of the parameters, first to last.
    pub params: Vec<ValueType>,
    /// Types of the results, first to last.
    pub results: Vec<ValueType>,
}

impl fmt::Display for Signature {
    /// `(i32,i32)->i32`, without blanks: it is part of symbol names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |types: &[ValueType]| {
            let names: Vec<String> = types.iter().map(ValueType::to_string).collect();
            names.join(",")
        };
        write!(f, "({})", list(&self.params))?;
        match &self.results[..] {
            [] => Ok(()),
            [result] => write!(f, "->{result}"),
            results => write!(f, "->({})", list(results)),
        }
    }
}

/// A function, imported or defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Type number: index into [`Module::types`].
    pub type_number: u32,
    /// Name for people: from the name section, else the export, else the import, else the index.
    pub name: String,
    /// Where it comes from, if it is imported. The import slot is the function's index.
    pub import: Option<Import>,
    /// Whether its address can get into a table.
    pub indirect: bool,
    /// Whether a call looks at its type number, so that it needs that in front.
    pub numbered: bool,
    /// Offset of its record in the context; `None` where no reference to it leaves the instance.
    pub record: Option<u32>,
}

/// An import that is no function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherImport {
    /// Its names.
    pub import: Import,
    /// What it is.
    pub item: ExportItem,
}

/// The two names of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module's name.
    pub module: String,
    /// The field's name.
    pub name: String,
}

/// A table of references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Type of the elements: a reference type.
    pub element: ValueType,
    /// Elements at instantiation.
    pub elements: u32,
    /// Elements that there is room for; equal to `elements` when no code of the module grows it,
    /// whatever its declaration says.
    pub capacity: u32,
    /// Offset of element 0 in the context, in bytes; of an imported table, of the slot with the address
    /// of its record.
    pub offset: u32,
    /// Whether another instance has it. Then `elements` is what it has at least, `capacity` what it is
    /// declared to have at most.
    pub imported: bool,
    /// Offset of its record in the context, by which other instances find it.
    pub record: Option<u32>,
    /// Offset in the context of the word with the present number of elements; `None` where that
    /// never changes.
    pub size_offset: Option<u32>,
    /// What every element is at instantiation.
    pub init: Constant,
    /// The largest number of elements that is declared.
    pub declared: Option<u32>,
    /// The functions that it refers to for ever, if nobody writes it: then the code finds it in the text, and
    /// nobody else knows of it. See `constant_tables`.
    pub contents: Option<Contents>,
}

/// What is in a table that nobody writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The function that each element refers to; `None` is null.
    pub functions: Vec<Option<u32>>,
    /// Whether an element is null.
    pub has_null: bool,
    /// The type numbers of the functions.
    pub types: BTreeSet<u32>,
}

impl Contents {
    /// References to `functions` of a module that has `all` these.
    pub fn new(functions: Vec<Option<u32>>, all: &[Function]) -> Contents {
        let known = functions.iter().flatten();
        Contents {
            has_null: functions.contains(&None),
            types: known
                .map(|&function| all[function as usize].type_number)
                .collect(),
            functions,
        }
    }
}

impl Table {
    /// Whether the number of elements never changes.
    pub fn is_fixed(&self) -> bool {
        self.elements == self.capacity && !self.imported
    }

    /// Whether instances have it, or get it from another one.
    pub fn is_in_instance(&self) -> bool {
        self.contents.is_none()
    }
}

/// The value of a constant expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// A number, its low word in the low bits.
    Number(u64),
    /// A reference to a function; `None` is null, of any reference type.
    Reference(Option<u32>),
    /// What is known at instantiation only.
    Computed(Vec<Step>),
}

/// A step of a computation on a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Pushes a number of this type.
    Number(ValueType, u64),
    /// Pushes a reference, as [`Constant::Reference`].
    Reference(Option<u32>),
    /// Pushes the value of the global with this index.
    Global(u32),
    /// Replaces two integers of this type by one.
    Binary(Operation, ValueType),
}

/// An operation of constant expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
}

impl Constant {
    /// The number as an address or index, if it is known.
    pub fn word(&self) -> Option<u32> {
        match self {
            Constant::Number(bits) => Some(*bits as u32),
            Constant::Reference(_) | Constant::Computed(_) => None,
        }
    }

    /// The function that it refers to, if it is known to.
    pub fn function(&self) -> Option<u32> {
        match self {
            Constant::Reference(function) => *function,
            Constant::Number(_) | Constant::Computed(_) => None,
        }
    }

    /// Whether it is known at instantiation only.
    pub fn is_computed(&self) -> bool {
        matches!(self, Constant::Computed(_))
    }
}

/// A linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Size at instantiation in bytes.
    pub min_bytes: u32,
    /// Largest size in bytes; equal to the minimum when no code of the module grows it, whatever
    /// its declaration says: then guards compare with a constant, and nobody else may grow it.
    pub max_bytes: u32,
    /// Base-2 logarithm of the unit of `memory.size` and `memory.grow`.
    pub page_size_log2: u8,
    /// The largest size in bytes that is declared.
    pub declared_bytes: Option<u32>,
    /// Offset in the context of the slot with the address of the context that has it, if another
    /// instance has it.
    pub import: Option<u32>,
    /// Bytes behind the memory on which every access traps, as the host promises: for a memory that
    /// is the instance's own, fixed and not empty, else 0.
    pub guard_zone: u32,
}

impl Memory {
    /// Whether the size never changes, so that guards rely on exactly [`Memory::min_bytes`].
    pub fn is_fixed(&self) -> bool {
        self.min_bytes == self.max_bytes
    }
}

/// A global variable or constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// Type of the value.
    pub ty: ValueType,
    /// Whether code may set it.
    pub mutable: bool,
    /// Initial value.
    pub init: Constant,
    /// Offset of its first word in the context in bytes; `None` for a known constant that lives in
    /// the code alone, because nobody outside reads it.
    pub offset: Option<u32>,
    /// Whether another instance has it. Then its slot is at `offset`: its value, or its address if it
    /// is mutable.
    pub imported: bool,
}

/// Something that the host can reach by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name.
    pub name: String,
    /// What it is.
    pub item: ExportItem,
}

/// What an export names, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportItem {
    /// A function.
    Function(u32),
    /// A table.
    Table(u32),
    /// Memory 0.
    Memory,
    /// A global.
    Global(u32),
}

/// References for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementSegment {
    /// What becomes of it at instantiation.
    pub mode: ElementMode,
    /// The items: references.
    pub items: Vec<Constant>,
    /// Offset in the context of the word with the present number of items; `None` where that never
    /// changes.
    pub length_offset: Option<u32>,
    /// Offset in the context of the items of a passive segment that is computed.
    pub copy_offset: Option<u32>,
}

impl ElementSegment {
    /// Whether its items stand in the context, because some are known at instantiation only.
    pub fn is_computed(&self) -> bool {
        self.items.iter().any(Constant::is_computed)
    }
}

/// What becomes of an element segment at instantiation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementMode {
    /// It is written into a table, and has no items afterwards.
    Active {
        /// Index of the table.
        table: u32,
        /// Position of the first element. May lie beyond the table: then instantiation traps.
        start: Constant,
    },
    /// Code reads it.
    Passive,
    /// Nothing: it allows references, and has no items.
    Declared,
}

/// Bytes for the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSegment {
    /// Address of the first byte of an active segment, which instantiation writes into the memory.
    /// May lie beyond the memory: then instantiation traps. `None` for a passive segment, which
    /// code reads.
    pub address: Option<Constant>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A data segment without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataShape {
    /// Bytes that code can read: 0 if the segment is active.
    pub(crate) length: u32,
    /// Offset in the context of the word with the present length; `None` where that never
    /// changes.
    pub(crate) length_offset: Option<u32>,
}

impl Module {
    /// Imported functions, which come first in index order.
    pub fn imports(&self) -> impl Iterator<Item = (&Function, &Import)> {
        self.functions
            .iter()
            .map_while(|function| Some((function, function.import.as_ref()?)))
    }

    /// Whether the function with this index is imported.
    pub fn is_import(&self, function: u32) -> bool {
        self.functions[function as usize].import.is_some()
    }

    /// The functions that have records, in the order of these.
    pub fn recorded_functions(&self) -> impl Iterator<Item = u32> {
        let functions = (0..).zip(&self.functions);
        functions.filter_map(|(index, function)| function.record.map(|_| index))
    }

    /// The functions that are entered from outside: exported ones, and the start function,
    /// unless the initializer calls it, and those that references lead to.
    pub fn entered_functions(&self) -> impl Iterator<Item = u32> {
        let exported = self.exports.iter().filter_map(|export| match export.item {
            ExportItem::Function(index) => Some(index),
            _ => None,
        });
        let start = self.start.filter(|_| self.initializer.is_none());
        exported.chain(start).chain(self.recorded_functions())
    }

    /// What stands in front of the function with this index.
    pub fn number_in_front(&self, function: u32) -> Option<u32> {
        let function = &self.functions[function as usize];
        function.numbered.then_some(function.type_number)
    }

    /// Signature of the function with this index.
    pub fn signature(&self, function: u32) -> &Signature {
        &self.types[self.functions[function as usize].type_number as usize]
    }

    /// The words that instantiation copies to [`Module::globals_offset`]: the globals, then the
    /// compiler's own state. `code_value` is asked for the functions that globals refer to.
    pub fn initial_globals(&self, code_value: impl Fn(u32) -> u32) -> Vec<u32> {
        let mut words: Vec<u32> = self.interrupt_offset.map(|_| 0).into_iter().collect();
        let own = self.globals.iter().filter(|g| !g.imported);
        for global in own.filter(|g| g.offset.is_some()) {
            let bits = match &global.init {
                Constant::Number(bits) => *bits,
                Constant::Reference(function) => function.map_or(0, &code_value).into(),
                Constant::Computed(_) => 0,
            };
            words.push(bits as u32);
            if global.ty.words() == 2 {
                words.push((bits >> 32) as u32);
            }
        }
        for table in self.tables.iter().filter(|t| t.size_offset.is_some()) {
            if table.record.is_some() {
                words.extend([0, table.elements, table.capacity]);
            } else {
                words.push(table.elements);
            }
        }
        let lengths = self.elements.iter().filter(|s| s.length_offset.is_some());
        words.extend(lengths.map(|segment| segment.items.len() as u32));
        let lengths = self.data_shapes.iter();
        let lengths = lengths.filter(|shape| shape.length_offset.is_some());
        words.extend(lengths.map(|shape| shape.length));
        let copies = self.elements.iter().filter(|s| s.copy_offset.is_some());
        words.extend(copies.flat_map(|segment| vec![0; segment.items.len()]));
        words
    }

    /// Whether a segment is active, and there is nothing to write: its table stands in the text.
    pub fn is_in_text(&self, segment: &ElementSegment) -> bool {
        match segment.mode {
            ElementMode::Active { table, .. } => !self.tables[table as usize].is_in_instance(),
            ElementMode::Passive | ElementMode::Declared => false,
        }
    }

    /// The number that a table of instances has in the image.
    pub fn table_number(&self, index: u32) -> u32 {
        let before = self.tables[..index as usize].iter();
        before.filter(|table| table.is_in_instance()).count() as u32
    }

    /// Whether something is known at instantiation only, so that an initializer must compute it.
    pub(crate) fn is_computed(&self) -> bool {
        let globals = self.globals.iter().filter(|global| !global.imported);
        let globals = globals.map(|global| &global.init);
        let items = self.elements.iter().flat_map(|segment| &segment.items);
        let starts = self.elements.iter().filter_map(|segment| {
            let ElementMode::Active { start, .. } = &segment.mode else {
                return None;
            };
            Some(start)
        });
        let addresses = self
            .data
            .iter()
            .filter_map(|segment| segment.address.as_ref());
        let mut all = globals.chain(items).chain(starts).chain(addresses);
        let null = Constant::Reference(None);
        // Tables of others are none of the loader's business.
        let foreign = self.elements.iter().any(|segment| match segment.mode {
            ElementMode::Active { table, .. } => self.tables[table as usize].imported,
            ElementMode::Passive | ElementMode::Declared => false,
        });
        let memory = self.memory.and_then(|memory| memory.import);
        let foreign = foreign || memory.is_some() && self.data.iter().any(|s| s.address.is_some());
        foreign
            || all.any(Constant::is_computed)
            || self
                .tables
                .iter()
                .any(|table| table.is_in_instance() && table.init != null)
    }

    /// Offsets in the context of the globals that begin with a reference to a function, ascending.
    pub fn funcref_globals(&self) -> Vec<u32> {
        let globals = self.globals.iter();
        globals
            .filter(|global| matches!(global.init, Constant::Reference(Some(_))))
            .filter_map(|global| global.offset)
            .collect()
    }
}
