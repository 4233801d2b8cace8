//! Tables that nobody writes: the text has them, and no RAM. Beside each, a table with the same elements that
//! is in RAM answers the same.

use wasm2mcu::{Options, Target};
use wasm2mcu_abi::image::Section;
use wasm2mcu_abi::trap::TrapCode::{
    IndirectCallTypeMismatch, TableOutOfBounds, UndefinedElement, UninitializedElement,
};
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::Board;

use crate::{Call, check, on_every_board};

on_every_board! {
    calls
    imported_functions
    elements_that_get_elsewhere
    beside_an_initializer
    no_ram
}

/// Functions of three types, one of them recursive through its table, and `more`.
fn caller(more: &str) -> String {
    format!(
        r#"(module
        (type $unary (func (param i32) (result i32)))
        (type $same (func (param i32) (result i32)))
        (type $none (func (result i32)))
        (table $t 7 funcref)
        (table $uniform 2 funcref)
        (elem (table $t) (i32.const 1) func $double $none $fact)
        (elem (table $t) (i32.const 2) func $five)
        (elem (table $t) (i32.const 5) funcref (ref.null func) (ref.func $double))
        (elem (table $uniform) (i32.const 0) func $double $half)
        (func $double (type $unary) (i32.shl (local.get 0) (i32.const 1)))
        (func $half (type $unary) (i32.shr_u (local.get 0) (i32.const 1)))
        (func $none)
        (func $five (type $none) (i32.const 5))
        (func $fact (type $unary)
            (if (result i32) (local.get 0)
                (then (i32.mul (local.get 0)
                    (call_indirect $t (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.const 3))))
                (else (i32.const 1))))
        (func (export "call") (param i32 i32) (result i32)
            (call_indirect $t (type $same) (local.get 1) (local.get 0)))
        (func (export "tail") (param i32 i32) (result i32)
            (return_call_indirect $t (type $same) (local.get 1) (local.get 0)))
        (func (export "uniform") (param i32 i32) (result i32)
            (call_indirect $uniform (type $unary) (local.get 1) (local.get 0)))
        (func (export "other") (param i32) (result i32)
            (call_indirect $uniform (type $none) (local.get 0)))
        (func (export "one") (param i32) (result i32)
            (call_indirect $t (type $unary) (local.get 0) (i32.const 1)))
        (func (export "tail_one") (param i32) (result i32)
            (return_call_indirect $t (type $unary) (local.get 0) (i32.const 1)))
        (func (export "null") (result i32) (call_indirect $t (type $none) (i32.const 4)))
        (func (export "mismatch") (result i32) (call_indirect $t (type $none) (i32.const 1)))
        (func (export "beyond") (result i32) (call_indirect $t (type $none) (i32.const 7)))
        (func (export "sum") (param i32) (result i32) (local i32)
            (loop
                (local.set 1 (i32.add (local.get 1) (call_indirect $uniform (type $unary) (local.get 0)
                    (i32.and (local.get 0) (i32.const 1)))))
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (local.get 1))
        (func (export "size") (result i32) (table.size $t))
        {more})"#
    )
}

