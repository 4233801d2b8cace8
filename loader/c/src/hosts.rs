//! The host's functions, in the table that C has of them.

use core::ffi::{CStr, c_char};
use core::slice;

use wasm2mcu_loader::{HostFunctions, Import, ImportFault, ImportItem};

use crate::code::Code;
use crate::signature::Signature;

/// `w2m_host_function`: a row of the table.
#[repr(C)]
pub(crate) struct HostFunction {
    pub(crate) module: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) signature: *const c_char,
    pub(crate) function: Option<unsafe extern "C" fn()>,
}

impl HostFunction {
    /// Module name, name and signature.
    fn texts(&self) -> [&[u8]; 3] {
        // SAFETY: none is null, which was checked where the table was made, and each is a text of C
        // that lasts, by the promise made there.
        [self.module, self.name, self.signature]
            .map(|text| unsafe { CStr::from_ptr(text) }.to_bytes())
    }
}

/// A table of which every row is complete.
pub(crate) struct Hosts<'t>(&'t [HostFunction]);

impl Hosts<'_> {
    /// The table of `count` rows.
    ///
    /// # Safety
    ///
    /// `rows` is null or begins so many rows, whose texts last as long as they do.
    pub(crate) unsafe fn new(rows: *const HostFunction, count: usize) -> Result<Self, Code> {
        if count == 0 {
            return Ok(Hosts(&[]));
        }
        if rows.is_null() || !rows.is_aligned() {
            return Err(Code::Argument);
        }
        // SAFETY: the caller's promise.
        let rows = unsafe { slice::from_raw_parts(rows, count) };
        let complete = rows.iter().all(|row| {
            let texts = [row.module, row.name, row.signature];
            row.function.is_some()
                && texts.iter().all(|text| !text.is_null())
                && Signature::parse(row.texts()[2]).is_some()
        });
        if complete {
            Ok(Hosts(rows))
        } else {
            Err(Code::Argument)
        }
    }
}

impl HostFunctions for Hosts<'_> {
    fn find(&self, import: &Import<'_>) -> Result<u32, ImportFault> {
        for row in self.0 {
            let [module, name, signature] = row.texts();
            if import.module.0 != module || import.name.0 != name {
                continue;
            }
            let ImportItem::Function(ty) = import.item else {
                return Err(ImportFault::Kind);
            };
            return match (Signature::parse(signature), row.function) {
                (Some(signature), Some(function)) if signature.is(&ty) => {
                    Ok(function as usize as u32)
                }
                _ => Err(ImportFault::Signature),
            };
        }
        Err(ImportFault::Missing)
    }
}
