//! The modules, and images of them.

use std::fs;
use std::path::{Path, PathBuf};

use wasm2mcu::{Options, Target};
use wasm2mcu_testbench::BoardInfo;
use wasm2mcu_testbench::board::boards;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hardware")
}

/// Names and texts of the modules, by name.
pub(crate) fn modules() -> Vec<(String, String)> {
    let entries = fs::read_dir(folder().join("modules")).expect("the modules");
    let mut modules: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a module").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read_to_string(&path).expect("text"))
        })
        .collect();
    modules.sort();
    modules
}

pub(crate) fn board(name: &str) -> &'static BoardInfo {
    let found = boards().iter().find(|board| board.name == name);
    found.unwrap_or_else(|| panic!("no board {name}"))
}

/// The image of a module for a board.
pub(crate) fn image(board: &BoardInfo, wat: &str) -> Vec<u8> {
    let target: Target = board.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(board.features),
        ..Options::default()
    };
    wasm2mcu::compile(wat.as_bytes(), &options)
        .and_then(|compiled| compiled.image())
        .unwrap_or_else(|error| panic!("{error}\n{wat}"))
}
