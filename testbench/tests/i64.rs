//! Every operator of 64-bit integers, on extreme operands, against an independent engine.

use std::fmt::Write;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_testbench::board::{self, Board};
use wasm2mcu_testbench::oracle::{Oracle, agree};

const BINARY: [&str; 15] = [
    "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl", "shr_s",
    "shr_u", "rotl", "rotr",
];
const COMPARE: [&str; 10] = [
    "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u",
];
const UNARY: [&str; 6] = [
    "clz",
    "ctz",
    "popcnt",
    "extend8_s",
    "extend16_s",
    "extend32_s",
];

const VALUES: [u64; 16] = [
    0,
    1,
    2,
    31,
    32,
    33,
    63,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x1234_5678_9abc_def0,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_8000_0000,
    0xffff_ffff_ffff_ff80,
    u64::MAX,
];

/// One export per operator with its operands as parameters, with a constant on either side, and
/// for comparisons one that feeds a branch and one that feeds a select.
fn module() -> (String, Vec<(String, usize)>) {
    let mut wat = String::from("(module (memory 1) (global $g (mut i64) (i64.const -2))\n");
    let mut exports = Vec::new();
    let mut add = |name: String, params: usize, results: &str, body: String| {
        let list = " i64".repeat(params);
        writeln!(
            wat,
            "(func (export \"{name}\") (param{list}) (result {results}) {body})"
        )
        .unwrap();
        exports.push((name, params));
    };
    for op in BINARY {
        add(
            op.into(),
            2,
            "i64",
            format!("(i64.{op} (local.get 0) (local.get 1))"),
        );
        for (index, value) in VALUES.iter().enumerate() {
            let constant = *value as i64;
            add(
                format!("{op}_{index}"),
                1,
                "i64",
                format!("(i64.{op} (local.get 0) (i64.const {constant}))"),
            );
            add(
                format!("{op}_r{index}"),
                1,
                "i64",
                format!("(i64.{op} (i64.const {constant}) (local.get 0))"),
            );
        }
    }
    for op in COMPARE {
        let test = format!("(i64.{op} (local.get 0) (local.get 1))");
        add(op.into(), 2, "i32", test.clone());
        add(
            format!("if_{op}"),
            2,
            "i64",
            format!("(if (result i64) {test} (then (local.get 1)) (else (i64.const 7)))"),
        );
        add(
            format!("select_{op}"),
            2,
            "i64",
            format!("(select (local.get 0) (local.get 1) {test})"),
        );
        for (index, value) in VALUES.iter().enumerate() {
            let constant = *value as i64;
            add(
                format!("{op}_{index}"),
                1,
                "i32",
                format!("(i64.{op} (local.get 0) (i64.const {constant}))"),
            );
        }
    }
    for op in UNARY {
        add(op.into(), 1, "i64", format!("(i64.{op} (local.get 0))"));
    }
    add("eqz".into(), 1, "i32", "(i64.eqz (local.get 0))".into());
    add(
        "if_eqz".into(),
        1,
        "i32",
        "(if (result i32) (i64.eqz (local.get 0)) (then (i32.const 3)) (else (i32.const 4)))"
            .into(),
    );
    add(
        "wrap".into(),
        1,
        "i32",
        "(i32.wrap_i64 (local.get 0))".into(),
    );
    add(
        "high".into(),
        1,
        "i32",
        "(i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))".into(),
    );
    for sign in ["s", "u"] {
        add(
            format!("extend_{sign}"),
            1,
            "i64",
            format!("(i64.extend_i32_{sign} (i32.wrap_i64 (local.get 0)))"),
        );
        add(
            format!("mul_{sign}"),
            2,
            "i64",
            format!(
                "(i64.mul (i64.extend_i32_{sign} (i32.wrap_i64 (local.get 0)))
                          (i64.extend_i32_{sign} (i32.wrap_i64 (local.get 1))))"
            ),
        );
        add(
            format!("mulhi_{sign}"),
            2,
            "i32",
            format!(
                "(i32.wrap_i64 (i64.shr_u
                    (i64.mul (i64.extend_i32_{sign} (i32.wrap_i64 (local.get 0)))
                             (i64.extend_i32_{sign} (i32.wrap_i64 (local.get 1))))
                    (i64.const 32)))"
            ),
        );
        add(
            format!("mul_add_{sign}"),
            2,
            "i64",
            format!(
                "(i64.add (local.get 1)
                    (i64.mul (i64.extend_i32_{sign} (i32.wrap_i64 (local.get 0)))
                             (i64.extend_i32_{sign} (i32.wrap_i64 (local.get 1)))))"
            ),
        );
        for bits in ["8", "16", "32"] {
            add(
                format!("load{bits}_{sign}"),
                2,
                "i64",
                format!(
                    "(i64.store offset=9 (i32.const 0) (local.get 0))
                     (i64.store{bits} offset=3 (i32.and (i32.wrap_i64 (local.get 1)) (i32.const 15))
                                     (local.get 1))
                     (i64.load{bits}_{sign} offset=9 (i32.const 0))"
                ),
            );
        }
    }
    add(
        "memory".into(),
        2,
        "i64",
        "(i64.store offset=1 (i32.and (i32.wrap_i64 (local.get 1)) (i32.const 255)) (local.get 0))
         (i64.load offset=3 (i32.and (i32.wrap_i64 (local.get 1)) (i32.const 255)))"
            .into(),
    );
    add(
        "globals".into(),
        2,
        "i64",
        "(global.set $g (i64.add (global.get $g) (local.get 0))) (global.get $g)".into(),
    );
    add(
        "locals".into(),
        2,
        "i64",
        "(local i64) (i64.add (local.get 2) (local.get 1))".into(),
    );
    add(
        "calls".into(),
        2,
        "i64 i64",
        "(call $many (local.get 0) (i32.const 5) (local.get 1) (local.get 0))".into(),
    );
    wat.push_str(
        "(func $many (param i64 i32 i64 i64) (result i64 i64)
            (i64.sub (local.get 2) (local.get 0))
            (i64.add (local.get 3) (i64.extend_i32_u (local.get 1))))\n)",
    );
    (wat, exports)
}

