//! A module at work: placed in RAM, filled, entered.

use wasm2mcu_abi::context::{self, Context, FunctionRecord, TableRecord};
use wasm2mcu_abi::image::{ExportKind, Header, MemoryFlags, Section, Table, field, read_word};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use crate::cpu::Core;
use crate::error::{CallError, ImportFault, InstantiateError, Trap};
use crate::host::{HostFunction, HostFunctions};
use crate::image::Image;
use crate::records::{FunctionExport, Item, Limits, words};
use crate::share::{Shared, SharedItem};
use crate::values::{MAX_WORDS, Value, Values};
use crate::verify::Verified;

/// A module at work on a core.
///
/// The RAM of the core holds the context and, right behind it, the linear memory; nothing of
/// the instance lives elsewhere but this small struct.
#[derive(Debug)]
pub struct Instance<'a, C: Core> {
    image: Image<'a>,
    core: C,
    /// Where the core sees the text.
    text: u32,
    trapped: bool,
}

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
            trapped: false,
        };
        instance.link(host, shared)?;
        stage!("imports are there");
        instance.set_host_data(0);
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
    /// The module's own data may be inconsistent then; the sandbox holds all the same.
    pub fn clear_trap(&mut self) {
        self.trapped = false;
        self.set_field(Context::ENTRY_SP, 0);
    }

    /// Whether a trap made the instance refuse calls.
    pub const fn is_trapped(&self) -> bool {
        self.trapped
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

    /// Calls an exported function.
    ///
    /// `P` and `R` are what the function takes and returns: `()`, a number, or a tuple.
    pub fn call<P: Values, R: Values>(&mut self, export: &str, params: P) -> Result<R, CallError> {
        let function = self.function(export)?;
        if !function.function_type.is(P::TYPES, R::TYPES) {
            return Err(CallError::Signature);
        }
        let mut words = [0; MAX_WORDS];
        params.store(&mut words.iter_mut());
        self.enter(
            function.function_type.entry,
            function.code,
            function.stack_bytes,
            &mut words,
        )?;
        Ok(R::load(&mut words.iter()))
    }

    /// Calls an exported function whose type is known at run time only.
    ///
    /// `words` holds the parameters, one word each for i32 and f32, two for i64 and f64, low word
    /// first, and gets the results in the same form from index 0. It must have room for the longer
    /// of both ([`FunctionType::call_words`](wasm2mcu_abi::image::FunctionType::call_words)).
    pub fn call_words(&mut self, export: &str, words: &mut [u32]) -> Result<(), CallError> {
        let function = self.function(export)?;
        let needed = function.function_type.call_words();
        if words.len() < needed as usize {
            return Err(CallError::Words {
                needed,
                given: words.len(),
            });
        }
        self.enter(
            function.function_type.entry,
            function.code,
            function.stack_bytes,
            words,
        )
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
        let at = match global.indirect {
            true => self.field(global.offset),
            false => self.core.ram_address() + global.offset,
        };
        let high = match global.value_type.words() {
            1 => 0,
            _ => self.word_at(at + 4),
        };
        Ok((global.value_type, [self.word_at(at), high]))
    }

    /// Sets the word that host functions find in [`Context::host_data`]; 0 until then.
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
                let table = image.tables().nth(number as usize);
                let table = table.ok_or(CallError::Kind)?;
                let at = match table.record {
                    0 => return Err(CallError::Closed),
                    slot if table.is_imported() => self.field(slot & !Table::IMPORTED),
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
                let at = if global.indirect {
                    self.field(global.offset)
                } else {
                    address(global.offset)
                };
                Ok(SharedItem::Global {
                    value_type: global.value_type,
                    mutable: global.mutable,
                    address: at,
                    value: [self.word_at(at), self.word_at(at + 4)],
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
                None => [Some(host.find(&import).map_err(fault)?), None],
            };
            for word in words.into_iter().flatten() {
                self.set_field(slot, word);
                slot += 4;
            }
        }
        Ok(())
    }

    /// The words of the slot by which the module reaches what another instance shares.
    fn take(&mut self, item: SharedItem<'_>) -> Result<[Option<u32>; 2], ImportFault> {
        Ok(match item {
            // A record's address differs from that of a host function in the bit that marks code.
            SharedItem::Function { record, .. } if self.image.is_open() => {
                let mark = 1 ^ self.image.architecture().code_bit();
                [Some(record | mark), None]
            }
            SharedItem::Function { .. } => return Err(ImportFault::Closed),
            SharedItem::Table { record, .. } => [Some(record), None],
            SharedItem::Memory { context, base, .. } => {
                self.set_field(Context::MEMORY_BASE, base);
                [Some(context), None]
            }
            SharedItem::Global {
                mutable: true,
                address,
                ..
            } => [Some(address), None],
            SharedItem::Global {
                value_type, value, ..
            } => [
                Some(value[0]),
                (value_type.words() == 2).then_some(value[1]),
            ],
        })
    }

    fn start(&mut self) -> Result<(), CallError> {
        // Until the start function has returned, a failure leaves the instance refusing calls.
        self.trapped = true;
        self.place()?;
        self.trapped = false;
        match self.image.field(field::START_CODE) {
            0 => Ok(()),
            code => {
                let ty = self.image.field(field::START_TYPE);
                let entry = self.image.function_type(ty).map_or(0, |ty| ty.entry);
                let stack = self.image.field(field::START_STACK);
                self.enter(entry, code, stack, &mut [])
            }
        }
    }

    /// Brings context and memory to their initial state, import slots and host data excepted.
    fn place(&mut self) -> Result<(), Trap> {
        let image = self.image;
        let context_bytes = image.field(field::CONTEXT_BYTES);
        let memory_min = image.requirements().memory_min;
        let (size, capacity) = if image.memory_flags().contains(MemoryFlags::IMPORTED) {
            (Context::ELSEWHERE, self.field(self.memory_slot()))
        } else {
            let base = self.core.ram_address() + context_bytes;
            self.set_field(Context::MEMORY_BASE, base);
            (memory_min, self.memory_capacity())
        };
        let fixed = [
            (Context::MEMORY_SIZE, size),
            (Context::MEMORY_CAPACITY, capacity),
            (Context::STACK_LIMIT, self.core.stack_limit()),
            (Context::ENTRY_SP, 0),
        ];
        for (offset, value) in fixed {
            self.set_field(offset, value);
        }

        let zeroed = image.slots_end() as usize..(context_bytes + memory_min) as usize;
        if let Some(state) = self.core.ram_mut().get_mut(zeroed) {
            state.fill(0);
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
            for word in words {
                self.set_field(offset, word);
                offset += 4;
            }
        }
        for table in image.tables() {
            if table.record != 0 && !table.is_imported() {
                let words = [context + table.offset, table.elements, table.capacity];
                for (at, word) in (table.record..).step_by(4).zip(words) {
                    self.set_field(at, word);
                }
            }
        }
    }

    fn fill_tables(&mut self) -> Result<(), Trap> {
        for segment in self.image.elements() {
            let table = self.image.tables().nth(segment.table as usize);
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

    /// Enters the text. `entry` and `code` are code values.
    fn enter(
        &mut self,
        entry: u32,
        code: u32,
        stack: u32,
        words: &mut [u32],
    ) -> Result<(), CallError> {
        if self.trapped {
            return Err(CallError::Trapped);
        }
        if self.field(Context::ENTRY_SP) != 0 {
            return Err(CallError::Running);
        }
        // A trap that no stub raised (an exhausted stack) leaves no site: the last one's must go.
        self.set_field(Context::TRAP_SITE, 0);
        self.set_field(Context::HOST_TRAP, 0);
        let (entry, code) = (self.address(entry), self.address(code));
        let context = self.core.ram_address();
        let number = self.core.enter(entry, context, words, code, stack);
        if number == 0 {
            return Ok(());
        }
        self.trapped = true;
        let code = u8::try_from(number).ok().and_then(TrapCode::from_u8);
        let Some(code) = code else {
            return Err(CallError::Core(number));
        };
        let trap = self.trap(code);
        trapped!(trap);
        Err(trap.into())
    }

    /// The trap that just happened, with its place.
    fn trap(&self, code: TrapCode) -> Trap {
        let bit = self.image.architecture().code_bit();
        let site = self.field(Context::TRAP_SITE) & !bit;
        let text_offset = site.wrapping_sub(self.text);
        // The site is the address behind the stub, which may be where the next function begins.
        let stub = text_offset.wrapping_sub(1) as usize;
        if stub >= self.image.section(Section::Text).len() {
            return Trap::outside(code);
        }
        Trap {
            code,
            function: self.image.function_at(stub as u32),
            text_offset,
        }
    }

    /// The address of a code value; 0 stays 0.
    const fn address(&self, code: u32) -> u32 {
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

    fn function(&self, name: &str) -> Result<FunctionExport<'a>, CallError> {
        match self.export(name)? {
            Item::Function(function) => Ok(function),
            _ => Err(CallError::Kind),
        }
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

    /// What the memory may grow to in the RAM that is there, in whole pages.
    fn memory_capacity(&self) -> u32 {
        let memory_min = self.image.requirements().memory_min;
        if self.image.memory_flags().contains(MemoryFlags::FIXED) {
            return memory_min;
        }
        let page_size_log2 = self.image.field(field::MEMORY_KIND) & 0xff;
        let room =
            (self.core.ram().len() as u32).saturating_sub(self.image.field(field::CONTEXT_BYTES));
        let pages = room >> page_size_log2 << page_size_log2;
        pages
            .min(self.image.requirements().memory_max)
            .max(memory_min)
    }

    fn field(&self, offset: u32) -> u32 {
        read_word(self.core.ram(), offset).unwrap_or(0)
    }

    fn set_field(&mut self, offset: u32, value: u32) {
        copy(self.core.ram_mut(), offset, &value.to_le_bytes());
    }
}

/// Checks everything about image and core that does not depend on the host's functions, and
/// returns the text's address.
fn premises<'a, C: Core>(image: &Image<'a>, core: &C) -> Result<u32, InstantiateError<'a>> {
    let needs = image.requirements();
    if needs.architecture != C::ARCHITECTURE {
        return Err(InstantiateError::Architecture {
            image: needs.architecture,
            core: C::ARCHITECTURE,
        });
    }
    let missing = needs.features.without(core.features());
    if missing.0 != 0 {
        return Err(InstantiateError::Features {
            architecture: needs.architecture,
            missing,
        });
    }
    // The memory is the last thing in RAM: what is granted beyond it would be no zone.
    let offered = match core.ram().len() == needs.ram_bytes() as usize {
        true => core.guard_zone(),
        false => 0,
    };
    if needs.guard_zone > offered {
        return Err(InstantiateError::GuardZone {
            needed: needs.guard_zone,
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
    if ram.len() < needs.ram_bytes() as usize {
        return Err(InstantiateError::RamSize {
            needed: needs.ram_bytes(),
            given: ram.len(),
        });
    }
    Ok(address.wrapping_add(wasm2mcu_abi::image::Header::BYTES))
}

/// Writes bytes at an offset; `None`, with nothing written, when they reach beyond the end.
fn copy(target: &mut [u8], offset: u32, bytes: &[u8]) -> Option<()> {
    let room = target.get_mut(offset as usize..)?.get_mut(..bytes.len())?;
    room.copy_from_slice(bytes);
    Some(())
}
