//! A module at work: placed in RAM, filled, entered.

use wasm2mcu_abi::context::{self, Context, FunctionRecord, TableRecord};
use wasm2mcu_abi::image::{
    Export, ExportKind, Features, Header, MemoryFlags, Section, Table, field, read_word,
};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use crate::bytes::{clear, copy};
use crate::cpu::Core;
use crate::error::{CallError, ImportFault, InstantiateError, Trap};
use crate::host::{HostFunction, HostFunctions};
use crate::image::Image;
use crate::records::{GlobalExport, Item, Limits, words};
use crate::share::{Shared, SharedItem};
use crate::values::Value;
use crate::verify::Verified;

/// A module at work on a core.
///
/// The RAM of the core holds the context and, right behind it, the linear memory; nothing of
/// the instance lives elsewhere but this small struct.
#[derive(Debug)]
pub struct Instance<'a, C: Core> {
    pub(crate) image: Image<'a>,
    pub(crate) core: C,
    /// Where the core sees the text.
    pub(crate) text: u32,
    /// The same if nothing can stand in the way of a call; 0 if that has to be looked at: after a trap,
    /// and in an open image, which others may have entered.
    pub(crate) ready: u32,
}

/// In place of the entry's stack pointer after a trap: no call is possible then either. A stack
/// pointer is a multiple of 4.
const TRAPPED: u32 = 1;

impl<'a, C: Core> Instance<'a, C> {
    /// Places the image's state in the core's RAM, fills it and runs the start function.
    ///
    /// The premises are checked first, in the order of [`InstantiateError`]'s variants. Imports
    /// are matched by module, name and signature; the first of `host` that has both names counts.
    pub fn new(
        image: Verified<'a>,
        core: C,
        host: &[HostFunction<'_>],
    ) -> Result<Self, InstantiateError<'a>> {
        Self::linked(image, core, host, &[])
    }

    /// The same for an image that also imports what other instances share.
    ///
    /// What is shared counts before what the host offers. The others live as long as this instance
    /// does, and as anything that it left in their tables; see [`Instance::share`].
    pub fn linked(
        image: Verified<'a>,
        core: C,
        host: &[HostFunction<'_>],
        shared: &[Shared<'_>],
    ) -> Result<Self, InstantiateError<'a>> {
        Self::offered(image, core, host, shared)
    }

    /// The same for a host that has its functions elsewhere than in a slice.
    pub fn offered(
        image: Verified<'a>,
        core: C,
        host: &(impl HostFunctions + ?Sized),
        shared: &[Shared<'_>],
    ) -> Result<Self, InstantiateError<'a>> {
        let text = premises(&image, &core)?;
        let mut instance = Instance {
            image: *image,
            core,
            text,
            ready: 0,
        };
        instance.link(host, shared)?;
        stage!("imports are there");
        instance.set_host_data(host.host_data());
        instance.start().map_err(InstantiateError::Start)?;
        stage!("instance in {} bytes of RAM", instance.core.ram().len());
        Ok(instance)
    }

    /// Starts again: memory, globals and tables as the image has them, then the start function.
    ///
    /// Imports and the host's data word stay. This is the way out of a trap.
    pub fn reset(&mut self) -> Result<(), CallError> {
        self.start()?;
        stage!("instance started again");
        Ok(())
    }

    /// Allows calls after a trap without a reset: memory, globals and tables stay as the trap left
    /// them, as the WebAssembly specification has it.
    ///
    /// The module's own data may be inconsistent then; the sandbox holds all the same. An interrupt that
    /// ended no call yet is forgotten, too.
    pub fn clear_trap(&mut self) {
        self.set_field(Context::ENTRY_SP, 0);
        self.ready = if self.image.is_open() { 0 } else { self.text };
        if let Some(offset) = self.image.requirements().interrupt {
            self.set_field(offset, 0);
        }
    }

    /// The address of the interrupt word, as the core sees it; `None` if the image was not compiled
    /// to be interruptible.
    ///
    /// Whoever stores another word than 0 there while code runs, in one store, ends the call soon with
    /// [`TrapCode::Interrupted`]; on the processor that this runs on, an `Interrupter` does. When no
    /// call runs, or when it ends too early to notice, the next one is ended: an interrupt stays until
    /// [`reset`](Instance::reset) or [`clear_trap`](Instance::clear_trap).
    pub fn interrupt_word(&self) -> Option<u32> {
        let offset = self.image.requirements().interrupt?;
        Some(self.core.ram_address() + offset)
    }

    /// Whether a trap made the instance refuse calls.
    pub fn is_trapped(&self) -> bool {
        self.entry_sp() == TRAPPED
    }

    pub(crate) fn mark_trapped(&mut self) {
        self.set_field(Context::ENTRY_SP, TRAPPED);
        self.ready = 0;
    }

    /// Stack pointer of the innermost entry; 0 if nothing stands in the way of a call.
    pub(crate) fn entry_sp(&self) -> u32 {
        self.field(Context::ENTRY_SP)
    }

    /// The image that the instance was made of.
    pub const fn image(&self) -> &Image<'a> {
        &self.image
    }

