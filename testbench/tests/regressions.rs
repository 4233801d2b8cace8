//! Bugs that other compilers had, one test each, on both instruction sets at every level: results
//! and traps are the interpreter's.

use std::fmt::Write;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_testbench::oracle::{End, Oracle, agree};
use wasm2mcu_testbench::{Board, BoardError, Limits, open};

const BOARDS: [&str; 3] = ["m33", "rv32", "rv32-aligned"];
const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// Operands that carry, wrap, or change under a wrong extension.
const WORDS: [u32; 8] = [0, 1, 5, 0x7f, 0x80, 0x8000, 0x7fff_ffff, 0x8000_0001];

fn image(board: &dyn Board, wat: &str, level: OptLevel) -> Vec<u8> {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        level,
        ..Options::default()
    };
    wasm2mcu::compile(wat.as_bytes(), &options)
        .and_then(|compiled| compiled.image())
        .unwrap_or_else(|error| panic!("{level:?}: {error}\n{wat}"))
}

/// Calls `f` with each list of words on every board at every level; returns how the calls ended,
/// which is the same everywhere.
fn ends(wat: &str, calls: &[Vec<u32>]) -> Vec<End> {
    let wasm = wat::parse_str(wat).expect("the module of a test");
    let mut oracle = Oracle::load(&wasm, Vec::new())
        .expect("a valid module")
        .expect("no start function");
    let expected: Vec<End> = calls
        .iter()
        .map(|words| oracle.invoke("f", words).expect("a running engine"))
        .collect();
    for name in BOARDS {
        let board = open(name).expect("an emulated board");
        for level in LEVELS {
            let image = image(&*board, wat, level);
            let mut instance = board.load(&image, Vec::new()).expect("a sound image");
            for (words, expected) in calls.iter().zip(&expected) {
                let outcome = instance.invoke("f", words);
                let end = outcome
                    .unwrap_or_else(|error| panic!("{name} at {level:?}: f{words:x?}: {error}"))
                    .end
                    .map_err(|trap| trap.code);
                if end.is_err() {
                    instance.clear_trap().expect("a trapped instance");
                }
                assert!(
                    agree(&end, expected),
                    "{name} at {level:?}: f{words:x?}: {end:x?}, not {expected:x?}"
                );
            }
        }
    }
    expected
}

/// All pairs of operands.
fn pairs() -> Vec<Vec<u32>> {
    let all = WORDS.iter();
    all.flat_map(|&x| WORDS.map(|y| vec![x, y])).collect()
}

/// `count` locals from `first` on, alive from `before` on until their sum is added to the result.
fn under_pressure(first: usize, count: usize, before: &str, inside: &str) -> String {
    let mut body = String::from(before);
    for local in first..first + count {
        write!(
            body,
            "(local.set {local} (i32.mul (local.get 0) (i32.const {})))",
            3 + 2 * local
        )
        .unwrap();
    }
    body.push_str(inside);
    for local in first..first + count {
        write!(
            body,
            "(local.set 0 (i32.add (i32.rotl (local.get 0) (i32.const 1)) (local.get {local})))"
        )
        .unwrap();
    }
    body
}

/// A value spilled as 32 bits came back sign-extended to 64 and then counted as an address
/// (CVE-2021-32629, Cranelift).
#[test]
fn a_spilled_value_is_reloaded_as_it_was() {
    for (load, extend) in [
        ("i32.load", "i64.extend_i32_u"),
        ("i32.load8_u", "i64.extend_i32_u"),
        ("i32.load16_u", "i64.extend_i32_u"),
        ("i32.load8_s", "i64.extend_i32_u"),
        ("i32.load8_s", "i64.extend_i32_s"),
        ("i32.load16_s", "i64.extend_i32_s"),
    ] {
        let body = under_pressure(
            3,
            30,
            &format!(
                "(i32.store (i32.const 16) (local.get 0))
                 (local.set 2 (i32.xor ({load} (i32.const 16)) (local.get 1)))"
            ),
            "(call $clobber)",
        );
        let locals = " i32".repeat(31);
        let calls = ends(
            &format!(
                "(module (memory 1) (func $clobber)
                   (func (export \"f\") (param i32 i32) (result i64 i32) (local{locals})
                     {body}
                     (i64.add ({extend} (local.get 2)) (i64.const 1))
                     (local.get 0)))"
            ),
            &pairs(),
        );
        assert!(calls.iter().all(Result::is_ok));
    }
}

