//! Golden tests of what comes after translation: a module, its optimised CLIF, its machine IR and
//! its code, all in one file that one can read from top to bottom.
//!
//! After a change on purpose: `INSTA_UPDATE=always cargo test -p wasm2mcu --test golden`, then read
//! the difference.

use std::fs;

use wasm2mcu::disasm::Style;
use wasm2mcu::opt::Passes;
use wasm2mcu::{Options, Target, compile};

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