    /// The core that the instance runs on.
    pub const fn core(&self) -> &C {
        &self.core
    }

    /// The core that the instance runs on.
    ///
    /// Its RAM holds the instance: whoever changes it changes the module's state.
    pub const fn core_mut(&mut self) -> &mut C {
        &mut self.core
    }

    /// Ends the instance and gives the core back.
    pub fn into_core(self) -> C {
        self.core
    }

    /// The linear memory, as large as it is now; empty if another instance has it.
    pub fn memory(&self) -> &[u8] {
        let (begin, bytes) = self.memory_range();
        let behind = self.core.ram().get(begin..).unwrap_or_default();
        behind.get(..bytes).unwrap_or_default()
    }

    /// The linear memory, as large as it is now; empty if another instance has it.
    pub fn memory_mut(&mut self) -> &mut [u8] {
        let (begin, bytes) = self.memory_range();
        let behind = self.core.ram_mut().get_mut(begin..).unwrap_or_default();
        behind.get_mut(..bytes).unwrap_or_default()
    }

    /// The value of an exported global.
    pub fn global<T: Value>(&self, export: &str) -> Result<T, CallError> {
        let (value_type, words) = self.global_words(export)?;
        if value_type != T::TYPE {
            return Err(CallError::Signature);
        }
        Ok(T::load(&mut words.iter()))
    }

    /// Type and words (low one first) of an exported global.
    pub fn global_words(&self, export: &str) -> Result<(ValueType, [u32; 2]), CallError> {
        let Item::Global(global) = self.export(export)? else {
            return Err(CallError::Kind);
        };
        let (_, value) = self.global_value(&global)?;
        Ok((global.value_type, value))
    }

    /// Address and words of a global.
    fn global_value(&self, global: &GlobalExport) -> Result<(u32, [u32; 2]), CallError> {
        let at = if global.indirect {
            // Only this slot holds an address where there are as many words.
            let import = self.image.import_of_slot(global.offset);
            import
                .filter(|import| {
                    import.kind == ExportKind::Global
                        && import.detail & Export::MUTABLE != 0
                        && import.value_type() == Some(global.value_type)
                })
                .ok_or(CallError::Kind)?;
            self.field(global.offset)
        } else {
            self.core.ram_address() + global.offset
        };
        // What lies behind a value of one word may be outside of all RAM.
        let high = match global.value_type.words() {
            1 => 0,
            _ => self.word_at(at.wrapping_add(4)),
        };
        Ok((at, [self.word_at(at), high]))
    }

    /// Sets the word that host functions find in [`Context::host_data`]; until then what the [host](HostFunctions::host_data) said.
    pub fn set_host_data(&mut self, data: u32) {
        self.set_field(Context::HOST_DATA, data);
    }

