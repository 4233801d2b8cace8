//! Targets: which core code is compiled for.
//!
//! ```text
//!   triple ── what every core of it has, and the float ABI of host functions ─┐
//!   --cpu ─── what that core has beyond ──────────────────────────────────────┼──▶ features
//!   --features ── single ones, on or off ─────────────────────────────────────┘
//! ```
//!
//! Code may use all features of its target; an image demands those that its code relies on.

use std::fmt;
use std::str::FromStr;

use target_lexicon::Triple;
use wasm2mcu_abi::image::{Architecture, Features};

/// A core, as rustc's target triples name it, and what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    row: &'static Row,
    /// What code may use, and the float ABI of host functions.
    features: Features,
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    core: &'static str,
    architecture: Architecture,
    /// What every core of this kind has, and the float ABI of its host functions.
    features: Features,
    /// What some of them have, by the names that LLVM gives it.
    optional: &'static [(&'static str, Features)],
}

/// Every target there is; the first is the default.
const TARGETS: [Row; 8] = [
    Row {
        name: "thumbv8m.main-none-eabihf",
        core: "Cortex-M33 with FPU",
        architecture: Architecture::Thumb,
        features: both(FPV5, Features::THUMB_HARD_FLOAT_ABI),
        optional: &[],
    },
    Row {
        name: "thumbv8m.main-none-eabi",
        core: "Cortex-M33 without FPU",
        architecture: Architecture::Thumb,
        features: Features::THUMB_SOFT_FLOAT_ABI,
        optional: &[("fp-armv8d16sp", FPV5)],
    },
    Row {
        name: "thumbv7em-none-eabihf",
        core: "Cortex-M4F, M7",
        architecture: Architecture::Thumb,
        features: both(Features::THUMB_FPU, Features::THUMB_HARD_FLOAT_ABI),
        optional: &[],
    },
    Row {
        name: "thumbv7em-none-eabi",
        core: "Cortex-M4, M7 without FPU",
        architecture: Architecture::Thumb,
        features: Features::THUMB_SOFT_FLOAT_ABI,
        optional: &[("vfp4d16sp", Features::THUMB_FPU)],
    },
    Row {
        name: "thumbv7m-none-eabi",
        core: "Cortex-M3",
        architecture: Architecture::Thumb,
        features: Features::THUMB_SOFT_FLOAT_ABI,
        optional: &[],
    },
    Row {
        name: "riscv32imafc-unknown-none-elf",
        core: "RV32 with single-precision FPU",
        features: both(
            both(Features::RISCV_M, Features::RISCV_C),
            both(Features::RISCV_F, Features::RISCV_HARD_FLOAT_ABI),
        ),
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

/// The FPU of Armv8-M.
const FPV5: Features = both(Features::THUMB_FPU, Features::THUMB_V8M);

/// Integer code; atomics are not used so far.
const RISCV32IMC: Row = Row {
    name: "",
    core: "",
    architecture: Architecture::RiscV32,
    features: both(
        both(Features::RISCV_M, Features::RISCV_C),
        Features::RISCV_SOFT_FLOAT_ABI,
    ),
    optional: &[
        ("unaligned-scalar-mem", Features::RISCV_MISALIGNED),
        ("zba", Features::RISCV_ZBA),
        ("zbb", Features::RISCV_ZBB),
        ("zbs", Features::RISCV_ZBS),
    ],
};

/// A core by its maker's name.
#[derive(Debug, PartialEq, Eq)]
struct Cpu {
    name: &'static str,
    /// Names of the targets whose code runs on it; the first is the one to compile for unless
    /// another is asked for.
    targets: &'static [&'static str],
    /// What every one of these has that is optional for its targets.
    features: Features,
}

/// Every core that has a name here, that of gcc and LLVM.
const CPUS: [Cpu; 5] = [
    Cpu {
        name: "cortex-m3",
        targets: &["thumbv7m-none-eabi"],
        features: Features::NONE,
    },
    Cpu {
        name: "cortex-m4",
        targets: &[
            "thumbv7em-none-eabihf",
            "thumbv7em-none-eabi",
            "thumbv7m-none-eabi",
        ],
        features: Features::NONE,
    },
    Cpu {
        name: "cortex-m7",
        targets: &[
            "thumbv7em-none-eabihf",
            "thumbv7em-none-eabi",
            "thumbv7m-none-eabi",
        ],
        features: Features::NONE,
    },
    Cpu {
        name: "cortex-m33",
        targets: &[
            "thumbv8m.main-none-eabihf",
            "thumbv8m.main-none-eabi",
            "thumbv7em-none-eabihf",
            "thumbv7em-none-eabi",
            "thumbv7m-none-eabi",
        ],
        features: Features::NONE,
    },
    Cpu {
        name: "rp2350-hazard3",
        targets: &[
            "riscv32imac-unknown-none-elf",
            "riscv32imc-unknown-none-elf",
        ],
        features: both(
            Features::RISCV_ZBA,
            both(Features::RISCV_ZBB, Features::RISCV_ZBS),
        ),
    },
];

const fn both(a: Features, b: Features) -> Features {
    Features(a.0 | b.0)
}

/// Where floats are in a module's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FloatUse {
    /// Some value is an f32.
    pub single: bool,
    /// An imported function takes or returns a float.
    pub imports: bool,
}

