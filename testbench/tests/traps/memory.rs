//! Loads and stores at the edges of memories, against a model that is an array of bytes.

use std::fmt::Write;

use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_testbench::{Board, Instance};

use crate::{case, check, compiled, function_index, hosts, on_every_board};

on_every_board! {
    no_pages
    one_page
    growing
    growth
    a_bound_that_is_reached
}

const PAGE: u32 = 0x1_0000;

/// Name, bytes, whether it extends a sign.
const LOADS: [(&str, u32, bool); 5] = [
    ("load", 4, false),
    ("load8_s", 1, true),
    ("load8_u", 1, false),
    ("load16_s", 2, true),
    ("load16_u", 2, false),
];
const STORES: [(&str, u32); 3] = [("store", 4), ("store8", 1), ("store16", 2)];

const OFFSETS: [u32; 9] = [
    0,
    1,
    4,
    0xfffc,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0xffff_fffc,
    0xffff_ffff,
];

fn accesses(memory: &str) -> String {
    let mut wat = format!(
        r#"(module {memory}
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#
    );
    for offset in OFFSETS {
        for (name, ..) in LOADS {
            let _ = write!(
                wat,
                r#"(func (export "{name}+{offset}") (param i32) (result i32)
                    (i32.{name} offset={offset} (local.get 0)))"#
            );
        }
        for (name, _) in STORES {
            let _ = write!(
                wat,
                r#"(func (export "{name}+{offset}") (param i32 i32)
                    (i32.{name} offset={offset} (local.get 0) (local.get 1)))"#
            );
        }
    }
    wat + ")"
}

/// Indices around every edge of an access of this many bytes at this offset.
fn indices(size: u32, offset: u32, bytes: u32) -> Vec<u32> {
    let last = size.wrapping_sub(offset).wrapping_sub(bytes);
    let mut indices = vec![0, 1, u32::MAX, u32::MAX - 3, 1 << 31];
    indices.extend([-4, -1, 0, 1, 2, 4].map(|by| last.wrapping_add_signed(by)));
    indices.push(offset.wrapping_neg());
    indices
}

/// Where an access lies, if it does.
fn place(model: &[u8], index: u32, offset: u32, bytes: u32) -> Option<usize> {
    let start = u64::from(index) + u64::from(offset);
    (start + u64::from(bytes) <= model.len() as u64).then_some(start as usize)
}

/// Every access at the edges of the memory that the instance has now.
fn walk(instance: &mut dyn Instance, index_of: impl Fn(&str) -> u32) {
    let size = instance.memory().size();
    let mut model: Vec<u8> = (0..size).map(|at| ((at * 167) >> 3) as u8 | 0x80).collect();
    instance.memory().write(0, &model).expect("the memory");
    let mut value = 0x1234_5678u32;
    let mut call = |export: &str, arguments: &[u32], end: Result<Option<u32>, TrapCode>| {
        let outcome = instance.invoke(export, arguments);
        let outcome = outcome.unwrap_or_else(|error| panic!("{export}{arguments:x?}: {error}"));
        match (&outcome.end, end) {
            (Ok(words), Ok(word)) => assert_eq!(
                words.first().copied(),
                word,
                "{export}{arguments:x?} of {size:#x}"
            ),
            (Err(trap), Err(code)) => {
                assert_eq!(trap.code, code, "{export}{arguments:x?}");
                assert_eq!(trap.function, Some(index_of(export)), "{export}: {trap}");
                instance.clear_trap().expect("cleared");
            }
            (found, end) => {
                panic!("{export}{arguments:x?} of {size:#x}: {found:x?}, expected {end:x?}")
            }
        }
    };
    for offset in OFFSETS {
        for (name, bytes, signed) in LOADS {
            for index in indices(size, offset, bytes) {
                let end = match place(&model, index, offset, bytes) {
                    Some(at) => {
                        let mut word = [0; 4];
                        word[..bytes as usize].copy_from_slice(&model[at..at + bytes as usize]);
                        let unused = 32 - 8 * bytes;
                        let word = u32::from_le_bytes(word) << unused;
                        Ok(Some(if signed {
                            (word as i32 >> unused) as u32
                        } else {
                            word >> unused
                        }))
                    }
                    None => Err(TrapCode::MemoryOutOfBounds),
                };
                call(&format!("{name}+{offset}"), &[index], end);
            }
        }
        for (name, bytes) in STORES {
            for index in indices(size, offset, bytes) {
                value = value.rotate_left(7).wrapping_add(index);
                let end = match place(&model, index, offset, bytes) {
                    Some(at) => {
                        let bytes = bytes as usize;
                        model[at..at + bytes].copy_from_slice(&value.to_le_bytes()[..bytes]);
                        Ok(None)
                    }
                    None => Err(TrapCode::MemoryOutOfBounds),
                };
                call(&format!("{name}+{offset}"), &[index, value], end);
            }
        }
    }
    let memory = instance.memory().bytes(0, size).expect("the memory");
    assert!(memory == model, "some store went elsewhere");
}

