//! What the loader says with its feature `log` while it loads, and when a call traps.

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use wasm2mcu::{Options, Target};
use wasm2mcu_testbench::open;

/// Notes the loader's lines.
struct Notes(Mutex<Vec<String>>);

static NOTES: Notes = Notes(Mutex::new(Vec::new()));

impl Log for Notes {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target().starts_with("wasm2mcu_loader") {
            let line = format!("{} {}", record.level(), record.args());
            self.0.lock().expect("no panic").push(line);
        }
    }

    fn flush(&self) {}
}

const MODULE: &str = r#"(module
    (memory 64 (pagesize 1))
    (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0))))"#;

#[test]
fn each_stage_is_one_line() {
    let board = open("m33").expect("a board in this process");
    let options = Options {
        target: board.info().target.parse::<Target>().expect("its target"),
        ..Options::default()
    };
    let compiled = wasm2mcu::compile(MODULE.as_bytes(), &options).expect("a module");
    let image = compiled.image().expect("an image");

    log::set_logger(&NOTES).expect("the only logger");
    log::set_max_level(LevelFilter::Debug);
    let mut instance = board.load(&image, Vec::new()).expect("a sound image");
    let outcome = instance.invoke("divide", &[0]).expect("a running board");
    outcome.end.expect_err("a trap");
    instance.reset().expect("a fresh instance");
    log::set_max_level(LevelFilter::Off);

    let lines = NOTES.0.lock().expect("no panic").join("\n");
    let expected = [
        &*format!("DEBUG image of {} bytes is well formed", image.len()),
        "DEBUG image has the hash that it says",
        "DEBUG imports are there",
        "DEBUG instance in ",
        "WARN trap: integer divide by zero in function 0",
        "DEBUG instance started again",
    ];
    let mut behind = &*lines;
    for line in expected {
        let Some((_, rest)) = behind.split_once(line) else {
            panic!("{line} is not said, or too early: {lines}");
        };
        behind = rest;
    }
}
