//! Functions of the host that a module may import.

use wasm2mcu_abi::types::ValueType;

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
