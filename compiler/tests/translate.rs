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
    table_room: 16,
    linkable: false,
    guard_zone: 0,
    interruptible: false,
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
        module.initial_globals(|function| 4 * function + 1),
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
            id => id.name(module),
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
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    let mut sum = Statistics::default();
    for body in &mut translated.functions {
        let one = optimizer.run(&mut body.clif, "test").expect("valid CLIF");
        sum.kept += one.kept;
        sum.merged += one.merged;
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

/// The message that refuses a module in text format.
fn refusal(wat: &str) -> String {
    refusal_of(&wat::parse_str(wat).expect("test module"))
}

fn refusal_of(bytes: &[u8]) -> String {
    match wasm::translate(bytes, TARGET) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn refusals_say_what_where_and_what_to_do() {
    let modules = [
        "(module (memory i64 1))",
        "(module (memory 1 1 shared))",
        "(module (memory 1) (memory 1))",
        "(module (func $f (drop (v128.const i32x4 0 0 0 0))))",
        "(module (tag))",
        "(module (type (struct)))",
        "(module (type $t (func)) (func (local (ref null $t))))",
        "(module (rec (type (func)) (type (func))))",
        "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))",
        "(module (func (result i32) (f64.const 1)))",
        "(module (memory 65536))",
        "(module (table 5000000 funcref))",
    ];
    let table: Vec<String> = modules
        .iter()
        .map(|module| format!("{module}\n    {}\n", refusal(module)))
        .collect();
    let table = table.join("\n");
    assert!(!table.contains("accepted"), "{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn invalid_modules_are_refused_with_their_offset() {
    let modules = [
        "(module (func $f (result i32)))",
        "(module (func $f (drop)))",
        "(module (func $f (i32.add (i32.const 1)) (drop)))",
        "(module (func $f (br 7)))",
        "(module (func $f (local.set 3 (i32.const 1))))",
        "(module (func $f (drop (i32.load (i32.const 0)))))",
        "(module (func $f (call 9)))",
        "(module (memory 1) (func $f (drop (i32.load align=8 (i32.const 0)))))",
        "(module (global i32 (i32.const 1)) (func $f (global.set 0 (i32.const 1))))",
        "(module (func $f (param i32)) (start $f))",
        "(module (func $f) (export \"a\" (func $f)) (export \"a\" (func $f)))",
    ];
    let mut table = Vec::new();
    for module in modules {
        table.push(format!("{module}\n    {}\n", refusal(module)));
    }
    let cut = b"\0asm\x01\0\0\0\x01\x04\x01\x60";
    table.push(format!("cut off\n    {}\n", refusal_of(cut)));
    table.push(format!("empty\n    {}\n", refusal_of(b"")));
    table.push(format!(
        "no module\n    {}\n",
        refusal_of(b"\x7fELF\x01\x01\x01\0")
    ));
    let table = table.join("\n");
    assert!(!table.contains("accepted"), "{table}");
    insta::assert_snapshot!(table);
}

/// Every prefix of a module, and every single byte of it changed, is an error or a translation,
/// never a panic.
#[test]
fn broken_modules_never_panic() {
    for name in ["control", "growing", "table"] {
        let path = format!("{}/tests/golden/{name}.wat", env!("CARGO_MANIFEST_DIR"));
        let bytes = wat::parse_file(path).expect("golden module");
        for end in 0..bytes.len() {
            // A module may end behind any section.
            assert!(wasm::translate(&bytes[..end], TARGET).is_err() || end >= 8);
        }
        for position in 0..bytes.len() {
            for flip in [1, 0x40, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[position] ^= flip;
                let _ = wasm::translate(&bytes, TARGET);
            }
        }
    }
}

#[test]
fn text_that_does_not_parse_is_refused_with_its_line() {
    let message = match wasm::to_binary(b"(module\n  (func (i32.ad)))") {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    assert!(message.contains(":2:10"), "{message}");
    assert!(wasm::to_binary(b"\0asm\x01\0\0\0").is_ok());
}

#[test]
fn a_memory_is_fixed_unless_code_grows_it() {
    let memory = |wat: &str| translate(wat).expect("test module").module.memory;
    let fixed = memory(r#"(module (memory (export "m") 1 9))"#).expect("a memory");
    assert!(fixed.is_fixed());
    assert_eq!(fixed.max_bytes, 0x1_0000);
    let grow = "(func (drop (memory.grow (i32.const 1))))";
    let grown = memory(&format!("(module (memory 1 9) {grow})")).expect("a memory");
    assert_eq!((grown.min_bytes, grown.max_bytes), (0x1_0000, 0x9_0000));
    let endless = memory(&format!("(module (memory 0) {grow})")).expect("a memory");
    assert_eq!(endless.max_bytes, 0xffff_0000);
}

#[test]
fn types_are_numbered_by_structure_and_functions_named() {
    let module = translate(
        r#"(module
          (type $a (func (param i32))) (type $b (func)) (type $c (func (param i32)))
          (import "env" "print" (func (type $c)))
          (func $first (type $a))
          (func (export "second") (type $b))
          (func (type $c))
          (table 2 funcref) (elem (i32.const 0) $first 0))"#,
    )
    .expect("test module")
    .module;
    let facts: Vec<_> = module
        .functions
        .iter()
        .map(|f| (f.name.as_str(), f.type_number, f.indirect))
        .collect();
    assert_eq!(
        facts,
        [
            ("env.print", 0, true),
            ("first", 0, true),
            ("second", 1, false),
            ("function[3]", 0, false),
        ]
    );
    assert_eq!(module.types.len(), 2);
    assert_eq!(module.imports().count(), 1);
}

/// Nesting costs no stack of the compiler, and neither do long chains of values.
#[test]
fn deep_modules_compile() {
    let depth = 5_000;
    let ifs = format!(
        "(module (memory 1) (func (param i32) {} (i32.store8 (local.get 0) (local.get 0)) {}))",
        "local.get 0 if ".repeat(depth),
        "end ".repeat(depth)
    );
    let loops = format!(
        "(module (func (param i32) {} (br_if {} (local.get 0)) {}))",
        "loop block ".repeat(depth),
        depth,
        "end end ".repeat(depth)
    );
    let chain = format!(
        "(module (memory 1) (func (param i32) (result i32) (local.get 0) {}))",
        "i32.load8_u i32.const 3 i32.mul ".repeat(depth)
    );
    for wat in [ifs, loops, chain] {
        let mut translated = translate(&wat).expect("supported module");
        optimize(&mut translated, OptLevel::Speed);
    }
}
