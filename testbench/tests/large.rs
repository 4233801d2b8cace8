//! Text beyond the reach of single instructions: calls from one end to the other, and branches and
//! jump tables across a function of more than 1 MB.

use std::fmt::Write;

use wasm2mcu::{Compiled, OptLevel, Options};
use wasm2mcu_testbench::board;

/// The module, compiled as it stands for the core of a board.
fn compiled(board: &dyn board::Board, wat: &str) -> Compiled {
    let info = board.info();
    let target: wasm2mcu::Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        level: OptLevel::None,
        verify: false,
        ..Options::default()
    };
    wasm2mcu::compile(wat.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"))
}

fn returned(instance: &mut dyn board::Instance, export: &str, word: u32) -> u32 {
    let outcome = instance.invoke(export, &[word]).expect("a call");
    let words = outcome
        .end
        .unwrap_or_else(|trap| panic!("{export}: {trap}"));
    words[0]
}

/// Code of about this many bytes on RISC-V, without effect on anything but the global.
fn filler(bytes: usize) -> String {
    // LUI, ADDI, SW.
    "(global.set $g (i32.const 0x12345678))".repeat(bytes / 12)
}

const TEXT: usize = 1 << 20;

#[test]
fn branches_across_a_function_of_a_megabyte() {
    let filler = filler(TEXT + TEXT / 16);
    let wat = format!(
        r#"(module (global $g (mut i32) (i32.const 0))
        (func (export "loop") (param $n i32) (result i32) (local $sum i32)
          (loop $again
            (if (i32.lt_s (local.get $n) (i32.const 0)) (then {filler}))
            (local.set $sum (i32.add (local.get $sum) (local.get $n)))
            (if (i32.ge_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))
              (then
                (block $skip
                  (br_if $skip (i32.ne (local.get $n) (i32.const -7)))
                  {filler})
                (br $again))))
          (local.get $sum))
        (func (export "table") (param $n i32) (result i32)
          (block $c (block $b (block $a
            (br_table $a $b $c $a (local.get $n)))
            (return (i32.const 11)))
            (if (i32.eqz (local.get $n)) (then {filler}))
            (return (i32.const 22)))
          (i32.const 33)))"#
    );
    let board = board::open("rv32").expect("a board");
    let compiled = compiled(&*board, &wat);
    let bytes = compiled.text.bytes.len();
    assert!(bytes > 3 * TEXT, "{bytes} bytes");
    let image = compiled.image().expect("an image");
    let mut instance = board.load(&image, Vec::new()).expect("loaded");
    assert_eq!(returned(&mut *instance, "loop", 10), 55);
    for (index, result) in [(0, 11), (1, 22), (2, 33), (3, 11), (u32::MAX, 11)] {
        assert_eq!(returned(&mut *instance, "table", index), result);
    }
}

#[test]
fn calls_across_a_text_of_more_than_a_megabyte() {
    let filler = filler(TEXT / 4);
    let mut wat = String::from(
        r#"(module (memory 1) (global $g (mut i32) (i32.const 0))
        (func $first (export "first") (param i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 7))
            (else (call $last (i32.sub (local.get 0) (i32.const 1))))))"#,
    );
    for _ in 0..6 {
        let _ = write!(wat, "(func {filler})");
    }
    wat.push_str(
        r#"(func $last (export "last") (param i32) (result i32)
          (drop (i64.div_u (i64.const 100) (i64.extend_i32_u (i32.add (local.get 0) (i32.const 1)))))
          (i32.add (i32.const 1) (call $first (local.get 0))))
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#,
    );
    let board = board::open("rv32").expect("a board");
    let compiled = compiled(&*board, &wat);
    assert!(compiled.text.bytes.len() > TEXT + TEXT / 4);
    let image = compiled.image().expect("an image");
    let mut instance = board.load(&image, Vec::new()).expect("loaded");
    assert_eq!(returned(&mut *instance, "first", 5), 12);
    assert_eq!(returned(&mut *instance, "last", 4), 12);
    // The exit of a trap is at the other end.
    let outcome = instance.invoke("load", &[0xffff_fffc]).expect("a call");
    let trap = outcome.end.expect_err("a trap");
    assert_eq!(trap.function, Some(8));
}
