//! The option `-O`.

use clap::ValueEnum;
use wasm2mcu::OptLevel;

/// How hard to optimise.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    /// Translate as it stands, for looking at the result.
    None,
    /// Everything that does not enlarge the code.
    Size,
    /// Everything.
    Speed,
}

impl From<Level> for OptLevel {
    fn from(level: Level) -> OptLevel {
        match level {
            Level::None => OptLevel::None,
            Level::Size => OptLevel::Size,
            Level::Speed => OptLevel::Speed,
        }
    }
}
