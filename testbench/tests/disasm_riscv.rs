//! The disassembly and the objects of every app for RISC-V, against binutils.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm2mcu::disasm::{Decoder, Style};
use wasm2mcu::{Compiled, Options, Target};
use wasm2mcu_abi::image::{Architecture, Features, Header};

fn apps() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    let files = fs::read_dir(folder).expect("the apps").flatten();
    let mut apps: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|e| e == "wasm"))
        .collect();
    apps.sort();
    assert!(apps.len() >= 20, "{} apps", apps.len());
    apps
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; run `testbench/test.sh --setup-only`")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn objdump(compiled: &Compiled) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("app.o");
    fs::write(&path, compiled.object("app").expect("an object")).expect("written");
    run(Command::new("riscv64-unknown-elf-objdump")
        .arg("-d")
        .arg(&path))
}

/// One spelling: objdump calls some instructions with a constant like those with a register.
fn spelling(text: &str) -> String {
    let text = text.split([' ', '\t']).filter(|part| !part.is_empty());
    let mut parts: Vec<&str> = text.collect();
    let operands = parts.split_off(1).concat();
    let last = operands.rsplit(',').next().unwrap_or_default();
    let has_constant = last.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    const NAMES: [&str; 13] = [
        "add", "and", "or", "xor", "sll", "srl", "sra", "slt", "ror", "bset", "bclr", "binv",
        "bext",
    ];
    let name = match parts[0] {
        "sltu" if has_constant => "sltiu".to_owned(),
        name if has_constant && NAMES.contains(&name) => format!("{name}i"),
        name => name.to_owned(),
    };
    format!("{name} {operands}")
}

#[test]
fn every_instruction_is_what_binutils_says() {
    let every = Features(u32::MAX);
    let targets = [
        ("riscv32imc-unknown-none-elf", Features::NONE),
        ("riscv32imafc-unknown-none-elf", every),
    ];
    let mut compared = 0;
    for (target, features) in targets {
        let target: Target = target.parse().expect("a target");
        let options = Options {
            target: target.with_features(features),
            ..Options::default()
        };
        for path in apps() {
            let wasm = fs::read(&path).expect("an app");
            let compiled = wasm2mcu::compile(&wasm, &options).expect("compiled");
            let reference = objdump(&compiled);
            for function in &compiled.map(&[]).functions {
                let heading = format!(" <{}>:", function.name.replace(' ', "_"));
                assert!(reference.contains(&heading), "{path:?}:{heading}");
            }
            let listing = compiled.disassembly(Style { encodings: true });
            assert!(!listing.contains(".inst"), "{path:?}: {listing}");

            let text = &compiled.text.bytes;
            let mut decoder = Decoder::new(Architecture::RiscV32);
            for line in reference.lines() {
                let Some((at, rest)) = line.trim_start().split_once(":\t") else {
                    continue;
                };
                let at = u32::from_str_radix(at, 16).expect("an offset");
                let Some(at) = at.checked_sub(Header::BYTES) else {
                    continue;
                };
                let (_, theirs) = rest.split_once('\t').expect("a text");
                // Padding and data.
                if theirs.starts_with('.') || theirs.starts_with("unimp") {
                    continue;
                }
                let decoded = decoder.decode(&text[at as usize..], at);
                let decoded = decoded.unwrap_or_else(|| panic!("{path:?} {at:#x}: {theirs}"));
                let theirs = theirs.split([';', '#']).next().unwrap_or_default();
                let theirs = theirs.split(" <").next().unwrap_or_default();
                let mut ours = format!("{} {}", decoded.mnemonic, decoded.operands);
                if let Some(target) = decoded.target.filter(|_| !ours.starts_with("jalr")) {
                    let comma = if decoded.operands.is_empty() { "" } else { "," };
                    ours += &format!("{comma}{:x}", target + Header::BYTES);
                }
                assert_eq!(spelling(&ours), spelling(theirs), "{path:?} {at:#x}");
                compared += 1;
            }
        }
    }
    assert!(compared > 60_000, "{compared} instructions");
}
