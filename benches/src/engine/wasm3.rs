//! wasm3, the fastest interpreter in C: it translates a module into threaded code and runs that.
//!
//! The pip source package `pywasm3` carries its C sources; `engines/wasm3/firmware.c` uses them through
//! their own API. All functions are translated while the module is loaded. Interpreted code checks
//! memory accesses; it does not check the stack.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::native::{linker, toolchain};
use super::runtime::{Firmware, Kind};
use super::tool::{execute, failed};
use super::{Engine, EngineError, Program};
use crate::cache;
use crate::machine::Core;
use crate::machine::elf::Elf;
use crate::workload::Workload;

const VERSION: &str = "0.5.0";
const REMEDY: &str = "benches/setup.sh fetches the pip package pywasm3";

/// What wasm3's own ports for microcontrollers tell the compiler, and what its semantics need.
const FLAGS: [&str; 9] = [
    "-O3",
    "-std=gnu11",
    // WebAssembly rounds after every operation.
    "-ffp-contract=off",
    "-DNDEBUG",
    "-Dd_m3LogOutput=0",
    "-Dd_m3MaxFunctionStackHeight=512",
    "-Dd_m3CodePageAlignSize=1024",
    "-ffunction-sections",
    "-fdata-sections",
];

/// The engine.
pub(super) struct Wasm3;

impl Engine for Wasm3 {
    fn name(&self) -> &str {
        "wasm3"
    }

    fn cores(&self) -> &[Core] {
        &[Core::M33, Core::Rv32]
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        sources().map(|_| format!("wasm3 {VERSION}"))
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        let module = fs::read(&workload.wasm).map_err(failed)?;
        let firmware = Firmware::new(firmware(core)?, core, Kind::Module(module))?;
        Ok(Box::new(firmware))
    }
}

/// The sources, where `setup.sh` unpacked them.
fn sources() -> Result<PathBuf, EngineError> {
    let folder = cache::folder().join(format!("pywasm3-{VERSION}/wasm3"));
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(EngineError::Missing {
        what: format!("the sources of wasm3 {VERSION}"),
        remedy: REMEDY,
    })
}

fn firmware(core: Core) -> Result<Elf, EngineError> {
    let recipes = cache::sources();
    let sources = sources()?;
    let own = [recipes.join("wasm3/firmware.c"), recipes.join("heap.c")];
    let inputs = [&own[..], &[recipes.join("flat.x"), sources.clone()]].concat();
    let mut words = vec![core.name()];
    words.extend(FLAGS);
    let folder = cache::built("wasm3", &inputs, &words, |folder| {
        let mut link = linker(core);
        for name in ["load", "failure", "heap_used"] {
            link.arg(format!("-Wl,--undefined={name}"));
        }
        link.args(FLAGS).arg("-I").arg(&sources);
        link.args(own.iter().chain(&c_files(&sources)?));
        link.args(["-lm", "-o"]).arg(folder.join("firmware"));
        execute(&mut link, toolchain(core).remedy).map(drop)
    })?;
    let bytes = fs::read(folder.join("firmware")).map_err(failed)?;
    Elf::parse(&bytes).map_err(EngineError::Failed)
}

fn c_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    Ok(files)
}
