//! A compiled module, and the forms in which it can be had.

use std::collections::BTreeMap;

use cranelift_codegen::ir::types;
use wasm2mcu_abi::types::ValueType;

use crate::error::Result;
use crate::image::{self, Parts};
use crate::link::{Extent, Piece, Text};
use crate::mach::buffer::{SourceLocation, Symbol};
use crate::manifest::Manifest;
use crate::map::{self, Map};
use crate::opt::guards::Statistics;
use crate::stack::Depths;
use crate::target::{FloatUse, Target};
use crate::wasm::contract::Builtin;
use crate::wasm::module::{ElementMode, ExportItem, Module};
use crate::wasm::{BodyId, Translated};
use crate::{TrapInfo, backend, disasm, object};

/// A compiled module.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The core that it was compiled for.
    pub target: Target,
    /// SHA-256 of the module in the binary format.
    pub source_sha256: [u8; 32],
    /// What the module declares, and its functions in optimised CLIF.
    pub translated: Translated,
    /// What the module asks for of the hardware.
    pub manifest: Manifest,
    /// How exactly traps are placed.
    pub trap_info: TrapInfo,
    /// What became of the guards.
    pub guards: Statistics,
    /// The functions in machine IR, before registers were assigned; empty unless
    /// [`Options::listing`](crate::Options::listing) asks for it.
    pub machine_ir: String,
    /// Stack depths.
    pub depths: Depths,
    /// Bytes of stack that the entry thunk of a type number takes.
    pub entry_stack: BTreeMap<u32, u32>,
    /// The code.
    pub text: Text,
}

impl Compiled {
    /// What the module declares.
    pub fn module(&self) -> &Module {
        &self.translated.module
    }

    /// The image, hashed.
    ///
    /// # Errors
    ///
    /// [`Error::Image`](crate::Error::Image) when the format cannot hold something.
    pub fn image(&self) -> Result<Vec<u8>> {
        Ok(image::write(&self.parts())?)
    }

    /// The functions in optimised CLIF.
    pub fn clif(&self) -> String {
        let bodies = self.translated.functions.iter();
        bodies
            .map(|body| {
                let name = body.id.name(self.module());
                format!("; {name}\n{}\n", body.clif.display())
            })
            .collect()
    }

    /// What the text of `image`, which [`Compiled::image`] returned, means.
    pub fn map(&self, image: &[u8]) -> Map {
        let mut map = Map {
            image_sha256: map::image_sha256(image).unwrap_or_default(),
            target: self.target.name().to_owned(),
            module: self.module().name.clone(),
            text_bytes: self.text.bytes.len() as u32,
            trap_info: self.trap_info,
            trap_sites: self.text.trap_sites.clone(),
            data: self.text.data.clone(),
            ..Map::default()
        };
        let mut locations = self.text.source_locations.iter().copied().peekable();
        for &Extent {
            piece,
            offset,
            bytes,
        } in &self.text.extents
        {
            match piece {
                Piece::Symbol(Symbol::Function(index)) if !self.module().is_import(index) => {
                    map.functions.push(map::Function {
                        index,
                        name: self.module().functions[index as usize].name.clone(),
                        offset,
                        bytes,
                        stack: self.stack(Symbol::Function(index)),
                    });
                }
                _ => map.routines.push(map::Routine {
                    name: self.routine_name(piece),
                    offset,
                    bytes,
                }),
            }
            // A prologue comes from no operator, nor does a thunk.
            let begin = SourceLocation { offset, source: 0 };
            let within = |location: &SourceLocation| location.offset < offset + bytes;
            let first = locations.peek().filter(|location| within(location));
            if first.is_none_or(|first| first.offset > offset) {
                map.locations.push(begin);
            }
            while let Some(location) = locations.next_if(within) {
                map.locations.push(location);
            }
        }
        map.locations.dedup_by_key(|location| location.source);
        map
    }

