//! A compiled module, and the forms in which it can be had.

use wasm2mcu_abi::image::Architecture;

use crate::backend;
use crate::error::Result;
use crate::image::{self, Parts};
use crate::isa::thumb2::Thumb2;
use crate::link::{Piece, Text};
use crate::mach::buffer::Symbol;
use crate::opt::guards::Statistics;
use crate::stack::Depths;
use crate::target::Target;
use crate::wasm::Translated;
use crate::wasm::module::{ExportItem, Module};

/// A compiled module.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The core that it was compiled for.
    pub target: Target,
    /// SHA-256 of the module in the binary format.
    pub source_sha256: [u8; 32],
    /// What the module declares, and its functions in optimised CLIF.
    pub translated: Translated,
    /// What became of the guards.
    pub guards: Statistics,
    /// The functions in machine IR, before registers were assigned.
    pub machine_ir: String,
    /// Stack depths.
    pub depths: Depths,
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

    /// The parts of the image.
    pub fn parts(&self) -> Parts {
        let module = self.module();
        let mut parts = Parts::new(Architecture::Thumb);
        parts.features = self.target.required_features();
        parts.text = self.text.bytes.clone();
        parts.functions = self.function_offsets();
        parts.functions_end = self.functions_end();
        parts.types = self.function_types();
        parts.imports = module
            .imports()
            .map(|(function, import)| image::Import {
                module: import.module.clone(),
                name: import.name.clone(),
                function_type: function.type_number as usize,
            })
            .collect();
        parts.exports = module
            .exports
            .iter()
            .map(|export| image::Export {
                name: export.name.clone(),
                item: self.export_item(export.item),
            })
            .collect();
        parts.globals_offset = module.globals_offset;
        parts.globals = module.initial_globals();
        parts.tables = self.tables();
        parts.elements = module
            .elements
            .iter()
            .map(|segment| image::Element {
                table: segment.table,
                start: segment.start,
                codes: segment
                    .functions
                    .iter()
                    .map(|function| function.map_or(0, |index| self.code(index)))
                    .collect(),
            })
            .collect();
        parts.data = module
            .data
            .iter()
            .map(|segment| image::Data {
                offset: segment.address,
                bytes: segment.bytes.clone(),
            })
            .collect();
        parts.start = module.start.map(|index| image::Start {
            code: self.code(index),
            function_type: module.functions[index as usize].type_number as usize,
            stack_bytes: self.entry_depth(index),
        });
        parts.memory = module.memory.map(|memory| image::Memory {
            min_bytes: memory.min_bytes,
            max_bytes: memory.max_bytes,
            page_size_log2: memory.page_size_log2,
            fixed: memory.is_fixed(),
        });
        parts.context_bytes = module.context_bytes;
        parts.stack_bytes = self.stack_bytes();
        parts.source_sha256 = Some(self.source_sha256);
        parts
    }

    /// The most stack that one of the exports, or the start function, takes.
    fn stack_bytes(&self) -> u32 {
        let module = self.module();
        let exported = module
            .exports
            .iter()
            .filter_map(|export| match export.item {
                ExportItem::Function(index) => Some(index),
                _ => None,
            });
        exported
            .chain(module.start)
            .map(|index| self.entry_depth(index))
            .max()
            .unwrap_or(0)
    }

    fn entry_depth(&self, function: u32) -> u32 {
        backend::entry_depth::<Thumb2>(self.module(), &self.depths, function)
    }

    fn function_offsets(&self) -> Vec<u32> {
        let module = self.module();
        let imported = module.imports().count() as u32;
        (imported..module.functions.len() as u32)
            .map(|index| self.offset(Symbol::Function(index)))
            .collect()
    }

    /// Where the last function ends: builtins follow, which are none of the module's.
    fn functions_end(&self) -> u32 {
        let builtin = self
            .text
            .extents
            .iter()
            .find(|extent| matches!(extent.piece, Piece::Symbol(Symbol::Builtin(_))));
        builtin.map_or(self.text.bytes.len() as u32, |extent| extent.offset)
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

    fn tables(&self) -> Vec<wasm2mcu_abi::image::Table> {
        let tables = self.module().tables.iter();
        tables
            .map(|table| wasm2mcu_abi::image::Table {
                offset: table.offset,
                elements: table.elements,
                capacity: table.elements,
            })
            .collect()
    }

    fn export_item(&self, item: ExportItem) -> image::ExportItem {
        let module = self.module();
        match item {
            ExportItem::Function(index) => image::ExportItem::Function {
                code: self.code(index),
                function_type: module.functions[index as usize].type_number as usize,
                stack_bytes: self.entry_depth(index),
            },
            ExportItem::Table(index) => image::ExportItem::Table(index),
            ExportItem::Memory => image::ExportItem::Memory,
            ExportItem::Global(index) => {
                let global = &module.globals[index as usize];
                image::ExportItem::Global {
                    offset: global.offset.expect("an exported global is in the context"),
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

    fn code_value(&self, piece: Piece) -> u32 {
        self.text.offset(piece) | Architecture::Thumb.code_bit()
    }

    fn offset(&self, symbol: Symbol) -> u32 {
        self.text.offset(Piece::Symbol(symbol))
    }
}
