//! This project's lines: the module compiled ahead of time and executed in its sandbox, every guard
//! on.
//!
//! Instructions are those of the emulated board: from the entry thunk, which the host calls, to
//! its return; about twenty per call are the thunk's, and nothing is subtracted for them. Host
//! functions cost nothing, as natively, where they are empty.
//!
//! For size, the module is the one that clang made for size, as with `gcc -Os`. On RISC-V the compiler
//! is told that the core does misaligned accesses, which all cores here do.

use std::fs;
use std::time::Instant;

use wasm2mcu::link::Piece;
use wasm2mcu::mach::buffer::Symbol;
use wasm2mcu::{Compiled, OptLevel, Options, Target};
use wasm2mcu_testbench::open;
use wasm2mcu_testbench::spectest::{self, Printed};

use super::tool::failed;
use super::{Engine, EngineError, Program, Run, Sizes};
use crate::machine::Core;
use crate::workload::Workload;

/// The compiler at one level.
pub(super) struct Wasm2mcu {
    name: &'static str,
    level: OptLevel,
}

/// The levels to compare.
pub(super) static ENGINES: [Wasm2mcu; 2] = [
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

    fn cores(&self) -> &[Core] {
        &[Core::M33, Core::Rv32]
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        Ok(format!("wasm2mcu {}", env!("CARGO_PKG_VERSION")))
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        let path = match self.level {
            OptLevel::Size => &workload.small_wasm,
            OptLevel::None | OptLevel::Speed => &workload.wasm,
        };
        let wasm = fs::read(path)
            .map_err(|error| EngineError::Failed(format!("{}: {error}", path.display())))?;
        let options = Options {
            target: target(core)?,
            level: self.level,
            // As in the compiler that is shipped.
            verify: false,
            ..Options::default()
        };
        let start = Instant::now();
        let compiled = wasm2mcu::compile(&wasm, &options).map_err(failed)?;
        let image = compiled.image().map_err(failed)?;
        let compile_seconds = start.elapsed().as_secs_f64();
        Ok(Box::new(Image {
            core,
            compile_seconds,
            sizes: Sizes {
                code_bytes: compiled.text.bytes.len() as u64,
                function_bytes: function_bytes(&compiled),
                rodata_bytes: segment_bytes(&wasm)?,
                ram_bytes: ram_bytes(&compiled),
                image_bytes: Some(image.len() as u64),
                wasm_bytes: Some(wasm.len() as u64),
                runtime: None,
            },
            bytes: image,
        }))
    }
}

fn target(core: Core) -> Result<Target, EngineError> {
    let (name, features) = match core {
        Core::M33 => ("thumbv8m.main-none-eabihf", None),
        Core::Rv32 => (
            "riscv32imac-unknown-none-elf",
            Some("+unaligned-scalar-mem"),
        ),
        Core::Ibex | Core::Cv32e40p => {
            ("riscv32imc-unknown-none-elf", Some("+unaligned-scalar-mem"))
        }
    };
    let named = Target::all().find(|target| target.name() == name);
    Target::resolve(named, None, features).map_err(failed)
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

/// Bytes of the module's data segments, which lie in the image as they are.
fn segment_bytes(wasm: &[u8]) -> Result<u64, EngineError> {
    let mut bytes = 0;
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let wasmparser::Payload::DataSection(section) = payload.map_err(failed)? {
            for segment in section {
                bytes += segment.map_err(failed)?.data.len() as u64;
            }
        }
    }
    Ok(bytes)
}

/// A compiled workload.
struct Image {
    core: Core,
    bytes: Vec<u8>,
    compile_seconds: f64,
    sizes: Sizes,
}

impl Program for Image {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn compile_seconds(&self) -> Option<f64> {
        Some(self.compile_seconds)
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let board = open(self.core.name()).map_err(failed)?;
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
                cycles: None,
                load_instructions: None,
            }),
            (words, _) => Err(EngineError::Failed(format!(
                "`run` returned {} words, one was expected",
                words.len()
            ))),
        }
    }
}
