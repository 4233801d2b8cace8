//! What the functions of a module are called.

use std::collections::HashMap;

use wasm2mcu::wasm::module::Module;
use wasm2mcu_loader::Trap;

/// Names by function index.
#[derive(Default)]
pub(crate) struct Names(HashMap<u32, String>);

impl Names {
    /// The names that a module gives.
    pub(crate) fn of_module(module: &Module) -> Names {
        let functions = (0..).zip(&module.functions);
        Names(
            functions
                .map(|(index, function)| (index, function.name.clone()))
                .collect(),
        )
    }

    /// Why and where a module trapped: `integer divide by zero in function 12 (div)`.
    pub(crate) fn describe(&self, trap: Trap) -> String {
        let Some(index) = trap.function else {
            return trap.code.to_string();
        };
        let name = self
            .0
            .get(&index)
            .map_or(String::new(), |name| format!(" ({})", name.escape_debug()));
        format!("{} in function {index}{name}", trap.code)
    }
}