    /// What other instances may import under the name of an export.
    ///
    /// Functions and tables are shared by open images only, as the compiler makes them when asked to.
    pub fn share(&self, export: &str) -> Result<SharedItem<'a>, CallError> {
        let image = self.image;
        let record = image.export_record(export).ok_or(CallError::NoExport)?;
        let address = |offset| self.core.ram_address() + offset;
        match image.find_export(export).ok_or(CallError::NoExport)? {
            Item::Function(function) => {
                let position = image.records().position(|r| r.code == function.code);
                let position = position.ok_or(CallError::Closed)? as u32;
                let offset = image.field(field::RECORDS) + position * FunctionRecord::BYTES;
                Ok(SharedItem::Function {
                    function_type: function.function_type,
                    record: address(offset),
                })
            }
            Item::Table(number) => {
                let table = image.table(number).ok_or(CallError::Kind)?;
                let at = match table.record {
                    0 => return Err(CallError::Closed),
                    slot if table.is_imported() => {
                        let slot = slot & !Table::IMPORTED;
                        let import = image.import_of_slot(slot).ok_or(CallError::Kind)?;
                        if import.kind != ExportKind::Table {
                            return Err(CallError::Kind);
                        }
                        self.field(slot)
                    }
                    own => address(own),
                };
                let element = ValueType::from_u8(record.detail as u8);
                Ok(SharedItem::Table {
                    element: element.ok_or(CallError::Kind)?,
                    limits: Limits {
                        size: self.word_at(at + TableRecord::SIZE),
                        max: record.limit,
                    },
                    record: at,
                })
            }
            Item::Memory => {
                let own = !image.memory_flags().contains(MemoryFlags::IMPORTED);
                let context = if own {
                    self.core.ram_address()
                } else {
                    self.field(self.memory_slot())
                };
                Ok(SharedItem::Memory {
                    page_size_log2: image.page_size_log2(),
                    limits: Limits {
                        size: self.word_at(context + Context::MEMORY_SIZE),
                        max: record.limit,
                    },
                    context,
                    base: self.field(Context::MEMORY_BASE),
                })
            }
            // A reference of a closed image is no record.
            Item::Global(global) if global.value_type == ValueType::FuncRef && !image.is_open() => {
                Err(CallError::Closed)
            }
            Item::Global(global) => {
                let (address, value) = self.global_value(&global)?;
                Ok(SharedItem::Global {
                    value_type: global.value_type,
                    mutable: global.mutable,
                    address,
                    value,
                })
            }
        }
    }

    /// Writes the import slots.
    fn link(
        &mut self,
        host: &(impl HostFunctions + ?Sized),
        shared: &[Shared<'_>],
    ) -> Result<(), InstantiateError<'a>> {
        let mut slot = Context::BYTES;
        for import in self.image.imports() {
            let fault = |fault| InstantiateError::Import {
                module: import.module,
                name: import.name,
                fault,
            };
            let named = |module: &str, name: &str| import.module == *module && import.name == *name;
            let words = match shared.iter().find(|s| named(s.module, s.name)) {
                Some(Shared { item, .. }) => {
                    item.serves(&import.item).map_err(fault)?;
                    self.take(*item).map_err(fault)?
                }
                None => (host.find(&import).map_err(fault)?, None),
            };
            let (first, second) = words;
            self.set_field(slot, first);
            slot += 4;
            if let Some(second) = second {
                self.set_field(slot, second);
                slot += 4;
            }
        }
        Ok(())
    }

    /// The words of the slot by which the module reaches what another instance shares.
    fn take(&mut self, item: SharedItem<'_>) -> Result<(u32, Option<u32>), ImportFault> {
        Ok(match item {
            // A record's address differs from that of a host function in the bit that marks code.
            SharedItem::Function { record, .. } if self.image.is_open() => {
                let mark = 1 ^ self.image.architecture().code_bit();
                (record | mark, None)
            }
            SharedItem::Function { .. } => return Err(ImportFault::Closed),
            SharedItem::Table { record, .. } => (record, None),
            SharedItem::Memory { context, base, .. } => {
                self.set_field(Context::MEMORY_BASE, base);
                (context, None)
            }
            SharedItem::Global {
                mutable: true,
                address,
                ..
            } => (address, None),
            SharedItem::Global {
                value_type, value, ..
            } => (value[0], (value_type.words() == 2).then_some(value[1])),
        })
    }

    fn start(&mut self) -> Result<(), CallError> {
        // Until the start function has returned, a failure leaves the instance refusing calls.
        self.ready = 0;
        self.place()?;
        self.clear_trap();
        match self.image.field(field::START_CODE) {
            0 => Ok(()),
            code => {
                let ty = self.image.field(field::START_TYPE);
                let entry = self.image.function_type(ty).map_or(0, |ty| ty.entry);
                let stack = self.image.field(field::START_STACK);
                self.enter(self.address(entry), &mut [], self.address(code), stack)
            }
        }
    }

    /// Brings context and memory to their initial state, import slots and host data excepted.
    fn place(&mut self) -> Result<(), Trap> {
        let image = self.image;
        let context_bytes = image.field(field::CONTEXT_BYTES);
        let (base, size, capacity, memory_min);
        if image.memory_flags().contains(MemoryFlags::IMPORTED) {
            base = self.field(Context::MEMORY_BASE);
            (size, capacity) = (Context::ELSEWHERE, self.field(self.memory_slot()));
            memory_min = 0;
        } else {
            base = self.core.ram_address() + context_bytes;
            memory_min = image.field(field::MEMORY_MIN);
            (size, capacity) = (memory_min, self.memory_capacity());
        }
        let fixed = Context {
            memory_base: base,
            memory_size: size,
            memory_capacity: capacity,
            stack_limit: self.stack_limit(),
            entry_sp: TRAPPED,
            trap_site: 0,
            host_trap: 0,
            host_data: self.field(Context::HOST_DATA),
        };
        self.set_fields(0, &fixed.to_words());

        let zeroed = image.slots_end() as usize..(context_bytes + memory_min) as usize;
        if let Some(state) = self.core.ram_mut().get_mut(zeroed) {
            clear(state);
        }

        copy(
            self.core.ram_mut(),
            image.field(field::GLOBALS),
            image.section(Section::Globals),
        );
        for offset in words(image.section(Section::Funcrefs)) {
            let value = self.field(offset);
            self.set_field(offset, self.reference(value));
        }
        self.fill_records();
        self.fill_tables()?;
        self.fill_memory()
    }

    /// Writes the records of functions and tables.
    fn fill_records(&mut self) {
        let image = self.image;
        let types = self.text - Header::BYTES + image.section_range(Section::Types).0;
        let context = self.core.ram_address();
        let mut offset = image.field(field::RECORDS);
        for record in image.records() {
            let ty = image.function_type(record.function_type);
            let words = [
                self.address(record.code),
                context,
                types + record.function_type,
                self.address(ty.map_or(0, |ty| ty.entry)),
                record.stack_bytes,
            ];
            self.set_fields(offset, &words);
            offset += FunctionRecord::BYTES;
        }
        for table in image.tables() {
            if table.record != 0 && !table.is_imported() {
                let words = [context + table.offset, table.elements, table.capacity];
                self.set_fields(table.record, &words);
            }
        }
    }

    fn fill_tables(&mut self) -> Result<(), Trap> {
        for segment in self.image.elements() {
            let table = self.image.table(segment.table);
            let room = table
                .filter(|table| {
                    let end = segment.start.checked_add(segment.count());
                    end.is_some_and(|end| end <= table.elements)
                })
                .ok_or(Trap::outside(TrapCode::TableOutOfBounds))?;
            let mut offset = room.offset + 4 * segment.start;
            for value in segment.codes() {
                self.set_field(offset, self.reference(value));
                offset += 4;
            }
        }
        Ok(())
    }

    fn fill_memory(&mut self) -> Result<(), Trap> {
        for segment in self.image.data() {
            let offset = segment.offset;
            copy(self.memory_mut(), offset, segment.bytes)
                .ok_or(Trap::outside(TrapCode::MemoryOutOfBounds))?;
        }
        Ok(())
    }

    /// The address of a code value; 0 stays 0.
    pub(crate) const fn address(&self, code: u32) -> u32 {
        match code {
            0 => 0,
            code => self.text.wrapping_add(code),
        }
    }

    /// A reference as the image has it, as the module's code has it.
    fn reference(&self, value: u32) -> u32 {
        match value {
            0 => 0,
            offset if self.image.is_open() => self.core.ram_address() + offset,
            code => self.address(code),
        }
    }

    /// A word of this instance's RAM or of one that shares with it.
    fn word_at(&self, address: u32) -> u32 {
        let offset = address.wrapping_sub(self.core.ram_address());
        match read_word(self.core.ram(), offset) {
            Some(word) => word,
            None => self.core.shared_word(address),
        }
    }

    /// Context offset of the slot of an imported memory.
    fn memory_slot(&self) -> u32 {
        let mut slot = Context::BYTES;
        for import in self.image.import_records() {
            if import.kind == ExportKind::Memory {
                break;
            }
            slot += 4 * import.slot_words();
        }
        slot
    }

    fn export(&self, name: &str) -> Result<Item<'a>, CallError> {
        self.image.find_export(name).ok_or(CallError::NoExport)
    }

    /// Offset in the RAM and size of the linear memory.
    fn memory_range(&self) -> (usize, usize) {
        let begin = self.image.field(field::CONTEXT_BYTES);
        let size = match self.field(Context::MEMORY_SIZE) {
            Context::ELSEWHERE => 0,
            size => size,
        };
        (begin as usize, size as usize)
    }

    /// What a memory of the instance's own may grow to in the RAM that is there, in whole pages.
    fn memory_capacity(&self) -> u32 {
        let image = &self.image;
        let min = image.field(field::MEMORY_MIN);
        if image.memory_flags().contains(MemoryFlags::FIXED) {
            return min;
        }
        let room = self.core.ram().len() as u32;
        let room = room.saturating_sub(image.field(field::CONTEXT_BYTES));
        let pages = room >> image.page_size_log2() << image.page_size_log2();
        pages.min(image.field(field::MEMORY_MAX)).max(min)
    }

    /// The lowest address that the stack pointer may reach in module code: whatever the host's functions
    /// take is left below it.
    fn stack_limit(&self) -> u32 {
        let hosts = match self.image.section_bytes(Section::Imports) {
            0 => 0,
            _ => self.core.host_stack(),
        };
        self.core.stack_limit().saturating_add(hosts)
    }

    #[inline(always)]
    pub(crate) fn field(&self, offset: u32) -> u32 {
        read_word(self.core.ram(), offset).unwrap_or(0)
    }

    pub(crate) fn set_field(&mut self, offset: u32, value: u32) {
        self.set_fields(offset, &[value]);
    }

    /// Writes consecutive words of the context.
    fn set_fields(&mut self, offset: u32, values: &[u32]) {
        let room = self.core.ram_mut().get_mut(offset as usize..);
        let (room, _) = room.unwrap_or_default().as_chunks_mut();
        for (word, value) in room.iter_mut().zip(values) {
            *word = value.to_le_bytes();
        }
    }
}

