//! This project's lines: the module compiled ahead of time and executed in its sandbox.
//!
//! Instructions are those of the emulated board: from the entry thunk, which the host calls, to
//! its return; about twenty per call are the thunk's, and nothing is subtracted for them. Host
//! functions cost nothing, as natively, where they are empty.
//!
//! For size, the module is the one that clang made for size, as with `gcc -Os`.
//! Code bytes are those of the module's own functions, as natively; thunks, trap stubs and builtins
//! are in the footprint's text.

use std::fs;

use wasm2mcu::link::Piece;
use wasm2mcu::mach::buffer::Symbol;
use wasm2mcu::{Compiled, OptLevel, Options};
use wasm2mcu_testbench::open;
use wasm2mcu_testbench::spectest::{self, Printed};

use crate::engine::{Engine, EngineError, Footprint, Program, Run};
use crate::workload::Workload;

const BOARD: &str = "m33";

/// The compiler at one level.
pub(crate) struct Wasm2mcu {
    name: &'static str,
    level: OptLevel,
}

/// The levels to compare.
pub(crate) static ENGINES: [Wasm2mcu; 2] = [
    Wasm2mcu {
        name: "wasm2mcu -O speed",
        level: OptLevel::Speed,
    },
    Wasm2mcu {
        name: "wasm2mcu -O size",
        level: OptLevel::Size,
    },
];

impl Engine for &Wasm2mcu {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, workload: &Workload) -> Result<Box<dyn Program>, EngineError> {
        let path = match self.level {
            OptLevel::Size => &workload.small_wasm,
            OptLevel::None | OptLevel::Speed => &workload.wasm,
        };
        let wasm = fs::read(path)
            .map_err(|error| EngineError::Failed(format!("{}: {error}", path.display())))?;
        let options = Options {
            level: self.level,
            ..Options::default()
        };
        let compiled = wasm2mcu::compile(&wasm, &options).map_err(failed)?;
        let image = compiled.image().map_err(failed)?;
        Ok(Box::new(Image {
            code_bytes: function_bytes(&compiled),
            footprint: Footprint {
                text_bytes: compiled.text.bytes.len() as u64,
                image_bytes: image.len() as u64,
                ram_bytes: ram_bytes(&compiled),
            },
            bytes: image,
        }))
    }
}

fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed(error.to_string())
}

/// The functions that the module defines, without the thunks of those that it imports.
fn function_bytes(compiled: &Compiled) -> u64 {
    let imported = compiled.module().imports().count() as u32;
    let extents = compiled.text.extents.iter();
    extents
        .filter(|extent| {
            matches!(extent.piece, Piece::Symbol(Symbol::Function(index)) if index >= imported)
        })
        .map(|extent| u64::from(extent.bytes))
        .sum()
}

/// Context and memory, before any growth.
fn ram_bytes(compiled: &Compiled) -> u64 {
    let module = compiled.module();
    let memory = module.memory.map_or(0, |memory| memory.min_bytes);
    u64::from(module.context_bytes) + u64::from(memory)
}

/// A compiled workload.
struct Image {
    bytes: Vec<u8>,
    code_bytes: u64,
    footprint: Footprint,
}

impl Program for Image {
    fn code_bytes(&self) -> u64 {
        self.code_bytes
    }

    fn footprint(&self) -> Option<Footprint> {
        Some(self.footprint)
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let board = open(BOARD).map_err(failed)?;
        let printed = Printed::default();
        let mut instance = board
            .load(&self.bytes, spectest::functions(&printed))
            .map_err(failed)?;
        let outcome = instance.invoke("run", &[rounds as u32]).map_err(failed)?;
        let words = outcome.end.map_err(failed)?;
        match (words.as_slice(), outcome.instructions) {
            (&[checksum], Some(instructions)) => Ok(Run {
                checksum: checksum as i32,
                instructions,
            }),
            (words, _) => Err(EngineError::Failed(format!(
                "`run` returned {} words, one was expected",
                words.len()
            ))),
        }
    }
}
