//! The fan of `apps/fan`, a module in each language of `abi/sdk`: on the virtual board, all of them do the same, under
//! the interpreter and on emulated cores.
//!
//! ```text
//!   fan/LANGUAGE/fan.wasm ──▶ interpreter ──┐
//!            └──▶ image ──▶ M33, RV32 ──────┴─▶ timeline ══ fan/expected.txt
//! ```
//!
//! `BLESS=1` writes the timeline and the table of `apps/README.md` anew.

use std::cell::RefCell;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use wasm2mcu::manifest::Manifest;
use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::hardware::{Capability, Error, Rights};
use wasm2mcu_devices::VirtualI2c;
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::oracle::Oracle;
use wasm2mcu_testbench::virtual_board::host::{Host, I2cBus, I2cOperation, Numbered};
use wasm2mcu_testbench::virtual_board::{Devices, Happening, Script, World, functions};
use wasm2mcu_testbench::{Board, open};

/// Folder of each module, and what it is called in the table.
const LANGUAGES: [(&str, &str); 5] = [
    ("c", "C"),
    ("rust", "Rust"),
    ("rust-driver", "Rust with the driver `tmp1x2`"),
    ("assemblyscript", "AssemblyScript"),
    ("zig", "Zig"),
];

/// Cold, up to hot and back; the sensor fails once, in between.
const SCRIPT: &str =
    "0 temperature -3.2\n500ms temperature 24\n1.5s temperature 60\n2.5s temperature 30\n";
const READINGS: u32 = 32;
/// The reading that fails.
const FAILS: u32 = 17;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps")
}

fn module(language: &str) -> Vec<u8> {
    let path = folder().join("fan").join(language).join("fan.wasm");
    fs::read(path).expect("a committed module")
}

/// The image, with the manifest of the folder if the module carries none.
fn image(language: &str, target: Target) -> Vec<u8> {
    let options = Options {
        target,
        level: OptLevel::Size,
        ..Options::default()
    };
    let mut compiled = wasm2mcu::compile(&module(language), &options).expect("a sound module");
    let path = folder().join("fan").join(language).join("fan.manifest");
    if let Ok(text) = fs::read_to_string(path) {
        compiled.manifest = Manifest::parse(&text).expect("a manifest");
    }
    compiled.image().expect("an image")
}

fn target(board: &str) -> Target {
    let board = open(board).expect("an emulated board");
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    target.with_features(info.features)
}

/// The bus of the virtual board with a loose contact.
struct Flaky<'w> {
    bus: VirtualI2c<'w>,
    transactions: u32,
}

impl I2cBus for Flaky<'_> {
    fn transaction(
        &mut self,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error> {
        self.transactions += 1;
        match self.transactions {
            FAILS => Err(Error::Bus),
            _ => I2cBus::transaction(&mut self.bus, address, operations),
        }
    }
}

/// Where a module runs.
#[derive(Clone, Copy)]
enum On<'a> {
    /// This module, under the interpreter.
    Interpreter(&'a [u8]),
    /// The image, on this board.
    Board(&'a dyn Board),
}

/// What a call of `run` did.
struct Run {
    /// The timeline, and what was returned.
    lines: String,
    /// Instructions of the module, where the board counts.
    instructions: u64,
}

/// Calls `run` with the functions of the virtual board.
fn run(image: &[u8], on: On<'_>) -> Run {
    let bytes = image;
    let image = Image::parse(image).expect("an image");
    let script = Script::parse(SCRIPT).expect("a script");
    let stimuli = script.stimuli();
    let lines = RefCell::new(String::new());
    let note = |what: &Happening<'_>| {
        writeln!(lines.borrow_mut(), "{what}").expect("a String takes everything");
    };
    let world = World::new(&stimuli, &note);
    let mut devices = Devices::new(&world);
    let mut wiring = devices.wire();
    let mut bus = Flaky {
        bus: VirtualI2c::new(&world, 1),
        transactions: 0,
    };
    let mut log = |level, context: &str, message: &str| world.log(level, context, message);
    let mut buses: [(u32, &mut dyn I2cBus); 1] = [(1, &mut bus)];
    let buses: Numbered<'_, dyn I2cBus + '_> = &mut buses;
    let mut peripherals = wiring.peripherals();
    peripherals.i2c = buses;
    peripherals.log = Some(&mut log);
    let policy = [
        Capability::gpio(5, Rights::OUTPUT),
        Capability::i2c(1, 0x48),
        Capability::new(wasm2mcu_abi::hardware::Kind::Pwm, 0),
    ];
    let host = Host::new(&image, &policy, peripherals).expect("it asks for what is granted");
    let host = RefCell::new(host);
    let functions = functions(&image, &host);
    let (words, instructions) = match on {
        On::Interpreter(wasm) => {
            let oracle = Oracle::load(wasm, functions).expect("a valid module");
            let mut oracle = oracle.expect("no start function");
            let end = oracle.invoke("run", &[READINGS]).expect("a running engine");
            (end.expect("a result"), 0)
        }
        On::Board(board) => {
            let mut instance = board.load(bytes, functions).expect("a sound image");
            let outcome = instance.invoke("run", &[READINGS]);
            let outcome = outcome.expect("a running board");
            let instructions = outcome.instructions.expect("a board that counts");
            (outcome.end.expect("a result"), instructions)
        }
    };
    let mut lines = lines.borrow().clone();
    writeln!(lines, "returns {}", words[0] as i32).expect("a String takes everything");
    Run {
        lines,
        instructions,
    }
}

