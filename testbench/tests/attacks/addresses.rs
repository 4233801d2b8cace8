//! Every load and store, and the bulk operations, at wild and wrapping addresses.

use std::fmt::Write;

use wasm2mcu_abi::trap::TrapCode::MemoryOutOfBounds;

use crate::{Call, attack, passes, returns, traps};

/// Instruction, bytes, whether it stores; the type is the name's beginning.
const ACCESSES: [(&str, u32, bool); 23] = [
    ("i32.load", 4, false),
    ("i32.load8_s", 1, false),
    ("i32.load8_u", 1, false),
    ("i32.load16_s", 2, false),
    ("i32.load16_u", 2, false),
    ("i64.load", 8, false),
    ("i64.load8_s", 1, false),
    ("i64.load8_u", 1, false),
    ("i64.load16_s", 2, false),
    ("i64.load16_u", 2, false),
    ("i64.load32_s", 4, false),
    ("i64.load32_u", 4, false),
    ("f32.load", 4, false),
    ("f64.load", 8, false),
    ("i32.store", 4, true),
    ("i32.store8", 1, true),
    ("i32.store16", 2, true),
    ("i64.store", 8, true),
    ("i64.store8", 1, true),
    ("i64.store16", 2, true),
    ("i64.store32", 4, true),
    ("f32.store", 4, true),
    ("f64.store", 8, true),
];

/// None, one in reach of every encoding, one that wraps with the index, the largest.
const OFFSETS: [u32; 4] = [0, 7, 0x8000_0000, u32::MAX];

/// By how many pages a memory grows at most, and its size then.
type Growth = (u32, u32);

/// Memories of each kind: what it is declared as, its size, by how many pages it grows at most and its size then.
const MEMORIES: [(&str, u32, Option<Growth>); 5] = [
    ("(memory 1 1)", 65536, None),
    ("(memory 1 2)", 65536, Some((1, 131_072))),
    ("(memory 100 100 (pagesize 1))", 100, None),
    ("(memory 5 1000 (pagesize 1))", 5, Some((995, 1000))),
    ("(memory 0 0)", 0, None),
];

/// A function `name` that makes an access at an address; it returns 7.
fn access(
    wat: &mut String,
    name: &str,
    instruction: &str,
    offset: u32,
    address: &str,
    store: bool,
) {
    let value_type = &instruction[..3];
    let access = match store {
        true => format!("({instruction} offset={offset} {address} ({value_type}.const -1))"),
        false => format!("(drop ({instruction} offset={offset} {address}))"),
    };
    let _ = write!(
        wat,
        r#"(func (export "{name}") (param i32) (result i32) {access} (i32.const 7))"#
    );
}

/// What an access at an index comes to.
fn end(export: &str, index: u32, place: u64, bytes: u32, size: u32) -> Call {
    if place + u64::from(bytes) <= u64::from(size) {
        returns(export, &[index], 7)
    } else {
        traps(export, &[index], MemoryOutOfBounds)
    }
}

/// Indices around the edges of an access, and those that wrap.
fn indices(size: u32, offset: u32, bytes: u32) -> [u32; 9] {
    let last = size.wrapping_sub(offset).wrapping_sub(bytes);
    [
        0,
        last,
        last.wrapping_add(1),
        last.wrapping_add(bytes),
        offset.wrapping_neg(),
        offset.wrapping_neg().wrapping_sub(bytes),
        1 << 31,
        u32::MAX,
        u32::MAX - 7,
    ]
}

#[test]
fn of_every_access() {
    for (memory, size, growth) in MEMORIES {
        let mut parts = format!(
            r#"{memory} (func (export "grow") (param i32) (result i32)
                (memory.grow (local.get 0)))"#
        );
        let mut calls = Vec::new();
        let calls_at = |calls: &mut Vec<Call>, size| {
            for (instruction, bytes, _) in ACCESSES {
                for offset in OFFSETS {
                    let export = format!("{instruction}+{offset}");
                    for index in indices(size, offset, bytes) {
                        let place = u64::from(index) + u64::from(offset);
                        calls.push(end(&export, index, place, bytes, size));
                    }
                }
            }
        };
        calls_at(&mut calls, size);
        if let Some((pages, grown)) = growth {
            calls.push(returns("grow", &[pages + 1], u32::MAX));
            calls.push(returns("grow", &[pages], size * pages / (grown - size)));
            calls_at(&mut calls, grown);
        }
        for (instruction, _, store) in ACCESSES {
            for offset in OFFSETS {
                let name = format!("{instruction}+{offset}");
                access(
                    &mut parts,
                    &name,
                    instruction,
                    offset,
                    "(local.get 0)",
                    store,
                );
            }
        }
        attack(&parts, &calls);
    }
}

