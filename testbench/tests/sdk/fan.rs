//! The fan, and the table of what it costs in each language.

use std::fmt::Write;
use std::fs;

use wasm2mcu::Options;
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::open;

use crate::run::{On, Program, folder, target};

/// Folder of each module, and what it is called in the table.
const LANGUAGES: [(&str, &str); 5] = [
    ("c", "C"),
    ("rust", "Rust"),
    ("rust-driver", "Rust with the driver `tmp1x2`"),
    ("assemblyscript", "AssemblyScript"),
    ("zig", "Zig"),
];

const READINGS: u32 = 32;
/// The reading that fails.
const FAILS: u32 = 17;

/// Cold, up to hot and back; the sensor fails once, in between.
const FAN: Program = Program {
    name: "fan",
    arguments: &[READINGS],
    granted: "gpio 5 output\ni2c 1 0x48\npwm 0",
    script: "0 temperature -3.2\n500ms temperature 24\n1.5s temperature 60\n2.5s temperature 30\n",
    fails: FAILS,
    event: None,
};

#[test]
fn every_language_does_the_same() {
    FAN.agrees(&LANGUAGES.map(|(language, _)| language));
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
    let module = FAN.module("assemblyscript");
    let compiled = wasm2mcu::compile(&module, &options).expect("a sound module");
    let image = compiled.image().expect("an image");
    let board = open("m33").expect("an emulated board");
    let lines = FAN.run(&image, On::Board(&*board)).lines;
    assert!(lines.ends_with("returns -2147483648\n"), "{lines}");
    assert!(!lines.contains("pwm"), "{lines}");
}

/// A row of the table: the module's bytes, then what the compiler makes of it.
fn row(language: &str, name: &str) -> (String, String) {
    let size = FAN.module(language).len();
    let mut rest = String::new();
    for board in ["m33", "rv32"] {
        let image = FAN.image(language, target(board));
        let parsed = Image::parse(&image).expect("an image");
        let needs = parsed.requirements();
        let ram = needs.ram_bytes() + needs.stack_bytes;
        let per_reading = FAN.emulated(language, board).instructions / u64::from(READINGS);
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
