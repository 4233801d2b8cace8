//! WebAssembly text to CLIF: golden listings, module facts and refusals.
//!
//! `INSTA_UPDATE=always cargo test -p wasm2mcu --test translate` blesses the listings anew.

use std::fmt::Write;

use wasm2mcu::opt::guards::Statistics;
use wasm2mcu::opt::{OptLevel, Optimizer, Options};
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

/// Runs the mid-end over every function and counts the guards.
fn optimize(translated: &mut Translated, level: OptLevel) -> Statistics {
    let options = Options {
        level,
        verify: true,
    };
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    let mut sum = Statistics::default();
    for body in &mut translated.functions {
        let one = optimizer.run(&mut body.clif, "test").expect("valid CLIF");
        sum.kept += one.kept;
        sum.removed += one.removed;
        sum.certain += one.certain;
    }
    sum
}

#[test]
fn golden() {
    insta::glob!("golden/*.wat", |path| {
        let wat = std::fs::read_to_string(path).expect("golden module");
        let mut translated = translate(&wat).expect("golden modules translate");
        let before = listing(&translated);
        optimize(&mut translated.clone(), OptLevel::None);
        let guards = optimize(&mut translated, OptLevel::Speed);
        let after = listing(&translated);
        let after = after.split_once("\n\n").map_or("", |(_, code)| code);
        let listing = format!("{before}\n;;;; optimised: {guards:?}\n\n{after}");
        insta::assert_snapshot!(listing);
    });
}