impl Target {
    /// All targets, the default first.
    pub fn all() -> impl Iterator<Item = Target> {
        TARGETS.iter().map(Target::of)
    }

    /// The target that is meant by a triple, a core and a list of features: each of them may be
    /// missing, a core stands for a triple too.
    ///
    /// # Errors
    ///
    /// [`TargetError`].
    pub fn resolve(
        triple: Option<Target>,
        cpu: Option<&str>,
        features: Option<&str>,
    ) -> Result<Target, TargetError> {
        let target = match cpu {
            Some(cpu) => Target::on_cpu(triple, cpu)?,
            None => triple.unwrap_or_default(),
        };
        match features {
            Some(list) => target.with_feature_list(list),
            None => Ok(target),
        }
    }

    /// Names of all cores.
    pub fn cpus() -> impl Iterator<Item = &'static str> {
        CPUS.iter().map(|cpu| cpu.name)
    }

    /// The target triple.
    pub fn name(self) -> &'static str {
        self.row.name
    }

    /// The same, parsed.
    pub(crate) fn triple(self) -> Triple {
        Triple::from_str(self.name()).expect("the table has triples")
    }

    /// The core, for people.
    pub fn core(self) -> &'static str {
        self.row.core
    }

    /// Names of the features that can be turned on and off.
    pub fn optional_features(self) -> impl Iterator<Item = &'static str> {
        self.row.optional.iter().map(|(name, _)| *name)
    }

    fn of(row: &'static Row) -> Target {
        Target {
            row,
            features: row.features,
        }
    }

    fn on_cpu(triple: Option<Target>, name: &str) -> Result<Target, TargetError> {
        let cpu = CPUS.iter().find(|cpu| cpu.name == name);
        let cpu = cpu.ok_or_else(|| TargetError::UnknownCpu(name.to_owned()))?;
        let target = match triple {
            Some(target) => target,
            None => cpu.targets[0].parse()?,
        };
        if !cpu.targets.contains(&target.name()) {
            return Err(TargetError::OtherCpu {
                cpu: cpu.name,
                target: target.name(),
                targets: cpu.targets.join(", "),
            });
        }
        Ok(target.with_features(cpu.features))
    }

    /// The same target with the features of a list like `+a,-b` turned on and off.
    ///
    /// # Errors
    ///
    /// [`TargetError`] for an item that is none.
    pub fn with_feature_list(mut self, list: &str) -> Result<Target, TargetError> {
        for item in list.split(',') {
            let (name, on) = match (item.strip_prefix('+'), item.strip_prefix('-')) {
                (Some(name), _) => (name, true),
                (_, Some(name)) => (name, false),
                _ => return Err(TargetError::NoSign(item.to_owned())),
            };
            let known = self.row.optional.iter().find(|(known, _)| *known == name);
            let &(_, feature) = known.ok_or_else(|| TargetError::UnknownFeature {
                name: name.to_owned(),
                target: self.name(),
                known: self.optional_features().collect::<Vec<_>>().join(", "),
            })?;
            self.features = if on {
                self.features | feature
            } else {
                self.features.without(feature)
            };
        }
        Ok(self)
    }

    /// The same target, whose code uses what it can of the features `available`.
    #[must_use]
    pub fn with_features(self, available: Features) -> Target {
        let optional = self.row.optional.iter().map(|(_, features)| *features);
        let usable = optional.filter(|&features| available.contains(features));
        Target {
            features: usable.fold(self.row.features, |all, features| all | features),
            ..self
        }
    }

    /// The instruction set.
    pub fn architecture(self) -> Architecture {
        self.row.architecture
    }

    /// What code may use, and the float ABI of host functions.
    pub fn features(self) -> Features {
        self.features
    }

    /// Whether code may load and store words and halfwords at any address.
    ///
    /// LLVM calls this `unaligned-scalar-mem`. No triple says so of a RISC-V core: without it an
    /// access that is not proven aligned is made byte by byte.
    pub fn misaligned_access(self) -> bool {
        match self.row.architecture {
            Architecture::Thumb => true,
            Architecture::RiscV32 => self.features.contains(Features::RISCV_MISALIGNED),
        }
    }

    /// What code for this target demands of a core: neither an FPU nor an ABI of floats where
    /// there are none.
    pub fn required_features(self, floats: FloatUse) -> Features {
        let (fpu, abi) = match self.row.architecture {
            Architecture::Thumb => (
                FPV5,
                both(
                    Features::THUMB_HARD_FLOAT_ABI,
                    Features::THUMB_SOFT_FLOAT_ABI,
                ),
            ),
            Architecture::RiscV32 => (
                Features::RISCV_F,
                both(
                    Features::RISCV_HARD_FLOAT_ABI,
                    Features::RISCV_SOFT_FLOAT_ABI,
                ),
            ),
        };
        let mut required = self.features;
        if !floats.single {
            required = required.without(fpu);
        }
        if !floats.imports {
            required = required.without(abi);
        }
        required
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

/// A target that code cannot be compiled for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a triple.
    #[error("`{0}` is no target triple; supported are {list}", list = list())]
    NoTriple(String),
    /// A triple that is not in the table.
    #[error("target `{0}` is not supported; supported are {list}", list = list())]
    Unsupported(String),
    /// A core that is not in the table.
    #[error("`{0}` is no known core; known are {list}", list = cpu_list())]
    UnknownCpu(String),
    /// Code for the target does not run on the core.
    #[error("code for {target} does not run on {cpu}; targets for it are {targets}")]
    OtherCpu {
        /// The core.
        cpu: &'static str,
        /// The target that was asked for.
        target: &'static str,
        /// Targets whose code runs on it.
        targets: String,
    },
    /// An item of a list of features that neither turns on nor off.
    #[error("feature `{0}`: write `+{0}` to turn it on, `-{0}` to turn it off")]
    NoSign(String),
    /// A feature that the target has not among its optional ones.
    #[error(
        "`{name}` is no feature to turn on or off for {target}; {}",
        if known.is_empty() { "there is none".to_owned() } else { format!("there are {known}") }
    )]
    UnknownFeature {
        /// The name.
        name: String,
        /// The target.
        target: &'static str,
        /// What it knows.
        known: String,
    },
}

