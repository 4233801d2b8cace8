//! Division and `unreachable`.

use wasm2mcu_abi::trap::TrapCode::{IntegerDivideByZero, IntegerOverflow, Unreachable};
use wasm2mcu_testbench::Board;

use crate::{case, check, on_every_board};

on_every_board! {
    divisions
    divisions_by_constants
    unreachable
}

const MIN: u32 = 1 << 31;
const MINUS_ONE: u32 = u32::MAX;

fn divisions(board: &dyn Board) {
    let functions: String = ["div_s", "div_u", "rem_s", "rem_u"]
        .map(|name| {
            format!(
                r#"(func (export "{name}") (param i32 i32) (result i32)
                    (i32.{name} (local.get 0) (local.get 1)))
                   (func (export "{name}_unused") (param i32 i32)
                    (drop (i32.{name} (local.get 0) (local.get 1))))"#
            )
        })
        .concat();
    let cases = [
        case("div_s", &[7, 0xffff_fffe], Ok(0xffff_fffd)),
        case("div_s", &[7, 0], Err(IntegerDivideByZero)),
        case("div_s", &[0, 0], Err(IntegerDivideByZero)),
        case("div_s", &[MIN, MINUS_ONE], Err(IntegerOverflow)),
        case("div_s", &[MIN, 1], Ok(MIN)),
        case("div_s", &[MIN + 1, MINUS_ONE], Ok(0x7fff_ffff)),
        case("div_u", &[MIN, MINUS_ONE], Ok(0)),
        case("div_u", &[MINUS_ONE, 0], Err(IntegerDivideByZero)),
        case("rem_s", &[MIN, MINUS_ONE], Ok(0)),
        case("rem_s", &[MIN, 0], Err(IntegerDivideByZero)),
        case("rem_s", &[0xffff_fff9, 2], Ok(MINUS_ONE)),
        case("rem_u", &[MIN, MINUS_ONE], Ok(MIN)),
        case("rem_u", &[1, 0], Err(IntegerDivideByZero)),
        // A result that nobody reads is no reason not to trap.
        case("div_s_unused", &[MIN, MINUS_ONE], Err(IntegerOverflow)),
        case("div_s_unused", &[1, 0], Err(IntegerDivideByZero)),
        case("div_u_unused", &[1, 0], Err(IntegerDivideByZero)),
        case("rem_s_unused", &[1, 0], Err(IntegerDivideByZero)),
        case("rem_s_unused", &[MIN, MINUS_ONE], Ok(0)),
        case("rem_u_unused", &[1, 0], Err(IntegerDivideByZero)),
    ];
    check(board, &format!("(module {functions})"), &[], &cases);
}

fn divisions_by_constants(board: &dyn Board) {
    let wat = r#"(module
        (func (export "by_zero") (param i32) (result i32)
            (i32.div_s (local.get 0) (i32.const 0)))
        (func (export "rem_by_zero") (param i32) (result i32)
            (i32.rem_u (local.get 0) (i32.const 0)))
        (func (export "by_minus_one") (param i32) (result i32)
            (i32.div_s (local.get 0) (i32.const -1)))
        (func (export "rem_by_minus_one") (param i32) (result i32)
            (i32.rem_s (local.get 0) (i32.const -1)))
        (func (export "min_by") (param i32) (result i32)
            (i32.div_s (i32.const 0x80000000) (local.get 0)))
        (func (export "folded") (result i32)
            (i32.div_s (i32.const 0x80000000) (i32.const -1))))"#;
    let cases = [
        case("by_minus_one", &[5], Ok(0xffff_fffb)),
        case("by_zero", &[5], Err(IntegerDivideByZero)),
        case("rem_by_zero", &[5], Err(IntegerDivideByZero)),
        case("by_minus_one", &[MIN], Err(IntegerOverflow)),
        case("rem_by_minus_one", &[MIN], Ok(0)),
        case("rem_by_minus_one", &[5], Ok(0)),
        case("min_by", &[MINUS_ONE], Err(IntegerOverflow)),
        case("min_by", &[0], Err(IntegerDivideByZero)),
        case("min_by", &[2], Ok(0xc000_0000)),
        case("folded", &[], Err(IntegerOverflow)),
    ];
    check(board, wat, &[], &cases);
}

fn unreachable(board: &dyn Board) {
    let wat = r#"(module
        (func (export "always") (result i32) unreachable)
        (func (export "if") (param i32) (result i32)
            (if (local.get 0) (then unreachable))
            (i32.const 7)))"#;
    let cases = [
        case("if", &[0], Ok(7)),
        case("always", &[], Err(Unreachable)),
        case("if", &[1], Err(Unreachable)),
    ];
    check(board, wat, &[], &cases);
}
