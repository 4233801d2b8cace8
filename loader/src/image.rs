//! A view of an image whose structure has been checked.

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::{
    self as format, Architecture, Features, FunctionType, Header, MemoryFlags, Section, Table,
    TrailerRecord, field, read_name, read_word,
};
use wasm2mcu_abi::types::ValueType;

use crate::check;
use crate::error::ImageError;
use crate::records::{
    DataSegment, ElementSegment, Export, FunctionExport, GlobalExport, Import, ImportItem, Item,
    Limits, Name, Records, word, words,
};

/// An image in place: its bytes, of which every offset, size, count and reference holds.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    /// What they begin with: fields of it can be read without a look at the size.
    header: &'a [u8; Header::BYTES as usize],
}

/// What an image needs of the device that runs it, in bytes where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Requirements {
    /// Instruction set.
    pub architecture: Architecture,
    /// Features of the core.
    pub features: Features,
    /// Context: fixed fields and imports, globals, function records, tables.
    pub context_bytes: u32,
    /// The part of it that the globals take, and what the compiler keeps beside them.
    pub globals_bytes: u32,
    /// The part of it that the tables take, with the room that they may grow into.
    pub tables_bytes: u32,
    /// Memory at the start; 0 if another instance has it.
    pub memory_min: u32,
    /// Memory that the module may use at most.
    pub memory_max: u32,
    /// Worst stack depth of any call, recursion and functions of the host excluded.
    pub stack_bytes: u32,
    /// Guard zone behind the memory.
    pub guard_zone: u32,
    /// Context offset of the interrupt word; `None` if calls cannot be interrupted.
    pub interrupt: Option<u32>,
}

impl Requirements {
    /// RAM for context and initial memory.
    pub const fn ram_bytes(&self) -> u32 {
        self.context_bytes.saturating_add(self.memory_min)
    }
}

impl<'a> Image<'a> {
    /// Checks the structure of the image that `bytes` begin with; bytes behind it are ignored.
    ///
    /// After this no reader of the image can meet an offset that leads out of it. The order of
    /// the checks is that of `IMAGE.md`.
    pub fn parse(bytes: &'a [u8]) -> Result<Image<'a>, ImageError> {
        let image_bytes = check::frame(bytes)?;
        let truncated = ImageError::Truncated {
            needed: image_bytes,
            given: bytes.len(),
        };
        let bytes = bytes.get(..image_bytes as usize).ok_or(truncated)?;
        let header = bytes.first_chunk().ok_or(truncated)?;
        let image = Image { bytes, header };
        check::image(&image)?;
        stage!("image of {} bytes is well formed", image_bytes);
        Ok(image)
    }

    /// The image's bytes, without what stood behind it.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the image needs.
    pub fn requirements(&self) -> Requirements {
        let own_memory = !self.memory_flags().contains(MemoryFlags::IMPORTED);
        let memory = |offset| if own_memory { self.field(offset) } else { 0 };
        Requirements {
            architecture: self.architecture(),
            features: Features(self.field(field::FEATURES)),
            context_bytes: self.field(field::CONTEXT_BYTES),
            globals_bytes: self.section_bytes(Section::Globals),
            tables_bytes: self
                .tables()
                .filter(|table| !table.is_imported())
                .fold(0, |bytes, table| bytes + 4 * table.capacity),
            memory_min: memory(field::MEMORY_MIN),
            memory_max: memory(field::MEMORY_MAX),
            stack_bytes: self.field(field::STACK_BYTES),
            guard_zone: self.field(field::GUARD_ZONE),
            interrupt: match self.field(field::INTERRUPT) {
                0 => None,
                offset => Some(offset),
            },
        }
    }

    /// The instruction set of the text.
    pub fn architecture(&self) -> Architecture {
        Architecture::from_u16(self.field(field::ARCHITECTURE) as u16)
            .unwrap_or(Architecture::Thumb)
    }

    /// The bytes of a section.
    pub fn section(&self, section: Section) -> &'a [u8] {
        let (begin, end) = self.section_range(section);
        self.bytes
            .get(begin as usize..end as usize)
            .unwrap_or_default()
    }

    /// The types of functions that are imported, exported or started.
    ///
    /// Only those that something refers to have been checked; the first that is not well formed ends
    /// the iteration.
    pub fn types(&self) -> Records<'a, FunctionType<'a>> {
        Records::new(self.section(Section::Types))
    }

