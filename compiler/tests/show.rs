//! The commands `inspect` and `disasm`, run as programs.
#![cfg(feature = "cli")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Jump tables of bytes and halfwords, a function in a table, an import, a growing memory.
const WAT: &str = include_str!("golden/code/tables.wat");
const INDIRECT: &str = include_str!("golden/code/indirect.wat");
const GROWING: &str = include_str!("golden/code/growing.wat");
const CALLS: &str = include_str!("golden/code/calls.wat");

fn wasm2mcu(folder: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasm2mcu"));
    command.current_dir(folder).args(args).output().unwrap()
}

fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with `app.w2m` and its map.
fn compiled(wat: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.wat"), wat).unwrap();
    stdout(wasm2mcu(
        &folder,
        &["compile", "-q", "app.wat", "-o", "app.w2m"],
    ));
    folder
}

fn at(folder: &TempDir, name: &str) -> impl AsRef<Path> {
    folder.path().join(name)
}

/// Offset and encoding of every line that has them.
fn encodings(listing: &str) -> Vec<&str> {
    let lines = listing.lines().filter(|line| line.starts_with("  "));
    lines.filter_map(|line| line.get(..25)).collect()
}

#[test]
fn an_image_alone_shows_the_same_instructions_as_with_its_map() {
    for wat in [WAT, INDIRECT, GROWING, CALLS] {
        let folder = compiled(wat);
        let with = stdout(wasm2mcu(&folder, &["disasm", "app.w2m"]));
        fs::remove_file(at(&folder, "app.w2m.map")).unwrap();
        let output = wasm2mcu(&folder, &["disasm", "app.w2m"]);
        let note = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(note.contains("there is no app.w2m.map"), "{note}");
        let without = stdout(output);
        assert_eq!(encodings(&with), encodings(&without), "{with}\n{without}");
        assert!(!without.contains("; trap:"), "{without}");
    }
}

#[test]
fn a_map_of_another_image_is_said_and_not_used() {
    let folder = compiled(WAT);
    let other = compiled(GROWING);
    fs::copy(at(&other, "app.w2m.map"), at(&folder, "app.w2m.map")).unwrap();
    let output = wasm2mcu(&folder, &["disasm", "app.w2m"]);
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(note.contains("belongs to another image"), "{note}");
    assert!(!stdout(output).contains("memory.grow"));
}

#[test]
fn inspect_says_what_an_image_needs() {
    let folder = compiled(CALLS);
    let text = stdout(wasm2mcu(&folder, &["inspect", "app.w2m"]));
    for part in [
        "env.five",
        "(i32,i32,i32,i32,i32)->i32",
        "many",
        "TEXT",
        "matches",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let json = stdout(wasm2mcu(&folder, &["inspect", "--json", "app.w2m"]));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["format_version"], 1);
    assert_eq!(report["hash_valid"], true);
    assert_eq!(report["imports"][0]["name"], "five");
    let sections = report["sections"].as_array().unwrap().iter();
    let bytes: u64 = sections.map(|s| s["bytes"].as_u64().unwrap()).sum();
    assert!(bytes < report["image_bytes"].as_u64().unwrap());
}

#[test]
fn broken_images_are_refused_in_the_loaders_words_and_a_wrong_hash_is_shown() {
    let folder = compiled(WAT);
    let good = fs::read(at(&folder, "app.w2m")).unwrap();
    fs::write(at(&folder, "short.w2m"), &good[..200]).unwrap();
    let output = wasm2mcu(&folder, &["inspect", "short.w2m"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    let says = format!(
        "image truncated: it has {} bytes, 200 were given",
        good.len()
    );
    assert!(error.contains(&says), "{error}");

    let mut changed = good;
    changed[130] ^= 1;
    fs::write(at(&folder, "app.w2m"), &changed).unwrap();
    let text = stdout(wasm2mcu(&folder, &["inspect", "app.w2m"]));
    assert!(text.contains("DOES NOT MATCH"), "{text}");
}