/// The operand of an instruction was folded into it as a load that reads more bytes than the
/// program asked for (CVE-2026-24116, Cranelift): at the end of the memory that is a fault.
#[test]
fn a_folded_load_reads_no_more_than_asked() {
    let last = |bytes: u32| 0x1_0000 - bytes;
    for (bytes, result, expression) in [
        (
            1,
            "i32",
            "(i32.add (i32.load8_u (local.get 0)) (local.get 1))",
        ),
        (
            1,
            "i32",
            "(i32.and (i32.load8_s (local.get 0)) (local.get 1))",
        ),
        (
            1,
            "i64",
            "(i64.add (i64.load8_u (local.get 0)) (i64.extend_i32_u (local.get 1)))",
        ),
        (
            2,
            "i32",
            "(i32.eq (i32.load16_u (local.get 0)) (local.get 1))",
        ),
        (
            2,
            "i64",
            "(i64.or (i64.load16_s (local.get 0)) (i64.extend_i32_s (local.get 1)))",
        ),
        (
            4,
            "i64",
            "(i64.add (i64.load32_u (local.get 0)) (i64.extend_i32_u (local.get 1)))",
        ),
        (4, "i64", "(i64.extend_i32_s (i32.load (local.get 0)))"),
        (4, "f64", "(f64.promote_f32 (f32.load (local.get 0)))"),
        (
            4,
            "f32",
            "(f32.copysign (f32.load (local.get 0)) (f32.reinterpret_i32 (local.get 1)))",
        ),
        (4, "f64", "(f64.convert_i32_u (i32.load (local.get 0)))"),
        (
            8,
            "f64",
            "(f64.copysign (f64.load (local.get 0)) (f64.convert_i32_s (local.get 1)))",
        ),
        (8, "f64", "(f64.abs (f64.load (local.get 0)))"),
        (8, "i32", "(i32.wrap_i64 (i64.load (local.get 0)))"),
    ] {
        let mut data = String::new();
        for byte in 0..8 {
            write!(data, "\\{:02x}", 0x39 + byte).unwrap();
        }
        let calls: Vec<Vec<u32>> = [last(8), last(bytes), last(bytes) + 1, u32::MAX]
            .iter()
            .flat_map(|&address| [vec![address, 0], vec![address, 0x8000_0039]])
            .collect();
        let ends = ends(
            &format!(
                "(module (memory 1 1) (data (i32.const {}) \"{data}\")
                   (func (export \"f\") (param i32 i32) (result {result}) {expression}))",
                last(8)
            ),
            &calls,
        );
        assert!(ends[..4].iter().all(Result::is_ok), "{expression}");
        assert!(ends[4..].iter().all(Result::is_err), "{expression}");
    }
}

/// A jump table whose targets lie far from it sent some of its entries elsewhere
/// (CVE-2026-115893, Cranelift).
#[test]
fn a_large_jump_table_reaches_every_target() {
    const TARGETS: usize = 700;
    // Bodies of different lengths, together more than an entry of one or two bytes can span.
    let mut wat = String::from("(module (memory 1) (func (export \"f\") (param i32) (result i32)");
    wat.push_str(&"(block ".repeat(TARGETS + 1));
    wat.push_str("(br_table");
    for target in 0..=TARGETS {
        write!(wat, " {target}").unwrap();
    }
    wat.push_str("(local.get 0)))");
    for target in 0..TARGETS {
        for step in 0..1 + target % 23 {
            write!(
                wat,
                "(i32.store offset={} (local.get 0) (i32.load (i32.const {})))",
                4 * (step + target),
                8 * target
            )
            .unwrap();
        }
        write!(wat, "(return (i32.const {})))", 1000 + target).unwrap();
    }
    wat.push_str("(i32.const -1)))");
    let mut calls: Vec<Vec<u32>> = (0..TARGETS as u32 + 2).map(|index| vec![index]).collect();
    calls.extend([vec![u32::MAX], vec![0x8000_0000]]);
    let ends = ends(&wat, &calls);
    assert_eq!(ends[0], Ok(vec![1000]));
    assert_eq!(ends[TARGETS - 1], Ok(vec![1000 + TARGETS as u32 - 1]));
    assert_eq!(ends[TARGETS..], vec![Ok(vec![u32::MAX]); 4]);
}

/// Index plus offset plus width went round 2^32 and came out in bounds.
#[test]
fn offsets_do_not_wrap() {
    for (width, load) in [(1, "load8_u"), (2, "load16_u"), (4, "load")] {
        for grows in [false, true] {
            let max = if grows { 3 } else { 1 };
            let grow = if grows {
                "(drop (memory.grow (i32.const 1)))"
            } else {
                ""
            };
            let size: u32 = if grows { 0x2_0000 } else { 0x1_0000 };
            for offset in [
                0u32,
                1,
                4,
                0xffff,
                0x1_0000,
                0x7fff_ffff,
                0xffff_0000,
                u32::MAX,
            ] {
                let wat = format!(
                    "(module (memory 1 {max}) (func $grow {grow}) (start $grow)
                       (func (export \"f\") (param i32) (result i32)
                         (i32.store8 offset={offset} (local.get 0) (i32.const 7))
                         (i32.{load} offset={offset} (local.get 0))))"
                );
                let sum = |index: u32| u64::from(index) + u64::from(offset) + width;
                let edge = size.wrapping_sub(offset);
                let indices: Vec<u32> = vec![
                    0,
                    edge.wrapping_sub(4),
                    edge.wrapping_sub(1),
                    edge,
                    edge.wrapping_add(1),
                    0u32.wrapping_sub(offset),
                    1u32.wrapping_sub(offset),
                    0x8000_0000,
                    u32::MAX - 1,
                    u32::MAX,
                ];
                let calls: Vec<Vec<u32>> = indices.iter().map(|&index| vec![index]).collect();
                for (end, index) in ends(&wat, &calls).iter().zip(indices) {
                    let fits = sum(index) <= u64::from(size);
                    assert_eq!(end.is_ok(), fits, "{load} at {index:#x}+{offset:#x}");
                }
            }
        }
    }
}

/// Guards were left out because the memory is large, and then the module got a smaller one.
#[test]
fn no_memory_is_smaller_than_the_guards_assume() {
    let wat = "(module (memory 2) (func (export \"f\") (param i32) (result i32)
                 (i32.load8_u (i32.and (local.get 0) (i32.const 0x1_ffff)))))";
    let calls = [vec![0], vec![0x1_ffff], vec![u32::MAX]];
    assert_eq!(ends(wat, &calls), vec![Ok(vec![0]); 3]);
    for name in BOARDS {
        let board = open(name).expect("an emulated board");
        for level in LEVELS {
            let image = image(&*board, wat, level);
            for memory_bytes in [0x2_0000 - 1, 0x1_0000, 0] {
                board.set_limits(Limits {
                    memory_bytes,
                    ..board.limits()
                });
                match board.load(&image, Vec::new()) {
                    Err(BoardError::Refused(_)) => {}
                    Err(error) => panic!("{name}: {error}"),
                    Ok(_) => panic!("{name}: loaded in {memory_bytes:#x} bytes"),
                }
            }
            board.set_limits(Limits {
                memory_bytes: 0x2_0000,
                ..board.limits()
            });
            assert!(board.load(&image, Vec::new()).is_ok());
        }
    }
}

