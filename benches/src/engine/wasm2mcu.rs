//! This project's lines: the module compiled ahead of time and executed in its sandbox, every guard
//! on.
//!
//! Instructions count from the entry thunk, which the loader calls, to its
//! return; about twenty per call are the thunk's, and nothing is subtracted for them. Host
//! functions cost nothing, as natively, where they are empty.
//!
//! The real loader runs on the core itself in a small firmware: it says what loading takes, and hands
//! programs to the RTL. Where that firmware cannot be built, the test bench's board counts the same
//! instructions, and nothing is known about loading and cycles.
//!
//! For size, the module is the one that clang made for size, as with `gcc -Os`. On RISC-V the compiler
//! is told that the core does misaligned accesses, which all cores here do.

use std::fs;
use std::time::Instant;

use wasm2mcu::link::Piece;
use wasm2mcu::mach::buffer::Symbol;
use wasm2mcu::{Compiled, OptLevel, Options, Passes, Target};
use wasm2mcu_testbench::open;
use wasm2mcu_testbench::spectest::{self, Printed};

use super::loaded::Loader;
use super::tool::failed;
use super::{Engine, EngineError, Program, Run, Sizes};
use crate::machine::Core;
use crate::workload::Workload;

/// The compiler at one level.
#[derive(Clone, Copy)]
pub(super) struct Wasm2mcu {
    name: &'static str,
    level: OptLevel,
    passes: Passes,
    unguarded: bool,
    interruptible: bool,
}

/// The levels to compare, what `speed` would be without the guards of the memory (no compiler that is
/// shipped makes that), and what it is where the host can interrupt it.
pub(super) static ENGINES: [Wasm2mcu; 4] = [
    Wasm2mcu {
        name: "wasm2mcu -O speed",
        level: OptLevel::Speed,
        passes: Passes::ALL,
        unguarded: false,
        interruptible: false,
    },
    Wasm2mcu {
        name: "wasm2mcu -O size",
        level: OptLevel::Size,
        passes: Passes::ALL,
        unguarded: false,
        interruptible: false,
    },
    Wasm2mcu {
        name: "wasm2mcu unguarded",
        level: OptLevel::Speed,
        passes: Passes::ALL,
        unguarded: true,
        interruptible: false,
    },
    Wasm2mcu {
        name: "wasm2mcu interruptible",
        level: OptLevel::Speed,
        passes: Passes::ALL,
        unguarded: false,
        interruptible: true,
    },
];

impl Engine for &'static Wasm2mcu {
    fn name(&self) -> &str {
        self.name
    }

    fn cores(&self) -> &[Core] {
        &Core::ALL
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        Ok(version())
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        let mut image = self.compile(workload, core)?;
        image.loader = match (Loader::open(core), core) {
            (Ok(loader), _) => Some(loader),
            // The board counts just as well; on the RTL the reason is reported.
            (Err(_), Core::M33 | Core::Rv32) => None,
            (Err(error), _) => return Err(error),
        };
        image.sizes.runtime = image.loader.as_ref().map(Loader::runtime);
        Ok(Box::new(image))
    }
}

impl Wasm2mcu {
    /// What the module is and what the compiler makes of it for a target.
    fn compile_for(&self, workload: &Workload, target: Target) -> Result<Made, EngineError> {
        let path = match self.level {
            OptLevel::Size => &workload.small_wasm,
            OptLevel::None | OptLevel::Speed => &workload.wasm,
        };
        let wasm = fs::read(path)
            .map_err(|error| EngineError::Failed(format!("{}: {error}", path.display())))?;
        let options = Options {
            target,
            level: self.level,
            passes: self.passes,
            // As in the compiler that is shipped.
            verify: false,
            unguarded: self.unguarded,
            interruptible: self.interruptible,
            ..Options::default()
        };
        let start = Instant::now();
        let compiled = wasm2mcu::compile(&wasm, &options).map_err(failed)?;
        let image = compiled.image().map_err(failed)?;
        Ok(Made {
            seconds: start.elapsed().as_secs_f64(),
            wasm,
            compiled,
            image,
        })
    }

    /// The image, for the board of this process as long as it has no loader.
    fn compile(&self, workload: &Workload, core: Core) -> Result<Image, EngineError> {
        let Made {
            wasm,
            compiled,
            image,
            seconds: compile_seconds,
        } = self.compile_for(workload, target(core)?)?;
        Ok(Image {
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
            loader: None,
            bytes: image,
        })
    }
}

/// A module and its image.
struct Made {
    wasm: Vec<u8>,
    compiled: Compiled,
    image: Vec<u8>,
    seconds: f64,
}

/// The compiler at one level, for any target that a board has.
#[derive(Clone, Copy)]
pub(crate) struct BoardEngine(pub(super) &'static Wasm2mcu);

impl BoardEngine {
    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        self.0.name
    }

    /// The image of a workload.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] if it does not compile.
    pub(crate) fn image(self, workload: &Workload, target: Target) -> Result<Vec<u8>, EngineError> {
        Ok(self.0.compile_for(workload, target)?.image)
    }
}

/// The compiler with the board of this process, which needs no firmware to be built: what the gate
/// measures is the same wherever it runs.
pub(super) struct OnBoard(pub(super) Wasm2mcu);

