//! What the loader costs: flash, RAM, and instructions of what it does, beside what was promised.
//!
//! ```text
//!   engines/loader ──feature by feature──▶ Elf: bytes beyond the firmware without a loader
//!        │ on the emulated core
//!        ▼
//!   load(image) · once() · twice() · thrice() ──▶ instructions
//!   loader/src ──▶ uses of `unsafe`
//! ```
//!
//! Everything is exact and repeats. The firmware is built for the smallest size (`opt-level = "z"`), with
//! its calls for size (`"s"`); built for speed it does the same in fewer instructions.
//!
//! * **Loading** is counted with a hash that costs nothing, of `engines/loader/aes128.wasm`: AES-128 of
//!   `testbench/apps`, compiled by clang -O3 with pages of one byte and a stack of 512 bytes
//!   (`-Wl,--page-size=1 -Wl,-z,stack-size=512`). It has five exports, 1456 bytes of memory that are
//!   zeroed, and no data segments.
//! * **A call** is what three calls by handle take more than two, without the function's own
//!   instructions: checks, arguments, entry thunk, result.
//! * **A host call** is what a function with two calls of the host takes more than one with one,
//!   without the one instruction of the host's function.
//!
//! * **A write to a pin** is the same of `wasi:gpio/digital` `write`, as `wasm2mcu-host` serves it: the arguments, the manifest
//!   with one capability, the pin's number, a store to a register.
//!
//! `loader.json` has the numbers of the committed state, which the tests compare with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use wasm2mcu::link::Piece;
use wasm2mcu::mach::buffer::Symbol;
use wasm2mcu::map::image_sha256;
use wasm2mcu::{Compiled, Options};
use wasm2mcu_abi::context::Context;

use crate::cache;
use crate::engine::cross::{self, Firmware};
use crate::engine::{EngineError, target};
use crate::machine::elf::Elf;
use crate::machine::emulated::{Call, Emulated, MODULE};
use crate::machine::{Core, Segment};
use crate::report::{self, ReportError};

/// Where a firmware has the digest that its crypto block says is right.
const DIGEST: &str = "DIGEST";

/// The numbers of one core, by what they are of.
pub(crate) type Costs = BTreeMap<String, u64>;

/// What is measured, in the order of the table.
struct Row {
    /// In JSON.
    key: &'static str,
    /// For people.
    text: &'static str,
    /// What it may be at most, on the Cortex-M33.
    target: Option<u64>,
}

const FLASH: &str = "flash_bytes";
const FLASH_HASH: &str = "flash_bytes_with_sha256";
const FLASH_SIGNATURE: &str = "flash_bytes_with_sha256_and_ed25519";
const RAM: &str = "ram_bytes";
const LOAD: &str = "load_instructions";
const CALL: &str = "call_instructions";
const HOST_CALL: &str = "host_call_instructions";
const UNSAFE: &str = "unsafe_uses";
const FLASH_HOSTED: &str = "flash_bytes_of_hardware_abi";
const FLASH_PERIPHERALS: &str = "flash_bytes_of_hardware_abi_over_embedded_hal";
const GPIO_WRITE: &str = "gpio_write_instructions";
const GPIO_WRITE_PERIPHERALS: &str = "gpio_write_instructions_over_embedded_hal";

const ROWS: [Row; 12] = [
    Row {
        key: FLASH,
        text: "flash: every stage but hash and signature, bytes",
        target: Some(6 * 1024),
    },
    Row {
        key: FLASH_HASH,
        text: "flash: with SHA-256, bytes",
        target: None,
    },
    Row {
        key: FLASH_SIGNATURE,
        text: "flash: with SHA-256 and Ed25519, bytes",
        target: Some(18 * 1024),
    },
    Row {
        key: RAM,
        text: "fixed RAM of an instance, bytes",
        target: Some(256),
    },
    Row {
        key: LOAD,
        text: "load and instantiate a 4 KB image, hash excluded, instructions",
        target: Some(5000),
    },
    Row {
        key: CALL,
        text: "call of an export with two i32 from Rust, instructions",
        target: Some(30),
    },
    Row {
        key: HOST_CALL,
        text: "call of a host function from the module, instructions",
        target: Some(10),
    },
    Row {
        key: FLASH_HOSTED,
        text: "flash: all of the hardware ABI and WASI, for a board of one's own, bytes",
        target: None,
    },
    Row {
        key: FLASH_PERIPHERALS,
        text: "flash: the same for devices with `embedded-hal`, bytes",
        target: None,
    },
    Row {
        key: GPIO_WRITE,
        text: "write to a pin, from the module to the register and back, checks included, instructions",
        target: None,
    },
    Row {
        key: GPIO_WRITE_PERIPHERALS,
        text: "the same for a pin with `embedded-hal`, instructions",
        target: None,
    },
    Row {
        key: UNSAFE,
        text: "uses of `unsafe` in the loader",
        target: None,
    },
];

