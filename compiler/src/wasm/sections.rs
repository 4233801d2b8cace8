//! Reads every section but the code into the [`Module`].

use std::collections::HashMap;

use wasm2mcu_abi::types::ValueType;
use wasmparser::{
    DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
    ExportSectionReader, ExternalKind, FunctionSectionReader, GlobalSectionReader, GlobalType,
    ImportSectionReader, MemorySectionReader, TableInit, TableSectionReader, TypeRef,
    TypeSectionReader,
};

use super::constant::{Constant, evaluate};
use super::layout;
use super::module::{
    DataSegment, ElementSegment, Export, ExportItem, Function, Global, Import, Memory, Module,
    Signature, Table,
};
use super::prescan::Prescan;
use super::support::{MAX_MEMORY_BYTES, value_type};
use crate::error::{Error, Place, Result};

/// What a function without any name is called.
fn nameless(index: u32) -> String {
    format!("function[{index}]")
}

/// Builds the module section by section, each already validated.
pub(super) struct Sections<'a> {
    /// What was read so far.
    pub(super) module: Module,
    prescan: &'a Prescan,
    numbers: HashMap<Signature, u32>,
    placed: bool,
}

impl<'a> Sections<'a> {
    /// An empty module whose names are in `prescan`.
    pub(super) fn new(prescan: &'a Prescan) -> Sections<'a> {
        Sections {
            module: Module {
                name: prescan.module_name.clone(),
                ..Module::default()
            },
            prescan,
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
            let types = &mut self.module.types;
            let number = *self
                .numbers
                .entry(signature)
                .or_insert_with_key(|signature| {
                    types.push(signature.clone());
                    types.len() as u32 - 1
                });
            self.module.type_numbers.push(number);
        }
        Ok(())
    }

    /// Imported functions; nothing else can be imported.
    pub(super) fn imports(&mut self, section: ImportSectionReader<'_>) -> Result<()> {
        for item in section.into_imports_with_offsets() {
            let (offset, import) = item?;
            let kind = match import.ty {
                TypeRef::Func(ty) => {
                    let origin = Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                    };
                    self.function(ty, Some(origin));
                    continue;
                }
                TypeRef::FuncExact(_) => "exact function",
                TypeRef::Table(_) => "table",
                TypeRef::Memory(_) => "memory",
                TypeRef::Global(_) => "global",
                TypeRef::Tag(_) => "tag",
            };
            return Err(Error::Unsupported {
                what: format!("import of {kind} `{}.{}` is", import.module, import.name),
                place: Place::at(offset),
                remedy: "define it in the module and export it",
            });
        }
        Ok(())
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
        });
    }

    /// Tables of function references, all elements null.
    pub(super) fn tables(&mut self, section: TableSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, table) = item?;
            let element = wasmparser::ValType::Ref(table.ty.element_type);
            if value_type(element) != Some(ValueType::FuncRef) {
                let what = format!("table of {element} is");
                return Err(Error::unsupported(what, Place::at(offset)));
            }
            if let TableInit::Expr(_) = table.init {
                let what = "table with an initial value is";
                return Err(Error::unsupported(what, Place::at(offset)));
            }
            self.module.tables.push(Table {
                elements: u32::try_from(table.ty.initial).unwrap_or(u32::MAX),
                offset: 0,
            });
        }
        Ok(())
    }

    /// The memory.
    pub(super) fn memories(&mut self, section: MemorySectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, memory) = item?;
            if self.module.memory.is_some() {
                return Err(Error::unsupported("a second memory is", Place::at(offset)));
            }
            let page_size_log2 = memory.page_size_log2.unwrap_or(16);
            let bytes = |pages: u64| pages.saturating_mul(1 << page_size_log2);
            let min = bytes(memory.initial);
            if min > MAX_MEMORY_BYTES {
                return Err(Error::Limit {
                    what: "bytes of memory:",
                    actual: min,
                    limit: MAX_MEMORY_BYTES,
                    place: Place::at(offset),
                });
            }
            let max = match memory.maximum {
                _ if !self.prescan.grows_memory => min,
                Some(pages) => bytes(pages).min(MAX_MEMORY_BYTES),
                None => MAX_MEMORY_BYTES,
            };
            self.module.memory = Some(Memory {
                min_bytes: min as u32,
                max_bytes: max as u32,
                page_size_log2: page_size_log2 as u8,
            });
        }
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
            let init = match evaluate(&self.module, &global.init_expr)? {
                Constant::Number(bits) => bits,
                Constant::Function(_) => {
                    return Err(Error::unsupported("reference in a global is", place));
                }
            };
            self.module.globals.push(Global {
                ty,
                mutable,
                init,
                offset: None,
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
                let function = &mut self.module.functions[index as usize];
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

    /// Active element segments; each function in one becomes a target of indirect calls.
    pub(super) fn elements(&mut self, section: ElementSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, segment) = item?;
            let (table, start) = match segment.kind {
                ElementKind::Active {
                    table_index,
                    offset_expr,
                } => {
                    let start = evaluate(&self.module, &offset_expr)?.word();
                    (table_index.unwrap_or(0), start)
                }
                // It allows operators that are refused where they stand.
                ElementKind::Declared => continue,
                ElementKind::Passive => {
                    let what = "passive element segment is";
                    return Err(Error::unsupported(what, Place::at(offset)));
                }
            };
            let functions = match segment.items {
                ElementItems::Functions(indices) => indices
                    .into_iter()
                    .map(|index| Ok(Some(index?)))
                    .collect::<Result<Vec<_>>>()?,
                ElementItems::Expressions(_, expressions) => expressions
                    .into_iter()
                    .map(|expression| match evaluate(&self.module, &expression?)? {
                        Constant::Function(function) => Ok(function),
                        Constant::Number(_) => {
                            let what = "element that is no function is";
                            Err(Error::unsupported(what, Place::at(offset)))
                        }
                    })
                    .collect::<Result<Vec<_>>>()?,
            };
            for &function in functions.iter().flatten() {
                self.module.functions[function as usize].indirect = true;
            }
            self.module.elements.push(ElementSegment {
                table,
                start,
                functions,
            });
        }
        Ok(())
    }

    /// Active data segments.
    pub(super) fn data(&mut self, section: DataSectionReader<'_>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, segment) = item?;
            match segment.kind {
                DataKind::Active { offset_expr, .. } => {
                    let address = evaluate(&self.module, &offset_expr)?.word();
                    self.module.data.push(DataSegment {
                        address,
                        bytes: segment.data.to_vec(),
                    });
                }
                DataKind::Passive => {
                    let what = "passive data segment is";
                    return Err(Error::unsupported(what, Place::at(offset)));
                }
            }
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
        layout::place(&mut self.module, Place::at(offset))
    }
}
