//! What instantiation computes, and state that lies behind the globals.

use wasm2mcu_abi::trap::TrapCode::{
    MemoryOutOfBounds, TableOutOfBounds, UndefinedElement, UninitializedElement,
};
use wasm2mcu_testbench::Board;

use crate::{check, on_every_board};

on_every_board! {
    initial_values
    pages_of_one_byte
    tables_grow_into_their_room
    segments_are_dropped
    segments_of_inlined_functions
}

/// Everything that an initializer does, in order: later segments win, the start function sees all.
fn initial_values(board: &dyn Board) {
    let wat = r#"(module
        (type $r (func (result i32)))
        (memory 1)
        (global $a i32 (i32.const 7))
        (global $b i32 (i32.add (global.get $a) (i32.mul (i32.const 3) (i32.const 5))))
        (global $c i64 (i64.sub (i64.const 0) (i64.const 1)))
        (global $f (mut funcref) (ref.func $six))
        (global $seen (mut i32) (i32.const 0))
        (table $t 4 funcref (ref.func $five))
        (elem (i32.const 1) $six $six)
        (elem (i32.const 2) funcref (ref.null func))
        (data (global.get $b) "ab")
        (data (i32.const 23) "c")
        (func $five (result i32) (i32.const 5))
        (func $six (result i32) (i32.const 6))
        (func $start
            (global.set $seen (i32.load16_u (i32.const 22)))
            (table.set $t (i32.const 3) (global.get $f)))
        (start $start)
        (func (export "seen") (result i32) (global.get $seen))
        (func (export "c") (result i64) (global.get $c))
        (func (export "call") (param i32) (result i32)
            (call_indirect $t (type $r) (local.get 0))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("seen", &[], Ok(&[0x6361])),
        ("c", &[], Ok(&[u32::MAX, u32::MAX])),
        ("call", &[0], Ok(&[5])),
        ("call", &[1], Ok(&[6])),
        ("call", &[2], Err(UninitializedElement)),
        ("call", &[3], Ok(&[6])),
        ("call", &[4], Err(UndefinedElement)),
    ];
    check(board, wat, calls);
}

fn pages_of_one_byte(board: &dyn Board) {
    let wat = r#"(module
        (memory 5 11 (pagesize 1))
        (data (i32.const 3) "\80\ff")
        (func (export "size") (result i32) (memory.size))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "word") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "fill") (param i32 i32)
            (memory.fill (local.get 0) (i32.const 1) (local.get 1))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("size", &[], Ok(&[5])),
        ("byte", &[4], Ok(&[0xff])),
        ("byte", &[5], Err(MemoryOutOfBounds)),
        ("word", &[1], Ok(&[0xff80_0000])),
        ("word", &[2], Err(MemoryOutOfBounds)),
        ("grow", &[2], Ok(&[5])),
        ("word", &[3], Ok(&[0xff80])),
        ("word", &[4], Err(MemoryOutOfBounds)),
        ("fill", &[4, 4], Err(MemoryOutOfBounds)),
        ("grow", &[5], Ok(&[u32::MAX])),
        ("grow", &[4], Ok(&[7])),
        ("fill", &[4, 7], Ok(&[])),
        ("word", &[7], Ok(&[0x0101_0101])),
        ("size", &[], Ok(&[11])),
    ];
    check(board, wat, calls);
}

/// The room is four elements here: one declared maximum lies below it, the other table has none.
fn tables_grow_into_their_room(board: &dyn Board) {
    let wat = r#"(module
        (table $short 1 3 externref)
        (table $long 0 funcref)
        (func $f)
        (elem declare func $f)
        (func (export "short") (param i32 externref) (result i32)
            (table.grow $short (local.get 1) (local.get 0)))
        (func (export "long") (param i32) (result i32)
            (table.grow $long (ref.func $f) (local.get 0)))
        (func (export "get") (param i32) (result externref) (table.get $short (local.get 0)))
        (func (export "call") (param i32) (call_indirect $long (local.get 0)))
        (func (export "sizes") (result i32 i32) (table.size $short) (table.size $long)))"#;
    let calls: &[crate::Call<'_>] = &[
        ("short", &[3, 9], Ok(&[u32::MAX])),
        ("short", &[1, 9], Ok(&[1])),
        ("get", &[0], Ok(&[0])),
        ("get", &[1], Ok(&[9])),
        ("get", &[2], Err(TableOutOfBounds)),
        ("call", &[0], Err(UndefinedElement)),
        ("long", &[4], Ok(&[0])),
        ("long", &[1], Ok(&[u32::MAX])),
        ("call", &[3], Ok(&[])),
        ("call", &[4], Err(UndefinedElement)),
        ("sizes", &[], Ok(&[2, 4])),
    ];
    check(board, wat, calls);
}

