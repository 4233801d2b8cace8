//! Guest apps, compiled by this compiler at every level and executed on the RISC-V boards, compute
//! what a native run of their C source does.

use std::fs;
use std::path::Path;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_testbench::board;
use wasm2mcu_testbench::spectest::{self, Printed};

/// Lines of expected.tsv with larger arguments are left to optimised builds.
const QUICK: u32 = if cfg!(debug_assertions) { 2 } else { u32::MAX };

/// Executes every app on a board; prints what each took.
fn run_all(board: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    let board = board::open(board).unwrap();
    let info = board.info();
    let target: Target = info.target.parse().unwrap();
    let table = fs::read_to_string(folder.join("expected.tsv")).unwrap();
    for line in table.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [app, export, argument, result] = fields[..] else {
            panic!("not four fields: {line}")
        };
        let word = |field: &str| field.parse::<i32>().unwrap() as u32;
        if word(argument) > QUICK {
            continue;
        }
        for flavour in ["O2", "Os"] {
            let wasm = fs::read(folder.join(format!("{app}.{flavour}.wasm"))).unwrap();
            for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
                let options = Options {
                    target: target.with_features(info.features),
                    level,
                    ..Options::default()
                };
                let name = format!("{app}.{flavour} {export}({argument}) at {level:?}");
                let compiled = wasm2mcu::compile(&wasm, &options)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let image = compiled.image().unwrap();
                let printed = Printed::default();
                let mut instance = board
                    .load(&image, spectest::functions(&printed))
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let outcome = instance
                    .invoke(export, &[word(argument)])
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(outcome.end, Ok(vec![word(result)]), "{name}");
                println!(
                    "{name}: {} bytes of text, {} instructions",
                    compiled.text.bytes.len(),
                    outcome.instructions.unwrap_or_default()
                );
            }
        }
    }
}

#[test]
fn rv32() {
    run_all("rv32");
}

#[test]
fn rv32_without_misaligned_access() {
    run_all("rv32-aligned");
}
