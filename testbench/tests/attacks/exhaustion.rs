//! Attempts to take more than was given: memory, stack, time.

use std::time::Duration;

use wasm2mcu_abi::trap::TrapCode::{MemoryOutOfBounds, StackExhausted};
use wasm2mcu_testbench::{BoardError, Limits};

use crate::{NoHosts, attack, between_neighbours, everywhere, image, passes, returns, traps};

#[test]
fn memory_grown_to_the_limit() {
    for (memory, page, first, last) in [
        ("(memory 1 3)", 65536, 1, 3),
        ("(memory 10 300 (pagesize 1))", 1, 10, 300),
    ] {
        let parts = format!(
            r#"{memory}
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "all") (result i32)
                (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (memory.size))
            (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const -1)))
            (func (export "behind") (param i32)
                (i32.store8 (local.get 0) (i32.const -1))
                (drop (memory.grow (i32.const -1)))
                (i32.store8 offset=1 (local.get 0) (i32.const -1)))"#
        );
        let none = u32::MAX;
        let end = page * last;
        attack(
            &parts,
            &[
                returns("grow", &[last], none),
                returns("grow", &[none], none),
                // Sums that wrap, of bytes or of pages, to sizes that would fit.
                returns("grow", &[0x1_0000], none),
                returns("grow", &[0x1_0001], none),
                returns("grow", &[none - 4], none),
                traps("store", &[page * first], MemoryOutOfBounds),
                returns("all", &[], last),
                returns("all", &[], last),
                passes("store", &[end - 1]),
                traps("store", &[end], MemoryOutOfBounds),
                passes("behind", &[end - 2]),
                traps("behind", &[end - 1], MemoryOutOfBounds),
                returns("grow", &[0], last),
            ],
        );
    }
}

/// A declared maximum is not what there is: the board grants less.
#[test]
fn memory_beyond_what_is_granted() {
    everywhere(|board, level| {
        let granted = Limits {
            memory_bytes: 3 << 16,
            ..board.limits()
        };
        board.set_limits(granted);
        let parts = r#"(memory 1 65535)
            (func (export "all") (result i32)
                (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (memory.size))
            (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const -1)))"#;
        between_neighbours(board, level, parts, &NoHosts, |instance| {
            let instance = instance.expect("loaded");
            let all = instance.invoke("all", &[]).expect("a call");
            assert_eq!(all.end, Ok(vec![3]));
            let last = instance.invoke("store", &[(3 << 16) - 1]).expect("a call");
            assert!(last.end.is_ok());
            let behind = instance.invoke("store", &[3 << 16]).expect("a call");
            assert_eq!(behind.end.map_err(|trap| trap.code), Err(MemoryOutOfBounds));
        });
    });
}

/// Every way back into a function: itself, another, a table, a tail call in between; and frames of any
/// size, which may step over what lies below the stack.
#[test]
fn recursion() {
    let locals = "(local.get 0) ".repeat(300);
    let params = "i32 ".repeat(301);
    let wide = format!(
        r#"(func $wide (param {params})
            (call $wide {locals} (i32.add (local.get 300) (i32.const 1))))
        (func (export "wide") (param i32) (call $wide {locals} (local.get 0)))"#
    );
    let parts = format!(
        r#"(memory 1 1)
        (type $f (func (param i32)))
        (table $t 2 funcref)
        (elem (table $t) (i32.const 0) func $through $tail)
        (func $plain (export "plain") (param i32)
            (call $plain (i32.add (local.get 0) (i32.const 1)))
            (i32.store (i32.const 0) (local.get 0)))
        (func $ping (export "ping") (param i32)
            (call $pong (i32.add (local.get 0) (i32.const 1)))
            (i32.store (i32.const 0) (local.get 0)))
        (func $pong (param i32)
            (call $ping (i32.add (local.get 0) (i32.const 1)))
            (i32.store (i32.const 4) (local.get 0)))
        (func $through (export "through") (param i32)
            (call_indirect $t (type $f) (local.get 0) (i32.const 0))
            (i32.store (i32.const 0) (local.get 0)))
        (func $tail (param i32) (return_call $caller (local.get 0)))
        (func $caller (export "caller") (param i32)
            (call_indirect $t (type $f) (local.get 0) (i32.const 1))
            (i32.store (i32.const 0) (local.get 0)))
        {wide}"#
    );
    let exports = ["plain", "ping", "through", "caller", "wide"];
    let calls: Vec<_> = exports
        .into_iter()
        .flat_map(|export| {
            [
                traps(export, &[0], StackExhausted),
                traps(export, &[7], StackExhausted),
            ]
        })
        .collect();
    attack(&parts, &calls);
}

/// Only the board's limit ends these. Where images are compiled to be interrupted, that is what has to.
const ENDLESS: [&str; 4] = [
    "(loop $again (br $again))",
    "(loop $again (i32.store8 (i32.const 5) (i32.const 1)) (br $again))",
    "(loop $again (call $fifty) drop (br $again))",
    "(return_call $endless)",
];

fn endless(parts: &str, start: &str) -> String {
    format!(r#"(memory 1 1) (func $endless (export "endless") {parts}) {start}"#)
}

fn with_little_time(attack: impl Fn(&dyn wasm2mcu_testbench::Board, wasm2mcu::OptLevel)) {
    everywhere(|board, level| {
        let limits = Limits {
            instructions: Some(100_000),
            time: Duration::from_secs(20),
            ..board.limits()
        };
        board.set_limits(limits);
        attack(board, level);
    });
}

#[test]
fn functions_that_do_not_end() {
    with_little_time(|board, level| {
        for parts in ENDLESS {
            let parts = endless(parts, "");
            between_neighbours(board, level, &parts, &NoHosts, |instance| {
                let end = instance.expect("loaded").invoke("endless", &[]);
                assert!(matches!(end, Err(BoardError::Runaway { .. })), "{end:?}");
            });
        }
    });
}

#[test]
fn start_functions_that_do_not_end() {
    with_little_time(|board, level| {
        for parts in ENDLESS {
            let parts = endless(parts, "(start $endless)");
            between_neighbours(board, level, &parts, &NoHosts, |instance| {
                let end = instance.err().expect("no instance");
                assert!(matches!(end, BoardError::Runaway { .. }), "{end}");
            });
        }
    });
}

/// What is stopped in its start function stands in the way of nobody: the same board goes on.
#[test]
fn the_board_goes_on() {
    with_little_time(|board, level| {
        let wat = format!(
            "(module {} {})",
            endless(ENDLESS[0], "(start $endless)"),
            crate::WATCH
        );
        let bytes = image(board, &wat, level);
        let end = board.load(&bytes, Vec::new()).err().expect("no instance");
        assert!(matches!(end, BoardError::Runaway { .. }), "{end}");
        between_neighbours(board, level, "", &NoHosts, |instance| {
            assert!(instance.is_ok());
        });
    });
}