/// The cores that a firmware is measured on.
const CORES: [Core; 2] = [Core::M33, Core::Rv32];

/// What was measured, core by core.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table(BTreeMap<String, Costs>);

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoaderError {
    /// The firmware cannot be built, or does not do what it should.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The loader's sources or the baseline cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The baseline is none.
    #[error("loader.json: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The baseline cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl Table {
    /// Measures everything.
    ///
    /// # Errors
    ///
    /// [`EngineError::Missing`] if there is no way to build for a core.
    pub(crate) fn measure() -> Result<Table, LoaderError> {
        let cores = CORES.iter().map(|&core| {
            let costs = measure(core)?;
            Ok((core.name().to_owned(), costs))
        });
        Ok(Table(cores.collect::<Result<_, LoaderError>>()?))
    }

    /// The numbers of the committed state.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub(crate) fn committed() -> Result<Table, LoaderError> {
        Ok(serde_json::from_str(&fs::read_to_string(path())?)?)
    }

    /// Makes these the numbers of the committed state.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(crate) fn commit(&self) -> Result<(), LoaderError> {
        Ok(report::write(&path(), &self.json())?)
    }

    /// What stands above its columns.
    pub(crate) fn head(&self) -> Vec<String> {
        let cores = self.0.keys().map(|core| core.to_string());
        let text = cores.chain(["target (m33)".to_owned()]);
        [String::new()].into_iter().chain(text).collect()
    }

    /// Its rows, cell by cell.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Vec<String>> + '_ {
        ROWS.iter().map(|row| {
            let numbers = self.0.values().map(|costs| {
                let number = costs.get(row.key);
                number.map_or("?".to_owned(), u64::to_string)
            });
            let target = row.target.map(|target| format!("≤ {target}"));
            let cells = [row.text.to_owned()].into_iter().chain(numbers);
            cells.chain([target.unwrap_or_default()]).collect()
        })
    }

    /// The table as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let head = self.head();
        let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
        for row in self.rows() {
            writeln!(text, "| {} |", row.join(" | ")).expect("writing to a string");
        }
        text
    }

    /// The table as JSON: core → key → number.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data with names for keys") + "\n"
    }

    /// What is worse than in `then`, in words.
    #[cfg(test)]
    fn worse_than(&self, then: &Table) -> String {
        let mut text = String::new();
        for (core, costs) in &self.0 {
            for (key, &now) in costs {
                match then.0.get(core).and_then(|then| then.get(key)) {
                    Some(&then) if now <= tolerated(key, then) => {}
                    Some(then) => text += &format!("{core}: {key} {then} → {now}\n"),
                    None => text += &format!("{core}: {key} is not in loader.json\n"),
                }
            }
        }
        text
    }
}

/// What a number may become: another compiler makes other code of the loader, but no other code of a
/// module.
#[cfg(test)]
fn tolerated(key: &str, then: u64) -> u64 {
    match key {
        HOST_CALL | UNSAFE => then,
        CALL => then + 2,
        _ => then + then / 20,
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("loader.json")
}

/// A function whose own instructions are known to be few.
const ADD: &str = r#"(module (memory 1) (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))"#;

/// The same, which calls the host so many times before.
fn host_calls_of(times: usize) -> String {
    format!(
        r#"(module (import "host" "nothing" (func)) (func (export "add") (param i32 i32) (result i32)
            {} (i32.add (local.get 0) (local.get 1))))"#,
        "(call 0) ".repeat(times)
    )
}

