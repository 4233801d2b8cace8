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

/// What marks the signature of a call that leaves the module: passed as any, but no function of the
/// module is called.
pub const HOST_CALL_CONV: CallConv = CallConv::SystemV;

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
/// distance of the function's address from the segment's first word, in an open module the context
/// offset of the function's record. The index is the segment's.
pub const ELEMENTS: u32 = 4;
/// Name space of the routines that call functions of other instances; the index is the type number.
pub const BRIDGES: u32 = 5;
/// Name space of the thunks that call functions of the host, where a module may get either; the index
/// is the function index.
pub const THUNKS: u32 = 6;
/// Name space of signatures in the text: what follows the entry thunk in a record of the image's types.
/// The index is the type number.
pub const TYPES: u32 = 7;
/// Name space of tables in the text ([`Table::contents`](super::module::Table::contents)), one word for each
/// element: 0 for null, else the distance of the function's address from the table's first word. The
/// index is the table's.
pub const TABLES: u32 = 8;

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

macro_rules! builtins {
    ($($(#[$doc:meta])* $builtin:ident = $name:literal,)*) => {
        /// Functions that the compiler adds to the module's own.
        ///
        /// Those on floats are the runtime's (`compiler/runtime`), under the names that it exports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum Builtin {
            $($(#[$doc])* $builtin,)*
        }

        impl Builtin {
            /// All, by their numbers in name space [`BUILTINS`].
            pub const ALL: &[Builtin] = &[$(Builtin::$builtin),*];

            /// Name for listings and symbols.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Builtin::$builtin => $name,)*
                }
            }
        }
    };
}

builtins! {
    /// `memory.grow`: pages to add in, pages before or -1 out.
    MemoryGrow = "memory.grow",
    /// `memory.fill`: its operands in, 1 if out of bounds out.
    MemoryFill = "memory.fill",
    /// `memory.copy`: its operands in, 1 if out of bounds out.
    MemoryCopy = "memory.copy",
    /// Quotient and remainder of two unsigned numbers of 64 bits; the divisor is not 0. Called by
    /// back ends that divide 32 bits at most.
    DivideUnsigned = "i64.divide_u",
    /// The same of signed numbers; the quotient of the smallest number by -1 wraps.
    DivideSigned = "i64.divide_s",
    /// `memory.init`: its operands, address and length of the segment in, 1 if out of bounds out.
    MemoryInit = "memory.init",
    /// Writes a word to consecutive elements: address of the first, the word, their number in.
    TableFill = "table.fill",
    /// Copies elements that may overlap: addresses of target and source, their number in.
    TableCopy = "table.copy",
    /// Writes items of an element segment in the text: addresses of target and first item, their
    /// number, and what to add to those that are not null in.
    TableInit = "table.init",
    /// `table.grow`: its operands, address of element 0, address of the word with the size,
    /// elements that there is room for in; elements before or -1 out.
    TableGrow = "table.grow",
    /// What instantiation must compute: globals, initial elements of tables, segments; then the start
    /// function. Traps at a segment that leaves its table or memory.
    Initialize = "initialize",
    /// Whether two signatures of images are the same: the addresses of what follows their entry thunks
    /// in, 1 or 0 out.
    SameType = "same_type",
    /// Traps with the code of a trap of another instance.
    Rethrow = "rethrow",
    /// Sum.
    F32Add = "f32_add",
    /// Difference.
    F32Sub = "f32_sub",
    /// Product.
    F32Mul = "f32_mul",
    /// Quotient.
    F32Div = "f32_div",
    /// The smaller, NaN if one is; -0 is below +0.
    F32Min = "f32_min",
    /// The larger, NaN if one is.
    F32Max = "f32_max",
    /// -1 if the first is less, 0 if they are equal, 1 if it is greater, 2 if one is NaN.
    F32Compare = "f32_compare",
    /// Square root.
    F32Sqrt = "f32_sqrt",
    /// The next integer upwards.
    F32Ceil = "f32_ceil",
    /// The next integer downwards.
    F32Floor = "f32_floor",
    /// The next integer towards zero.
    F32Trunc = "f32_trunc",
    /// The nearest integer, the even one of two.
    F32Nearest = "f32_nearest",
    /// The nearest to an integer.
    F32FromI32 = "f32_from_i32",
    /// The nearest to an integer.
    F32FromU32 = "f32_from_u32",
    /// The nearest to an integer.
    F32FromI64 = "f32_from_i64",
    /// The nearest to an integer.
    F32FromU64 = "f32_from_u64",
    /// Sum.
    F64Add = "f64_add",
    /// Difference.
    F64Sub = "f64_sub",
    /// Product.
    F64Mul = "f64_mul",
    /// Quotient.
    F64Div = "f64_div",
    /// The smaller, NaN if one is; -0 is below +0.
    F64Min = "f64_min",
    /// The larger, NaN if one is.
    F64Max = "f64_max",
    /// -1 if the first is less, 0 if they are equal, 1 if it is greater, 2 if one is NaN.
    F64Compare = "f64_compare",
    /// Square root.
    F64Sqrt = "f64_sqrt",
    /// The next integer upwards.
    F64Ceil = "f64_ceil",
    /// The next integer downwards.
    F64Floor = "f64_floor",
    /// The next integer towards zero.
    F64Trunc = "f64_trunc",
    /// The nearest integer, the even one of two.
    F64Nearest = "f64_nearest",
    /// The nearest to an integer.
    F64FromI32 = "f64_from_i32",
    /// The nearest to an integer.
    F64FromU32 = "f64_from_u32",
    /// The nearest to an integer.
    F64FromI64 = "f64_from_i64",
    /// The nearest to an integer.
    F64FromU64 = "f64_from_u64",
    /// The nearest f32 of an f64.
    F32Demote = "f32_demote",
    /// The f64 that an f32 is.
    F64Promote = "f64_promote",
    /// The integer towards zero, saturating; 0 for NaN.
    I32FromF32 = "i32_from_f32",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    I32CheckF32 = "i32_check_f32",
    /// The integer towards zero, saturating; 0 for NaN.
    U32FromF32 = "u32_from_f32",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    U32CheckF32 = "u32_check_f32",
    /// The integer towards zero, saturating; 0 for NaN.
    I64FromF32 = "i64_from_f32",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    I64CheckF32 = "i64_check_f32",
    /// The integer towards zero, saturating; 0 for NaN.
    U64FromF32 = "u64_from_f32",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    U64CheckF32 = "u64_check_f32",
    /// The integer towards zero, saturating; 0 for NaN.
    I32FromF64 = "i32_from_f64",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    I32CheckF64 = "i32_check_f64",
    /// The integer towards zero, saturating; 0 for NaN.
    U32FromF64 = "u32_from_f64",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    U32CheckF64 = "u32_check_f64",
    /// The integer towards zero, saturating; 0 for NaN.
    I64FromF64 = "i64_from_f64",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    I64CheckF64 = "i64_check_f64",
    /// The integer towards zero, saturating; 0 for NaN.
    U64FromF64 = "u64_from_f64",
    /// 0 if the integer towards zero is in range, 1 for NaN, else 2.
    U64CheckF64 = "u64_check_f64",
}

impl Builtin {
    /// The builtin with this number in name space [`BUILTINS`].
    pub fn from_u32(number: u32) -> Option<Builtin> {
        Builtin::ALL.get(number as usize).copied()
    }

    /// Whether it divides.
    pub const fn is_division(self) -> bool {
        matches!(self, Builtin::DivideUnsigned | Builtin::DivideSigned)
    }

    /// Whether it is a function of the runtime.
    pub const fn is_runtime(self) -> bool {
        self as u32 >= Builtin::F32Add as u32
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
    /// Words in the text: type numbers in front of functions, items of element segments, tables.
    Text,
    /// Bytes of data segments in the text.
    Segment,
    /// Import slots, and records of functions and tables but for sizes: written before code runs.
    Link,
    /// Mutable globals of other instances, any of which may be the same.
    Shared,
    /// Words on the stack that another instance reads and writes.
    Arguments,
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
            Region::Link => 7,
            Region::Shared => 8,
            Region::Arguments => 9,
            Region::Global(index) => 10 + index.min(LAST_GLOBAL_REGION),
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
            Region::Link => "link".into(),
            Region::Shared => "shared globals".into(),
            Region::Arguments => "arguments".into(),
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
            Region::Text | Region::Link => MemFlagsData::trusted().with_readonly(),
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
