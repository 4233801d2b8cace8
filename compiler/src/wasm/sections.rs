//! Reads every section but the code into the [`Module`].

use std::collections::HashMap;

use wasm2mcu_abi::types::ValueType;
use wasmparser::{
    DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
    ExportSectionReader, ExternalKind, FunctionSectionReader, GlobalSectionReader, GlobalType,
    ImportSectionReader, MemorySectionReader, MemoryType, TableInit, TableSectionReader, TableType,
    TypeRef, TypeSectionReader,
};

use super::Target;
use super::constant::evaluate;
use super::constant_tables;
use super::layout;
use super::module::{
    Constant, DataSegment, DataShape, ElementMode, ElementSegment, Export, ExportItem, Function,
    Global, Import, Memory, Module, OtherImport, Signature, Step, Table,
};
use super::prescan::Prescan;
use super::support::{self, value_type};
use crate::error::{Error, Place, Result};

/// What a function without any name is called.
fn nameless(index: u32) -> String {
    format!("function[{index}]")
}

/// A count as a word; those that do not fit belong to something that is refused in the end.
fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Builds the module section by section, each already validated.
pub(super) struct Sections<'a> {
    /// What was read so far.
    pub(super) module: Module,
    prescan: &'a Prescan,
    /// Elements by which a table may grow.
    table_room: u32,
    /// Whether exports are for other instances.
    linkable: bool,
    /// Bytes behind the memory on which accesses trap.
    guard_zone: u32,
    numbers: HashMap<Signature, u32>,
    placed: bool,
}

impl<'a> Sections<'a> {
    /// An empty module whose names are in `prescan`.
    pub(super) fn new(prescan: &'a Prescan, target: Target) -> Sections<'a> {
        Sections {
            module: Module {
                name: prescan.module_name.clone(),
                open: target.linkable,
                interrupt_offset: target.interruptible.then_some(0),
                code_address_bit: target.code_address_bit,
                ..Module::default()
            },
            prescan,
            table_room: target.table_room,
            linkable: target.linkable,
            guard_zone: target.guard_zone,
            numbers: HashMap::new(),
            placed: false,
        }
    }

    /// Numbers the signatures by structure.
    pub(super) fn types(&mut self, section: TypeSectionReader<'_>) -> Result<()> {
        let at = section.range().start;
        for ty in section.into_iter_err_on_gc_types() {
            let ty = ty?;
            let list = |types: &[wasmparser::ValType]| {
                let named = |&ty| value_type(ty).ok_or(ty);
                types.iter().map(named).collect::<Result<Vec<_>, _>>()
            };
            let signature = list(ty.params())
                .and_then(|params| {
                    let results = list(ty.results())?;
                    Ok(Signature { params, results })
                })
                .map_err(|ty| Error::unsupported(format!("type {ty} is"), Place::at(at)))?;
            let number = self.number(signature);
            self.module.type_numbers.push(number);
        }
        Ok(())
    }

    /// The type number of a signature.
    fn number(&mut self, signature: Signature) -> u32 {
        let types = &mut self.module.types;
        *self
            .numbers
            .entry(signature)
            .or_insert_with_key(|signature| {
                types.push(signature.clone());
                types.len() as u32 - 1
            })
    }

    /// Everything is read: the module, with an initializer if it needs one.
    pub(super) fn finish(mut self) -> Module {
        if self.module.is_computed() {
            self.module.initializer = Some(self.number(Signature::default()));
        }
        self.module
    }

    /// Imports. One of a reference to functions, alone or in a table, makes the module open.
    pub(super) fn imports(&mut self, section: ImportSectionReader<'_>) -> Result<()> {
        for item in section.into_imports_with_offsets() {
            let (offset, import) = item?;
            let origin = Import {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
            };
            let item = match import.ty {
                TypeRef::Func(ty) => {
                    self.function(ty, Some(origin));
                    continue;
                }
                TypeRef::Table(ty) => {
                    self.module.open = true;
                    let table = self.imported_table(ty, offset)?;
                    self.module.tables.push(table);
                    ExportItem::Table(self.module.tables.len() as u32 - 1)
                }
                TypeRef::Memory(ty) => {
                    self.memory(ty, offset, true)?;
                    ExportItem::Memory
                }
                TypeRef::Global(ty) => {
                    let global = self.imported_global(ty, offset)?;
                    self.module.open |= global.ty == ValueType::FuncRef;
                    self.module.globals.push(global);
                    ExportItem::Global(self.module.globals.len() as u32 - 1)
                }
                TypeRef::Tag(_) | TypeRef::FuncExact(_) => {
                    let kind = match import.ty {
                        TypeRef::Tag(_) => "tag",
                        _ => "exact function",
                    };
                    return Err(Error::Unsupported {
                        what: format!("import of {kind} `{}.{}` is", import.module, import.name),
                        place: Place::at(offset),
                        remedy: "build the module without it",
                    });
                }
            };
            self.module.other_imports.push(OtherImport {
                import: origin,
                item,
            });
        }
        Ok(())
    }

    fn imported_table(&self, ty: TableType, offset: u64) -> Result<Table> {
        let element = wasmparser::ValType::Ref(ty.element_type);
        let Some(element) = value_type(element) else {
            let what = format!("table of {element} is");
            return Err(Error::unsupported(what, Place::at(offset)));
        };
        let declared = ty.maximum.map(saturated);
        Ok(Table {
            element,
            elements: saturated(ty.initial),
            capacity: declared.unwrap_or(u32::MAX),
            offset: 0,
            imported: true,
            record: None,
            size_offset: None,
            init: Constant::Reference(None),
            declared,
            contents: None,
        })
    }

    fn imported_global(&self, ty: GlobalType, offset: u64) -> Result<Global> {
        let index = self.module.globals.len() as u32;
        Ok(Global {
            ty: support::known(ty.content_type, &Place::at(offset))?,
            mutable: ty.mutable,
            init: Constant::Computed(vec![Step::Global(index)]),
            offset: None,
            imported: true,
        })
    }

    /// Types of the defined functions.
    pub(super) fn functions(&mut self, section: FunctionSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (_, ty) = item?;
            self.function(ty, None);
        }
        Ok(())
    }