impl OnBoard {
    /// The compiler at a level with these passes.
    pub(super) const fn with(level: OptLevel, passes: Passes) -> OnBoard {
        OnBoard(Wasm2mcu {
            name: "wasm2mcu",
            level,
            passes,
            unguarded: false,
            interruptible: false,
        })
    }
}

impl Engine for OnBoard {
    fn name(&self) -> &str {
        self.0.name
    }

    fn cores(&self) -> &[Core] {
        &[Core::M33, Core::Rv32]
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        Ok(version())
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        Ok(Box::new(self.0.compile(workload, core)?))
    }
}

fn version() -> String {
    format!("wasm2mcu {}", env!("CARGO_PKG_VERSION"))
}

/// What the compiler is told of a core.
pub(crate) fn target(core: Core) -> Result<Target, EngineError> {
    let (name, features) = match core {
        Core::M33 => ("thumbv8m.main-none-eabihf", None),
        Core::Rv32 | Core::Ibex | Core::Cv32e40p => (
            "riscv32imac-unknown-none-elf",
            Some("+unaligned-scalar-mem"),
        ),
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
    loader: Option<Loader>,
}

impl Program for Image {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn compile_seconds(&self) -> Option<f64> {
        Some(self.compile_seconds)
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        match &self.loader {
            Some(loader) => loader.run(&self.bytes, rounds),
            None => self.run_on_board(rounds),
        }
    }
}

impl Image {
    /// The same on the test bench's board, which needs nothing to be built.
    fn run_on_board(&self, rounds: i32) -> Result<Run, EngineError> {
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

#[cfg(test)]
mod tests {
    use super::{ENGINES, Image, failed, target};
    use crate::engine::loaded::Loader;
    use crate::engine::{EngineError, Program, Sizes};
    use crate::machine::Core;
    use crate::workload;

    /// However far a workload is, it ends within the bound that the loader's documentation states.
    #[test]
    fn every_workload_can_be_interrupted_anywhere() {
        use wasm2mcu_testbench::{Limits, open, spectest};

        let ours = ENGINES.iter().find(|engine| engine.interruptible);
        for core in [Core::M33, Core::Rv32] {
            for workload in workload::all().unwrap() {
                let image = ours.unwrap().compile(&workload, core).unwrap();
                let board = open(core.name()).unwrap();
                let printed = spectest::Printed::default();
                let mut instance = board
                    .load(&image.bytes, spectest::functions(&printed))
                    .unwrap();
                let once = instance.invoke("run", &[1]).unwrap().instructions.unwrap();
                // Longer than the bound, so that a missing check shows.
                let rounds = [(3_000_000 / once) as u32 + 1];
                instance.reset().unwrap();
                let all = instance.invoke("run", &rounds).unwrap();
                let all = all.instructions.unwrap();
                let mut worst = 0;
                for moment in 0..20 {
                    // No multiple of anything, from 0 to the end.
                    let after = (all * moment / 20 + 7919 * moment) % all;
                    instance.reset().unwrap();
                    board.set_limits(Limits {
                        interrupt: Some(after),
                        ..board.limits()
                    });
                    let outcome = instance.invoke("run", &rounds).unwrap();
                    if let Err(trap) = outcome.end {
                        assert_eq!(trap.code.message(), "interrupted");
                    }
                    worst = worst.max(outcome.instructions.unwrap() - after);
                    board.set_limits(Limits {
                        interrupt: None,
                        ..board.limits()
                    });
                }
                println!(
                    "{worst:>8} of {all:>9}  {} on {}",
                    workload.name,
                    core.name()
                );
                assert!(worst <= 1_000_000, "{}: {worst}", workload.name);
            }
        }
    }

    /// What the loader of this process and the one on the core make of an image is the same.
    #[test]
    fn the_board_and_the_real_loader_count_the_same_instructions() {
        let workloads = workload::all().unwrap();
        // On the board, host functions take no instructions.
        let crc32 = workloads.iter().find(|one| one.name == "crc32").unwrap();
        let wasm = std::fs::read(&crc32.wasm).unwrap();
        for core in [Core::M33, Core::Rv32] {
            let loader = match Loader::open(core) {
                Err(error @ EngineError::Missing { .. }) => {
                    println!("skipped: {error}");
                    continue;
                }
                opened => Some(opened.unwrap()),
            };
            let options = wasm2mcu::Options {
                target: target(core).unwrap(),
                level: ENGINES[0].level,
                ..wasm2mcu::Options::default()
            };
            let compiled = wasm2mcu::compile(&wasm, &options).map_err(failed).unwrap();
            let mut image = Image {
                core,
                bytes: compiled.image().unwrap(),
                compile_seconds: 0.0,
                sizes: Sizes::default(),
                loader,
            };
            let board = image.run_on_board(10).unwrap();
            let loaded = image.run(10).unwrap();
            assert_eq!(loaded.checksum, crc32.checksum);
            assert_eq!(board.checksum, crc32.checksum);
            assert_eq!(loaded.instructions, board.instructions);
            assert!(loaded.load_instructions.is_some());
        }
    }
}