/// The check of a recursive function counted its frame, but neither the registers that it saves
/// nor the arguments that it passes on. The boards have nothing below the stack.
#[test]
fn stack_checks_count_saved_registers_and_arguments() {
    for arguments in [1, 5, 40, 300] {
        let params = " i32".repeat(arguments);
        let passed: String = (0..arguments)
            .map(|index| format!(" (i32.add (local.get {index}) (i32.const 1))"))
            .collect();
        let zeros = " (i32.const 3)".repeat(arguments - 1);
        let kept = under_pressure(
            arguments,
            20,
            "",
            &format!("(local.set {arguments} (call $deep{passed}))"),
        );
        let locals = " i32".repeat(20);
        let wat = format!(
            "(module
               (func $deep (param{params}) (result i32) (local{locals})
                 (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
                 {kept}
                 (local.get 0))
               (func (export \"f\") (param i32) (result i32)
                 (call $deep (local.get 0){zeros})))"
        );
        for name in BOARDS {
            let board = open(name).expect("an emulated board");
            for level in LEVELS {
                let image = image(&*board, &wat, level);
                let mut instance = board.load(&image, Vec::new()).expect("a sound image");
                for _ in 0..2 {
                    let outcome = instance.invoke("f", &[1]).expect("a running board");
                    let code = outcome.end.expect_err("endless recursion").code;
                    assert_eq!(code, TrapCode::StackExhausted, "{name} at {level:?}");
                    instance.clear_trap().expect("a trapped instance");
                    let outcome = instance.invoke("f", &[0]).expect("a running board");
                    assert_eq!(outcome.end.expect("no recursion"), [9]);
                }
            }
        }
    }
}

/// The remainder was computed as dividend minus product in a register that still held the dividend.
#[test]
fn remainders_leave_their_operands_alone() {
    for op in ["rem_s", "rem_u"] {
        for expression in [
            "(i32.{op} (local.get 0) (local.get 1))",
            "(i32.{op} (local.get 0) (local.get 0))",
            "(i32.{op} (i32.{op} (local.get 0) (local.get 1)) (local.get 1))",
            "(i32.sub (local.get 0) (i32.{op} (local.get 0) (local.get 1)))",
            "(i32.{op} (local.get 0) (i32.const 7))",
            "(i32.{op} (i32.const -7) (local.get 0))",
        ] {
            let expression = expression.replace("{op}", op);
            let body = under_pressure(3, 12, &format!("(local.set 2 {expression})"), "");
            let locals = " i32".repeat(13);
            ends(
                &format!(
                    "(module (func (export \"f\") (param i32 i32) (result i32 i32 i32)
                       (local{locals}) {body}
                       (local.get 2) (local.get 0) (local.get 1)))"
                ),
                &pairs(),
            );
        }
        let words: Vec<Vec<u32>> = pairs()
            .into_iter()
            .flat_map(|pair| {
                let (x, y) = (pair[0], pair[1]);
                [vec![x, y, y, 0], vec![x, y, y, x], vec![x, x, x, x]]
            })
            .collect();
        ends(
            &format!(
                "(module (func (export \"f\") (param i64 i64) (result i64 i64 i64)
                   (i64.{op} (local.get 0) (local.get 1)) (local.get 0) (local.get 1)))"
            ),
            &words,
        );
    }
}

