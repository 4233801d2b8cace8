//! What is compared: an engine turns a workload into a program for a core, which runs and counts.
//!
//! ```text
//!   Engine ──prepare(workload, core)──▶ Program ──run(rounds)──▶ Run: checksum, instructions, …
//!                                          │ sizes, compile_seconds
//! ```
//!
//! Every engine is a file of this folder, which says what it is, where it comes from, and what counts
//! and what does not. What is not installed is [`EngineError::Missing`]: there is no number that was
//! not measured in this run.

pub(crate) mod cross;
mod loaded;
mod micropython;
mod native;
mod runtime;
pub(crate) mod tool;
mod wasm2c;
mod wasm2mcu;
mod wasm3;
mod wasmi;

use ::wasm2mcu::{OptLevel, Passes};

pub(crate) use self::wasm2mcu::{BoardEngine, target};
use crate::machine::{Core, Cycles};
use crate::workload::Workload;

/// A compiler or a runtime.
pub(crate) trait Engine {
    /// Its name in the report, which is the same on all cores.
    fn name(&self) -> &str;

    /// The cores that it has numbers for.
    fn cores(&self) -> &[Core];

    /// What was measured, as its tools call themselves: names and versions in one line.
    ///
    /// # Errors
    ///
    /// [`EngineError::Missing`] if a tool is not installed.
    fn version(&self, core: Core) -> Result<String, EngineError>;

    /// Compiles the workload for one of [`Engine::cores`].
    ///
    /// # Errors
    ///
    /// [`EngineError::Missing`] if a tool is not installed, [`EngineError::Unable`] if the engine
    /// cannot run this workload, [`EngineError::Failed`] if it should and does not.
    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError>;
}

/// A workload, ready to run.
pub(crate) trait Program {
    /// What it takes on the device.
    fn sizes(&self) -> Sizes;

    /// Seconds on the host from the source, or from the module, to what the device runs; `None` if
    /// that is done on the device.
    fn compile_seconds(&self) -> Option<f64>;

    /// `run(rounds)` of the app, in a fresh instance.
    ///
    /// # Errors
    ///
    /// [`EngineError::Unable`] if the engine comes to its limits; [`EngineError::Failed`] if the
    /// program does not return for another reason.
    fn run(&mut self, rounds: i32) -> Result<Run, EngineError>;
}

/// A run that returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// What `run` returned.
    pub(crate) checksum: i32,
    /// Instructions that the core executed for the call of `run`.
    pub(crate) instructions: u64,
    /// Clock cycles of the same call, where the core can tell.
    pub(crate) cycles: Option<Cycles>,
    /// Instructions that the device executes before the first call: check, translate, instantiate.
    /// `None` for what is linked into the firmware and has no such step.
    pub(crate) load_instructions: Option<u64>,
}

/// What a program takes on the device, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Machine code, or bytecode: everything that is executed, literal pools and jump tables
    /// in it included.
    pub(crate) code_bytes: u64,
    /// The part of it that the program's own functions are, without thunks, trap stubs and
    /// builtins.
    pub(crate) function_bytes: u64,
    /// Data in flash: constants and the initial values of variables.
    pub(crate) rodata_bytes: u64,
    /// RAM for what the program keeps: variables, or context and linear memory before it grows. A
    /// C stack does not count; the stack that a module has in its own memory does.
    pub(crate) ram_bytes: u64,
    /// The file that goes to the device, if the program is not part of the firmware.
    pub(crate) image_bytes: Option<u64>,
    /// The module that it was made from.
    pub(crate) wasm_bytes: Option<u64>,
    /// What the engine itself adds to the firmware, once.
    pub(crate) runtime: Option<Runtime>,
}

/// What an engine adds to a firmware that has none of it, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Runtime {
    /// Code and constants, the libraries that it needs included.
    pub(crate) flash_bytes: u64,
    /// Variables and the most heap that was in use, the program's own memory excluded.
    pub(crate) ram_bytes: u64,
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// A tool or a source is not there.
    #[error("missing: {what} ({remedy})")]
    Missing {
        /// What is missing.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The engine has no way to run this workload; nothing is wrong.
    #[error("not possible: {0}")]
    Unable(String),
    /// It is there and went wrong.
    #[error("{0}")]
    Failed(String),
    /// The answer is wrong.
    #[error("checksum {found}, expected {expected}")]
    Checksum {
        /// What the program returned.
        found: i32,
        /// What a native run on the host returned.
        expected: i32,
    },
}

impl From<std::io::Error> for EngineError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Every engine, the lines that ratios refer to first: `gcc -O2` for speed, `gcc -Os` for size.
pub(crate) fn all() -> Vec<Box<dyn Engine>> {
    let mut all: Vec<Box<dyn Engine>> = Vec::new();
    for engine in &native::ENGINES {
        all.push(Box::new(engine));
    }
    for engine in &wasm2mcu::ENGINES {
        all.push(Box::new(engine));
    }
    for engine in &wasm2c::ENGINES {
        all.push(Box::new(engine));
    }
    all.push(Box::new(wasm3::Wasm3));
    all.push(Box::new(wasmi::Wasmi));
    for engine in &micropython::ENGINES {
        all.push(Box::new(engine));
    }
    all
}

/// Our own engines where they need nothing but this process.
pub(crate) fn in_process() -> Vec<Box<dyn Engine>> {
    let ours = wasm2mcu::ENGINES.iter();
    ours.map(|engine| Box::new(wasm2mcu::OnBoard(*engine)) as Box<dyn Engine>)
        .collect()
}

/// Our own engines, for the boards of the test bench.
pub(crate) fn on_boards() -> Vec<BoardEngine> {
    wasm2mcu::ENGINES.iter().map(BoardEngine).collect()
}

/// The compiler at a level with these passes, where it needs nothing but this process.
pub(crate) fn with_passes(level: OptLevel, passes: Passes) -> impl Engine {
    wasm2mcu::OnBoard::with(level, passes)
}
