//! What instances share: exports of one that another imports.
//!
//! Whatever is shared is an address in the one address space that all of them see. An instance that
//! has been linked to others relies on them: they live at least as long as it does.

use wasm2mcu_abi::image::FunctionType;
use wasm2mcu_abi::types::ValueType;

use crate::error::ImportFault;
use crate::records::{ImportItem, Limits};

/// Something that an instance shares, or the host, under the names by which it is imported.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// Module name under which it is imported.
    pub module: &'a str,
    /// Name under which it is imported.
    pub name: &'a str,
    /// What it is.
    pub item: SharedItem<'a>,
}

/// What is shared, and where it is.
#[derive(Clone, Copy, Debug)]
pub enum SharedItem<'a> {
    /// A function.
    Function {
        /// Its type.
        function_type: FunctionType<'a>,
        /// Address of its [record](wasm2mcu_abi::context::FunctionRecord).
        record: u32,
    },
    /// A table.
    Table {
        /// Type of its elements.
        element: ValueType,
        /// Its size now, and the declared maximum.
        limits: Limits,
        /// Address of its [record](wasm2mcu_abi::context::TableRecord).
        record: u32,
    },
    /// A memory.
    Memory {
        /// Page size as a power of two.
        page_size_log2: u8,
        /// Its size now in bytes, and the declared maximum.
        limits: Limits,
        /// Address of the context that begins with its base, size and capacity.
        context: u32,
        /// Address of its first byte.
        base: u32,
    },
    /// A global.
    Global {
        /// Its type.
        value_type: ValueType,
        /// Whether it is mutable.
        mutable: bool,
        /// Address of its first word.
        address: u32,
        /// Its words now, low one first.
        value: [u32; 2],
    },
}

impl SharedItem<'_> {
    /// Whether this is what an import asks for.
    pub(crate) fn serves(&self, wanted: &ImportItem<'_>) -> Result<(), ImportFault> {
        let fits = match (*self, *wanted) {
            (SharedItem::Function { function_type, .. }, ImportItem::Function(ty)) => {
                function_type.param_bytes() == ty.param_bytes()
                    && function_type.result_bytes() == ty.result_bytes()
            }
            (
                SharedItem::Table {
                    element, limits, ..
                },
                ImportItem::Table {
                    element: ty,
                    limits: wanted,
                },
            ) => element == ty && limits.serve(wanted),
            (
                SharedItem::Memory {
                    page_size_log2,
                    limits,
                    ..
                },
                ImportItem::Memory {
                    page_size_log2: log2,
                    limits: wanted,
                },
            ) => page_size_log2 == log2 && limits.serve(wanted),
            (
                SharedItem::Global {
                    value_type,
                    mutable,
                    ..
                },
                ImportItem::Global {
                    value_type: ty,
                    mutable: wanted,
                },
            ) => value_type == ty && mutable == wanted,
            _ => return Err(ImportFault::Kind),
        };
        if fits {
            Ok(())
        } else {
            Err(ImportFault::Signature)
        }
    }
}
