//! Modules that nobody should have written: the compiler answers with an error or with an image,
//! never with a panic, and within bounded time and memory.
//!
//! * `mutated`: the modules of the official suite, cut short and with bytes changed
//! * `declared`: headers that promise more than there is
//! * `large`: modules of a size, depth or width that no compiler writes

mod declared;
mod large;
mod mutated;

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm2mcu::{OptLevel, Options};
use wasm2mcu_loader::{Image, Policy};
use wasm2mcu_testbench::board;

/// A board for each instruction set.
const BOARDS: [&str; 2] = ["m33", "rv32"];
const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// For the core of a board; nothing is verified, as in a release of the compiler.
fn options(board: &str, level: OptLevel) -> Options {
    let board = board::open(board).expect("an emulated board");
    let info = board.info();
    let target: wasm2mcu::Target = info.target.parse().expect("a board's target");
    Options {
        target: target.with_features(info.features),
        level,
        verify: false,
        ..Options::default()
    }
}

/// Compiles, whatever comes: an image that the loader takes, or what the error says.
#[track_caller]
fn answer(module: &[u8], options: &Options, what: &str) -> Result<Vec<u8>, String> {
    let compiled = catch_unwind(AssertUnwindSafe(|| {
        wasm2mcu::compile(module, options).and_then(|compiled| compiled.image())
    }));
    match compiled {
        Ok(Ok(image)) => {
            let checked = Image::parse(&image).and_then(|image| image.verify(&Policy::unsigned()));
            checked.unwrap_or_else(|error| panic!("{what}: the loader refuses the image: {error}"));
            Ok(image)
        }
        Ok(Err(error @ wasm2mcu::Error::Internal { .. })) => panic!("{what}: {error}"),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => panic!("{what}: the compiler panicked"),
    }
}