    fn stack(&self, symbol: Symbol) -> Option<map::Stack> {
        let need = self.depths.need(symbol)?;
        Some(map::Stack {
            frame: need.frame_bytes,
            need: u32::try_from(need.bytes).unwrap_or(u32::MAX),
            checked: need.checks_itself,
        })
    }

    fn routine_name(&self, piece: Piece) -> String {
        let module = self.module();
        match piece {
            Piece::Entry(number) => format!("entry{}", module.types[number as usize]),
            Piece::Symbol(Symbol::Function(index)) => {
                let function = &module.functions[index as usize];
                match &function.import {
                    Some(import) => format!("import({}.{})", import.module, import.name),
                    None => function.name.clone(),
                }
            }
            Piece::Symbol(Symbol::Builtin(number)) => {
                let mut builtins = self.translated.functions.iter().map(|body| body.id);
                let builtin = builtins
                    .find(|id| matches!(id, BodyId::Builtin(builtin) if *builtin as u32 == number));
                builtin.map_or_else(|| format!("builtin {number}"), |id| id.name(module))
            }
            Piece::Symbol(Symbol::Data(index)) => format!("data[{index}]"),
            Piece::Symbol(Symbol::Elements(index)) => format!("elem[{index}]"),
            Piece::Symbol(Symbol::Type(number)) => format!("type{}", module.types[number as usize]),
            Piece::Symbol(Symbol::Table(index)) => format!("table[{index}]"),
            Piece::Symbol(Symbol::Bridge(number)) => {
                format!("bridge{}", module.types[number as usize])
            }
            Piece::Symbol(Symbol::Thunk(index)) => {
                format!("import({})", module.functions[index as usize].name)
            }
            Piece::Symbol(Symbol::Trap(code)) => format!("trap({code:?})"),
            Piece::Symbol(Symbol::TrapExit) => "trap_exit".to_owned(),
            Piece::Symbol(Symbol::HostTrap) => "host_trap".to_owned(),
        }
    }

    /// An object for a firmware's linker, with the image in it: see [`object`](crate::object).
    /// `name` tells apart the images of one firmware.
    ///
    /// # Errors
    ///
    /// As [`Compiled::image`].
    pub fn object(&self, name: &str) -> Result<Vec<u8>> {
        let image = self.image()?;
        let map = self.map(&image);
        let features = self.target.required_features(self.float_use());
        let attributes = object::Attributes {
            target: self.target,
            features,
        };
        Ok(object::write(name, &image, &map, attributes))
    }

    /// The code as assembly text.
    pub fn disassembly(&self, style: disasm::Style) -> String {
        let architecture = self.target.architecture();
        disasm::listing(&self.text.bytes, architecture, &self.map(&[]), style)
    }

    /// The parts of the image.
    pub fn parts(&self) -> Parts {
        let module = self.module();
        let mut parts = Parts::new(self.target.architecture());
        parts.features = self.target.required_features(self.float_use());
        parts.text = self.text.bytes.clone();
        parts.functions = self.function_offsets();
        parts.functions_end = self.functions_end();
        parts.types = self.function_types();
        parts.imports = self.imports();
        parts.exports = module
            .exports
            .iter()
            .map(|export| image::Export {
                name: export.name.clone(),
                item: self.export_item(export.item),
            })
            .collect();
        parts.globals_offset = module.globals_offset;
        parts.globals = module.initial_globals(|function| self.reference(function));
        parts.funcref_globals = module.funcref_globals();
        parts.tables = self.tables();
        parts.records_offset = module.records_offset;
        parts.interrupt_offset = module.interrupt_offset.unwrap_or(0);
        parts.records = module
            .recorded_functions()
            .map(|index| image::FunctionRecord {
                code: self.code(index),
                function_type: module.functions[index as usize].type_number as usize,
                stack_bytes: self.entry_depth(index),
            })
            .collect();
        parts.elements = self.active_elements();
        parts.data = self.active_data();
        parts.start = self.start();
        parts.guard_zone = module.memory.map_or(0, |memory| memory.guard_zone);
        parts.memory = module.memory.map(|memory| image::Memory {
            min_bytes: memory.min_bytes,
            max_bytes: memory.max_bytes,
            page_size_log2: memory.page_size_log2,
            fixed: memory.is_fixed(),
            imported: memory.import.is_some(),
        });
        parts.context_bytes = module.context_bytes;
        parts.stack_bytes = self.stack_bytes();
        parts.source_sha256 = Some(self.source_sha256);
        parts.manifest = self.manifest.to_bytes();
        parts
    }

