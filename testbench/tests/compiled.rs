//! Guest apps compiled by this compiler, executed on the boards, against an independent engine.

use std::fs;
use std::path::Path;

use wasm2mcu::{OptLevel, Options};
use wasm2mcu_testbench::board;
use wasm2mcu_testbench::spectest::{self, Printed};

#[test]
fn quick() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    let board = board::open("m33").unwrap();
    let table = fs::read_to_string(dir.join("expected.tsv")).unwrap();
    let mut failures = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        for flavour in ["O2", "Os"] {
            for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
                let path = dir.join(format!("{}.{flavour}.wasm", fields[0]));
                let Ok(wasm) = fs::read(&path) else {
                    println!("no {path:?}");
                    continue;
                };
                let options = Options {
                    level,
                    ..Options::default()
                };
                let compiled = match wasm2mcu::compile(&wasm, &options) {
                    Ok(compiled) => compiled,
                    Err(error) => {
                        println!("{} {error}", fields[0]);
                        failures += 1;
                        continue;
                    }
                };
                let image = compiled.image().unwrap();
                let printed = Printed::default();
                let mut instance = match board.load(&image, spectest::functions(&printed)) {
                    Ok(i) => i,
                    Err(error) => {
                        println!("{} load {error}", fields[0]);
                        failures += 1;
                        continue;
                    }
                };
                let n: u32 = fields[2].parse().unwrap();
                let outcome = instance.invoke(fields[1], &[n]);
                println!(
                    "{line} {flavour} {level:?}: {} text {outcome:?} guards {:?}",
                    compiled.text.bytes.len(),
                    compiled.guards
                );
            }
        }
    }
    assert_eq!(failures, 0);
}