/// The same, which writes to pin 5 so many times before.
fn writes_of(times: usize) -> String {
    format!(
        r#"(module (import "wasi:gpio/digital" "write" (func (param i32 i32) (result i32)))
            (func (export "add") (param i32 i32) (result i32)
            {} (i32.add (local.get 0) (local.get 1)))
            (@custom "wasm2mcu.manifest" "gpio 5 output\n"))"#,
        "(drop (call 0 (i32.const 5) (local.get 0))) ".repeat(times)
    )
}

fn measure(core: Core) -> Result<Costs, LoaderError> {
    let crate_with = |features| Firmware {
        features,
        ..Firmware::new(
            "loader",
            &["loader/src", "loader/host", "loader/Cargo.toml", "abi/src"],
        )
    };
    let firmware = |features| cross::firmware(core, &crate_with(features));
    let flash = |elf: &Elf| elf.code_bytes + elf.rodata_bytes;
    let bare = flash(&firmware("")?);
    let with = |features| Ok::<_, LoaderError>(flash(&firmware(features)?) - bare);
    let elf = firmware("loader")?;

    let typical = fs::read(cache::sources().join("loader/aes128.wasm"))?;
    let typical = Loaded::new(core, &elf, &compile(core, &typical)?)?;
    let add = compile(core, ADD.as_bytes())?;
    // For the smallest size, what the calls have in common would be made a function.
    let calling = Firmware {
        opt_level: Some("s"),
        ..crate_with("calls")
    };
    let calling = cross::firmware(core, &calling)?;
    let mut adding = Loaded::new(core, &calling, &add)?;
    let twice = adding.add("twice", 64)?;
    let thrice = adding.add("thrice", 86)?;
    let host_calls = |times| {
        let image = compile(core, host_calls_of(times).as_bytes())?;
        Loaded::new(core, &elf, &image)?.add("once", 42)
    };
    let writes = |features| {
        let firmware = Firmware {
            opt_level: Some("s"),
            ..crate_with(features)
        };
        let elf = cross::firmware(core, &firmware)?;
        let writes = |times| {
            let image = compile(core, writes_of(times).as_bytes())?;
            Loaded::new(core, &elf, &image)?.add("once", 42)
        };
        Ok::<_, LoaderError>(writes(2)? - writes(1)?)
    };
    let loader = with("loader")?;
    let costs = [
        (FLASH, loader),
        (FLASH_HOSTED, with("hosted")? - loader),
        (FLASH_PERIPHERALS, with("peripherals")? - loader),
        (GPIO_WRITE, writes("hosted")?),
        (GPIO_WRITE_PERIPHERALS, writes("peripherals")?),
        (FLASH_HASH, with("hash")?),
        (FLASH_SIGNATURE, with("signature")?),
        (RAM, typical.fixed_ram()?),
        (LOAD, typical.instructions),
        (CALL, thrice - twice - own_instructions(core, &add)?),
        (HOST_CALL, host_calls(2)? - host_calls(1)? - 1),
        (UNSAFE, unsafe_uses()?),
    ];
    Ok(costs.map(|(key, number)| (key.to_owned(), number)).into())
}

fn failed(error: impl std::fmt::Display) -> LoaderError {
    EngineError::Failed(error.to_string()).into()
}

fn compile(core: Core, module: &[u8]) -> Result<Compiled, LoaderError> {
    let options = Options {
        target: target(core)?,
        ..Options::default()
    };
    wasm2mcu::compile(module, &options).map_err(failed)
}

/// The instructions of the function `add` alone, which takes its parameters in registers.
fn own_instructions(core: Core, add: &Compiled) -> Result<u64, LoaderError> {
    let function = add.text.offset(Piece::Symbol(Symbol::Function(0)));
    let segment = Segment {
        address: MODULE,
        bytes: add.text.bytes.clone(),
    };
    let mut machine = Emulated::new(core, &[segment]).map_err(failed)?;
    let call = Call {
        function: MODULE + function,
        arguments: [20, 22, 0, 0],
        global_pointer: 0,
    };
    let called = machine.call(call).map_err(failed)?;
    match called.result {
        42 => Ok(called.instructions),
        result => Err(failed(format_args!("20 + 22 is {result}"))),
    }
}

/// An image in the firmware's hands.
struct Loaded<'e> {
    elf: &'e Elf,
    machine: Emulated,
    /// What loading took.
    instructions: u64,
}

