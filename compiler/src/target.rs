//! Targets: which core code is compiled for.

use std::fmt;
use std::str::FromStr;

use target_lexicon::Triple;
use wasm2mcu_abi::image::Features;

/// A core, as rustc's target triples name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    row: &'static Row,
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    core: &'static str,
}

/// Every target there is; the first is the default.
const TARGETS: [Row; 2] = [
    Row {
        name: "thumbv8m.main-none-eabihf",
        core: "Cortex-M33 with FPU",
    },
    Row {
        name: "thumbv8m.main-none-eabi",
        core: "Cortex-M33 without FPU",
    },
];

impl Target {
    /// All targets, the default first.
    pub fn all() -> impl Iterator<Item = Target> {
        TARGETS.iter().map(|row| Target { row })
    }

    /// The target triple.
    pub fn name(self) -> &'static str {
        self.row.name
    }

    /// The core, for people.
    pub fn core(self) -> &'static str {
        self.row.core
    }

    /// What code for this target demands of a core.
    pub fn required_features(self) -> Features {
        // Integer code of Armv8-M Mainline without extensions.
        Features::NONE
    }
}

impl Default for Target {
    fn default() -> Target {
        Target { row: &TARGETS[0] }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A target triple that code cannot be compiled for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a triple.
    #[error("`{0}` is no target triple; supported are {list}", list = list())]
    NoTriple(String),
    /// A triple that is not in the table.
    #[error("target `{0}` is not supported; supported are {list}", list = list())]
    Unsupported(String),
}

fn list() -> String {
    TARGETS.map(|row| row.name).join(", ")
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let triple = Triple::from_str(text).map_err(|_| TargetError::NoTriple(text.to_owned()))?;
        // Spellings with a vendor mean the same target.
        let same = |row: &&Row| {
            Triple::from_str(row.name).is_ok_and(|known| {
                known.architecture == triple.architecture && known.environment == triple.environment
            })
        };
        let row = TARGETS.iter().find(same);
        row.map(|row| Target { row })
            .ok_or_else(|| TargetError::Unsupported(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_itself() {
        for target in Target::all() {
            assert_eq!(target.name().parse(), Ok(target));
        }
    }

    #[test]
    fn others_are_refused_by_name() {
        let error = "x86_64-unknown-linux-gnu".parse::<Target>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("target `x86_64-unknown-linux-gnu`")
        );
        assert!("no triple".parse::<Target>().is_err());
    }
}
