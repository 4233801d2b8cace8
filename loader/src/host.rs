//! Functions of the host that a module may import.

use wasm2mcu_abi::types::ValueType;

use crate::error::ImportFault;
use crate::records::{Import, ImportItem};

/// A function that the host offers to modules.
///
/// On a device, `HostFunction::new` makes one from an `extern "C"` function and
/// takes address and signature from its type. Elsewhere the fields are filled in.
#[derive(Clone, Copy, Debug)]
pub struct HostFunction<'a> {
    /// Module name under which it is imported.
    pub module: &'a str,
    /// Name under which it is imported.
    pub name: &'a str,
    /// Types of the parameters, the leading context excluded.
    pub params: &'a [ValueType],
    /// Types of the results.
    pub results: &'a [ValueType],
    /// Address on the core, on Thumb with bit 0 set, of an
    /// `extern "C" fn(*mut Context, params…) -> result`.
    pub address: u32,
}

/// Where an instance looks for the host functions that it imports.
///
/// A slice of [`HostFunction`] is one. Another is made where the host has its functions in a table of its
/// own, as the C API has.
pub trait HostFunctions {
    /// The [address](HostFunction::address) of the function that has the names and the signature of an
    /// import.
    ///
    /// # Errors
    ///
    /// [`ImportFault::Missing`] if nothing has the names, [`ImportFault::Kind`] and
    /// [`ImportFault::Signature`] if what has them is not what the import is.
    fn find(&self, import: &Import<'_>) -> Result<u32, ImportFault>;

    /// The word that the functions find in the context's `host_data`, from the start function on, until it
    /// is [set](crate::Instance::set_host_data) to another one.
    fn host_data(&self) -> u32 {
        0
    }
}

impl HostFunctions for [HostFunction<'_>] {
    fn find(&self, import: &Import<'_>) -> Result<u32, ImportFault> {
        let function = self
            .iter()
            .find(|function| import.module == *function.module && import.name == *function.name)
            .ok_or(ImportFault::Missing)?;
        let ImportItem::Function(ty) = import.item else {
            return Err(ImportFault::Kind);
        };
        if ty.is(function.params, function.results) {
            Ok(function.address)
        } else {
            Err(ImportFault::Signature)
        }
    }
}
