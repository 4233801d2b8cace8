//! Programs from the compilers of several languages, in `apps/languages`: their results are the
//! interpreter's, on every board of this process at every level.

use std::fs;
use std::path::PathBuf;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_testbench::open;
use wasm2mcu_testbench::oracle::Oracle;

const BOARDS: [&str; 6] = ["m33", "m33-nofpu", "m4f", "rv32", "rv32-aligned", "rv32f"];
const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// Rounds of each program.
const ROUNDS: [u32; 3] = [0, 1, 3];

fn agrees(file: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps/languages");
    let wasm = fs::read(path.join(file)).expect("a committed module");
    let mut oracle = Oracle::load(&wasm, Vec::new())
        .expect("a valid module")
        .expect("no start function");
    let expected = ROUNDS.map(|rounds| {
        let end = oracle.invoke("run", &[rounds]).expect("a running engine");
        end.expect("a result")
    });
    assert_ne!(expected[1], expected[2], "{file} does nothing");
    for name in BOARDS {
        let board = open(name).expect("an emulated board");
        let info = board.info();
        let target: Target = info.target.parse().expect("a board's target");
        for level in LEVELS {
            let options = Options {
                target: target.with_features(info.features),
                level,
                ..Options::default()
            };
            let image = wasm2mcu::compile(&wasm, &options)
                .and_then(|compiled| compiled.image())
                .unwrap_or_else(|error| panic!("{file} for {name} at {level:?}: {error}"));
            let mut instance = board.load(&image, Vec::new()).expect("a sound image");
            for (rounds, expected) in ROUNDS.iter().zip(&expected) {
                let outcome = instance.invoke("run", &[*rounds]).expect("a running board");
                let found = outcome.end.expect("a result");
                assert_eq!(found, *expected, "{file} on {name} at {level:?}, {rounds}");
            }
        }
    }
}

#[test]
fn a_filter_in_c() {
    agrees("kalman.c.wasm");
}

#[test]
fn a_transform_in_assemblyscript() {
    agrees("fft.ts.wasm");
}

#[test]
fn a_compressor_in_zig() {
    agrees("lz.zig.wasm");
}

#[test]
fn an_encoder_in_rust() {
    agrees("cbor.rs.wasm");
}