/// A value of 64 bits was spilled in one arm of an `if` and reloaded behind it, whichever arm ran.
#[test]
fn a_wide_value_survives_either_arm() {
    let pressure: String = (3..20)
        .map(|local| {
            format!(
                "(local.set {local} (i64.add (call $next (local.get {})) (local.get 0)))",
                local - 1
            )
        })
        .collect();
    let sum: String = (3..20)
        .map(|local| format!("(local.set 1 (i64.xor (local.get 1) (local.get {local})))"))
        .collect();
    let locals = " i64".repeat(18);
    for arms in [
        format!("(then {pressure} {sum})"),
        format!("(then) (else {pressure} {sum})"),
        format!(
            "(then {pressure} {sum}) (else (local.set 2 (i64.sub (local.get 1) (local.get 2))))"
        ),
    ] {
        let ends = ends(
            &format!(
                "(module
                   (func $next (param i64) (result i64)
                     (i64.add (i64.mul (local.get 0) (i64.const 0x5851f42d4c957f2d)) (i64.const 1)))
                   (func (export \"f\") (param i64 i64) (result i64 i64) (local{locals})
                     (local.set 2 (i64.mul (local.get 0) (local.get 1)))
                     (if (i32.wrap_i64 (local.get 0)) {arms})
                     (i64.add (local.get 2) (local.get 0)) (local.get 1)))"
            ),
            &pairs()
                .iter()
                .map(|pair| vec![pair[0], pair[1], pair[1], pair[0]])
                .collect::<Vec<_>>(),
        );
        assert!(ends.iter().all(Result::is_ok));
    }
}