    fn float_use(&self) -> FloatUse {
        let module = self.module();
        let mut imported = module.imports().flat_map(|(function, _)| {
            let signature = &module.types[function.type_number as usize];
            signature.params.iter().chain(&signature.results)
        });
        let imports = imported.any(|ty| matches!(ty, ValueType::F32 | ValueType::F64));
        let mut functions = self.translated.functions.iter();
        let single = functions.any(|body| {
            let dfg = &body.clif.dfg;
            dfg.values()
                .any(|value| dfg.value_type(value) == types::F32)
        });
        // An import thunk may move floats through the registers of the FPU.
        FloatUse {
            single: single || imports,
            imports,
        }
    }

    /// The most stack that one of the exports, or the start function, takes.
    fn stack_bytes(&self) -> u32 {
        let entered = self.module().entered_functions();
        let start = self.start().map(|start| start.stack_bytes);
        entered
            .map(|index| self.entry_depth(index))
            .chain(start)
            .max()
            .unwrap_or(0)
    }

    fn entry_depth(&self, function: u32) -> u32 {
        let number = self.module().functions[function as usize].type_number;
        self.depth_of(Symbol::Function(function), number)
    }

    /// The stack that a call from outside takes of something of this type.
    fn depth_of(&self, symbol: Symbol, type_number: u32) -> u32 {
        self.entry_stack[&type_number] + self.depths.for_callers(symbol) as u32
    }

    /// Where the defined functions begin; those without code where the next one does.
    fn function_offsets(&self) -> Vec<u32> {
        let module = self.module();
        let imported = module.imports().count() as u32;
        let mut next = self.functions_end();
        let defined = imported..module.functions.len() as u32;
        let mut offsets: Vec<u32> = defined
            .rev()
            .map(|index| {
                let piece = Piece::Symbol(Symbol::Function(index));
                next = self.text.find(piece).unwrap_or(next);
                next
            })
            .collect();
        offsets.reverse();
        offsets
    }

    /// Where the last function ends: what follows is none of the module's.
    fn functions_end(&self) -> u32 {
        let module = self.module();
        let mut extents = self.text.extents.iter().rev();
        let last = extents.find(|extent| match extent.piece {
            Piece::Symbol(Symbol::Function(index)) => !module.is_import(index),
            _ => false,
        });
        last.map_or(0, |extent| extent.offset + extent.bytes)
    }

    fn function_types(&self) -> Vec<image::FunctionType> {
        let entered = backend::entered_types(self.module());
        let types = self.module().types.iter().zip(0..);
        types
            .map(|(signature, number)| image::FunctionType {
                params: signature.params.clone(),
                results: signature.results.clone(),
                entry: if entered.contains(&number) {
                    self.code_value(Piece::Entry(number))
                } else {
                    0
                },
            })
            .collect()
    }

    fn imports(&self) -> Vec<image::Import> {
        let module = self.module();
        let functions = module.imports().map(|(function, import)| {
            let item = image::ImportItem::Function(function.type_number as usize);
            (import, item)
        });
        let others = module.other_imports.iter().map(|other| {
            let item = match other.item {
                ExportItem::Table(index) => {
                    image::ImportItem::Table(module.tables[index as usize].element)
                }
                ExportItem::Global(index) => {
                    let global = &module.globals[index as usize];
                    image::ImportItem::Global {
                        value_type: global.ty,
                        mutable: global.mutable,
                    }
                }
                ExportItem::Memory | ExportItem::Function(_) => image::ImportItem::Memory,
            };
            (&other.import, item)
        });
        functions
            .chain(others)
            .map(|(import, item)| image::Import {
                module: import.module.clone(),
                name: import.name.clone(),
                item,
            })
            .collect()
    }

