//! Elements out of range, references of another type, and null.

use wasm2mcu_abi::trap::TrapCode::{
    IndirectCallTypeMismatch, TableOutOfBounds, UndefinedElement, UninitializedElement,
};

use crate::{attack, passes, returns, traps};

/// Two tables; what lies behind the first is the second, and behind that, the watched one.
const PARTS: &str = r#"
    (type $unary (func (param i32) (result i32)))
    (type $binary (func (param i32 i32) (result i32)))
    (type $wide (func (param i64) (result i64)))
    (type $many (func (param i32) (result i32 i32)))
    (table $t 4 6 funcref)
    (table $u 3 3 funcref)
    (table $x 2 externref)
    (elem (table $t) (i32.const 0) func $double $sum $wide $many)
    (elem $passive func $double $sum)
    (func $double (type $unary) (i32.shl (local.get 0) (i32.const 1)))
    (func $sum (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $wide (type $wide) (local.get 0))
    (func $many (type $many) (local.get 0) (local.get 0))
    (func (export "call") (param i32) (result i32)
        (call_indirect $t (type $unary) (i32.const 21) (local.get 0)))
    (func (export "tail") (param i32) (result i32)
        (return_call_indirect $t (type $unary) (i32.const 21) (local.get 0)))
    (func (export "call_u") (param i32) (result i32)
        (call_indirect $u (type $unary) (i32.const 21) (local.get 0)))
    (func (export "get") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
    (func (export "get_x") (param i32) (result externref) (table.get $x (local.get 0)))
    (func (export "null") (param i32) (table.set $t (local.get 0) (ref.null func)))
    (func (export "move") (param i32 i32)
        (table.set $u (local.get 0) (table.get $t (local.get 1))))
    (func (export "set_x") (param i32 externref) (table.set $x (local.get 0) (local.get 1)))
    (func (export "fill") (param i32 i32)
        (table.fill $t (local.get 0) (ref.func $sum) (local.get 1)))
    (func (export "copy") (param i32 i32 i32)
        (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy_own") (param i32 i32 i32)
        (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32 i32 i32)
        (table.init $u $passive (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop") (elem.drop $passive))
    (func (export "grow") (param i32) (result i32)
        (table.grow $t (ref.func $double) (local.get 0)))
    (func (export "size") (result i32) (table.size $t))"#;

/// Tables in the text: one with null and several types, one without, an empty one.
const IN_TEXT: &str = r#"
    (type $unary (func (param i32) (result i32)))
    (type $binary (func (param i32 i32) (result i32)))
    (type $wide (func (param i64) (result i64)))
    (table $t 6 funcref)
    (table $u 2 funcref)
    (table $x 0 funcref)
    (elem (table $t) (i32.const 1) func $double $sum $wide $double)
    (elem (table $u) (i32.const 0) func $double $double)
    (func $double (type $unary) (i32.shl (local.get 0) (i32.const 1)))
    (func $sum (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $wide (type $wide) (local.get 0))
    (func (export "call") (param i32) (result i32)
        (call_indirect $t (type $unary) (i32.const 21) (local.get 0)))
    (func (export "tail") (param i32) (result i32)
        (return_call_indirect $t (type $unary) (i32.const 21) (local.get 0)))
    (func (export "call_u") (param i32) (result i32)
        (call_indirect $u (type $unary) (i32.const 21) (local.get 0)))
    (func (export "tail_u") (param i32) (result i32)
        (return_call_indirect $u (type $unary) (i32.const 21) (local.get 0)))
    (func (export "other") (param i32) (result i32)
        (call_indirect $u (type $binary) (i32.const 21) (i32.const 2) (local.get 0)))
    (func (export "call_x") (param i32) (result i32)
        (call_indirect $x (type $unary) (i32.const 21) (local.get 0)))
    (func (export "walk") (param i32) (result i32) (local i32)
        (loop
            (local.set 1 (call_indirect $u (type $unary) (local.get 1) (local.get 0)))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br 0))
        unreachable)
    (func (export "get") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))"#;

/// Far away, where four bytes an element wrap, and at the ends of the numbers.
const WILD: [u32; 6] = [
    1 << 30,
    (1 << 30) + 1,
    1 << 31,
    0xc000_0000,
    u32::MAX - 1,
    u32::MAX,
];

#[test]
fn indices_out_of_range() {
    let mut calls = vec![returns("call", &[0], 42), returns("tail", &[0], 42)];
    for index in [4, 5, 6, 7, 100].into_iter().chain(WILD) {
        calls.extend([
            traps("call", &[index], UndefinedElement),
            traps("tail", &[index], UndefinedElement),
            traps("get", &[index], TableOutOfBounds),
            traps("get_x", &[index], TableOutOfBounds),
            traps("null", &[index], TableOutOfBounds),
            traps("move", &[index, 0], TableOutOfBounds),
            traps("move", &[0, index], TableOutOfBounds),
            traps("set_x", &[index, 0x2000_0000], TableOutOfBounds),
        ]);
    }
    attack(PARTS, &calls);
}

/// A reference keeps its type on any way into any table; a number of the host's is no reference.
#[test]
fn references_of_another_type() {
    let mut calls = Vec::new();
    for element in 1..4 {
        calls.extend([
            traps("call", &[element], IndirectCallTypeMismatch),
            traps("tail", &[element], IndirectCallTypeMismatch),
            passes("move", &[1, element]),
            traps("call_u", &[1], IndirectCallTypeMismatch),
        ]);
    }
    calls.extend([
        traps("call_u", &[0], UninitializedElement),
        passes("null", &[0]),
        returns("get", &[0], 1),
        traps("call", &[0], UninitializedElement),
        traps("tail", &[0], UninitializedElement),
        passes("init", &[0, 0, 2]),
        returns("call_u", &[0], 42),
        traps("call_u", &[1], IndirectCallTypeMismatch),
        passes("fill", &[0, 4]),
        traps("call", &[0], IndirectCallTypeMismatch),
        // An address, where it can do nothing but come back.
        passes("set_x", &[1, 0x2000_0000]),
        returns("get_x", &[1], 0x2000_0000),
    ]);
    attack(PARTS, &calls);
}

#[test]
fn ranges_out_of_range() {
    let out = TableOutOfBounds;
    let mut calls = vec![
        passes("copy", &[3, 4, 0]),
        passes("init", &[3, 2, 0]),
        passes("fill", &[4, 0]),
    ];
    let all = u32::MAX;
    let ranges = [
        (4, 1),
        (0, 5),
        (3, 2),
        (5, 0),
        (1, all),
        (all, 1),
        (all, all),
    ];
    let wrapping = [(1 << 30, 1 << 30), (1 << 31, 1 << 31), (0, 1 << 30)];
    for (at, length) in ranges.into_iter().chain(wrapping) {
        calls.extend([
            traps("fill", &[at, length], out),
            traps("copy", &[at, 0, length], out),
            traps("copy", &[0, at, length], out),
            traps("copy_own", &[at, 0, length], out),
            traps("copy_own", &[0, at, length], out),
            traps("init", &[at, 0, length], out),
            traps("init", &[0, at.max(3), length], out),
        ]);
    }
    calls.extend([
        traps("init", &[0, 1, 2], out),
        passes("drop", &[]),
        traps("init", &[0, 0, 1], out),
        returns("call", &[0], 42),
    ]);
    attack(PARTS, &calls);
}

#[test]
fn growth_to_the_limit() {
    let all = u32::MAX;
    attack(
        PARTS,
        &[
            returns("grow", &[3], all),
            returns("grow", &[all], all),
            returns("grow", &[1 << 30], all),
            returns("grow", &[1], 4),
            returns("call", &[4], 42),
            traps("call", &[5], UndefinedElement),
            returns("grow", &[1], 5),
            returns("call", &[5], 42),
            traps("call", &[6], UndefinedElement),
            returns("grow", &[1], all),
            returns("grow", &[all - 5], all),
            returns("size", &[], 6),
            traps("null", &[6], TableOutOfBounds),
        ],
    );
}

#[test]
fn tables_in_the_text() {
    let mut calls = Vec::new();
    for element in [1, 4] {
        calls.extend([
            returns("call", &[element], 42),
            returns("tail", &[element], 42),
        ]);
    }
    for element in [0, 5] {
        calls.extend([
            returns("get", &[element], 1),
            traps("call", &[element], UninitializedElement),
            traps("tail", &[element], UninitializedElement),
        ]);
    }
    for element in [2, 3] {
        calls.extend([
            traps("call", &[element], IndirectCallTypeMismatch),
            traps("tail", &[element], IndirectCallTypeMismatch),
        ]);
    }
    for element in [0, 1] {
        calls.extend([
            returns("call_u", &[element], 42),
            returns("tail_u", &[element], 42),
            traps("other", &[element], IndirectCallTypeMismatch),
            traps("walk", &[element], UndefinedElement),
        ]);
    }
    for index in [6, 7, 8, 100].into_iter().chain(WILD) {
        let names = [
            "call", "tail", "call_u", "tail_u", "other", "call_x", "walk",
        ];
        calls.extend(names.map(|name| traps(name, &[index], UndefinedElement)));
        calls.push(traps("get", &[index], TableOutOfBounds));
    }
    calls.push(traps("call_x", &[0], UndefinedElement));
    attack(IN_TEXT, &calls);
}
