//! What is compared: an engine turns a workload into a program that runs and counts.

use crate::compiled;
use crate::native;
use crate::workload::Workload;

/// A compiler or a runtime.
pub(crate) trait Engine {
    /// Its name in the report.
    fn name(&self) -> &str;

    /// Compiles or loads the workload.
    ///
    /// # Errors
    ///
    /// [`EngineError::Missing`] if a tool is not installed, [`EngineError::Failed`] if it is
    /// and does not do what it should.
    fn prepare(&self, workload: &Workload) -> Result<Box<dyn Program>, EngineError>;
}

/// A workload, ready to run.
pub(crate) trait Program {
    /// Bytes of machine code, literal pools and jump tables in it included.
    fn code_bytes(&self) -> u64;

    /// What it takes on the device, if it is a module; a native program is part of the firmware.
    fn footprint(&self) -> Option<Footprint> {
        None
    }

    /// `run(rounds)` of the app, in a fresh instance.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] if the program does not return.
    fn run(&mut self, rounds: i32) -> Result<Run, EngineError>;
}

/// A run that returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// What `run` returned.
    pub(crate) checksum: i32,
    /// Instructions from the first of `run` to its return.
    pub(crate) instructions: u64,
}

/// What a module takes on the device, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// All machine code: functions, thunks, trap stubs, builtins, jump tables.
    pub(crate) text_bytes: u64,
    /// Flash: the whole image.
    pub(crate) image_bytes: u64,
    /// RAM of an instance: context and linear memory before it grows.
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

/// Every engine, the lines that ratios refer to first.
pub(crate) fn all() -> Vec<Box<dyn Engine>> {
    let native = native::ENGINES.iter();
    let ours = compiled::ENGINES.iter();
    native
        .map(|engine| Box::new(engine) as Box<dyn Engine>)
        .chain(ours.map(|engine| Box::new(engine) as Box<dyn Engine>))
        .collect()
}