    fn function(&mut self, ty: u32, import: Option<Import>) {
        let index = self.module.functions.len() as u32;
        let type_number = self.module.type_numbers[ty as usize];
        let name = match (self.prescan.function_names.get(&index), &import) {
            (Some(name), _) => name.clone(),
            (None, Some(import)) => format!("{}.{}", import.module, import.name),
            (None, None) => String::new(),
        };
        self.module.functions.push(Function {
            type_number,
            name,
            import,
            indirect: false,
            numbered: false,
            record: None,
        });
    }

    /// Tables of references.
    pub(super) fn tables(&mut self, section: TableSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, table) = item?;
            let element = wasmparser::ValType::Ref(table.ty.element_type);
            let Some(element) = value_type(element) else {
                let what = format!("table of {element} is");
                return Err(Error::unsupported(what, Place::at(offset)));
            };
            let init = match &table.init {
                TableInit::RefNull => Constant::Reference(None),
                TableInit::Expr(expression) => evaluate(&self.module, expression)?,
            };
            self.refer([&init]);
            let index = self.module.tables.len() as u32;
            let elements = saturated(table.ty.initial);
            let declared = table.ty.maximum.map(saturated);
            let shared = self.linkable && self.prescan.exported_tables.contains(&index);
            let grown = shared || self.prescan.grown_tables.contains(&index);
            let room = elements.saturating_add(self.table_room);
            let capacity = match grown {
                false => elements,
                true => room.min(declared.unwrap_or(u32::MAX)),
            };
            self.module.tables.push(Table {
                element,
                elements,
                capacity,
                offset: 0,
                imported: false,
                record: shared.then_some(0),
                size_offset: (shared || capacity != elements).then_some(0),
                init,
                declared,
                contents: None,
            });
        }
        Ok(())
    }

    /// The memory.
    pub(super) fn memories(&mut self, section: MemorySectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, memory) = item?;
            self.memory(memory, offset, false)?;
        }
        Ok(())
    }

    fn memory(&mut self, memory: MemoryType, offset: u64, imported: bool) -> Result<()> {
        if self.module.memory.is_some() {
            return Err(Error::unsupported("a second memory is", Place::at(offset)));
        }
        let page_size_log2 = memory.page_size_log2.unwrap_or(16);
        let limit = support::max_memory_bytes(page_size_log2);
        let bytes = |pages: u64| pages.saturating_mul(1 << page_size_log2);
        let min = bytes(memory.initial);
        if min > limit {
            return Err(Error::Limit {
                what: "bytes of memory:",
                actual: min,
                limit,
                place: Place::at(offset),
            });
        }
        let shared = imported || self.linkable && self.prescan.exports_memory;
        let max = match memory.maximum {
            _ if !self.prescan.grows_memory && !shared => min,
            Some(pages) => bytes(pages).min(limit),
            None => limit,
        };
        self.module.memory = Some(Memory {
            min_bytes: min as u32,
            max_bytes: max as u32,
            page_size_log2: page_size_log2 as u8,
            declared_bytes: memory.maximum.map(|pages| saturated(bytes(pages))),
            import: None,
            guard_zone: match min == max && !imported && min > 0 {
                true => self.guard_zone,
                false => 0,
            },
        });
        Ok(())
    }

    /// Globals with their initial values.
    pub(super) fn globals(&mut self, section: GlobalSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, global) = item?;
            let GlobalType {
                content_type,
                mutable,
                ..
            } = global.ty;
            let place = Place::at(offset);
            let Some(ty) = value_type(content_type) else {
                let what = format!("global of type {content_type} is");
                return Err(Error::unsupported(what, place));
            };
            let init = evaluate(&self.module, &global.init_expr)?;
            self.refer([&init]);
            self.module.globals.push(Global {
                ty,
                mutable,
                init,
                offset: None,
                imported: false,
            });
        }
        Ok(())
    }

    /// Exports, which also name functions that nothing else names.
    pub(super) fn exports(&mut self, section: ExportSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, export) = item?;
            let item = match export.kind {
                ExternalKind::Func => ExportItem::Function(export.index),
                ExternalKind::Table => ExportItem::Table(export.index),
                ExternalKind::Memory => ExportItem::Memory,
                ExternalKind::Global => ExportItem::Global(export.index),
                ExternalKind::Tag | ExternalKind::FuncExact => {
                    let what = format!("export `{}` of this kind is", export.name);
                    return Err(Error::unsupported(what, Place::at(offset)));
                }
            };
            if let ExportItem::Function(index) = item {
                let open = self.module.open;
                let function = &mut self.module.functions[index as usize];
                // Whoever imports it gets a reference.
                function.indirect |= open;
                if function.name.is_empty() {
                    function.name = export.name.to_owned();
                }
            }
            self.module.exports.push(Export {
                name: export.name.to_owned(),
                item,
            });
        }
        Ok(())
    }

    /// Element segments; each function in one becomes a target of indirect calls.
    pub(super) fn elements(&mut self, section: ElementSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, segment) = item?;
            let mode = match segment.kind {
                ElementKind::Active {
                    table_index,
                    offset_expr,
                } => ElementMode::Active {
                    table: table_index.unwrap_or(0),
                    start: evaluate(&self.module, &offset_expr)?,
                },
                ElementKind::Declared => ElementMode::Declared,
                ElementKind::Passive => ElementMode::Passive,
            };
            let items = match segment.items {
                ElementItems::Functions(indices) => indices
                    .into_iter()
                    .map(|index| Ok(Constant::Reference(Some(index?))))
                    .collect::<Result<Vec<_>>>()?,
                ElementItems::Expressions(ty, expressions) => {
                    let ty = wasmparser::ValType::Ref(ty);
                    support::known(ty, &Place::at(offset))?;
                    expressions
                        .into_iter()
                        .map(|expression| evaluate(&self.module, &expression?))
                        .collect::<Result<Vec<_>>>()?
                }
            };
            self.refer(&items);
            let index = self.module.elements.len() as u32;
            let dropped = self.prescan.dropped_elements.contains(&index);
            let readable = mode == ElementMode::Passive;
            let computed = items.iter().any(Constant::is_computed);
            self.module.elements.push(ElementSegment {
                mode,
                items,
                length_offset: (dropped && readable).then_some(0),
                copy_offset: (computed && readable).then_some(0),
            });
        }
        Ok(())
    }

    /// Makes the functions that `references` refer to targets of indirect calls.
    fn refer<'c>(&mut self, references: impl IntoIterator<Item = &'c Constant>) {
        for function in references.into_iter().filter_map(Constant::function) {
            self.module.functions[function as usize].indirect = true;
        }
    }

    /// Data segments.
    pub(super) fn data(&mut self, section: DataSectionReader<'_>) -> Result<()> {
        for segment in section {
            let segment = segment?;
            let address = match segment.kind {
                DataKind::Active { offset_expr, .. } => Some(evaluate(&self.module, &offset_expr)?),
                DataKind::Passive => None,
            };
            self.module.data.push(DataSegment {
                address,
                bytes: segment.data.to_vec(),
            });
        }
        Ok(())
    }

    /// All declarations are read, code may follow: names what is nameless, lays out the context.
    pub(super) fn finish_declarations(&mut self, offset: u64) -> Result<()> {
        if self.placed {
            return Ok(());
        }
        self.placed = true;
        for (index, function) in self.module.functions.iter_mut().enumerate() {
            if function.name.is_empty() {
                function.name = nameless(index as u32);
            }
        }
        let lengths = (0..).zip(&self.prescan.data_lengths);
        let shapes = lengths.map(|(index, &length)| DataShape {
            length,
            length_offset: (length > 0 && self.prescan.dropped_data.contains(&index)).then_some(0),
        });
        self.module.data_shapes = shapes.collect();
        constant_tables::find(&mut self.module, self.prescan);
        layout::place(&mut self.module, Place::at(offset))
    }
}
