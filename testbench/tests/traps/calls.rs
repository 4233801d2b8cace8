//! Indirect calls, exhausted stacks and host functions.

use wasm2mcu_abi::trap::TrapCode::{
    Host, IndirectCallTypeMismatch, MemoryOutOfBounds, StackExhausted, UndefinedElement,
    UninitializedElement, Unreachable,
};
use wasm2mcu_testbench::Board;

use crate::{Case, case, check, on_every_board};

on_every_board! {
    indirect
    indirect_without_elements
    recursion
    mutual_recursion
    recursion_through_the_table
    frames_that_are_too_large
    host_functions
}

fn indirect(board: &dyn Board) {
    let wat = r#"(module
        (type $unary (func (param i32) (result i32)))
        (type $same (func (param i32) (result i32)))
        (table 5 funcref)
        (elem (i32.const 1) $double $sum $nothing)
        (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
        (func $sum (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func $nothing (param i32))
        (func (export "call") (param i32 i32) (result i32)
            (call_indirect (type $same) (local.get 1) (local.get 0)))
        (func (export "null") (result i32)
            (call_indirect (type $unary) (i32.const 1) (i32.const 0)))
        (func (export "beyond") (result i32)
            (call_indirect (type $unary) (i32.const 1) (i32.const 5))))"#;
    let cases = [
        case("call", &[1, 21], Ok(42)),
        case("call", &[0, 1], Err(UninitializedElement)),
        case("call", &[4, 1], Err(UninitializedElement)),
        case("call", &[2, 1], Err(IndirectCallTypeMismatch)),
        case("call", &[3, 1], Err(IndirectCallTypeMismatch)),
        case("call", &[5, 1], Err(UndefinedElement)),
        case("call", &[1 << 30, 1], Err(UndefinedElement)),
        case("call", &[(1 << 30) + 1, 1], Err(UndefinedElement)),
        case("call", &[u32::MAX, 1], Err(UndefinedElement)),
        case("null", &[], Err(UninitializedElement)),
        case("beyond", &[], Err(UndefinedElement)),
    ];
    check(board, wat, &[], &cases);
}

fn indirect_without_elements(board: &dyn Board) {
    let wat = r#"(module (table 0 funcref)
        (func (export "one") (result i32) (i32.const 1))
        (func (export "call") (param i32) (call_indirect (local.get 0))))"#;
    let cases = [
        case("one", &[], Ok(1)),
        case("call", &[0], Err(UndefinedElement)),
        case("call", &[u32::MAX], Err(UndefinedElement)),
    ];
    check(board, wat, &[], &cases);
}

/// Shallow calls return the depth, and deep ones exhaust the stack of the thrower; then shallow
/// ones return again.
fn depths(board: &dyn Board, wat: &str, throwers: &[&str]) {
    let cases: [Case<'_>; 5] = [
        case("deep", &[40], Ok(40)),
        case("deep", &[1 << 20], Err(StackExhausted)),
        case("deep", &[41], Ok(41)),
        case("deep", &[u32::MAX], Err(StackExhausted)),
        case("deep", &[0], Ok(0)),
    ];
    check(board, wat, throwers, &cases);
}

fn recursion(board: &dyn Board) {
    depths(
        board,
        r#"(module (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"#,
        &[],
    );
}

/// Whichever of the three needs the most below itself finds the stack exhausted.
fn mutual_recursion(board: &dyn Board) {
    depths(
        board,
        r#"(module
            (func $deep (export "deep") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (i32.add (i32.const 1) (call $second (i32.sub (local.get 0) (i32.const 1)))))
            (func $second (export "second") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (i32.add (i32.const 1) (call $third (i32.sub (local.get 0) (i32.const 1)))))
            (func $third (export "third") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (i32.add
                    (i32.mul (local.get 0) (i32.sub (i32.const 1) (call $leaf)))
                    (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))))
            (func $leaf (result i32) (i32.const 1)))"#,
        &["deep", "second", "third"],
    );
}

fn recursion_through_the_table(board: &dyn Board) {
    depths(
        board,
        r#"(module
            (type $unary (func (param i32) (result i32)))
            (table 1 funcref)
            (elem (i32.const 0) $deep)
            (func $deep (export "deep") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (i32.add (i32.const 1)
                    (call_indirect (type $unary)
                        (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))"#,
        &[],
    );
}

/// A function whose callee takes 600 words of parameters cannot be entered often.
fn frames_that_are_too_large(board: &dyn Board) {
    let words = 600;
    let params = "i32 ".repeat(words);
    let arguments = "(local.get 0) ".repeat(words - 1);
    let wat = format!(
        r#"(module
            (func $many (param {params}) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (i32.add (i32.const 1)
                    (call $many (i32.sub (local.get 0) (i32.const 1)) {arguments})))
            (func (export "deep") (param i32) (result i32) (call $many (local.get 0) {arguments}))
            (export "many" (func $many)))"#
    );
    let cases = [
        case("deep", &[5], Ok(5)),
        case("deep", &[100], Err(StackExhausted)),
        case("deep", &[6], Ok(6)),
    ];
    check(board, &wat, &["many"], &cases);
}

fn host_functions(board: &dyn Board) {
    let wat = r#"(module
        (import "env" "sum" (func $sum (param i32 i32) (result i32)))
        (import "env" "stop" (func $stop (param i32)))
        (memory (export "memory") 1 1)
        (global $after (mut i32) (i32.const 0))
        (data (i32.const 16) "\01\02\03")
        (func (export "sum") (param i32 i32) (result i32)
            (call $sum (local.get 0) (local.get 1)))
        (func (export "stop") (param i32) (result i32)
            (global.set $after (i32.const 0))
            (call $stop (local.get 0))
            (global.set $after (i32.const 9))
            (global.get $after))
        (func (export "after") (result i32) (global.get $after)))"#;
    let sum = [
        case("sum", &[16, 3], Ok(6)),
        case("sum", &[16, 65536], Err(MemoryOutOfBounds)),
        case("sum", &[u32::MAX, 1], Err(MemoryOutOfBounds)),
        case("sum", &[65535, 1], Ok(0)),
    ];
    check(board, wat, &[], &sum);
    let stop = [
        case("stop", &[0], Ok(9)),
        case("stop", &[1], Err(Host)),
        // Nothing behind the call was executed.
        case("after", &[], Ok(0)),
        case("stop", &[0], Ok(9)),
        case("stop", &[2], Err(Unreachable)),
    ];
    check(board, wat, &[], &stop);
}