fn segments_are_dropped(board: &dyn Board) {
    let wat = r#"(module
        (type $r (func (result i32)))
        (memory 1 1)
        (table 3 funcref)
        (data $bytes "0123456789abcdefghij")
        (data $active (i32.const 0) "x")
        (elem $items funcref (ref.func $one) (ref.null func) (ref.func $two))
        (func $one (result i32) (i32.const 1))
        (func $two (result i32) (i32.const 2))
        (func (export "bytes") (param i32 i32 i32)
            (memory.init $bytes (local.get 0) (local.get 1) (local.get 2)))
        (func (export "active") (param i32) (memory.init $active (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export "items") (param i32 i32 i32)
            (table.init $items (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (data.drop $bytes) (elem.drop $items) (data.drop $active))
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "call") (param i32) (result i32) (call_indirect (type $r) (local.get 0))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("bytes", &[65517, 1, 19], Ok(&[])),
        ("byte", &[65535], Ok(&[u32::from(b'j')])),
        ("bytes", &[65517, 1, 20], Err(MemoryOutOfBounds)),
        ("bytes", &[0, 0, 21], Err(MemoryOutOfBounds)),
        ("bytes", &[0, 21, 0], Err(MemoryOutOfBounds)),
        ("bytes", &[65536, 20, 0], Ok(&[])),
        ("active", &[1], Err(MemoryOutOfBounds)),
        ("active", &[0], Ok(&[])),
        ("items", &[1, 2, 1], Ok(&[])),
        ("call", &[1], Ok(&[2])),
        ("items", &[0, 0, 2], Ok(&[])),
        ("call", &[0], Ok(&[1])),
        ("call", &[1], Err(UninitializedElement)),
        ("items", &[0, 2, 2], Err(TableOutOfBounds)),
        ("items", &[2, 0, 2], Err(TableOutOfBounds)),
        ("drop", &[], Ok(&[])),
        ("bytes", &[0, 0, 1], Err(MemoryOutOfBounds)),
        ("bytes", &[0, 0, 0], Ok(&[])),
        ("items", &[0, 0, 1], Err(TableOutOfBounds)),
        ("items", &[3, 0, 0], Ok(&[])),
    ];
    check(board, wat, calls);
}

/// Each function is in the place of its call, and still copies its own segment.
fn segments_of_inlined_functions(board: &dyn Board) {
    let wat = r#"(module
        (type $r (func (result i32)))
        (memory 1 1)
        (table $t 2 funcref)
        (data $one "1111")
        (data $two "2222")
        (elem $five func $five)
        (elem $six func $six)
        (func $five (type $r) (i32.const 5))
        (func $six (type $r) (i32.const 6))
        (func $first (memory.init $one (i32.const 0) (i32.const 0) (i32.const 4)))
        (func $second (memory.init $two (i32.const 4) (i32.const 0) (i32.const 4)))
        (func $third (table.init $t $six (i32.const 1) (i32.const 0) (i32.const 1)))
        (func (export "copy")
            (memory.init $two (i32.const 8) (i32.const 0) (i32.const 4))
            (table.init $t $five (i32.const 0) (i32.const 0) (i32.const 1))
            (call $third) (call $second) (call $first))
        (func (export "word") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "call") (param i32) (result i32)
            (call_indirect $t (type $r) (local.get 0))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("copy", &[], Ok(&[])),
        ("word", &[0], Ok(&[0x3131_3131])),
        ("word", &[4], Ok(&[0x3232_3232])),
        ("word", &[8], Ok(&[0x3232_3232])),
        ("call", &[0], Ok(&[5])),
        ("call", &[1], Ok(&[6])),
    ];
    check(board, wat, calls);
}
