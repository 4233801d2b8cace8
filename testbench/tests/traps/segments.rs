//! Traps before the first call: segments beyond their target, and start functions.

use wasm2mcu_abi::trap::TrapCode::{self, MemoryOutOfBounds, TableOutOfBounds, Unreachable};
use wasm2mcu_testbench::{Board, BoardError};

use crate::{compiled, hosts, on_every_board};

on_every_board! {
    segments_beyond_their_target
    segments_at_the_end
    start_functions
}

/// How instantiation ends, while another instance lives on the board.
fn instantiates(board: &dyn Board, wat: &str, end: Result<(), TrapCode>) {
    let healthy = r#"(module (func (export "f") (result i32) (i32.const 42)))"#;
    let (_, _, healthy) = compiled(board, healthy).next().expect("a level");
    let mut neighbour = board.load(&healthy, hosts()).expect("loaded");
    for (level, _, image) in compiled(board, wat) {
        let found = match board.load(&image, hosts()) {
            Ok(_) => Ok(()),
            Err(BoardError::Trap(trap)) => Err(trap.code),
            Err(error) => panic!("{level:?} {wat}: {error}"),
        };
        assert_eq!(found, end, "{level:?} {wat}");
        let outcome = neighbour.invoke("f", &[]).expect("a call");
        assert_eq!(outcome.end, Ok(vec![42]));
    }
}

fn segments_beyond_their_target(board: &dyn Board) {
    for (parts, code) in [
        (
            r#"(memory 1) (data (i32.const 65535) "ab")"#,
            MemoryOutOfBounds,
        ),
        (
            r#"(memory 1) (data (i32.const 65537) "")"#,
            MemoryOutOfBounds,
        ),
        (r#"(memory 1) (data (i32.const -1) "a")"#, MemoryOutOfBounds),
        (r#"(memory 0) (data (i32.const 0) "a")"#, MemoryOutOfBounds),
        (
            "(table 2 funcref) (func $f) (elem (i32.const 1) $f $f)",
            TableOutOfBounds,
        ),
        (
            "(table 2 funcref) (func $f) (elem (i32.const -1) $f)",
            TableOutOfBounds,
        ),
        ("(table 0 funcref) (elem (i32.const 1))", TableOutOfBounds),
    ] {
        instantiates(board, &format!("(module {parts})"), Err(code));
    }
}

fn segments_at_the_end(board: &dyn Board) {
    for parts in [
        r#"(memory 1) (data (i32.const 65534) "ab")"#,
        r#"(memory 1) (data (i32.const 65536) "")"#,
        r#"(memory 0) (data (i32.const 0) "")"#,
        "(table 2 funcref) (func $f) (elem (i32.const 1) $f)",
        "(table 2 funcref) (elem (i32.const 2))",
    ] {
        instantiates(board, &format!("(module {parts})"), Ok(()));
    }
}

fn start_functions(board: &dyn Board) {
    let trapping = "(module (func $f unreachable) (start $f))";
    instantiates(board, trapping, Err(Unreachable));
    let reading = "(module (memory 1) (func $f (drop (i32.load (i32.const 65533)))) (start $f))";
    instantiates(board, reading, Err(MemoryOutOfBounds));
    let returning = "(module (memory 1) (func $f (drop (i32.load (i32.const 65532)))) (start $f))";
    instantiates(board, returning, Ok(()));
}
