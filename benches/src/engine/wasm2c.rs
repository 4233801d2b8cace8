//! wasm2c: the module translated to C by wabt, and compiled by the gcc of the native line with `-O2`.
//!
//! Debian's package `wabt` has the program and `wasm-rt.h`; `engines/wasm2c/firmware.c` is the
//! runtime. Two lines: with wasm2c's own checks of every access and of the call depth, and with both
//! left out, which is what it does where the operating system catches faults instead. No core here
//! has one that would: the second line says what a compiler gains without a sandbox.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::native::{link_with, linker, toolchain};
use super::runtime::{Firmware, Kind};
use super::tool::{execute, failed, version};
use super::{Engine, EngineError, Program};
use crate::cache;
use crate::machine::Core;
use crate::workload::Workload;

const REMEDY: &str = "benches/setup.sh installs wabt";
/// The runtime's header, which the package installs for the host.
const HEADER: &str = "/usr/include/wasm-rt.h";

/// wasm2c with a way of checking.
pub(super) struct Wasm2c {
    name: &'static str,
    flags: &'static [&'static str],
}

/// With checks and without.
pub(super) static ENGINES: [Wasm2c; 2] = [
    Wasm2c {
        name: "wasm2c checked",
        flags: &["-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0"],
    },
    Wasm2c {
        name: "wasm2c unchecked",
        flags: &[
            "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1",
            "-DWASM_RT_SKIP_SIGNAL_RECOVERY=1",
        ],
    },
];

impl Engine for &Wasm2c {
    fn name(&self) -> &str {
        self.name
    }

    fn cores(&self) -> &[Core] {
        &[Core::M33, Core::Rv32]
    }

    fn version(&self, core: Core) -> Result<String, EngineError> {
        let wabt = version("wasm2c", REMEDY)?;
        let gcc = version(toolchain(core).gcc, toolchain(core).remedy)?;
        Ok(format!("wabt {wabt}, {gcc}"))
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        let folder = tempfile::tempdir().map_err(failed)?;
        let header = fs::read_to_string(HEADER).map_err(|_| EngineError::Missing {
            what: HEADER.into(),
            remedy: REMEDY,
        })?;
        fs::write(folder.path().join("wasm-rt.h"), header).map_err(failed)?;

        let start = Instant::now();
        let source = folder.path().join("module.c");
        let mut translate = Command::new("wasm2c");
        translate
            .arg(&workload.wasm)
            .args(["-n", "module", "-o"])
            .arg(&source);
        execute(&mut translate, REMEDY)?;
        let elf = link_with(
            &mut self.compile(folder.path(), core)?,
            core,
            &folder.path().join("app.elf"),
        )?;
        let kind = Kind::Linked {
            wasm_bytes: fs::metadata(&workload.wasm).map_err(failed)?.len(),
            compile_seconds: start.elapsed().as_secs_f64(),
        };
        Ok(Box::new(Firmware::new(elf, core, kind)?))
    }
}

impl Wasm2c {
    /// gcc that compiles and links the translated module in a folder.
    fn compile(&self, folder: &Path, core: Core) -> Result<Command, EngineError> {
        let header = fs::read_to_string(folder.join("module.h")).map_err(failed)?;
        let mut link = linker(core);
        // WebAssembly rounds after every operation: no fused multiply and add.
        link.args(["-O2", "-std=gnu11", "-w", "-DNDEBUG", "-ffp-contract=off"])
            .args(["-ffunction-sections", "-fdata-sections"])
            .args(self.flags)
            .arg("-I")
            .arg(folder);
        if header.contains("Z_spectest_instance") {
            link.arg("-DHAS_SPECTEST");
        }
        link.args(["-Wl,--undefined=load", "-Wl,--undefined=heap_used"])
            .arg("-Wl,--undefined=failure")
            .arg(folder.join("module.c"))
            .arg(cache::sources().join("wasm2c/firmware.c"))
            .arg(cache::sources().join("heap.c"))
            .arg("-lm");
        Ok(link)
    }
}