fn calls(board: &dyn Board) {
    let ends: &[Call<'_>] = &[
        ("call", &[1, 21], Ok(&[42])),
        ("call", &[2, 21], Err(IndirectCallTypeMismatch)),
        ("call", &[3, 5], Ok(&[120])),
        ("call", &[6, 4], Ok(&[8])),
        ("call", &[0, 1], Err(UninitializedElement)),
        ("call", &[4, 1], Err(UninitializedElement)),
        ("call", &[5, 1], Err(UninitializedElement)),
        ("call", &[7, 1], Err(UndefinedElement)),
        ("call", &[1 << 30, 1], Err(UndefinedElement)),
        ("call", &[u32::MAX, 1], Err(UndefinedElement)),
        ("tail", &[1, 21], Ok(&[42])),
        ("tail", &[3, 4], Ok(&[24])),
        ("tail", &[2, 4], Err(IndirectCallTypeMismatch)),
        ("tail", &[0, 4], Err(UninitializedElement)),
        ("tail", &[7, 4], Err(UndefinedElement)),
        ("uniform", &[0, 21], Ok(&[42])),
        ("uniform", &[1, 21], Ok(&[10])),
        ("uniform", &[2, 21], Err(UndefinedElement)),
        ("uniform", &[(1 << 30) + 1, 21], Err(UndefinedElement)),
        ("other", &[1], Err(IndirectCallTypeMismatch)),
        ("other", &[2], Err(UndefinedElement)),
        ("one", &[8], Ok(&[16])),
        ("tail_one", &[8], Ok(&[16])),
        ("null", &[], Err(UninitializedElement)),
        ("mismatch", &[], Err(IndirectCallTypeMismatch)),
        ("beyond", &[], Err(UndefinedElement)),
        ("sum", &[4], Ok(&[2 * 4 + 1 + 2 * 2])),
        ("size", &[], Ok(&[7])),
    ];
    check(board, &caller(""), ends);
    let writes = "(func (table.set $t (i32.const 0) (ref.null func))
        (table.set $uniform (i32.const 0) (ref.null func)))";
    check(board, &caller(writes), ends);
}

/// A call of an import through a table goes through its thunk.
fn imported_functions(board: &dyn Board) {
    let wat = r#"(module
        (type $eight (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "add" (func $add (type $eight)))
        (table $t 2 funcref)
        (elem (table $t) (i32.const 0) func $add $first)
        (func $first (type $eight) (local.get 0))
        (func (export "call") (param i32) (result i32)
            (call_indirect $t (type $eight) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
                (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8) (local.get 0)))
        (func (export "known") (result i32)
            (call_indirect $t (type $eight) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
                (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8) (i32.const 0))))"#;
    let calls: &[Call<'_>] = &[
        ("call", &[0], Ok(&[36])),
        ("call", &[1], Ok(&[1])),
        ("call", &[2], Err(UndefinedElement)),
        ("known", &[], Ok(&[36])),
    ];
    check(board, wat, calls);
}

/// References from the text into globals and into a table in RAM, one by one and in ranges.
fn elements_that_get_elsewhere(board: &dyn Board) {
    let wat = r#"(module
        (type $r (func (result i32)))
        (table $t 5 funcref (ref.func $five))
        (table $ram 4 funcref)
        (table $nulls 3 funcref)
        (elem (table $t) (i32.const 1) funcref (ref.null func) (ref.func $six))
        (func $five (type $r) (i32.const 5))
        (func $six (type $r) (i32.const 6))
        (func (export "is_null") (param i32) (result i32)
            (ref.is_null (table.get $t (local.get 0))))
        (func (export "nulls") (param i32) (result i32)
            (ref.is_null (table.get $nulls (local.get 0))))
        (func (export "set") (param i32 i32)
            (table.set $ram (local.get 0) (table.get $t (local.get 1))))
        (func (export "copy") (param i32 i32 i32)
            (table.copy $ram $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "clear") (table.copy $ram $nulls (i32.const 0) (i32.const 0) (i32.const 3)))
        (func (export "text") (param i32) (result i32) (call_indirect $t (type $r) (local.get 0)))
        (func (export "ram") (param i32) (result i32)
            (call_indirect $ram (type $r) (local.get 0))))"#;
    let calls: &[Call<'_>] = &[
        ("text", &[0], Ok(&[5])),
        ("text", &[1], Err(UninitializedElement)),
        ("text", &[2], Ok(&[6])),
        ("text", &[4], Ok(&[5])),
        ("text", &[5], Err(UndefinedElement)),
        ("is_null", &[0], Ok(&[0])),
        ("is_null", &[1], Ok(&[1])),
        ("is_null", &[5], Err(TableOutOfBounds)),
        ("nulls", &[2], Ok(&[1])),
        ("nulls", &[3], Err(TableOutOfBounds)),
        ("ram", &[0], Err(UninitializedElement)),
        ("set", &[0, 2], Ok(&[])),
        ("set", &[1, 1], Ok(&[])),
        ("set", &[1, 5], Err(TableOutOfBounds)),
        ("ram", &[0], Ok(&[6])),
        ("ram", &[1], Err(UninitializedElement)),
        ("copy", &[1, 0, 3], Ok(&[])),
        ("ram", &[1], Ok(&[5])),
        ("ram", &[2], Err(UninitializedElement)),
        ("ram", &[3], Ok(&[6])),
        ("copy", &[0, 2, 4], Err(TableOutOfBounds)),
        ("copy", &[2, 0, 3], Err(TableOutOfBounds)),
        ("copy", &[4, 5, 0], Ok(&[])),
        ("ram", &[0], Ok(&[6])),
        ("clear", &[], Ok(&[])),
        ("ram", &[0], Err(UninitializedElement)),
        ("ram", &[3], Ok(&[6])),
    ];
    check(board, wat, calls);
}