impl<'e> Loaded<'e> {
    fn new(core: Core, elf: &'e Elf, module: &Compiled) -> Result<Self, LoaderError> {
        let image = module.image().map_err(failed)?;
        let digest = image_sha256(&image).ok_or_else(|| failed("an image without a hash"))?;
        let bytes = image.len() as u32;
        let mut segments = elf.segments.clone();
        segments.push(Segment {
            address: elf.symbol(DIGEST).map_err(failed)?,
            bytes: digest.into(),
        });
        segments.push(Segment {
            address: MODULE,
            bytes: image,
        });
        let mut loaded = Loaded {
            elf,
            machine: Emulated::new(core, &segments).map_err(failed)?,
            instructions: 0,
        };
        let (result, instructions) = loaded.call("load", [MODULE, bytes, 0, 0])?;
        if result != 0 {
            return Err(failed(format_args!(
                "the firmware's `load` failed in step {result}"
            )));
        }
        loaded.instructions = instructions;
        Ok(loaded)
    }

    /// Calls a function of the firmware; its result and the instructions that it took.
    fn call(&mut self, name: &str, arguments: [u32; 4]) -> Result<(u32, u64), LoaderError> {
        let call = self.elf.call(name, arguments).map_err(failed)?;
        let called = self.machine.call(call);
        let called = called.map_err(|error| failed(format_args!("{name}: {error}")))?;
        Ok((called.result, called.instructions))
    }

    /// The instructions of a function of the firmware that calls the export `add` with 20 and 22.
    fn add(&mut self, function: &str, sum: u32) -> Result<u64, LoaderError> {
        let (prepared, _) = self.call("prepare", [0; 4])?;
        match self.call(function, [20, 22, 0, 0])? {
            (found, instructions) if prepared == 0 && found == sum => Ok(instructions),
            (found, _) => Err(failed(format_args!(
                "{function} returned {found}, {sum} was expected"
            ))),
        }
    }

    /// What an instance takes beyond what its module asks for: the loader's own struct and the fixed
    /// part of the context.
    fn fixed_ram(&self) -> Result<u64, LoaderError> {
        let own = self.elf.symbol("INSTANCE_BYTES").map_err(failed)?;
        Ok(u64::from(self.machine.word(own) + Context::BYTES))
    }
}

/// How often the loader's code says `unsafe`, comments and lints aside.
fn unsafe_uses() -> Result<u64, LoaderError> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../loader/src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let list = if path.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            list.push(path);
        }
    }
    let mut uses = 0;
    for file in files {
        let text = fs::read_to_string(file)?;
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
        uses += words.filter(|word| *word == "unsafe").count() as u64;
    }
    Ok(uses)
}

#[cfg(test)]
mod tests {
    use super::{Costs, LoaderError, ROWS, Table};
    use crate::engine::EngineError;

    #[test]
    fn the_loader_costs_no_more_than_the_committed_numbers_say() {
        let now = match Table::measure() {
            Err(LoaderError::Engine(error @ EngineError::Missing { .. })) => {
                println!("skipped: {error}");
                return;
            }
            now => now.unwrap(),
        };
        let worse = now.worse_than(&Table::committed().unwrap());
        assert!(
            worse.is_empty(),
            "worse than loader.json:\n{worse}\
             If that is intended: cargo run --release -p wasm2mcu-benches -- --loader --bless"
        );
    }

    #[test]
    fn the_committed_numbers_are_of_every_row() {
        for costs in Table::committed().unwrap().0.values() {
            let rows = ROWS.iter().map(|row| row.key);
            assert!(
                rows.eq(ROWS
                    .iter()
                    .map(|row| row.key)
                    .filter(|key| costs.contains_key(*key)))
            );
            assert_eq!(costs.len(), ROWS.len());
        }
    }

    #[test]
    fn what_is_worse_is_named() {
        let table = |bytes, calls| {
            let costs: Costs = [
                ("flash_bytes".to_owned(), bytes),
                ("host_call_instructions".to_owned(), calls),
            ]
            .into();
            Table([("m33".to_owned(), costs)].into())
        };
        let then = table(1000, 10);
        assert_eq!(table(1050, 10).worse_than(&then), "");
        assert_eq!(
            table(1060, 11).worse_than(&then),
            "m33: flash_bytes 1000 → 1060\nm33: host_call_instructions 10 → 11\n"
        );
    }
}
