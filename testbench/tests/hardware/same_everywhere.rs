//! The modules have the same lines on every core and in every way.

use std::fs;

use wasm2mcu_testbench::open;

use crate::firmware::{self, Core};
use crate::images::{board, folder, image, modules};
use crate::process;

/// The lines that a module should have.
fn expected(name: &str) -> String {
    let path = folder().join("expected").join(name).with_extension("txt");
    fs::read_to_string(&path).unwrap_or_default()
}

fn on_board(name: &str) {
    let board_info = board(name);
    let board = open(name).unwrap_or_else(|error| panic!("{error}"));
    for (module, bytes) in modules() {
        let lines = process::lines(&*board, &image(board_info, &bytes));
        if name == "m33" && std::env::var_os("BLESS").is_some() {
            let path = folder().join("expected").join(&module);
            fs::write(path.with_extension("txt"), &lines).expect("a writable folder");
        }
        assert_eq!(lines, expected(&module), "{module} on {name}");
    }
}

fn on_device(core: &Core) {
    let modules = modules();
    let lines = firmware::lines(core, &modules);
    for (module, _) in &modules {
        assert_eq!(lines[module], expected(module), "{module}");
    }
}

#[test]
fn on_the_emulated_m33() {
    on_board("m33");
}

#[test]
fn on_the_emulated_rv32() {
    on_board("rv32");
}

#[test]
fn on_qemu_m33_by_forwarded_calls() {
    on_board("qemu-m33");
}

#[test]
fn on_qemu_rv32_by_forwarded_calls() {
    on_board("qemu-rv32");
}

#[test]
fn on_qemu_m33_itself() {
    on_device(&firmware::M33);
}

#[test]
fn on_qemu_rv32_itself() {
    on_device(&firmware::RV32);
}

/// An expectation without a module would be forgotten.
#[test]
fn nothing_else_is_expected() {
    let names: Vec<_> = modules().into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(folder().join("expected")).expect("expectations") {
        let path = entry.expect("an expectation").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(names.iter().any(|known| **known == *name), "{name}");
    }
}
