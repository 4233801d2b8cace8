//! The modules, and images of them.

use std::fs;
use std::path::{Path, PathBuf};

use wasm2mcu::{Options, Target};
use wasm2mcu_testbench::BoardInfo;
use wasm2mcu_testbench::board::boards;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hardware")
}

/// A module with its name, as text or in the binary format.
pub(crate) type Module = (String, Vec<u8>);

/// The modules of a folder, by name.
fn of(folder_name: &str, extension: &str) -> Vec<Module> {
    let entries = fs::read_dir(folder().join(folder_name)).expect("the modules");
    let paths = entries.map(|entry| entry.expect("a module").path());
    let mut modules: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a module"))
        })
        .collect();
    modules.sort();
    modules
}

/// The modules that make calls one by one.
pub(crate) fn calls() -> Vec<Module> {
    of("modules", "wat")
}

/// These and the programs.
pub(crate) fn modules() -> Vec<Module> {
    [calls(), of("programs", "wasm")].concat()
}

pub(crate) fn board(name: &str) -> &'static BoardInfo {
    let found = boards().iter().find(|board| board.name == name);
    found.unwrap_or_else(|| panic!("no board {name}"))
}

/// The image of a module for a board.
pub(crate) fn image(board: &BoardInfo, module: &[u8]) -> Vec<u8> {
    let target: Target = board.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(board.features),
        ..Options::default()
    };
    wasm2mcu::compile(module, &options)
        .and_then(|compiled| compiled.image())
        .unwrap_or_else(|error| panic!("{error}"))
}