    fn tables(&self) -> Vec<wasm2mcu_abi::image::Table> {
        use wasm2mcu_abi::image::Table;
        let tables = self.module().tables.iter();
        tables
            .filter(|table| table.is_in_instance())
            .map(|table| match table.imported {
                true => Table {
                    offset: 0,
                    elements: table.elements,
                    capacity: table.capacity,
                    record: table.offset | Table::IMPORTED,
                },
                false => Table {
                    offset: table.offset,
                    elements: table.elements,
                    capacity: table.capacity,
                    record: table.record.unwrap_or(0),
                },
            })
            .collect()
    }

    /// The active element segments that are left to the loader.
    fn active_elements(&self) -> Vec<image::Element> {
        if self.module().initializer.is_some() {
            return Vec::new();
        }
        let module = self.module();
        let segments = module.elements.iter();
        segments
            .filter(|segment| !module.is_in_text(segment))
            .filter_map(|segment| match &segment.mode {
                ElementMode::Active { table, start } => {
                    let items = segment.items.iter();
                    let reference = |function| self.reference(function);
                    let codes = items.map(|item| item.function().map_or(0, reference));
                    Some(image::Element {
                        table: module.table_number(*table),
                        start: start.word()?,
                        codes: codes.collect(),
                    })
                }
                ElementMode::Passive | ElementMode::Declared => None,
            })
            .collect()
    }

    /// The active data segments that are left to the loader.
    fn active_data(&self) -> Vec<image::Data> {
        if self.module().initializer.is_some() {
            return Vec::new();
        }
        let segments = self.module().data.iter();
        segments
            .filter_map(|segment| {
                Some(image::Data {
                    offset: segment.address.as_ref()?.word()?,
                    bytes: segment.bytes.clone(),
                })
            })
            .collect()
    }

    /// What the loader calls in the end: the initializer, or the start function itself.
    fn start(&self) -> Option<image::Start> {
        let module = self.module();
        let (symbol, number) = match module.initializer {
            Some(number) => (Symbol::Builtin(Builtin::Initialize as u32), number),
            None => {
                let index = module.start?;
                let number = module.functions[index as usize].type_number;
                (Symbol::Function(index), number)
            }
        };
        Some(image::Start {
            code: self.code_value(Piece::Symbol(symbol)),
            function_type: number as usize,
            stack_bytes: self.depth_of(symbol, number),
        })
    }

    fn export_item(&self, item: ExportItem) -> image::ExportItem {
        let module = self.module();
        match item {
            ExportItem::Function(index) => image::ExportItem::Function {
                code: self.code(index),
                function_type: module.functions[index as usize].type_number as usize,
                stack_bytes: self.entry_depth(index),
            },
            ExportItem::Table(index) => {
                let table = &module.tables[index as usize];
                image::ExportItem::Table {
                    number: module.table_number(index),
                    element: table.element,
                    max: table.declared,
                }
            }
            ExportItem::Memory => {
                let memory = module.memory;
                image::ExportItem::Memory(memory.and_then(|memory| memory.declared_bytes))
            }
            ExportItem::Global(index) => {
                let global = &module.globals[index as usize];
                image::ExportItem::Global {
                    offset: global.offset.expect("an exported global is in the context"),
                    indirect: global.imported && global.mutable,
                    value_type: global.ty,
                    mutable: global.mutable,
                }
            }
        }
    }

    /// The code value of a function.
    fn code(&self, function: u32) -> u32 {
        self.code_value(Piece::Symbol(Symbol::Function(function)))
    }

    /// A reference to a function as the image has it.
    fn reference(&self, function: u32) -> u32 {
        let record = self.module().functions[function as usize].record;
        record.unwrap_or_else(|| self.code(function))
    }

    fn code_value(&self, piece: Piece) -> u32 {
        self.text.offset(piece) | self.target.architecture().code_bit()
    }
}
