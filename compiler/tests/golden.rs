//! Golden tests of what comes after translation: a module, its optimised CLIF, its machine IR and
//! its code, all in one file that one can read from top to bottom.
//!
//! After a change on purpose: `INSTA_UPDATE=always cargo test -p wasm2mcu --test golden`, then read
//! the difference.

use std::fs;

use wasm2mcu::disasm::Style;
use wasm2mcu::{OptLevel, Options, Passes, Target, compile};

/// Asserts that the stages of the module at `path` are those of its snapshot.
macro_rules! assert_stages {
    ($path:expr, $target:expr) => {
        let wat = fs::read_to_string($path).unwrap();
        let text = stages(&wat, $target);
        insta::with_settings!({ description => wat, omit_expression => true }, {
            insta::assert_snapshot!(text);
        });
    };
}

#[test]
fn code() {
    insta::glob!("golden/code/*.wat", |path| {
        assert_stages!(path, Target::default());
    });
}

#[test]
fn riscv() {
    let target = "riscv32imafc-unknown-none-elf".parse().unwrap();
    let features = Some("+zba,+zbb,+zbs,+unaligned-scalar-mem");
    let target = Target::resolve(Some(target), None, features).unwrap();
    insta::glob!("golden/riscv/*.wat", |path| {
        assert_stages!(path, target);
    });
}

/// What each pass makes better: the code of its module with every pass, and with every other one.
#[test]
fn passes() {
    for name in Passes::NAMES {
        let path = format!(
            "{}/tests/golden/passes/{name}.wat",
            env!("CARGO_MANIFEST_DIR")
        );
        let wat = fs::read_to_string(&path).expect("a module for each pass");
        let mut others = Passes::ALL;
        *others.by_name(name).expect("a pass of this name") = false;
        let [without, with] = [others, Passes::ALL].map(|passes| {
            let options = Options {
                // Thumb has no branch that the pass `repeats` is for in so short a loop.
                target: match *name {
                    "repeats" => "riscv32imac-unknown-none-elf".parse().unwrap(),
                    _ => Target::default(),
                },
                level: match *name {
                    "twins" => OptLevel::Size,
                    _ => OptLevel::Speed,
                },
                passes,
                ..Options::default()
            };
            functions(&wat, &options)
        });
        assert_ne!(without, with, "the pass `{name}` changes its module");
        let text = format!("==== without ====\n\n{without}\n==== with ====\n\n{with}");
        insta::with_settings!({ description => wat, omit_expression => true }, {
            insta::assert_snapshot!(format!("pass_{name}"), text);
        });
    }
}

/// Where the code of a module looks at the interrupt word, on both instruction sets.
#[test]
fn interruptible() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/interruptible.wat"
    );
    let wat = fs::read_to_string(path).expect("the module");
    let targets = ["thumbv8m.main-none-eabihf", "riscv32imac-unknown-none-elf"];
    let code = targets.map(|target| {
        let options = Options {
            target: target.parse().unwrap(),
            interruptible: true,
            ..Options::default()
        };
        let functions = functions(&wat, &options);
        format!("==== {target} ====\n\n{functions}\n")
    });
    insta::with_settings!({ description => wat, omit_expression => true }, {
        insta::assert_snapshot!("interruptible", code.join("\n"));
    });
}

/// The code of a module's functions, without the thunks.
fn functions(wat: &str, options: &Options) -> String {
    let compiled = compile(wat.as_bytes(), options).unwrap();
    let code = compiled.disassembly(Style { encodings: false });
    let pieces = code.split("\n\n");
    let functions = pieces.filter(|piece| piece.contains("; function "));
    functions.collect::<Vec<_>>().join("\n\n")
}

fn stages(wat: &str, target: Target) -> String {
    let options = Options {
        target,
        listing: true,
        // Calls stay, so that one sees what becomes of them.
        passes: Passes {
            inline: false,
            ..Passes::ALL
        },
        ..Options::default()
    };
    let compiled = compile(wat.as_bytes(), &options).unwrap();
    // Without offsets and encodings: a change in one function is none in the others.
    let code = compiled.disassembly(Style { encodings: false });
    let stages = [
        ("optimised CLIF", compiled.clif()),
        ("machine IR", compiled.machine_ir),
        ("code", code),
    ];
    let texts = stages.iter();
    texts
        .map(|(stage, text)| format!("==== {stage} ====\n\n{}\n\n", text.trim_end()))
        .collect()
}
