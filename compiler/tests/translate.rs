//! WebAssembly text to CLIF: golden listings, module facts and refusals.
//!
//! `INSTA_UPDATE=always cargo test -p wasm2mcu --test translate` blesses the listings anew.

use std::fmt::Write;

use wasm2mcu::wasm::{self, BodyId, Target, Translated};

/// Thumb, where addresses of code are odd.
const TARGET: Target = Target {
    code_address_bit: 1,
};

fn translate(wat: &str) -> wasm2mcu::Result<Translated> {
    wasm::translate(&wat::parse_str(wat).expect("test module"), TARGET)
}

/// The module's facts and the CLIF of every function, verified.
fn listing(translated: &Translated) -> String {
    let module = &translated.module;
    let mut text = format!(
        "memory: {:?}\nglobals at {}: {:?}\ntables: {:?}\nelements: {:?}\nstart: {:?}\n\
         context: {} bytes\n",
        module.memory,
        module.globals_offset,
        module.initial_globals(),
        module.tables,
        module.elements,
        module.start,
        module.context_bytes,
    );
    for body in &translated.functions {
        let title = match body.id {
            BodyId::Function(index) => {
                let function = &module.functions[index as usize];
                let indirect = if function.indirect { ", indirect" } else { "" };
                format!(
                    "{index} `{}`, type {}{indirect}",
                    function.name, function.type_number
                )
            }
            BodyId::Builtin(builtin) => builtin.name().to_owned(),
        };
        write!(text, "\n;; {title}\n{}", body.clif.display()).expect("a string grows");
    }
    text
}

#[test]
fn golden() {
    insta::glob!("golden/*.wat", |path| {
        let wat = std::fs::read_to_string(path).expect("golden module");
        let translated = translate(&wat).expect("golden modules translate");
        insta::assert_snapshot!(listing(&translated));
    });
}