fn list() -> String {
    TARGETS.map(|row| row.name).join(", ")
}

fn cpu_list() -> String {
    CPUS.map(|cpu| cpu.name).join(", ")
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let triple = Triple::from_str(text).map_err(|_| TargetError::NoTriple(text.to_owned()))?;
        // Spellings with a vendor mean the same target.
        let same = |row: &&'static Row| {
            let known = Target::of(row).triple();
            known.architecture == triple.architecture && known.environment == triple.environment
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

    fn target(name: &str) -> Target {
        name.parse().expect("a target")
    }

    #[test]
    fn cores_stand_for_targets_that_exist() {
        for cpu in &CPUS {
            for (position, name) in cpu.targets.iter().enumerate() {
                let alone = Target::resolve(None, Some(cpu.name), None);
                let both = Target::resolve(Some(target(name)), Some(cpu.name), None);
                assert_eq!(both.as_ref().map(|target| target.name()), Ok(*name));
                assert!(position > 0 || alone == both);
            }
        }
        let hazard3 = Target::resolve(None, Some("rp2350-hazard3"), None);
        let zb = Features::RISCV_ZBA | Features::RISCV_ZBB | Features::RISCV_ZBS;
        assert!(hazard3.unwrap().features().contains(zb));
        let wrong = Target::resolve(Some(Target::default()), Some("cortex-m4"), None);
        let message = wrong.unwrap_err().to_string();
        assert!(message.contains("does not run on cortex-m4"), "{message}");
        assert!(message.contains("thumbv7em-none-eabihf"), "{message}");
        let unknown = Target::resolve(None, Some("i486"), None).unwrap_err();
        assert!(unknown.to_string().contains("cortex-m33"), "{unknown}");
    }

    #[test]
    fn features_are_turned_on_and_off() {
        let rv32 = target("riscv32imac-unknown-none-elf");
        let with = |list| Target::resolve(Some(rv32), None, Some(list));
        assert!(!rv32.misaligned_access());
        assert!(with("+unaligned-scalar-mem").unwrap().misaligned_access());
        let both = with("+unaligned-scalar-mem,-unaligned-scalar-mem");
        assert_eq!(both, Ok(rv32));
        assert_eq!(rv32.with_features(Features::RISCV_A), rv32);
        assert_eq!(
            rv32.with_features(Features::RISCV_MISALIGNED),
            with("+unaligned-scalar-mem").unwrap()
        );
        let message = with("+zve32x").unwrap_err().to_string();
        assert!(message.contains("`zve32x`") && message.contains("unaligned-scalar-mem"));
        assert_eq!(
            with("unaligned-scalar-mem"),
            Err(TargetError::NoSign("unaligned-scalar-mem".to_owned()))
        );
    }

    #[test]
    fn images_demand_what_their_code_uses() {
        let none = FloatUse::default();
        let single = FloatUse {
            single: true,
            ..none
        };
        let imports = FloatUse {
            imports: true,
            ..none
        };
        let m33 = Target::default();
        assert_eq!(m33.required_features(none), Features::NONE);
        assert_eq!(m33.required_features(single), FPV5);
        assert_eq!(
            m33.required_features(imports),
            Features::THUMB_HARD_FLOAT_ABI
        );
        let m4 = target("thumbv7em-none-eabihf");
        assert_eq!(m4.required_features(single), Features::THUMB_FPU);
        let soft = target("thumbv8m.main-none-eabi");
        assert_eq!(soft.required_features(single), Features::NONE);
        assert_eq!(
            soft.required_features(imports),
            Features::THUMB_SOFT_FLOAT_ABI
        );
        let softfp = Target::resolve(Some(soft), None, Some("+fp-armv8d16sp")).unwrap();
        assert_eq!(softfp.required_features(single), FPV5);
        let rv32 = target("riscv32imac-unknown-none-elf");
        assert!(rv32.required_features(none).contains(Features::RISCV_C));
    }
}
