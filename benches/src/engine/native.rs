//! The native line: the workloads' C sources compiled by gcc and clang.
//!
//! Both link with gcc and a small C library (newlib-nano on Arm, picolibc on RISC-V), because gcc
//! turns loops into calls of `memset` and `memcpy`; what gets linked counts in instructions and in
//! code bytes. Unused functions are left out and the module's exports are kept, as wasm-ld does it.
//!
//! On RISC-V the compilers keep their default, which is to avoid misaligned accesses, and the linker
//! uses `gp` for variables, as in any firmware. There the core has no F, and all
//! floating-point arithmetic is gcc's soft-float library, as in modules of ours. The RTL runs the very
//! programs that the emulator runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use wasmparser::{ExternalKind, Parser, Payload};

use super::tool::{execute, failed, version};
use super::{Engine, EngineError, Program, Run, Sizes};
use crate::machine::elf::Elf;
use crate::machine::{self, Core};
use crate::workload::Workload;

/// A compiler with an optimisation level.
pub(super) struct Native {
    name: &'static str,
    compiler: Compiler,
    level: &'static str,
    cores: &'static [Core],
}

#[derive(Clone, Copy)]
enum Compiler {
    Gcc,
    Clang,
}

const CLANG: [&str; 2] = ["clang-22", "clang"];
const CLANG_REMEDY: &str = "apt-get install clang-22";

/// The native engines, gcc's first: ratios refer to it.
pub(super) static ENGINES: [Native; 4] = [
    Native {
        name: "gcc -O2",
        compiler: Compiler::Gcc,
        level: "-O2",
        cores: &Core::ALL,
    },
    Native {
        name: "gcc -Os",
        compiler: Compiler::Gcc,
        level: "-Os",
        cores: &[Core::M33, Core::Rv32],
    },
    Native {
        name: "clang -O3",
        compiler: Compiler::Clang,
        level: "-O3",
        cores: &[Core::M33, Core::Rv32],
    },
    Native {
        name: "clang -Os",
        compiler: Compiler::Clang,
        level: "-Os",
        cores: &[Core::M33, Core::Rv32],
    },
];

/// gcc for a core: what it is called, where it comes from, and what it is told.
pub(super) struct Toolchain {
    /// The program.
    pub(super) gcc: &'static str,
    /// How to get it.
    pub(super) remedy: &'static str,
    /// The core and the calling convention, for gcc and clang.
    pub(super) machine: &'static [&'static str],
    /// The C library, for compiling with its headers and for linking.
    pub(super) library: &'static str,
    clang_target: &'static str,
}

/// The toolchain whose programs run on a core.
pub(super) fn toolchain(core: Core) -> &'static Toolchain {
    match core {
        Core::M33 => &ARM,
        Core::Rv32 | Core::Ibex | Core::Cv32e40p => &RISCV,
    }
}

/// As rustc's `thumbv8m.main-none-eabihf`.
static ARM: Toolchain = Toolchain {
    gcc: "arm-none-eabi-gcc",
    remedy: "benches/setup.sh installs gcc-arm-none-eabi and libnewlib-arm-none-eabi",
    machine: &[
        "-mcpu=cortex-m33",
        "-mthumb",
        "-mfloat-abi=hard",
        "-mfpu=fpv5-sp-d16",
    ],
    library: "--specs=nano.specs",
    clang_target: "--target=arm-none-eabi",
};

/// As rustc's `riscv32imac-unknown-none-elf`.
static RISCV: Toolchain = Toolchain {
    gcc: "riscv64-unknown-elf-gcc",
    remedy: "benches/setup.sh installs gcc-riscv64-unknown-elf and picolibc-riscv64-unknown-elf",
    machine: &["-march=rv32imac", "-mabi=ilp32"],
    library: "--specs=picolibc.specs",
    clang_target: "--target=riscv32-unknown-elf",
};

/// Host functions that an app may import.
const HOST: &str = "void print_i32(int value) { (void)value; }\n";

impl Engine for &Native {
    fn name(&self) -> &str {
        self.name
    }

    fn cores(&self) -> &[Core] {
        self.cores
    }

    fn version(&self, core: Core) -> Result<String, EngineError> {
        let compiler = match self.compiler {
            Compiler::Gcc => version(toolchain(core).gcc, toolchain(core).remedy),
            Compiler::Clang => clang(|program| version(program, CLANG_REMEDY)),
        }?;
        match machine::rtl_version(core) {
            Some(rtl) => Ok(format!("{compiler}, {}", rtl?)),
            None => Ok(compiler),
        }
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        let folder = tempfile::tempdir().map_err(failed)?;
        let start = Instant::now();
        let objects = self.compile(workload, core, folder.path())?;
        let mut link = linker(core);
        link.args(exports(&workload.wasm)?.map(|name| format!("-Wl,--undefined={name}")))
            .args(&objects);
        let elf = link_with(&mut link, core, &folder.path().join("app.elf"))?;
        Ok(Box::new(Linked {
            elf,
            core,
            compile_seconds: start.elapsed().as_secs_f64(),
        }))
    }
}

