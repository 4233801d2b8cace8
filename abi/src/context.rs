//! The context: the block of RAM that an instance lives in.
//!
//! Generated code holds its address in a pinned register and reaches everything of the
//! instance at constant offsets from it. The loader places and fills it; the compiler decides
//! how many bytes follow the fixed part and says so in the image's header.
//!
//! ```text
//!   context ──▶ ┌───────────────────────────┐ 0
//!               │ Context (fixed fields)    │
//!               ├───────────────────────────┤ Context::BYTES
//!               │ import slots, 4 bytes each│ address of the host function
//!               ├───────────────────────────┤ globals (offset in the header)
//!               │ globals, 4 or 8 bytes each│
//!               ├───────────────────────────┤ table records say where each begins
//!               │ tables, 4 bytes an element│ function address, 0 = null
//!               └───────────────────────────┘ context_bytes (multiple of 8)
//!   memory  ──▶   linear memory
//! ```

/// The fixed part of a context. Every field is one little-endian 32-bit word of the target.
///
/// The struct is never used on a host to reach target memory: its field offsets are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Context {
    /// Address of byte 0 of memory 0; kept in a pinned register while code runs.
    pub memory_base: u32,
    /// Size of memory 0 in bytes, now. Grows, never shrinks. [`Context::ELSEWHERE`] for a memory that is
    /// another instance's.
    pub memory_size: u32,
    /// Size in bytes that `memory.grow` may reach at most (module's maximum and the RAM granted); the
    /// address of the context that has the size of a memory that is another instance's.
    pub memory_capacity: u32,
    /// Lowest address that the stack pointer may reach while module code runs.
    pub stack_limit: u32,
    /// Stack pointer that a trap restores; 0 while no call runs.
    pub entry_sp: u32,
    /// After a trap: the address just behind the trap stub's call, which tells the function.
    pub trap_site: u32,
    /// Set by a host function to a trap code: its return then becomes that trap.
    pub host_trap: u32,
    /// The host's own word, for its functions to find their state.
    pub host_data: u32,
}

impl Context {
    /// Size of the fixed part, where the import slots begin.
    pub const BYTES: u32 = core::mem::size_of::<Context>() as u32;
    /// In place of the size of a memory that is another instance's: no memory has it.
    pub const ELSEWHERE: u32 = u32::MAX;
    /// Offset of [`Context::memory_base`].
    pub const MEMORY_BASE: u32 = core::mem::offset_of!(Context, memory_base) as u32;
    /// Offset of [`Context::memory_size`].
    pub const MEMORY_SIZE: u32 = core::mem::offset_of!(Context, memory_size) as u32;
    /// Offset of [`Context::memory_capacity`].
    pub const MEMORY_CAPACITY: u32 = core::mem::offset_of!(Context, memory_capacity) as u32;
    /// Offset of [`Context::stack_limit`].
    pub const STACK_LIMIT: u32 = core::mem::offset_of!(Context, stack_limit) as u32;
    /// Offset of [`Context::entry_sp`].
    pub const ENTRY_SP: u32 = core::mem::offset_of!(Context, entry_sp) as u32;
    /// Offset of [`Context::trap_site`].
    pub const TRAP_SITE: u32 = core::mem::offset_of!(Context, trap_site) as u32;
    /// Offset of [`Context::host_trap`].
    pub const HOST_TRAP: u32 = core::mem::offset_of!(Context, host_trap) as u32;
    /// Offset of [`Context::host_data`].
    pub const HOST_DATA: u32 = core::mem::offset_of!(Context, host_data) as u32;

    /// The fields in the order in which they stand.
    pub const fn to_words(self) -> [u32; Self::BYTES as usize / 4] {
        [
            self.memory_base,
            self.memory_size,
            self.memory_capacity,
            self.stack_limit,
            self.entry_sp,
            self.trap_site,
            self.host_trap,
            self.host_data,
        ]
    }

    /// Offset of the slot of imported function `index`.
    pub const fn import_slot(index: u32) -> u32 {
        Self::BYTES + 4 * index
    }
}

/// A function of an open image in the context of its instance: what a reference is the address of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct FunctionRecord {
    /// Address of the code, with the architecture's code bit.
    pub code: u32,
    /// Address of the context of the instance that it belongs to.
    pub context: u32,
    /// Address of its type, a record of TYPES in the image.
    pub function_type: u32,
    /// Address of the entry thunk of its type, with the code bit.
    pub entry: u32,
    /// Worst stack depth of a call in bytes, entry included.
    pub stack_bytes: u32,
}

impl FunctionRecord {
    /// Size in bytes.
    pub const BYTES: u32 = core::mem::size_of::<FunctionRecord>() as u32;
    /// Offset of [`FunctionRecord::code`].
    pub const CODE: u32 = core::mem::offset_of!(FunctionRecord, code) as u32;
    /// Offset of [`FunctionRecord::context`].
    pub const CONTEXT: u32 = core::mem::offset_of!(FunctionRecord, context) as u32;
    /// Offset of [`FunctionRecord::function_type`].
    pub const TYPE: u32 = core::mem::offset_of!(FunctionRecord, function_type) as u32;
    /// Offset of [`FunctionRecord::entry`].
    pub const ENTRY: u32 = core::mem::offset_of!(FunctionRecord, entry) as u32;
    /// Offset of [`FunctionRecord::stack_bytes`].
    pub const STACK_BYTES: u32 = core::mem::offset_of!(FunctionRecord, stack_bytes) as u32;
}

/// A table that several instances may use, in the context of the one that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TableRecord {
    /// Address of element 0.
    pub elements: u32,
    /// Elements, now.
    pub size: u32,
    /// Elements that there is room for.
    pub capacity: u32,
}

impl TableRecord {
    /// Size in bytes.
    pub const BYTES: u32 = core::mem::size_of::<TableRecord>() as u32;
    /// Offset of [`TableRecord::elements`].
    pub const ELEMENTS: u32 = core::mem::offset_of!(TableRecord, elements) as u32;
    /// Offset of [`TableRecord::size`].
    pub const SIZE: u32 = core::mem::offset_of!(TableRecord, size) as u32;
    /// Offset of [`TableRecord::capacity`].
    pub const CAPACITY: u32 = core::mem::offset_of!(TableRecord, capacity) as u32;
}

/// Alignment of a context and of the linear memory behind it, in bytes.
pub const ALIGNMENT: u32 = 8;
