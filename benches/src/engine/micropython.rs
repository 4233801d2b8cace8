//! MicroPython: the same algorithms in Python, as bytecode, with every function compiled by its own
//! `native` emitter, and with the kernel written for `viper`.
//!
//! Debian's source package `micropython` is built for QEMU's `mps2-an385`, the board of its port, which
//! has a Cortex-M3 without FPU: integer programs count within 4 % of a build for the M33. Floats
//! are single and soft; a workload that needs doubles is not possible.
//!
//! ```text
//!   program + driver ──raw REPL──▶ QEMU, one instruction = 1 ns ──timer of 25 MHz──▶ ticks
//! ```
//!
//! A tick is 40 instructions, so that a count is exact to 40; what the driver counts for a function that
//! returns at once is subtracted. Garbage collection counts, compiling does not. Code bytes are
//! those of the `.mpy` file that `mpy-cross` makes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::tool::{execute, failed};
use super::{Engine, EngineError, Program, Run, Runtime, Sizes};
use crate::cache;
use crate::machine::Core;
use crate::machine::elf::Elf;
use crate::workload::Workload;

const VERSION: &str = "1.25.0";
const REMEDY: &str = "benches/setup.sh fetches Debian's source package micropython";
const QEMU: &str = "qemu-system-arm";
const QEMU_REMEDY: &str = "testbench/test.sh --setup-only installs QEMU";
const HEAP_BYTES: u64 = 256 * 1024;
/// Instructions, that is nanoseconds, of a tick.
const TICK: u64 = 40;
const PATIENCE: Duration = Duration::from_secs(120);

/// A way of compiling Python.
pub(super) struct MicroPython {
    name: &'static str,
    emitter: Emitter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Emitter {
    Bytecode,
    Native,
    Viper,
}

/// The ways, from no trouble for the programmer to much.
pub(super) static ENGINES: [MicroPython; 3] = [
    MicroPython {
        name: "MicroPython",
        emitter: Emitter::Bytecode,
    },
    MicroPython {
        name: "MicroPython native",
        emitter: Emitter::Native,
    },
    MicroPython {
        name: "MicroPython viper",
        emitter: Emitter::Viper,
    },
];

/// Runs `run` between two readings of the timer (CMSDK APB timer 0: CTRL, VALUE, RELOAD) and ends QEMU.
const DRIVER: &str = "
import gc, machine
def _ticks(f, n):
    m = machine.mem32
    m[0x40000000] = 0
    m[0x40000008] = m[0x40000004] = 0xffffffff
    m[0x40000000] = 1
    a = m[0x40000004]
    r = f(n)
    return (a - m[0x40000004]) & 0xffffffff, r
def _nothing(n):
    return n
gc.collect()
_0 = gc.mem_alloc()
_1 = _ticks(_nothing, 1)[0]
_2 = _ticks(run, ROUNDS)
gc.collect()
print('RESULT', _2[0] - _1, _2[1], max(_0, gc.mem_alloc()), 'END')
machine.reset()
";

impl Engine for &MicroPython {
    fn name(&self) -> &str {
        self.name
    }

    fn cores(&self) -> &[Core] {
        &[Core::M33]
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        sources().map(|_| format!("MicroPython {VERSION} on a Cortex-M3"))
    }