    /// The imports, in the order of their slots.
    pub fn imports(&self) -> impl Iterator<Item = Import<'a>> + use<'a> {
        let image = *self;
        let mut tables = self.tables();
        self.import_records().map_while(move |import| {
            Some(Import {
                module: image.name(import.module)?,
                name: image.name(import.name)?,
                item: image.import_item(import, &mut tables)?,
            })
        })
    }

    fn import_item(
        &self,
        import: format::Import,
        tables: &mut Records<'a, Table>,
    ) -> Option<ImportItem<'a>> {
        Some(match import.kind {
            format::ExportKind::Function => {
                ImportItem::Function(self.function_type(import.detail)?)
            }
            format::ExportKind::Table => {
                let table = tables.next()?;
                ImportItem::Table {
                    element: import.value_type()?,
                    limits: Limits {
                        size: table.elements,
                        max: table.capacity,
                    },
                }
            }
            format::ExportKind::Memory => {
                let page_size_log2 = self.page_size_log2();
                let (size, max) = (self.field(field::MEMORY_MIN), self.field(field::MEMORY_MAX));
                // The largest multiple of the page size is all that there can be.
                let any = max == u32::MAX >> page_size_log2 << page_size_log2;
                let max = if any { Limits::NONE } else { max };
                ImportItem::Memory {
                    page_size_log2,
                    limits: Limits { size, max },
                }
            }
            format::ExportKind::Global => ImportItem::Global {
                value_type: import.value_type()?,
                mutable: import.detail & format::Export::MUTABLE != 0,
            },
        })
    }

    pub(crate) fn import_records(&self) -> Records<'a, format::Import> {
        Records::new(self.section(Section::Imports))
    }

    /// How many functions are imported.
    pub(crate) fn imported_functions(&self) -> u32 {
        let functions = self.import_records();
        functions
            .take_while(|import| import.kind == format::ExportKind::Function)
            .fold(0, |count, _| count + 1)
    }

    /// Context offset of what stands behind the import slots.
    pub(crate) fn slots_end(&self) -> u32 {
        self.import_records()
            .fold(Context::BYTES, |end, import| end + 4 * import.slot_words())
    }

    /// Whether references are addresses of function records, so that they may leave the instance.
    pub fn is_open(&self) -> bool {
        self.field(field::RECORDS) != 0
    }

    /// The functions that references of an open image may lead to.
    pub fn records(&self) -> Records<'a, format::FunctionRecord> {
        Records::new(self.section(Section::Records))
    }

    /// The exports.
    pub fn exports(&self) -> impl Iterator<Item = Export<'a>> + use<'a> {
        let image = *self;
        Records::<format::Export>::new(self.section(Section::Exports)).map_while(move |export| {
            Some(Export {
                name: image.name(export.name)?,
                item: image.item(export)?,
            })
        })
    }

    /// What the first export of this name is.
    pub fn find_export(&self, name: &str) -> Option<Item<'a>> {
        self.export_record(name)
            .and_then(|export| self.item(export))
    }

    pub(crate) fn export_record(&self, name: &str) -> Option<format::Export> {
        Records::<format::Export>::new(self.section(Section::Exports))
            .find(|export| self.name(export.name).is_some_and(|found| found == *name))
    }

    /// Text offsets of the defined functions, ascending.
    pub fn functions(&self) -> impl Iterator<Item = u32> + use<'a> {
        let mut words = words(self.section(Section::Functions));
        words.next_back();
        words
    }

    /// The tables, imported ones first.
    pub fn tables(&self) -> Records<'a, Table> {
        Records::new(self.section(Section::Tables))
    }

    /// The table of this number.
    pub(crate) fn table(&self, number: u32) -> Option<Table> {
        Table::read(
            self.section(Section::Tables),
            number.checked_mul(Table::BYTES)?,
        )
    }

    /// The import whose slot begins at this context offset.
    pub(crate) fn import_of_slot(&self, slot: u32) -> Option<format::Import> {
        let mut begin = Context::BYTES;
        self.import_records().find(|import| {
            let found = begin == slot;
            begin += 4 * import.slot_words();
            found
        })
    }

    /// Active element segments.
    pub fn elements(&self) -> Records<'a, ElementSegment<'a>> {
        Records::new(self.section(Section::Elements))
    }

    /// Active data segments.
    pub fn data(&self) -> Records<'a, DataSegment<'a>> {
        Records::new(self.section(Section::Data))
    }

    /// The records of the trailer.
    pub fn trailer(&self) -> impl Iterator<Item = TrailerRecord<'a>> + use<'a> {
        let image = *self;
        let mut offset = self.body_bytes();
        core::iter::from_fn(move || {
            let record = TrailerRecord::read(image.bytes, offset)?;
            offset += record.bytes();
            Some(record)
        })
    }

    /// Index in the module, imports included, of the function whose code holds the byte at this
    /// offset of the text; `None` for thunks.
    pub fn function_at(&self, text_offset: u32) -> Option<u32> {
        let offsets = self.section(Section::Functions);
        // The invariant: everything below `low` begins at or before the byte, nothing from
        // `high` on does. The last word is the end of the last function.
        let (mut low, mut high) = (0, offsets.len() as u32 / 4);
        while low < high {
            let middle = low.midpoint(high);
            if word(offsets, middle)? <= text_offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let inside = low > 0 && low < offsets.len() as u32 / 4;
        inside.then(|| self.imported_functions() + low - 1)
    }

    /// The header's word at this offset.
    #[inline(always)]
    pub(crate) fn field(&self, offset: u32) -> u32 {
        read_word(self.header, offset).unwrap_or(0)
    }

    /// Offsets in the image of a section's first byte and of the byte behind it.
    pub(crate) fn section_range(&self, section: Section) -> (u32, u32) {
        let end = field::SECTION_ENDS + 4 * section as u32;
        let begin = match section {
            Section::Text => Header::BYTES,
            _ => self.field(end - 4),
        };
        (begin, self.field(end))
    }

    /// Context and initial memory.
    pub(crate) fn ram_bytes(&self) -> u32 {
        let memory = match self.memory_flags().contains(MemoryFlags::IMPORTED) {
            true => 0,
            false => self.field(field::MEMORY_MIN),
        };
        // The check has seen that there is no overflow.
        self.field(field::CONTEXT_BYTES).saturating_add(memory)
    }

    /// Size of the text.
    #[inline(always)]
    pub(crate) fn text_bytes(&self) -> u32 {
        self.field(field::SECTION_ENDS) - Header::BYTES
    }

    /// Size of a section that is not the text.
    #[inline(always)]
    pub(crate) fn section_bytes(&self, section: Section) -> u32 {
        let end = field::SECTION_ENDS + 4 * section as u32;
        self.field(end) - self.field(end - 4)
    }

    /// Size of everything before the trailer.
    pub(crate) fn body_bytes(&self) -> u32 {
        self.section_range(Section::Strings).1
    }

    pub(crate) fn page_size_log2(&self) -> u8 {
        self.field(field::MEMORY_KIND) as u8
    }

    pub(crate) fn memory_flags(&self) -> MemoryFlags {
        MemoryFlags((self.field(field::MEMORY_KIND) >> 8) as u8)
    }

    pub(crate) fn name(&self, offset: u32) -> Option<Name<'a>> {
        read_name(self.section(Section::Strings), offset).map(Name)
    }

    pub(crate) fn function_type(&self, offset: u32) -> Option<FunctionType<'a>> {
        FunctionType::read(self.section(Section::Types), offset)
    }

    /// What the export of a function says.
    pub(crate) fn function(&self, export: format::Export) -> Option<FunctionExport<'a>> {
        Some(FunctionExport {
            function_type: self.function_type(export.detail)?,
            code: export.value,
            stack_bytes: export.limit,
        })
    }

    fn item(&self, export: format::Export) -> Option<Item<'a>> {
        Some(match export.kind {
            format::ExportKind::Function => Item::Function(self.function(export)?),
            format::ExportKind::Table => Item::Table(export.value),
            format::ExportKind::Memory => Item::Memory,
            format::ExportKind::Global => Item::Global(GlobalExport {
                offset: export.value,
                value_type: ValueType::from_u8(export.detail as u8)?,
                mutable: export.detail & format::Export::MUTABLE != 0,
                indirect: export.detail & format::Export::INDIRECT != 0,
            }),
        })
    }
}
