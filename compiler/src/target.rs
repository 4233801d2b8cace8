//! Targets: which core code is compiled for.

use std::fmt;
use std::str::FromStr;

use target_lexicon::Triple;
use wasm2mcu_abi::image::{Architecture, Features};

/// A core, as rustc's target triples name it, and what it has beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    row: &'static Row,
    /// Features beyond those of the triple that code may use.
    optional: Features,
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    core: &'static str,
    architecture: Architecture,
    /// What code demands of every core of this kind.
    required: Features,
    /// What code uses where there is some.
    optional: Features,
    /// How host functions take floats: demanded where some import has floats in its signature.
    float_abi: Features,
}

/// Every target there is; the first is the default.
const TARGETS: [Row; 5] = [
    Row {
        name: "thumbv8m.main-none-eabihf",
        core: "Cortex-M33 with FPU",
        ..THUMBV8M
    },
    Row {
        name: "thumbv8m.main-none-eabi",
        core: "Cortex-M33 without FPU",
        ..THUMBV8M
    },
    Row {
        name: "riscv32imafc-unknown-none-elf",
        core: "RV32 with single-precision FPU",
        required: Features(RISCV32IMC.required.0 | Features::RISCV_F.0),
        float_abi: Features::RISCV_HARD_FLOAT_ABI,
        ..RISCV32IMC
    },
    Row {
        name: "riscv32imac-unknown-none-elf",
        core: "ESP32-C6, Hazard3",
        ..RISCV32IMC
    },
    Row {
        name: "riscv32imc-unknown-none-elf",
        core: "ESP32-C3, Ibex",
        ..RISCV32IMC
    },
];

/// Integer code of Armv8-M Mainline without extensions.
const THUMBV8M: Row = Row {
    name: "",
    core: "",
    architecture: Architecture::Thumb,
    required: Features::NONE,
    optional: Features::NONE,
    float_abi: Features::NONE,
};

/// No triple says that a core does misaligned loads and stores in hardware, which LLVM calls
/// `unaligned-scalar-mem`: without it an access that is not proven aligned is made byte by byte.
/// Atomics are not used so far.
const RISCV32IMC: Row = Row {
    name: "",
    core: "",
    architecture: Architecture::RiscV32,
    required: Features(Features::RISCV_M.0 | Features::RISCV_C.0),
    optional: Features::RISCV_MISALIGNED,
    float_abi: Features::RISCV_SOFT_FLOAT_ABI,
};

impl Target {
    /// All targets, the default first.
    pub fn all() -> impl Iterator<Item = Target> {
        TARGETS.iter().map(Target::of)
    }

    /// The target triple.
    pub fn name(self) -> &'static str {
        self.row.name
    }

    /// The core, for people.
    pub fn core(self) -> &'static str {
        self.row.core
    }

    fn of(row: &'static Row) -> Target {
        Target {
            row,
            optional: Features::NONE,
        }
    }

    /// The same target, whose code uses what it can of the features `available`.
    #[must_use]
    pub fn with_features(self, available: Features) -> Target {
        let beyond = self.row.optional.without(available);
        Target {
            optional: self.row.optional.without(beyond),
            ..self
        }
    }

    /// The instruction set.
    pub fn architecture(self) -> Architecture {
        self.row.architecture
    }

    /// What code for this target demands of a core.
    pub fn required_features(self) -> Features {
        self.row.required | self.optional
    }

    /// How host functions take floats, which a module with such imports demands as well.
    pub fn float_abi(self) -> Features {
        self.row.float_abi
    }
}

impl Default for Target {
    fn default() -> Target {
        Target::of(&TARGETS[0])
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
        row.map(Target::of)
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
