//! Typed calls for the firmware: what a module exports and imports, in C and in Rust.
//!
//! ```text
//!   exports, imports, their types ──▶ Interface ──c────▶ app.h:  app_add(&app, 1, 2, &sum)   over wasm2mcu.h
//!                                               └─rust─▶ app.rs: module.add(1, 2)?           over wasm2mcu_loader
//! ```
//!
//! Calls go through the loader: the text is for the image wherever it stands, in an object that the firmware is
//! linked with, in a slot, in an array. Each export is found once, when the instance is made, and there its type is
//! compared; so a text that belongs to another version of the module is an error and no wrong call. What the module
//! imports becomes functions that the firmware has to define.

mod c;
mod names;
mod rust;

use thiserror::Error;
use wasm2mcu_abi::types::ValueType;

use crate::compiled::Compiled;
use crate::image::{ExportItem, ImportItem, Parts};
use crate::object::symbol_part;
use names::identifier;

/// What of a module the firmware meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What the module is called: its file's name, as an identifier.
    pub name: String,
    /// What the symbols of its object end with (see [`object`](crate::object)).
    pub symbol: String,
    /// The triple that it was compiled for.
    pub target: String,
    /// Bytes of RAM for context and memory at the start.
    pub ram_bytes: u32,
    /// Worst depth of the stack, recursion and functions of the host excluded.
    pub stack_bytes: u32,
    /// Functions of the host.
    pub imports: Vec<Import>,
    /// Functions that the host may call.
    pub exports: Vec<Export>,
    /// Exported globals that are numbers.
    pub globals: Vec<Global>,
}

/// Types of parameters and results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Of the parameters.
    pub params: Vec<ValueType>,
    /// Of the results.
    pub results: Vec<ValueType>,
}

/// A function that the module asks of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Name of the module that it is imported from.
    pub module: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub signature: Signature,
}

/// A function that the host may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Its type.
    pub signature: Signature,
}

/// A global whose value the host may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its name.
    pub name: String,
    /// Its type.
    pub value_type: ValueType,
}

/// Why there are no typed calls of a module.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BindingsError {
    /// It imports something else than a function.
    #[error(
        "the import {module}.{name} is a {kind}: typed calls are for modules that import functions alone"
    )]
    ImportKind {
        /// Name of the module that it is imported from.
        module: String,
        /// Its name.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A function of the host cannot have its type in this language.
    #[error("the import {module}.{name} {why}, which host functions in {language} cannot")]
    ImportType {
        /// Name of the module that it is imported from.
        module: String,
        /// Its name.
        name: String,
        /// What about its type.
        why: String,
        /// The language.
        language: &'static str,
    },
}

impl Interface {
    /// What a compiled module exports and imports.
    ///
    /// # Errors
    ///
    /// [`BindingsError::ImportKind`].
    pub fn of(compiled: &Compiled, name: &str) -> Result<Interface, BindingsError> {
        let parts = compiled.parts();
        let signature = |number: usize| Signature {
            params: parts.types[number].params.clone(),
            results: parts.types[number].results.clone(),
        };
        let imports = parts.imports.iter().map(|import| {
            let kind = match import.item {
                ImportItem::Function(number) => {
                    return Ok(Import {
                        module: import.module.clone(),
                        name: import.name.clone(),
                        signature: signature(number),
                    });
                }
                ImportItem::Memory => "memory",
                ImportItem::Table(_) => "table",
                ImportItem::Global { .. } => "global",
            };
            Err(BindingsError::ImportKind {
                module: import.module.clone(),
                name: import.name.clone(),
                kind,
            })
        });
        let imports = imports.collect::<Result<_, _>>()?;
        let mut interface = Interface {
            name: identifier(name),
            symbol: symbol_part(name),
            target: compiled.target.name().to_owned(),
            ram_bytes: ram_bytes(&parts),
            stack_bytes: parts.stack_bytes,
            imports,
            exports: Vec::new(),
            globals: Vec::new(),
        };
        for export in &parts.exports {
            let name = export.name.clone();
            match export.item {
                ExportItem::Function { function_type, .. } => interface.exports.push(Export {
                    name,
                    signature: signature(function_type),
                }),
                ExportItem::Global { value_type, .. } => {
                    interface.globals.push(Global { name, value_type });
                }
                ExportItem::Table { .. } | ExportItem::Memory(_) => {}
            }
        }
        let reference = |ty| matches!(ty, ValueType::FuncRef | ValueType::ExternRef);
        interface
            .globals
            .retain(|global| !reference(global.value_type));
        Ok(interface)
    }

    /// A header for C.
    ///
    /// # Errors
    ///
    /// [`BindingsError::ImportType`].
    pub fn c_header(&self) -> Result<String, BindingsError> {
        c::header(self)
    }

    /// A module for Rust.
    ///
    /// # Errors
    ///
    /// [`BindingsError::ImportType`].
    pub fn rust_module(&self) -> Result<String, BindingsError> {
        rust::module(self)
    }
}

fn ram_bytes(parts: &Parts) -> u32 {
    let memory = parts.memory.filter(|memory| !memory.imported);
    parts.context_bytes + memory.map_or(0, |memory| memory.min_bytes)
}

impl Import {
    fn cannot(&self, why: impl Into<String>, language: &'static str) -> BindingsError {
        BindingsError::ImportType {
            module: self.module.clone(),
            name: self.name.clone(),
            why: why.into(),
            language,
        }
    }
}

/// `(i32, i64) -> f32`, for comments.
impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |types: &[ValueType]| {
            let types: Vec<String> = types.iter().map(ValueType::to_string).collect();
            types.join(", ")
        };
        write!(f, "({})", list(&self.params))?;
        match &*self.results {
            [] => Ok(()),
            [result] => write!(f, " -> {result}"),
            results => write!(f, " -> ({})", list(results)),
        }
    }
}

#[cfg(test)]
mod tests;