impl Native {
    /// Compiles all sources of a workload into objects in a folder.
    fn compile(
        &self,
        workload: &Workload,
        core: Core,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, EngineError> {
        if let Some(absent) = workload.sources.iter().find(|path| !path.is_file()) {
            return Err(EngineError::Missing {
                what: absent.display().to_string(),
                remedy: "testbench/apps/build.sh fetches it",
            });
        }
        let host = folder.join("host.c");
        fs::write(&host, HOST).map_err(failed)?;
        let mut objects = Vec::new();
        for (index, source) in workload.sources.iter().chain([&host]).enumerate() {
            let object = folder.join(format!("{index}.o"));
            let compile = |program: &str| {
                let mut compile = Command::new(program);
                if let Compiler::Clang = self.compiler {
                    compile.arg(toolchain(core).clang_target);
                }
                compile
                    .arg(self.level)
                    .args(toolchain(core).machine)
                    .args(["-std=c11", "-ffreestanding"])
                    .args(["-ffunction-sections", "-fdata-sections"])
                    .args(&workload.flags)
                    .arg("-c")
                    .arg(source)
                    .arg("-o")
                    .arg(&object);
                compile
            };
            match self.compiler {
                Compiler::Gcc => {
                    execute(&mut compile(toolchain(core).gcc), toolchain(core).remedy)?
                }
                Compiler::Clang => clang(|program| execute(&mut compile(program), CLANG_REMEDY))?,
            };
            objects.push(object);
        }
        Ok(objects)
    }
}

/// Tries the names that clang may have.
fn clang<T>(attempt: impl Fn(&str) -> Result<T, EngineError>) -> Result<T, EngineError> {
    let mut outcome = attempt(CLANG[0]);
    for program in &CLANG[1..] {
        if let Err(EngineError::Missing { .. }) = outcome
            && let Ok(value) = attempt(program)
        {
            outcome = Ok(value);
        }
    }
    outcome
}

/// gcc that links for the map of [`crate::machine::emulated`]; objects are to be added.
pub(super) fn linker(core: Core) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines/flat.x");
    let mut link = Command::new(toolchain(core).gcc);
    link.args(toolchain(core).machine)
        .args([toolchain(core).library, "-nostartfiles"])
        .args(["-Wl,--gc-sections", "-Wl,--entry=run", "-T"])
        .arg(script);
    link
}

/// Links to a file and reads it.
pub(super) fn link_with(link: &mut Command, core: Core, output: &Path) -> Result<Elf, EngineError> {
    execute(link.arg("-o").arg(output), toolchain(core).remedy)?;
    let bytes = fs::read(output).map_err(failed)?;
    Elf::parse(&bytes).map_err(EngineError::Failed)
}

/// Names of the functions that a module exports.
fn exports(wasm: &Path) -> Result<impl Iterator<Item = String>, EngineError> {
    let in_file = |error: String| EngineError::Failed(format!("{}: {error}", wasm.display()));
    let bytes = fs::read(wasm).map_err(|error| in_file(error.to_string()))?;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        let Payload::ExportSection(section) =
            payload.map_err(|error| in_file(error.to_string()))?
        else {
            continue;
        };
        for export in section {
            let export = export.map_err(|error| in_file(error.to_string()))?;
            if export.kind == ExternalKind::Func {
                names.push(export.name.to_owned());
            }
        }
    }
    Ok(names.into_iter())
}

/// A linked program.
struct Linked {
    elf: Elf,
    core: Core,
    compile_seconds: f64,
}

impl Program for Linked {
    fn sizes(&self) -> Sizes {
        Sizes {
            code_bytes: self.elf.code_bytes,
            function_bytes: self.elf.code_bytes,
            rodata_bytes: self.elf.rodata_bytes,
            ram_bytes: self.elf.ram_bytes,
            ..Sizes::default()
        }
    }

    fn compile_seconds(&self) -> Option<f64> {
        Some(self.compile_seconds)
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let call = self.elf.call("run", [rounds as u32, 0, 0, 0]);
        let call = call.map_err(EngineError::Failed)?;
        let called = machine::call(self.core, &self.elf.segments, call)?;
        Ok(Run {
            checksum: called.result as i32,
            instructions: called.instructions,
            cycles: called.cycles,
            load_instructions: None,
        })
    }
}