#[test]
fn every_operator_agrees_on_extreme_operands() {
    every_operator_agrees("m33");
}

#[test]
fn every_operator_agrees_on_rv32() {
    every_operator_agrees("rv32");
}

#[test]
fn every_operator_agrees_without_misaligned_access() {
    every_operator_agrees("rv32-aligned");
}

#[test]
fn every_operator_agrees_with_instructions_for_bits() {
    every_operator_agrees("qemu-rv32zb");
}

/// A module compiled for a board.
fn image(board: &dyn Board, wasm: &[u8], level: OptLevel) -> Vec<u8> {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        level,
        ..Options::default()
    };
    wasm2mcu::compile(wasm, &options)
        .and_then(|compiled| compiled.image())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn every_operator_agrees(board: &str) {
    let (wat, exports) = module();
    let wasm = wat::parse_str(&wat).expect("the module of this test");
    let board = board::open(board).expect("an emulated board");
    // All pairs of operands at one level, a third of them at the others.
    for (level, stride) in [
        (OptLevel::None, 3),
        (OptLevel::Size, 3),
        (OptLevel::Speed, 1),
    ] {
        let image = image(board.as_ref(), &wasm, level);
        let mut ours = board.load(&image, Vec::new()).expect("a sound image");
        let mut theirs = Oracle::load(&wasm, Vec::new())
            .expect("a valid module")
            .expect("no start function");
        for (name, params) in &exports {
            for x in VALUES {
                let others = if *params == 2 { VALUES.len() } else { 1 };
                for y in VALUES.iter().take(others).step_by(stride) {
                    let mut words = vec![x as u32, (x >> 32) as u32];
                    if *params == 2 {
                        words.extend([*y as u32, (*y >> 32) as u32]);
                    }
                    let outcome = ours.invoke(name, &words).expect("a running board");
                    let end = outcome.end.map_err(|trap| {
                        ours.clear_trap().expect("a trapped instance");
                        trap.code
                    });
                    let expected = theirs.invoke(name, &words).expect("a running engine");
                    assert!(
                        agree(&end, &expected),
                        "{name} of {x:#x}, {y:#x} at {level:?}: {end:x?}, not {expected:x?}"
                    );
                }
            }
        }
    }
}

/// Quotients of many sizes, and dividends just below a multiple of the divisor, where estimates of a
/// quotient are too large: a hash of what comes out, over `rounds` pairs from a generator.
const QUOTIENTS: &str = r#"(module
    (global $state (mut i64) (i64.const 0x123456789abcdef))
    (func $next (result i64)
        (local $x i64)
        (local.set $x (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 13))))
        (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
        (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
        (global.set $state (local.get $x))
        (local.get $x))
    (func $operand (result i64)
        (i64.xor
            (i64.shr_s (call $next) (call $next))
            (i64.shl (i64.shr_s (call $next) (i64.const 63)) (i64.and (call $next) (i64.const 31)))))
    (func $hash (param $sum i64) (param $n i64) (param $d i64) (result i64)
        (i64.add
            (i64.mul (i64.rotl (local.get $sum) (i64.const 7)) (i64.const 0x9e3779b97f4a7c15))
            (i64.xor
                (i64.rotl (i64.div_u (local.get $n) (local.get $d)) (i64.const 29))
                (i64.rem_u (local.get $n) (local.get $d)))))
    (func (export "quotients") (param $rounds i32) (result i64)
        (local $sum i64) (local $n i64) (local $d i64)
        (loop $again
            (local.set $n (call $operand))
            (local.set $d (call $operand))
            (local.set $d (i64.add (local.get $d) (i64.extend_i32_u (i64.eqz (local.get $d)))))
            (local.set $sum (call $hash (local.get $sum) (local.get $n) (local.get $d)))
            (local.set $n (i64.sub (local.get $n) (i64.rem_u (local.get $n) (local.get $d))))
            (local.set $sum (call $hash (local.get $sum) (local.get $n) (local.get $d)))
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (local.set $sum (call $hash (local.get $sum) (local.get $n) (local.get $d)))
            (br_if $again
                (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
        (local.get $sum)))"#;

#[test]
fn many_quotients_agree() {
    let wasm = wat::parse_str(QUOTIENTS).expect("the module of this test");
    let rounds = [6_000];
    let mut theirs = Oracle::load(&wasm, Vec::new())
        .expect("a valid module")
        .expect("no start function");
    let expected = theirs
        .invoke("quotients", &rounds)
        .expect("a running engine");
    for board in ["m33", "rv32"] {
        let board = board::open(board).expect("an emulated board");
        for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
            let image = image(board.as_ref(), &wasm, level);
            let mut ours = board.load(&image, Vec::new()).expect("a sound image");
            let outcome = ours.invoke("quotients", &rounds).expect("a running board");
            let end = outcome.end.map_err(|trap| trap.code);
            assert!(
                agree(&end, &expected),
                "{} at {level:?}: {end:x?}, not {expected:x?}",
                board.info().name
            );
        }
    }
}