/// What is computed at instantiation, and tables in RAM with their segments, stand around one in the text.
fn beside_an_initializer(board: &dyn Board) {
    let wat = r#"(module
        (type $r (func (result i32)))
        (global $f (mut funcref) (ref.func $six))
        (global $one i32 (i32.const 1))
        (global $copy (mut i32) (i32.add (global.get $one) (i32.const 1)))
        (global $shared (export "shared") i32 (i32.const 1))
        (table $before 2 funcref)
        (table $t 2 funcref)
        (table $after (export "after") 2 funcref)
        (elem (table $before) (i32.const 0) func $five)
        (elem (table $t) (global.get $one) func $six)
        (elem (table $after) (i32.const 1) func $six)
        (elem (table $before) (i32.const 1) func $six)
        (elem (table $t) (i32.const 0) func $five)
        (func $five (type $r) (i32.const 5))
        (func $six (type $r) (i32.const 6))
        (func $start (table.set $before (i32.const 0) (global.get $f)))
        (start $start)
        (func (export "copy") (result i32) (global.get $copy))
        (func (export "before") (param i32) (result i32)
            (call_indirect $before (type $r) (local.get 0)))
        (func (export "text") (param i32) (result i32) (call_indirect $t (type $r) (local.get 0)))
        (func (export "after_call") (param i32) (result i32)
            (call_indirect $after (type $r) (local.get 0))))"#;
    let calls: &[Call<'_>] = &[
        ("copy", &[], Ok(&[2])),
        ("before", &[0], Ok(&[6])),
        ("before", &[1], Ok(&[6])),
        ("text", &[0], Ok(&[5])),
        ("text", &[1], Ok(&[6])),
        ("after_call", &[0], Err(UninitializedElement)),
        ("after_call", &[1], Ok(&[6])),
    ];
    check(board, wat, calls);
    // Nothing is computed here.
    let known = wat.replace(
        "(global.get $one) (i32.const 1)",
        "(i32.const 1) (i32.const 1)",
    );
    let known = known.replace(
        "(elem (table $t) (global.get $one)",
        "(elem (table $t) (i32.const 1)",
    );
    assert_ne!(known, wat);
    check(board, &known, calls);
}

/// A table in the text asks the device for nothing, and the loader does nothing for it.
fn no_ram(board: &dyn Board) {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        ..Options::default()
    };
    let image = |wat: &str| {
        let compiled = wasm2mcu::compile(wat.as_bytes(), &options);
        compiled.expect("a module").image().expect("an image")
    };
    let bytes = image(&caller(""));
    let in_text = Image::parse(&bytes).expect("an image");
    assert_eq!(in_text.requirements().tables_bytes, 0);
    assert!(in_text.section(Section::Tables).is_empty());
    assert!(in_text.section(Section::Elements).is_empty());
    let ways = [
        (r#"(export "table" (table $t))"#, 4 * 7),
        (
            "(func (table.fill $uniform (i32.const 0) (ref.null func) (i32.const 1)))",
            4 * 2,
        ),
    ];
    for (more, tables_bytes) in ways {
        let bytes = image(&caller(more));
        let in_ram = Image::parse(&bytes).expect("an image").requirements();
        assert_eq!(in_ram.tables_bytes, tables_bytes);
        let difference = in_ram.context_bytes - in_text.requirements().context_bytes;
        assert!(difference.abs_diff(tables_bytes) < 8, "{difference} bytes");
    }
}
