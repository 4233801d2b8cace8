//! What the CLIF of this compiler means beyond Cranelift's manual: the names, alias regions and
//! memory flags that the translation writes, the optimiser reads and the back ends lower.
//!
//! Pointers are 32 bits wide. Every function has [`CALL_CONV`] and exactly the parameters and
//! results of its WebAssembly type: the context and the base of the memory live in pinned
//! registers, and stand in CLIF as the pure `symbol_value` of a [`Symbol`].
//!
//! Every instruction carries the offset of its operator in the `.wasm` file as source location.
//! Division and remainder trap by themselves, with Cranelift's own codes: back ends check. The
//! remainder of the smallest number by -1 does not trap and is 0.

use cranelift_codegen::ir::{
    AliasRegion, AliasRegionData, Endianness, Function, MemFlagsData, TrapCode as ClifTrap,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use wasm2mcu_abi::trap::TrapCode;

/// Calling convention of every function, builtins included.
pub const CALL_CONV: CallConv = CallConv::Tail;

/// Name space of [`Symbol`] in `UserExternalName`.
pub const SYMBOLS: u32 = 0;
/// Name space of WebAssembly functions; the index is the function index, imports included.
pub const FUNCTIONS: u32 = 1;
/// Name space of [`Builtin`].
pub const BUILTINS: u32 = 2;
/// Name space of the bytes of passive data segments, which stand in the text; the index is the
/// segment's.
pub const DATA: u32 = 3;
/// Name space of element segments in the text, one word for each item: 0 for null, else the
/// distance of the function's address from the segment's first word. The index is the segment's.
pub const ELEMENTS: u32 = 4;

/// Addresses in pinned registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Symbol {
    /// The instance's context.
    Context = 0,
    /// Byte 0 of memory 0.
    MemoryBase = 1,
}

impl Symbol {
    /// The symbol with this number in name space [`SYMBOLS`].
    pub const fn from_u32(number: u32) -> Option<Symbol> {
        match number {
            0 => Some(Symbol::Context),
            1 => Some(Symbol::MemoryBase),
            _ => None,
        }
    }
}

/// Functions that the translation adds to the module's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Builtin {
    /// `memory.grow`: pages to add in, pages before or -1 out.
    MemoryGrow = 0,
    /// `memory.fill`: its operands in, 1 if out of bounds out.
    MemoryFill = 1,
    /// `memory.copy`: its operands in, 1 if out of bounds out.
    MemoryCopy = 2,
    /// Quotient and remainder of two unsigned numbers of 64 bits; the divisor is not 0. Called by
    /// back ends that divide 32 bits at most.
    DivideUnsigned = 3,
    /// The same of signed numbers; the quotient of the smallest number by -1 wraps.
    DivideSigned = 4,
    /// `memory.init`: its operands, address and length of the segment in, 1 if out of bounds out.
    MemoryInit = 5,
    /// Writes a word to consecutive elements: address of the first, the word, their number in.
    TableFill = 6,
    /// Copies elements that may overlap: addresses of target and source, their number in.
    TableCopy = 7,
    /// Writes items of an element segment in the text: addresses of target and first item, their
    /// number, address of the segment in.
    TableInit = 8,
    /// `table.grow`: its operands, address of element 0, address of the word with the size,
    /// elements that there is room for in; elements before or -1 out.
    TableGrow = 9,
}

impl Builtin {
    /// The builtin with this number in name space [`BUILTINS`].
    pub const fn from_u32(number: u32) -> Option<Builtin> {
        match number {
            0 => Some(Builtin::MemoryGrow),
            1 => Some(Builtin::MemoryFill),
            2 => Some(Builtin::MemoryCopy),
            3 => Some(Builtin::DivideUnsigned),
            4 => Some(Builtin::DivideSigned),
            5 => Some(Builtin::MemoryInit),
            6 => Some(Builtin::TableFill),
            7 => Some(Builtin::TableCopy),
            8 => Some(Builtin::TableInit),
            9 => Some(Builtin::TableGrow),
            _ => None,
        }
    }

