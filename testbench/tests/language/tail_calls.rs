//! Tail calls: a million of them in a row take no more stack than one, whatever is passed.

use wasm2mcu_abi::trap::TrapCode::{
    IndirectCallTypeMismatch, StackExhausted, UndefinedElement, Unreachable,
};
use wasm2mcu_testbench::Board;

use crate::{check, on_every_board};

on_every_board! {
    loops
    arguments_on_the_stack
    indirect
    hosts_and_traps
    under_recursion
}

fn loops(board: &dyn Board) {
    let wat = r#"(module
        (func $sum (export "sum") (param i32 i64) (result i64)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call $sum (i32.sub (local.get 0) (i32.const 1))
                (i64.add (local.get 1) (i64.const 3))))
        (func $even (export "even") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
            (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
        (func $odd (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
            (return_call $even (i32.sub (local.get 0) (i32.const 1))))
        (func $float (export "float") (param i32 f32 f64) (result f32 f64)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1) (local.get 2))))
            (return_call $float (i32.sub (local.get 0) (i32.const 1))
                (f32.add (local.get 1) (f32.const 0.5)) (local.get 2))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("sum", &[1_000_000, 0, 1], Ok(&[3_000_000, 1])),
        ("even", &[1_000_000], Ok(&[1])),
        ("even", &[999_999], Ok(&[0])),
        (
            "float",
            &[1000, 0x3f80_0000, 7, 9],
            Ok(&[0x43fa_8000, 7, 9]),
        ),
    ];
    check(board, wat, calls);
}

/// The callee takes far more words on the stack than the function that leaves for it, and shuffles
/// them; results come back where the first caller looks for them.
fn arguments_on_the_stack(board: &dyn Board) {
    let wat = r#"(module
        (func $few (export "few") (param i32) (result i32 i32 i32 i32 i32 i32)
            (return_call $many (local.get 0) (i32.const 2) (i32.const 3) (i32.const 4)
                (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8) (i64.const -9)))
        (func $many (param $n i32) (param i32 i32 i32 i32 i32 i32 i32 i64)
            (result i32 i32 i32 i32 i32 i32)
            (if (i32.eqz (local.get $n))
                (then (return (local.get 1) (local.get 2) (local.get 3) (local.get 6)
                    (local.get 7) (i32.wrap_i64 (local.get 8)))))
            (return_call $rotated (i32.sub (local.get $n) (i32.const 1))
                (local.get 7) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                (local.get 5) (local.get 6) (local.get 8) (i32.const 77)))
        (func $rotated (param i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)
            (result i32 i32 i32 i32 i32 i32)
            (return_call $many (local.get 0) (local.get 1) (local.get 2) (local.get 3)
                (local.get 4) (local.get 5) (local.get 6) (local.get 7)
                (i64.sub (local.get 8) (i64.const 1))))
        (func (export "called") (param i32) (result i32)
            (local $before i32)
            (local.set $before (i32.mul (local.get 0) (i32.const 1000)))
            (call $few (local.get 0))
            (i32.add) (i32.add) (i32.add) (i32.add) (i32.add)
            (i32.add (local.get $before)))
        (func (export "shrink") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
            (return_call $one (i32.add (local.get 4) (local.get 7))))
        (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("few", &[0], Ok(&[2, 3, 4, 7, 8, -9i32 as u32])),
        ("few", &[1], Ok(&[8, 2, 3, 6, 7, -10i32 as u32])),
        ("few", &[70_000], Ok(&[2, 3, 4, 7, 8, -70_009i32 as u32])),
        ("called", &[7], Ok(&[7000 + 2 + 3 + 4 + 7 + 8 - 16])),
        ("shrink", &[1, 2, 3, 4, 50, 6, 7, 800], Ok(&[851])),
    ];
    check(board, wat, calls);
}

fn indirect(board: &dyn Board) {
    let wat = r#"(module
        (type $step (func (param i32 i32 i32 i32 i32) (result i32)))
        (table funcref (elem $down $add $other))
        (func $down (param i32 i32 i32 i32 i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (local.get 4))))
            (return_call_indirect (type $step)
                (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 2) (local.get 3)
                (local.get 4) (i32.const 1)))
        (func $add (param i32 i32 i32 i32 i32) (result i32)
            (return_call_indirect (type $step)
                (local.get 0) (local.get 1) (local.get 2) (local.get 3)
                (i32.add (local.get 4) (local.get 1)) (i32.const 0)))
        (func $other (result i32) (unreachable))
        (func (export "run") (param i32) (result i32)
            (call $down (local.get 0) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 5)))
        (func (export "leave") (param i32) (result i32)
            (return_call_indirect (type $step) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 41) (local.get 0))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("run", &[100_000], Ok(&[200_005])),
        ("leave", &[0], Ok(&[41])),
        ("leave", &[2], Err(IndirectCallTypeMismatch)),
        ("leave", &[3], Err(UndefinedElement)),
        ("leave", &[0], Ok(&[41])),
    ];
    check(board, wat, calls);
}

fn hosts_and_traps(board: &dyn Board) {
    let wat = r#"(module
        (import "env" "add" (func $add (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (memory 1 1)
        (func $fail (result i32) (unreachable))
        (func (export "host") (param i32) (result i32)
            (return_call $add (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3)
                (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7)))
        (func (export "fail") (result i32) (return_call $fail)))"#;
    let calls: &[crate::Call<'_>] = &[
        ("host", &[100], Ok(&[128])),
        ("fail", &[], Err(Unreachable)),
        ("host", &[1], Ok(&[29])),
    ];
    check(board, wat, calls);
}

/// A cycle with one ordinary call in it is recursion, which the stack's end stops.
fn under_recursion(board: &dyn Board) {
    let wat = r#"(module
        (func $down (export "down") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
            (i32.add (i32.const 1) (call $hop (local.get 0))))
        (func $hop (param i32) (result i32)
            (return_call $down (i32.sub (local.get 0) (i32.const 1)))))"#;
    let calls: &[crate::Call<'_>] = &[
        ("down", &[100], Ok(&[100])),
        ("down", &[10_000_000], Err(StackExhausted)),
        ("down", &[101], Ok(&[101])),
    ];
    check(board, wat, calls);
}
