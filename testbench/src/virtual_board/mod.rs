//! The virtual board: what a module imports of the hardware ABI and of WASI, served by simulated devices.
//!
//! ```text
//!   module on any board ──import──▶ HostFunction ──▶ wasm2mcu_host ──▶ wasm2mcu_devices ──▶ Timeline
//!                                    functions()     checks, events     Script: levels, bytes, temperatures
//!                                        │
//!                                   GuestMemory, by copies
//! ```
//!
//! Host functions run in this process, whatever the module runs on; time is virtual.

mod memory;
mod script;

use std::cell::RefCell;

use wasm2mcu_abi::hardware::events::Event;
use wasm2mcu_abi::hardware::{EVENT_HANDLER, FUNCTIONS};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_host::{Hardware, Host, Words};
use wasm2mcu_loader::{Image, Import, ImportFault, ImportItem, Item};

pub use self::script::{BadScript, Script, duration};
use crate::board::{BoardError, Instance, Outcome};
use crate::host::{GuestMemory, HostFunction};
use memory::Copies;

pub use wasm2mcu_devices::{Devices, Happening, Timeline, World};
pub use wasm2mcu_host as host;

/// What the image imports of the hardware ABI and of WASI, each function once.
///
/// An import that is neither is left out: the loader refuses the image, by name, if nobody else offers it. One that has
/// another signature than the ABI says is refused for that. The host must not be borrowed while the module runs.
pub fn functions<'a, H: Hardware>(
    image: &Image<'a>,
    host: &'a RefCell<Host<'_, H>>,
) -> Vec<HostFunction<'a>> {
    let mut functions: Vec<HostFunction<'a>> = Vec::new();
    for import in image.imports() {
        let ImportItem::Function(function_type) = import.item else {
            continue;
        };
        let (module, name) = (import.module.to_string(), import.name.to_string());
        let known =
            |function: &HostFunction<'_>| function.module == module && function.name == name;
        if functions.iter().any(known) {
            continue;
        }
        let mut params: Vec<ValueType> = function_type.params().collect();
        let mut results: Vec<ValueType> = function_type.results().collect();
        match offers::<H>(&import) {
            Ok(()) => {}
            Err(ImportFault::Signature) => {
                let described = FUNCTIONS.iter();
                let mut described = described.filter(|f| (f.module, f.name) == (&*module, &*name));
                let Some(described) = described.next() else {
                    continue;
                };
                params = described.params.iter().collect();
                results = described.results.iter().collect();
            }
            Err(_) => continue,
        }
        let code = move |memory: &mut dyn GuestMemory, words: &[u32]| {
            // Found at each call, because a function is one for memories that live equally long.
            let found = wasm2mcu_host::function(&import);
            let called = found.map_err(|_| TrapCode::Host)?;
            let result: Words = called(&mut host.borrow_mut(), &mut Copies(memory), words)?;
            Ok(result.as_slice().to_vec())
        };
        functions.push(HostFunction::new(&module, &name, &params, &results, code));
    }
    functions
}

/// Whether an import is a function of the ABI or of WASI, with its signature.
///
/// # Errors
///
/// As the loader's for the import.
pub fn offers<H: Hardware>(import: &Import<'_>) -> Result<(), ImportFault> {
    wasm2mcu_host::function::<H, Copies<'_>>(import).map(|_| ())
}

/// Whether the module takes events by its handler.
pub fn has_handler(image: &Image<'_>) -> bool {
    use ValueType::{I32, I64};
    match image.find_export(EVENT_HANDLER) {
        Some(Item::Function(function)) => {
            let params = [I32, I32, I32, I64];
            function.function_type.is(&params, &[])
        }
        _ => false,
    }
}

/// Calls the module's handler with an event.
///
/// # Errors
///
/// As [`Instance::invoke`].
pub fn deliver(instance: &mut dyn Instance, event: &Event) -> Result<Outcome, BoardError> {
    let (low, high) = (event.timestamp as u32, (event.timestamp >> 32) as u32);
    let kind = event.kind as u32;
    let words = [event.subscription, kind, event.value, low, high];
    instance.invoke(EVENT_HANDLER, &words)
}