/// Walks along the edges of a memory, and again each time after it grew by a page.
fn walk_memory(board: &dyn Board, memory: &str, growths: u32) {
    for (_, compiled, image) in compiled(board, &accesses(memory)) {
        let mut instance = board.load(&image, hosts()).expect("loaded");
        let mut neighbour = board.load(&image, hosts()).expect("loaded");
        let untouched = neighbour.memory().size();
        for growth in 0..=growths {
            if growth > 0 {
                let outcome = instance.invoke("grow", &[1]).expect("a call");
                assert!(outcome.end.is_ok_and(|words| words[0] != u32::MAX));
            }
            walk(&mut *instance, |export| function_index(&compiled, export));
        }
        let zeros = neighbour.memory().bytes(0, untouched).expect("the memory");
        assert!(
            zeros.iter().all(|byte| *byte == 0),
            "the neighbour's memory"
        );
        walk(&mut *neighbour, |export| function_index(&compiled, export));
    }
}

fn no_pages(board: &dyn Board) {
    walk_memory(board, "(memory 0 0)", 0);
}

fn one_page(board: &dyn Board) {
    walk_memory(board, "(memory 1 1)", 0);
}

fn growing(board: &dyn Board) {
    walk_memory(board, "(memory 0 2)", 2);
}

fn growth(board: &dyn Board) {
    let wat = r#"(module (memory (export "memory") 1 3)
        (func (export "size") (result i32) memory.size)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "both") (param i32) (result i32)
            (drop (i32.load8_u (local.get 0)))
            (drop (memory.grow (i32.const 1)))
            (i32.load8_u offset=65536 (local.get 0))))"#;
    let out = TrapCode::MemoryOutOfBounds;
    let all = u32::MAX;
    let cases = [
        case("peek", &[PAGE - 1], Ok(0)),
        case("peek", &[PAGE], Err(out)),
        case("grow", &[3], Ok(all)),
        case("grow", &[u32::MAX], Ok(all)),
        case("grow", &[0x1_0000], Ok(all)),
        case("size", &[], Ok(1)),
        case("both", &[PAGE], Err(out)),
        // What was proven before the growth is not what holds behind it.
        case("both", &[PAGE - 1], Ok(0)),
        case("size", &[], Ok(2)),
        case("peek", &[2 * PAGE - 1], Ok(0)),
        case("peek", &[2 * PAGE], Err(out)),
        case("grow", &[1], Ok(2)),
        case("grow", &[0], Ok(3)),
        case("grow", &[1], Ok(all)),
        case("peek", &[3 * PAGE - 1], Ok(0)),
        case("peek", &[3 * PAGE], Err(out)),
    ];
    check(board, wat, &[], &cases);
}

/// What is at most `$n` may be `$n`, whatever else the loop compares with `$n`.
fn a_bound_that_is_reached(board: &dyn Board) {
    let wat = r#"(module (memory 1 1)
        (func (export "f") (param $base i32) (param $n i32) (param $x i32) (result i32)
          (local $i i32) (local $s i32)
          (block $out
            (loop $again
              (br_if $out (i32.ge_u (local.get $i) (local.get $n)))
              (if (i32.le_u (local.get $x) (local.get $n))
                (then (local.set $s (i32.add (local.get $s)
                  (i32.load8_u (i32.add (local.get $base) (local.get $x)))))))
              (local.set $x (i32.mul (i32.add (local.get $x) (i32.const 1)) (i32.const 3)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $again)))
          (local.get $s)))"#;
    const N: u32 = 16;
    let outside = Err(TrapCode::MemoryOutOfBounds);
    let cases = [
        case("f", &[PAGE - N - 1, N, N], Ok(0)),
        case("f", &[PAGE - N, N, N - 1], Ok(0)),
        case("f", &[PAGE - N, N, N], outside),
        case("f", &[PAGE - N, N, 5], Ok(0)),
        case("f", &[PAGE, 0, 0], Ok(0)),
    ];
    check(board, wat, &["f"], &cases);
}
