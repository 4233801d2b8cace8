//! The native line: the workloads' C sources compiled for the Cortex-M33 by gcc and clang.
//!
//! Both link with `arm-none-eabi-gcc` and newlib-nano, because gcc turns loops into calls of
//! `memset` and `memcpy`; what gets linked counts in instructions and in code bytes. Unused
//! functions are left out and the module's exports are kept, as wasm-ld does it.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use wasmparser::{ExternalKind, Parser, Payload};

use super::{Engine, EngineError, Program, Run, Sizes};
use crate::machine::Core;
use crate::machine::m33::{self, FLASH, RAM, Segment};
use crate::workload::Workload;

const LINKER: &str = "arm-none-eabi-gcc";

/// A compiler with an optimisation level.
pub(super) struct Native {
    name: &'static str,
    programs: &'static [&'static str],
    flags: &'static [&'static str],
    remedy: &'static str,
}

/// What both compilers and the linker are told about the core: `thumbv8m.main-none-eabihf`.
const CORE: [&str; 4] = [
    "-mcpu=cortex-m33",
    "-mthumb",
    "-mfloat-abi=hard",
    "-mfpu=fpv5-sp-d16",
];

const GCC: &[&str] = &[LINKER];
const GCC_REMEDY: &str = "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi";
const CLANG: &[&str] = &["clang-22", "clang"];
const CLANG_REMEDY: &str = "apt-get install clang-22";

/// The native engines, gcc's first: ratios refer to it.
pub(super) static ENGINES: [Native; 4] = [
    Native {
        name: "gcc -O2",
        programs: GCC,
        flags: &["-O2"],
        remedy: GCC_REMEDY,
    },
    Native {
        name: "gcc -Os",
        programs: GCC,
        flags: &["-Os"],
        remedy: GCC_REMEDY,
    },
    Native {
        name: "clang -O2",
        programs: CLANG,
        flags: &["--target=arm-none-eabi", "-O2"],
        remedy: CLANG_REMEDY,
    },
    Native {
        name: "clang -Os",
        programs: CLANG,
        flags: &["--target=arm-none-eabi", "-Os"],
        remedy: CLANG_REMEDY,
    },
];

/// Host functions that an app may import.
const HOST: &str = "void print_i32(int value) { (void)value; }\n";

impl Engine for &Native {
    fn name(&self) -> &str {
        self.name
    }

    fn cores(&self) -> &[Core] {
        &[Core::M33]
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        Ok(self.programs[0].to_owned())
    }

    fn prepare(&self, workload: &Workload, _: Core) -> Result<Box<dyn Program>, EngineError> {
        if let Some(absent) = workload.sources.iter().find(|path| !path.is_file()) {
            return Err(EngineError::Missing {
                what: absent.display().to_string(),
                remedy: "testbench/apps/build.sh fetches it",
            });
        }
        let folder = tempfile::tempdir().map_err(|error| EngineError::Failed(error.to_string()))?;
        let host = folder.path().join("host.c");
        fs::write(&host, HOST).map_err(|error| EngineError::Failed(error.to_string()))?;

        let mut objects = Vec::new();
        for (index, source) in workload.sources.iter().chain([&host]).enumerate() {
            let object = folder.path().join(format!("{index}.o"));
            self.compile(source, &object, &workload.flags)?;
            objects.push(object);
        }

        let elf = folder.path().join("app.elf");
        let mut link = Command::new(LINKER);
        link.args(CORE)
            .args(["--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections"])
            .arg(format!(
                "-Wl,-Ttext-segment={FLASH:#x},-Tdata={RAM:#x},--entry=run"
            ))
            .args(exports(&workload.wasm)?.map(|name| format!("-Wl,--undefined={name}")))
            .args(&objects)
            .arg("-o")
            .arg(&elf);
        execute(link, GCC_REMEDY)?;
        let bytes = fs::read(&elf).map_err(|error| EngineError::Failed(error.to_string()))?;
        Ok(Box::new(Linked::parse(&bytes)?))
    }
}

impl Native {
    fn compile(&self, source: &Path, object: &Path, flags: &[String]) -> Result<(), EngineError> {
        let mut missing = None;
        for program in self.programs {
            let mut compile = Command::new(program);
            compile
                .args(self.flags)
                .args(CORE)
                .args([
                    "-std=c11",
                    "-ffreestanding",
                    "-ffunction-sections",
                    "-fdata-sections",
                ])
                .args(flags)
                .arg("-c")
                .arg(source)
                .arg("-o")
                .arg(object);
            match execute(compile, self.remedy) {
                Err(error @ EngineError::Missing { .. }) => missing = missing.or(Some(error)),
                outcome => return outcome,
            }
        }
        missing.map_or(Ok(()), Err)
    }
}

/// Runs a tool that says nothing when all is well.
fn execute(mut command: Command, remedy: &'static str) -> Result<(), EngineError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => EngineError::Missing {
            what: program.clone(),
            remedy,
        },
        _ => EngineError::Failed(format!("{program}: {error}")),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(EngineError::Failed(format!("{program}: {}", said.trim())))
}

/// Names of the functions that a module exports.
fn exports(wasm: &Path) -> Result<impl Iterator<Item = String>, EngineError> {
    let failed = |error: String| EngineError::Failed(format!("{}: {error}", wasm.display()));
    let bytes = fs::read(wasm).map_err(|error| failed(error.to_string()))?;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        let Payload::ExportSection(section) = payload.map_err(|error| failed(error.to_string()))?
        else {
            continue;
        };
        for export in section {
            let export = export.map_err(|error| failed(error.to_string()))?;
            if export.kind == ExternalKind::Func {
                names.push(export.name.to_owned());
            }
        }
    }
    Ok(names.into_iter())
}

/// A linked program.
struct Linked {
    segments: Vec<Segment>,
    run: u32,
    code_bytes: u64,
}

impl Linked {
    fn parse(elf: &[u8]) -> Result<Self, EngineError> {
        let failed = |error: object::Error| EngineError::Failed(format!("linked ELF: {error}"));
        let file = ElfFile32::<object::Endianness>::parse(elf).map_err(failed)?;
        let endian = file.endian();
        let mut segments = Vec::new();
        for header in file.elf_program_headers() {
            if header.p_type(endian) != object::elf::PT_LOAD {
                continue;
            }
            let bytes = header
                .data(endian, elf)
                .map_err(|()| EngineError::Failed("linked ELF: a segment is cut short".into()))?;
            segments.push(Segment {
                address: header.p_vaddr(endian),
                bytes: bytes.to_vec(),
            });
        }
        let run = file
            .symbol_by_name("run")
            .ok_or_else(|| EngineError::Failed("linked ELF: no function `run`".into()))?
            .address() as u32;
        let code = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text);
        Ok(Self {
            segments,
            run,
            code_bytes: code.map(|section| section.size()).sum(),
        })
    }
}

impl Program for Linked {
    fn sizes(&self) -> Sizes {
        Sizes {
            code_bytes: self.code_bytes,
            function_bytes: self.code_bytes,
            ..Sizes::default()
        }
    }

    fn compile_seconds(&self) -> Option<f64> {
        None
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let called = m33::call(&self.segments, self.run, rounds).map_err(EngineError::Failed)?;
        Ok(Run {
            checksum: called.result as i32,
            instructions: called.instructions,
            cycles: None,
            load_instructions: None,
        })
    }
}
