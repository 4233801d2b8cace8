//! What a board wants of the thing that reaches a chip.

use std::fmt;
use std::thread;
use std::time::Duration;

/// A chip, reached through its debug port: by a probe, or emulated in a test.
///
/// Memory is read and written while the core runs, too.
pub trait Target {
    /// Fills `into` from `address`.
    ///
    /// # Errors
    ///
    /// That there is nothing, or the chip is not reached.
    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TargetError>;

    /// Stores `from` in RAM at `address`.
    ///
    /// # Errors
    ///
    /// As [`Target::read`].
    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TargetError>;

    /// Erases the flash that these take, and writes and verifies them. The core is halted or reset by
    /// that.
    ///
    /// # Errors
    ///
    /// Whatever the flash or its driver says.
    fn flash(&mut self, segments: &[Segment]) -> Result<(), TargetError>;

    /// Resets the chip and holds its core before the first instruction.
    ///
    /// # Errors
    ///
    /// That the chip is not reached.
    fn reset_and_halt(&mut self) -> Result<(), TargetError>;

    /// Lets the core run.
    ///
    /// # Errors
    ///
    /// That the chip is not reached.
    fn run(&mut self) -> Result<(), TargetError>;

    /// Stops the core; returns its program counter.
    ///
    /// # Errors
    ///
    /// That the chip is not reached, or does not stop.
    fn halt(&mut self) -> Result<u32, TargetError>;

    /// Lets a moment pass in which the core runs.
    fn wait(&mut self) {
        thread::sleep(Duration::from_micros(500));
    }
}

/// Bytes for the flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first.
    pub address: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why a target did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing}: {why}")]
pub struct TargetError {
    /// What was to be done.
    pub doing: String,
    /// What the driver says about it.
    pub why: String,
}

impl TargetError {
    /// An error with all that the driver says, the causes behind it included.
    pub fn new(doing: impl fmt::Display, error: &dyn std::error::Error) -> Self {
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !why.contains(&text) {
                why = format!("{why}: {text}");
            }
            cause = inner.source();
        }
        Self {
            doing: doing.to_string(),
            why,
        }
    }
}