/// Addresses that the compiler computes with: sums that wrap, known bits, constants, loops.
#[test]
fn that_are_computed() {
    const SUM: &str = "(i32.add (local.get 0) (i32.const -16))";
    const SCALED: &str = "(i32.shl (local.get 0) (i32.const 2))";
    const MASKED: &str = "(i32.and (local.get 0) (i32.const 0xffff))";
    type Form = (&'static str, &'static str, fn(u32) -> u32);
    let forms: [Form; 3] = [
        ("sum", SUM, |x| x.wrapping_sub(16)),
        ("scaled", SCALED, |x| x << 2),
        ("masked", MASKED, |x| x & 0xffff),
    ];
    for (memory, size, _) in MEMORIES {
        let mut parts = memory.to_owned();
        let mut calls = Vec::new();
        for (instruction, bytes, store) in ACCESSES {
            for (form, address, value) in forms {
                for offset in [0, 12, u32::MAX - 3] {
                    let name = format!("{instruction}+{offset}@{form}");
                    access(&mut parts, &name, instruction, offset, address, store);
                    for index in [0, 15, 16, size, size / 4, 1 << 30, u32::MAX] {
                        let place = u64::from(value(index)) + u64::from(offset);
                        calls.push(end(&name, index, place, bytes, size));
                    }
                }
            }
            for constant in [size.saturating_sub(bytes), size + 1, u32::MAX] {
                let name = format!("{instruction}={constant}");
                let address = format!("(i32.const {constant})");
                access(&mut parts, &name, instruction, 0, &address, store);
                calls.push(end(&name, 0, constant.into(), bytes, size));
            }
        }
        attack(&parts, &calls);
    }
}

/// A loop whose index leaves the memory at either end, forwards and backwards.
#[test]
fn of_loops() {
    let parts = r#"(memory 100 100 (pagesize 1))
        (func (export "walk") (param $at i32) (param $step i32) (param $times i32) (result i32)
            (loop $again
                (i32.store8 (local.get $at) (i32.const -1))
                (local.set $at (i32.add (local.get $at) (local.get $step)))
                (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
            (local.get $at))
        (func (export "words") (param $at i32) (param $end i32) (result i32)
            (local $sum i32)
            (loop $again
                (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
                (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $at))))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (br_if $again (i32.ne (local.get $at) (local.get $end))))
            (i32.const 7))"#;
    let out = MemoryOutOfBounds;
    let back = |by: u32| by.wrapping_neg();
    attack(
        parts,
        &[
            returns("walk", &[0, 1, 100], 100),
            traps("walk", &[0, 1, 101], out),
            returns("walk", &[99, back(1), 100], u32::MAX),
            traps("walk", &[99, back(1), 101], out),
            traps("walk", &[0, 1 << 30, 5], out),
            traps("walk", &[50, back(200), 2], out),
            // Round the whole address space, so that the first and the last index are inside.
            traps("walk", &[0, 0x1000_0000, 17], out),
            returns("words", &[4, 100], 7),
            traps("words", &[4, 108], out),
            traps("words", &[96, 104], out),
            // The end is never met.
            traps("words", &[1, 100], out),
            traps("words", &[u32::MAX - 7, 0], out),
        ],
    );
}

#[test]
fn of_bulk_operations() {
    let out = MemoryOutOfBounds;
    for (memory, size, _) in MEMORIES {
        let parts = format!(
            r#"{memory} (data $d "0123456789")
            (func (export "fill") (param i32 i32 i32)
                (memory.fill (local.get 0) (local.get 1) (local.get 2)))
            (func (export "copy") (param i32 i32 i32)
                (memory.copy (local.get 0) (local.get 1) (local.get 2)))
            (func (export "init") (param i32 i32 i32)
                (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
            (func (export "drop") (data.drop $d))"#
        );
        let all = u32::MAX;
        let mut calls = vec![
            passes("fill", &[size, 9, 0]),
            passes("copy", &[size, size, 0]),
            passes("init", &[size, 10, 0]),
        ];
        for (at, length) in [
            (size, 1),
            (0, size + 1),
            (0, all),
            (1, all),
            (size.wrapping_sub(1), 2),
            (all, 1),
            (all, all),
            (all - 15, 16),
            (all - 15, 17),
            (1 << 31, 1 << 31),
            (size + 1, 0),
        ] {
            calls.extend([
                traps("fill", &[at, 9, length], out),
                traps("copy", &[at, 0, length], out),
                traps("copy", &[0, at, length], out),
                traps("init", &[at, 0, length], out),
                traps("init", &[0, at.max(11), length], out),
            ]);
        }
        calls.extend([
            traps("init", &[0, 10, 1], out),
            traps("init", &[0, 1, all], out),
            passes("drop", &[]),
            traps("init", &[0, 0, 1], out),
            passes("init", &[0, 0, 0]),
        ]);
        attack(&parts, &calls);
    }
}
