//! The options that say for which core to compile.

use wasm2mcu::Target;

use super::Failure;

/// The core to compile for.
#[derive(clap::Args)]
pub(crate) struct Core {
    /// The kind of core to compile for.
    ///
    /// The end of a triple for Arm says how host functions take floats: in floating-point registers
    /// (eabihf) or in others (eabi).
    #[arg(long, value_name = "TRIPLE")]
    target: Option<Target>,
    /// The core to compile for by its name; says what --target is unless that is given too.
    #[arg(long, value_name = "NAME")]
    cpu: Option<String>,
    /// Features of the core that code may use or must not, such as +unaligned-scalar-mem.
    #[arg(long, value_name = "+NAME,-NAME", allow_hyphen_values = true)]
    features: Option<String>,
}

impl Core {
    /// The target that is meant.
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        Target::resolve(self.target, self.cpu.as_deref(), self.features.as_deref())
            .map_err(Failure::new)
    }
}

/// The targets, the features of each, and the names of cores.
pub(crate) fn manual() -> String {
    let targets: Vec<String> = Target::all()
        .map(|target| {
            let features = target.optional_features();
            let features: String = features.map(|name| format!(", +{name}")).collect();
            format!("  {:28}  {}{features}", target.name(), target.core())
        })
        .collect();
    let cpus: Vec<&str> = Target::cpus().collect();
    format!(
        "Targets, the default first, with the features that can be turned on:\n{}\n\n\
         Names for --cpu: {}",
        targets.join("\n"),
        cpus.join(", "),
    )
}