    /// Name for listings and symbols.
    pub const fn name(self) -> &'static str {
        match self {
            Builtin::MemoryGrow => "memory.grow",
            Builtin::MemoryFill => "memory.fill",
            Builtin::MemoryCopy => "memory.copy",
            Builtin::DivideUnsigned => "i64.divide_u",
            Builtin::DivideSigned => "i64.divide_s",
            Builtin::MemoryInit => "memory.init",
            Builtin::TableFill => "table.fill",
            Builtin::TableCopy => "table.copy",
            Builtin::TableInit => "table.init",
            Builtin::TableGrow => "table.grow",
        }
    }
}

/// Kinds of memory that never overlap. Their numbers identify alias regions, equal in every
/// function, as inlining needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Linear memory.
    Heap,
    /// `Context::memory_size`. A region of its own, so that no store to a global makes the size
    /// unknown, and so that the guard pass knows a size when it sees one.
    MemorySize,
    /// Other fixed fields of the context.
    Context,
    /// Elements of tables.
    Table,
    /// Words in the text: type numbers in front of functions, items of element segments.
    Text,
    /// Bytes of data segments in the text.
    Segment,
    /// The compiler's own words behind the globals: sizes of tables, lengths of segments.
    State,
    /// The global with this index.
    Global(u32),
}

/// Globals from this index on share one region: the set of flags of a function is small.
const LAST_GLOBAL_REGION: u32 = 1000;

impl Region {
    /// The number that identifies the region in `AliasRegionData`.
    pub fn user_id(self) -> u32 {
        match self {
            Region::Heap => 0,
            Region::MemorySize => 1,
            Region::Context => 2,
            Region::Table => 3,
            Region::Text => 4,
            Region::State => 5,
            Region::Segment => 6,
            Region::Global(index) => 7 + index.min(LAST_GLOBAL_REGION),
        }
    }

    fn description(self) -> String {
        match self {
            Region::Heap => "heap".into(),
            Region::MemorySize => "memory size".into(),
            Region::Context => "context".into(),
            Region::Table => "table".into(),
            Region::Text => "text".into(),
            Region::State => "state".into(),
            Region::Segment => "segment".into(),
            Region::Global(index) if index < LAST_GLOBAL_REGION => format!("global {index}"),
            Region::Global(_) => "other globals".into(),
        }
    }

    /// The flags of an access to this region in `function`.
    ///
    /// No access traps by itself. WebAssembly's alignment is a hint, so linear memory is never
    /// marked aligned; what the compiler lays out itself always is.
    pub fn flags(self, function: &mut Function) -> MemFlagsData {
        let flags = match self {
            Region::Heap => MemFlagsData::new().with_notrap(),
            Region::Text => MemFlagsData::trusted().with_readonly(),
            // Read in words from wherever the operands say.
            Region::Segment => MemFlagsData::new().with_notrap().with_readonly(),
            _ => MemFlagsData::trusted(),
        };
        flags
            .with_endianness(Endianness::Little)
            .with_alias_region(Some(self.in_function(function)))
    }

    fn in_function(self, function: &mut Function) -> AliasRegion {
        let regions = &mut function.dfg.alias_regions;
        match regions.get(self.user_id()) {
            Some(region) => region,
            None => regions.insert(AliasRegionData {
                user_id: self.user_id(),
                description: self.description().into(),
            }),
        }
    }
}

/// The facts about the target that CLIF construction asks for.
pub fn frontend_config() -> TargetFrontendConfig {
    TargetFrontendConfig {
        default_call_conv: CALL_CONV,
        pointer_width: target_lexicon::PointerWidth::U32,
        page_size_align_log2: 2,
    }
}

/// CLIF's form of a trap code of the contract.
pub const fn trap(code: TrapCode) -> ClifTrap {
    ClifTrap::unwrap_user(code as u8)
}
/// The trap code of the contract that a CLIF instruction traps with.
///
/// # Panics
/// For codes that neither the translation nor Cranelift's division puts into a function.
pub fn abi_trap(code: ClifTrap) -> TrapCode {
    match code {
        ClifTrap::INTEGER_DIVISION_BY_ZERO => TrapCode::IntegerDivideByZero,
        ClifTrap::INTEGER_OVERFLOW => TrapCode::IntegerOverflow,
        ClifTrap::BAD_CONVERSION_TO_INTEGER => TrapCode::InvalidConversionToInteger,
        code => TrapCode::from_u8(code.as_raw().get()).expect("a trap code of the contract"),
    }
}
