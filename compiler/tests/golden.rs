//! Golden tests of what comes after translation: a module, its optimised CLIF, its machine IR and
//! its code, all in one file that one can read from top to bottom.
//!
//! After a change on purpose: `INSTA_UPDATE=always cargo test -p wasm2mcu --test golden`, then read
//! the difference.

use std::fs;

use wasm2mcu::disasm::Style;
use wasm2mcu::{Options, compile};

#[test]
fn code() {
    insta::glob!("golden/code/*.wat", |path| {
        let wat = fs::read_to_string(path).unwrap();
        let compiled = compile(wat.as_bytes(), &Options::default()).unwrap();
        // Without offsets and encodings: a change in one function is none in the others.
        let code = compiled.disassembly(Style { encodings: false }).unwrap();
        let stages = [
            ("optimised CLIF", compiled.clif()),
            ("machine IR", compiled.machine_ir),
            ("code", code),
        ];
        let text: String = stages
            .iter()
            .map(|(stage, text)| format!("==== {stage} ====\n\n{}\n\n", text.trim_end()))
            .collect();
        insta::with_settings!({ description => wat, omit_expression => true }, {
            insta::assert_snapshot!(text);
        });
    });
}