/// Comparisons of 128 bits, as C has them of `long double` and `__int128`, became one of a type that no core has.
#[test]
fn values_of_128_bits_are_compared_by_halves() {
    let operands = [
        0_u64,
        1,
        0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000,
        u64::MAX,
    ];
    let words = |value: u64| [value as u32, (value >> 32) as u32];
    let mut calls = Vec::new();
    for a in operands {
        for b in operands {
            for c in operands {
                for d in operands {
                    calls.push([a, b, c, d].into_iter().flat_map(words).collect());
                }
            }
        }
    }
    for order in ["lt", "le", "gt", "ge"] {
        for sign in ["u", "s"] {
            for high in [
                // Any halves, those of values without sign, and those of values with one.
                ["(local.get 1)", "(local.get 3)"],
                ["(i64.const 0)", "(local.get 3)"],
                [
                    "(i64.shr_s (local.get 0) (i64.const 63))",
                    "(i64.shr_s (local.get 2) (i64.const 63))",
                ],
            ] {
                let [a, b] = high;
                let compared = |a: &str, b: &str| {
                    format!(
                        "(select
                           (i64.{order}_u (local.get 0) (local.get 2))
                           (i64.{order}_{sign} {a} {b})
                           (i64.eq {a} {b}))"
                    )
                };
                let ends = ends(
                    &format!(
                        "(module (func (export \"f\") (param i64 i64 i64 i64) (result i32 i32 i32)
                           {} {}
                           (if (result i32) {} (then (i32.const 7)) (else (i32.const 8)))))",
                        compared(a, b),
                        compared(a, a),
                        compared(b, a)
                            .replace("(local.get 0) (local.get 2)", "(local.get 2) (local.get 0)"),
                    ),
                    &calls,
                );
                assert!(ends.iter().all(Result::is_ok));
            }
        }
    }
}

/// The table of functions lay where the module's own stores reached it.
#[test]
fn stores_do_not_reach_the_table() {
    // Every word of the memory, and every address around it and around the end of addresses.
    let wat = "(module (memory 1 1) (table 2 2 funcref) (elem (i32.const 0) $one $two)
        (type $t (func (result i32)))
        (func $one (result i32) (i32.const 1))
        (func $two (result i32) (i32.const 2))
        (func (export \"f\") (param i32 i32) (result i32)
          (loop $next
            (i32.store (local.get 0) (i32.const -1))
            (local.set 0 (i32.add (local.get 0) (i32.const 4)))
            (br_if $next (i32.lt_u (local.get 0) (local.get 1))))
          (i32.add (i32.mul (call_indirect (type $t) (i32.const 0)) (i32.const 16))
                   (call_indirect (type $t) (i32.const 1)))))";
    let mut calls = vec![vec![0, 0x1_0000]];
    for distance in (4..0x2000).step_by(4) {
        calls.push(vec![0u32.wrapping_sub(distance), 0]);
        calls.push(vec![0x1_0000 + distance - 4, 0]);
    }
    calls.push(vec![0, 0x1_0000]);
    let ends = ends(wat, &calls);
    let (first, last) = (&ends[0], &ends[ends.len() - 1]);
    assert_eq!((first, last), (&Ok(vec![0x12]), &Ok(vec![0x12])));
    let outside = &ends[1..ends.len() - 1];
    let trap = Err(TrapCode::MemoryOutOfBounds);
    assert!(outside.iter().all(|end| *end == trap));
}
