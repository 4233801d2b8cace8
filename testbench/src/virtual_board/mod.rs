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

use wasm2mcu_abi::hardware::EVENT_HANDLER;
use wasm2mcu_abi::hardware::events::Event;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_host::{Hardware, Host, Words};
use wasm2mcu_loader::{Image, Import, ImportItem, Item};

pub use self::script::{BadScript, Script, duration};
use crate::board::{BoardError, Instance, Outcome};
use crate::host::HostFunction;
use memory::Copies;

pub use wasm2mcu_devices::{Devices, Happening, Timeline, World};
pub use wasm2mcu_host as host;

/// What the image imports of the hardware ABI and of WASI, each function once.
///
/// An import that is neither, or has another signature than the ABI says, is left out: the loader refuses the image, by
/// name, if nobody else offers it. The host must not be borrowed while the module runs.
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
        if !offers::<H>(&import) || functions.iter().any(known) {
            continue;
        }
        let params: Vec<ValueType> = function_type.params().collect();
        let results: Vec<ValueType> = function_type.results().collect();
        let code = move |memory: &mut dyn crate::GuestMemory, words: &[u32]| {
            // Found at each call, because a function is one for memories that live equally long.
            let found = wasm2mcu_host::function(&import);
            let called = found.map_err(|_| wasm2mcu_abi::trap::TrapCode::Host)?;
            let result: Words = called(&mut host.borrow_mut(), &mut Copies(memory), words)?;
            Ok(result.as_slice().to_vec())
        };
        functions.push(HostFunction::new(&module, &name, &params, &results, code));
    }
    functions
}

/// Whether an import is a function of the ABI or of WASI.
pub fn offers<H: Hardware>(import: &Import<'_>) -> bool {
    wasm2mcu_host::function::<H, Copies<'_>>(import).is_ok()
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