    fn prepare(&self, workload: &Workload, _: Core) -> Result<Box<dyn Program>, EngineError> {
        let unable = |reason: &str| EngineError::Unable(reason.into());
        let python = workload.python.as_ref();
        let python = python.ok_or_else(|| unable("there is no program in Python"))?;
        if let Some(reason) = python.needs_double {
            return Err(unable(reason));
        }
        let source = match self.emitter {
            Emitter::Bytecode => python.source.clone(),
            Emitter::Native => decorated(&python.source),
            Emitter::Viper => {
                let viper = python.viper.clone();
                viper.ok_or_else(|| unable("there is no program for viper"))?
            }
        };
        let built = build()?;
        let code_bytes = compiled_bytes(&built, &source)?;
        let elf = fs::read(built.join("firmware.elf")).map_err(failed)?;
        let elf = Elf::parse(&elf).map_err(EngineError::Failed)?;
        Ok(Box::new(Script {
            firmware: built.join("firmware.elf"),
            source,
            sizes: Sizes {
                code_bytes,
                function_bytes: code_bytes,
                image_bytes: Some(code_bytes),
                runtime: Some(Runtime {
                    flash_bytes: elf.code_bytes + elf.rodata_bytes,
                    ram_bytes: elf.ram_bytes - HEAP_BYTES,
                }),
                ..Sizes::default()
            },
        }))
    }
}

/// The program with every function handed to the `native` emitter.
fn decorated(source: &str) -> String {
    let mut text = String::new();
    for line in source.lines() {
        let inner = line.trim_start();
        if inner.starts_with("def ") {
            text += &line[..line.len() - inner.len()];
            text += "@micropython.native\n";
        }
        text += line;
        text += "\n";
    }
    text
}

/// The sources, where `setup.sh` unpacked them.
fn sources() -> Result<PathBuf, EngineError> {
    let folder = cache::folder().join(format!("micropython-{VERSION}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(EngineError::Missing {
        what: format!("the sources of MicroPython {VERSION}"),
        remedy: REMEDY,
    })
}

/// The folder with `firmware.elf` and `mpy-cross`.
fn build() -> Result<PathBuf, EngineError> {
    let sources = sources()?;
    let heap = format!("MICROPY_HEAP_SIZE={HEAP_BYTES}");
    cache::built("micropython", &[], &[VERSION, &heap], |folder| {
        let make = |place: &str, build: &Path, more: &[&str]| {
            let mut make = Command::new("make");
            make.args(["-s", "-C"])
                .arg(sources.join(place))
                .arg(format!("BUILD={}", build.display()))
                .args(more);
            execute(&mut make, REMEDY)
        };
        let cross = folder.join("cross");
        make("mpy-cross", &cross, &[])?;
        let port = folder.join("port");
        // Nothing is frozen into it: what the port has by default are its tests.
        make(
            "ports/qemu",
            &port,
            &["BOARD=MPS2_AN385", "FROZEN_MANIFEST=", &heap],
        )?;
        fs::rename(cross.join("mpy-cross"), folder.join("mpy-cross"))?;
        fs::rename(port.join("firmware.elf"), folder.join("firmware.elf"))?;
        fs::remove_dir_all(cross)?;
        fs::remove_dir_all(port)?;
        Ok(())
    })
}

/// Bytes of the program as `mpy-cross` compiles it.
fn compiled_bytes(built: &Path, source: &str) -> Result<u64, EngineError> {
    let folder = tempfile::tempdir().map_err(failed)?;
    let (input, output) = (folder.path().join("app.py"), folder.path().join("app.mpy"));
    fs::write(&input, source)?;
    let mut compile = Command::new(built.join("mpy-cross"));
    execute(
        compile
            .args(["-march=armv7m", "-o"])
            .arg(&output)
            .arg(&input),
        REMEDY,
    )?;
    Ok(fs::metadata(output)?.len())
}

/// A program in Python.
struct Script {
    firmware: PathBuf,
    source: String,
    sizes: Sizes,
}

impl Program for Script {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn compile_seconds(&self) -> Option<f64> {
        None
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let driver = DRIVER.replace("ROUNDS", &rounds.to_string());
        let said = converse(&self.firmware, &format!("{}\n{driver}", self.source))?;
        let (ticks, checksum, heap_bytes) = result(&said)?;
        self.sizes.ram_bytes = heap_bytes;
        Ok(Run {
            checksum,
            instructions: ticks * TICK,
            cycles: None,
            load_instructions: None,
        })
    }
}

/// What the board says to a program in the raw REPL.
fn converse(firmware: &Path, program: &str) -> Result<String, EngineError> {
    let folder = tempfile::tempdir().map_err(failed)?;
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&input, format!("\x01{program}\x04"))?;
    let mut qemu = Command::new(QEMU);
    qemu.args(["-M", "mps2-an385", "-nographic", "-monitor", "none"])
        .args(["-serial", "stdio", "-semihosting"])
        .args(["-icount", "shift=0", "-kernel"])
        .arg(firmware)
        .stdin(File::open(&input)?)
        .stdout(File::create(&output)?)
        .stderr(Stdio::null());
    let mut child = qemu.spawn().map_err(|_| EngineError::Missing {
        what: QEMU.into(),
        remedy: QEMU_REMEDY,
    })?;
    let start = Instant::now();
    let said = loop {
        let ended = child.try_wait()?.is_some();
        let said = String::from_utf8_lossy(&fs::read(&output)?).into_owned();
        // Input comes to its end only if the program does; then the board waits for more.
        if ended || said.contains('\x04') || start.elapsed() > PATIENCE {
            break said;
        }
        sleep(Duration::from_millis(20));
    };
    // Gone already, unless it waits.
    let _ = child.kill();
    child.wait()?;
    if said.contains("END") || said.contains('\x04') {
        return Ok(said);
    }
    Err(EngineError::Unable(format!(
        "no result after {} s in QEMU",
        start.elapsed().as_secs()
    )))
}

/// Ticks, checksum and bytes in use, of what the board said.
fn result(said: &str) -> Result<(u64, i32, u64), EngineError> {
    let words: Vec<&str> = said
        .lines()
        .find_map(|line| Some(line.split_once("RESULT ")?.1.split(' ').collect()))
        .unwrap_or_default();
    if let [ticks, checksum, bytes, _] = words[..]
        && let (Ok(ticks), Ok(checksum), Ok(bytes)) =
            (ticks.parse(), checksum.parse(), bytes.parse())
    {
        return Ok((ticks, checksum, bytes));
    }
    let error = said.lines().rfind(|line| line.contains("Error"));
    match error.map(str::trim) {
        Some(error) if error.contains("MemoryError") => Err(EngineError::Unable(format!(
            "{error} with {HEAP_BYTES} bytes of heap"
        ))),
        Some(error) => Err(EngineError::Failed(error.to_owned())),
        None => Err(EngineError::Failed(format!("MicroPython said {said:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{EngineError, decorated, result};

    #[test]
    fn every_function_is_decorated() {
        let source = "def f():\n    def g():\n        pass\ndefault = 1\n";
        assert_eq!(
            decorated(source),
            "@micropython.native\ndef f():\n    @micropython.native\n    def g():\n        \
             pass\ndefault = 1\n"
        );
    }

    #[test]
    fn results_and_errors_are_told_apart() {
        let said = "raw REPL; CTRL-B to exit\r\n>OKRESULT 12 -3 4096 END\r\n";
        assert_eq!(result(said).unwrap(), (12, -3, 4096));
        let said = "OK\x04Traceback (most recent call last):\r\nMemoryError: no\r\n\x04>";
        assert!(matches!(result(said), Err(EngineError::Unable(_))));
        let said = "OK\x04NameError: name 'x' isn't defined\r\n\x04>";
        assert!(matches!(result(said), Err(EngineError::Failed(_))));
    }
}