fn interpreted(language: &str) -> String {
    let image = image(language, Target::default());
    run(&image, On::Interpreter(&module(language))).lines
}

fn emulated(language: &str, board: &str) -> Run {
    let image = image(language, target(board));
    let board = open(board).expect("an emulated board");
    run(&image, On::Board(&*board))
}

#[test]
fn every_language_does_the_same() {
    let path = folder().join("fan/expected.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, interpreted("c")).expect("a writable folder");
    }
    let expected = fs::read_to_string(&path).expect("a committed timeline");
    for (language, _) in LANGUAGES {
        assert_eq!(interpreted(language), expected, "{language}, interpreted");
        for board in ["m33", "rv32"] {
            assert_eq!(
                emulated(language, board).lines,
                expected,
                "{language} on {board}"
            );
        }
    }
}

/// What stands in `expected.txt` is not only what all do, but right: computed here from the sensor's answers.
#[test]
fn the_expected_timeline_is_right() {
    let text = fs::read_to_string(folder().join("fan/expected.txt")).expect("a timeline");
    let mut filtered: Option<i32> = None;
    let (mut lit, mut readings, mut reports) = (false, 0, 0);
    for line in text.lines() {
        let (_, what) = line.rsplit_once("  ").unwrap_or(("", line));
        if let Some(answer) = what.strip_prefix("gets 00, answers ") {
            let register = u16::from_str_radix(answer, 16).expect("two bytes") as i16;
            // 0.0625 °C in the 16 units that stand below it.
            let now = i32::from(register) * 1000 / 256;
            filtered = Some(filtered.map_or(now, |last| last + (now - last) / 4));
            readings += 1;
        } else if let Some(duty) = what.strip_prefix("duty ") {
            // Between 25 and 45 degrees, a thousandth for 20 thousandths of a degree.
            let expected = ((filtered.expect("a reading") - 25_000) / 20).clamp(0, 1000);
            let failed = readings == FAILS - 1 && duty == "1000 of 1000";
            assert!(failed || duty == format!("{expected} of 1000"), "{line}");
        } else if let Some(level) = what.strip_prefix("drives ") {
            lit = filtered.expect("a reading") >= 40_000 || !lit;
            assert_eq!(level, if lit { "high" } else { "low" }, "{line}");
        } else if what.starts_with("info: ") {
            let now = filtered.expect("a reading");
            assert!(
                what.starts_with(&format!("info: {now} m°C, fan ")),
                "{line}"
            );
            reports += 1;
        }
    }
    assert_eq!((readings, reports), (READINGS - 1, 4));
    let returned = format!("returns {}\n", filtered.expect("a reading"));
    assert!(text.ends_with(&returned));
    assert!(text.contains("drives high") && text.contains("warn: no reading"));
}

#[test]
fn without_a_manifest_nothing_is_granted() {
    let options = Options::default();
    let compiled = wasm2mcu::compile(&module("assemblyscript"), &options).expect("a sound module");
    let image = compiled.image().expect("an image");
    let board = open("m33").expect("an emulated board");
    let lines = run(&image, On::Board(&*board)).lines;
    assert!(lines.ends_with("returns -2147483648\n"), "{lines}");
    assert!(!lines.contains("pwm"), "{lines}");
}

/// A row of the table: the module's bytes, then what the compiler makes of it.
fn row(language: &str, name: &str) -> (String, String) {
    let size = module(language).len();
    let mut rest = String::new();
    for board in ["m33", "rv32"] {
        let image = image(language, target(board));
        let parsed = Image::parse(&image).expect("an image");
        let needs = parsed.requirements();
        let ram = needs.ram_bytes() + needs.stack_bytes;
        let per_reading = emulated(language, board).instructions / u64::from(READINGS);
        write!(rest, " {} | {ram} | {per_reading} |", image.len())
            .expect("a String takes everything");
    }
    (format!("| {name} | {size} |"), rest)
}

const HEAD: &str = "| language | wasm | M33: image | RAM | instructions | RV32: image | RAM | instructions |\n\
                    |---|---:|---:|---:|---:|---:|---:|---:|\n";

/// What the compiler makes of the modules changes with the compiler, the modules do not.
#[test]
fn the_table_has_the_modules() {
    let path = folder().join("README.md");
    let readme = fs::read_to_string(&path).expect("the page");
    let (before, rest) = readme.split_once(HEAD).expect("the table");
    let (_, after) = rest.split_once("\n\n").expect("text behind the table");
    let rows = LANGUAGES.map(|(language, name)| row(language, name));
    if std::env::var_os("BLESS").is_some() {
        let rows: Vec<_> = rows
            .iter()
            .map(|(module, rest)| format!("{module}{rest}"))
            .collect();
        let page = format!("{before}{HEAD}{}\n\n{after}", rows.join("\n"));
        fs::write(&path, page).expect("a writable folder");
    } else {
        for (module, rest) in rows {
            assert!(
                readme.contains(&format!("\n{module}")),
                "{module}{rest} is not in the table"
            );
        }
    }
}
