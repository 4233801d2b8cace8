//! What the functions of a module are called.

use std::path::PathBuf;

use wasm2mcu::map::{Map, MapError};
use wasm2mcu::wasm::module::Module;
use wasm2mcu_loader::Trap;

use super::output;

/// Where the names of functions are to be had.
pub(crate) enum Names {
    /// They are here, by function index.
    Known(Vec<String>),
    /// In the map beside this image, if there is one; read when a name is needed.
    Beside(PathBuf),
}

impl Names {
    /// The names that a module gives.
    pub(crate) fn of_module(module: &Module) -> Names {
        let functions = module.functions.iter();
        Names::Known(functions.map(|function| function.name.clone()).collect())
    }

    /// Why and where `image` trapped: `integer divide by zero in function 12 (div)`.
    pub(crate) fn describe(&self, trap: Trap, image: &[u8]) -> String {
        let Some(index) = trap.function else {
            return trap.code.to_string();
        };
        // Functions without a name are called by their index.
        let name = self
            .of_function(index, image)
            .filter(|name| *name != format!("function[{index}]"))
            .map_or(String::new(), |name| format!(" ({})", name.escape_debug()));
        format!("{} in function {index}{name}", trap.code)
    }

    fn of_function(&self, index: u32, image: &[u8]) -> Option<String> {
        let path = match self {
            Names::Known(names) => return names.get(index as usize).cloned(),
            Names::Beside(path) => Map::path_beside(path),
        };
        match Map::read(&path, image) {
            Ok(map) => {
                let mut functions = map.functions.into_iter();
                let function = functions.find(|function| function.index == index)?;
                Some(function.name)
            }
            // An image without its map is an ordinary thing.
            Err(MapError::Io { .. }) if !path.exists() => None,
            Err(error) => {
                output::note(format_args!("no names of functions: {error}"));
                None
            }
        }
    }
}
