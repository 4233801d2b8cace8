//! Firmware in Rust for the cores: a crate of `engines/`, built where a way to build for bare targets
//! is found, as `testbench/test.sh` does it.
//!
//! The target's core library may be there (rustup), or Debian's packages build it from its sources.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::EngineError;
use super::tool::{execute, failed};
use crate::cache;
use crate::machine::Core;
use crate::machine::elf::Elf;

const REMEDY: &str = "testbench/test.sh --setup-only finds a way to build for the cores";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A crate of `engines/` with a binary of the name `firmware`.
pub(crate) struct Firmware<'a> {
    /// Its folder.
    pub(crate) name: &'a str,
    /// Which of its features, separated by commas.
    pub(crate) features: &'a str,
    /// How it is optimised, if not as its profile says.
    pub(crate) opt_level: Option<&'a str>,
    /// What it is built from beside its own folder.
    pub(crate) sources: &'a [&'a str],
}

impl<'a> Firmware<'a> {
    /// The crate as it is.
    pub(crate) const fn new(name: &'a str, sources: &'a [&'a str]) -> Self {
        Self {
            name,
            features: "",
            opt_level: None,
            sources,
        }
    }
}

/// A firmware for a core.
///
/// # Errors
///
/// [`EngineError::Missing`] if there is no way to build for the core.
pub(crate) fn firmware(core: Core, firmware: &Firmware<'_>) -> Result<Elf, EngineError> {
    let Firmware {
        name,
        features,
        opt_level,
        sources,
    } = *firmware;
    let target = match core {
        Core::M33 => "thumbv8m.main-none-eabihf",
        Core::Rv32 | Core::Ibex | Core::Cv32e40p => "riscv32imac-unknown-none-elf",
    };
    let krate = cache::sources().join(name);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut inputs: Vec<PathBuf> = sources.iter().map(|path| workspace.join(path)).collect();
    inputs.extend([krate.clone(), cache::sources().join("flat.x")]);
    let level = opt_level.unwrap_or_default();
    let folder = cache::built(name, &inputs, &[target, features, level], |folder| {
        let mut build = cargo(target)?;
        build
            .args([
                "build",
                "--release",
                "--locked",
                "--quiet",
                "--target",
                target,
                "--features",
                features,
            ])
            .arg("--manifest-path")
            .arg(krate.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(cache::folder().join("cargo"));
        if let Some(level) = opt_level {
            build.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
        }
        execute(&mut build, REMEDY)?;
        let built = cache::folder().join("cargo").join(target);
        fs::copy(built.join("release/firmware"), folder.join("firmware"))?;
        Ok::<_, EngineError>(())
    })?;
    let bytes = fs::read(folder.join("firmware")).map_err(failed)?;
    Elf::parse(&bytes).map_err(EngineError::Failed)
}

/// A cargo that builds for a target.
fn cargo(target: &str) -> Result<Command, EngineError> {
    if has_core_library(target) {
        return Ok(Command::new("cargo"));
    }
    if !Path::new(DEBIAN_RUSTC).exists() || !Path::new(DEBIAN_CARGO).exists() {
        return Err(EngineError::Missing {
            what: format!("Rust's core library for {target}"),
            remedy: REMEDY,
        });
    }
    // The library is built from its sources, which is unstable in name only. This compiler comes
    // without a linker for bare targets.
    let mut cargo = Command::new(DEBIAN_CARGO);
    cargo
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "core,alloc")
        .env(
            "CARGO_TARGET_THUMBV8M_MAIN_NONE_EABIHF_LINKER",
            "arm-none-eabi-ld",
        )
        .env(
            "CARGO_TARGET_RISCV32IMAC_UNKNOWN_NONE_ELF_LINKER",
            "riscv64-unknown-elf-ld",
        );
    Ok(cargo)
}

fn has_core_library(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", target]);
    let Ok(output) = execute(&mut rustc, REMEDY) else {
        return false;
    };
    let folder = String::from_utf8_lossy(&output.stdout).into_owned();
    let Ok(entries) = fs::read_dir(folder.trim()) else {
        return false;
    };
    entries.filter_map(io::Result::ok).any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("libcore-")
    })
}