/// Checks everything about image and core that does not depend on the host's functions, and
/// returns the text's address.
fn premises<'a, C: Core>(image: &Image<'a>, core: &C) -> Result<u32, InstantiateError<'a>> {
    let architecture = image.architecture();
    if architecture != C::ARCHITECTURE {
        return Err(InstantiateError::Architecture {
            image: architecture,
            core: C::ARCHITECTURE,
        });
    }
    let missing = Features(image.field(field::FEATURES)).without(core.features());
    if missing.0 != 0 {
        return Err(InstantiateError::Features {
            architecture,
            missing,
        });
    }
    let needed = image.ram_bytes();
    // The memory is the last thing in RAM: what is granted beyond it would be no zone.
    let offered = match core.ram().len() == needed as usize {
        true => core.guard_zone(),
        false => 0,
    };
    let zone = image.field(field::GUARD_ZONE);
    if zone > offered {
        return Err(InstantiateError::GuardZone {
            needed: zone,
            offered,
        });
    }
    let address = core
        .image_address(image.bytes())
        .ok_or(InstantiateError::NotMapped)?;
    if !address.is_multiple_of(wasm2mcu_abi::image::ALIGNMENT) {
        return Err(InstantiateError::ImageAlignment { address });
    }
    let (ram, ram_address) = (core.ram(), core.ram_address());
    let within_32_bits = u32::try_from(ram.len())
        .ok()
        .and_then(|bytes| ram_address.checked_add(bytes));
    if !ram_address.is_multiple_of(context::ALIGNMENT) || within_32_bits.is_none() {
        return Err(InstantiateError::RamAddress {
            address: ram_address,
        });
    }
    if ram.len() < needed as usize {
        return Err(InstantiateError::RamSize {
            needed,
            given: ram.len(),
        });
    }
    Ok(address.wrapping_add(wasm2mcu_abi::image::Header::BYTES))
}
