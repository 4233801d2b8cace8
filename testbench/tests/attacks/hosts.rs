//! Imports that lie, pointers that wrap, and calls back into an instance that is running.

use std::cell::RefCell;
use std::rc::Rc;

use wasm2mcu_abi::trap::TrapCode::{Host, MemoryOutOfBounds, StackExhausted};
use wasm2mcu_abi::types::ValueType::{self, F32, F64, I32, I64};
use wasm2mcu_testbench::{BoardError, HostFunction, Instance};

use crate::{Hosts, attack_with, between_neighbours, everywhere, image, passes, returns, traps};

/// `env.f`, which nobody calls.
struct Offer(&'static [ValueType], &'static [ValueType]);

impl Hosts for Offer {
    fn offered<'h>(&self) -> Vec<HostFunction<'h>> {
        let Offer(params, results) = self;
        vec![HostFunction::new("env", "f", params, results, |_, _| {
            panic!("called")
        })]
    }
}

/// What a module says that `env.f` is, and what the host has under that name.
#[test]
fn imports_of_another_signature() {
    let lies = [
        ("(func (param i64))", Offer(&[I32], &[])),
        ("(func (param i32))", Offer(&[I64], &[])),
        ("(func (param f32))", Offer(&[I32], &[])),
        ("(func (param i32 i32))", Offer(&[I64], &[])),
        ("(func (param i32 i32))", Offer(&[I32], &[])),
        ("(func (param i32))", Offer(&[I32, I32], &[])),
        ("(func)", Offer(&[I32], &[])),
        ("(func (param i32) (result i32))", Offer(&[I32], &[])),
        ("(func (param i32))", Offer(&[I32], &[I32])),
        ("(func (result f64))", Offer(&[], &[I64])),
        ("(func (result f32))", Offer(&[], &[F64])),
        ("(func (result i32))", Offer(&[], &[F32])),
    ];
    everywhere(|board, level| {
        for (ty, offer) in &lies {
            let parts = format!(r#"(import "env" "f" {ty})"#);
            between_neighbours(board, level, &parts, offer, |instance| {
                let refused = instance.err().expect("no instance");
                let signature = matches!(&refused, BoardError::Refused(why) if why.contains("env"));
                assert!(signature, "{parts}: {refused}");
            });
        }
    });
}

/// Functions that are not there, or not functions, though something has the name.
#[test]
fn imports_of_something_else() {
    everywhere(|board, level| {
        for import in [
            r#"(import "env" "g" (func (param i32)))"#,
            r#"(import "en" "vf" (func (param i32)))"#,
            r#"(import "env" "" (func (param i32)))"#,
            r#"(import "env" "f\00" (func (param i32)))"#,
            r#"(import "env" "f" (global i32))"#,
            r#"(import "env" "f" (global (mut i32)))"#,
            r#"(import "env" "f" (memory 1))"#,
            r#"(import "env" "f" (table 1 funcref))"#,
        ] {
            between_neighbours(board, level, import, &Offer(&[I32], &[]), |instance| {
                let refused = instance.err().expect("no instance");
                assert!(
                    matches!(refused, BoardError::Refused(_)),
                    "{import}: {refused}"
                );
            });
        }
    });
}

/// A host that reads and writes where the module tells it to, by way of the checked range that hosts are
/// given.
struct MemoryHosts;

impl Hosts for MemoryHosts {
    fn offered<'h>(&self) -> Vec<HostFunction<'h>> {
        vec![
            HostFunction::new("env", "read", &[I32, I32], &[I32], |memory, words| {
                let bytes = memory.bytes(words[0], words[1])?;
                Ok(vec![bytes.len() as u32])
            }),
            HostFunction::new("env", "write", &[I32], &[], |memory, words| {
                memory.write(words[0], &[0xff; 4])?;
                Ok(Vec::new())
            }),
        ]
    }
}

#[test]
fn pointers_that_wrap() {
    let out = MemoryOutOfBounds;
    for (memory, size) in [
        ("(memory 1 1)", 65536),
        ("(memory 1 4)", 65536),
        ("(memory 100 100 (pagesize 1))", 100),
    ] {
        let parts = format!(
            r#"(import "env" "read" (func $read (param i32 i32) (result i32)))
            (import "env" "write" (func $write (param i32)))
            {memory}
            (func (export "read") (param i32 i32) (result i32)
                (call $read (local.get 0) (local.get 1)))
            (func (export "write") (param i32) (call $write (local.get 0)))"#
        );
        let all = u32::MAX;
        let mut calls = vec![
            returns("read", &[0, size], size),
            returns("read", &[size, 0], 0),
            passes("write", &[size - 4]),
        ];
        for (at, length) in [
            (0, size + 1),
            (1, size),
            (size, 1),
            (size + 1, 0),
            (all, 1),
            (all, 2),
            (1, all),
            (all - 15, 32),
            (1 << 31, 1 << 31),
            (all, all),
        ] {
            calls.push(traps("read", &[at, length], out));
        }
        for at in [
            size - 3,
            size,
            all - 3,
            all,
            1 << 31,
            (size - 8).wrapping_neg(),
        ] {
            calls.push(traps("write", &[at], out));
        }
        attack_with(&parts, &calls, &MemoryHosts);
    }
}

/// What a module can do with a call of the host: recurse into it until the stack ends, and no further.
#[test]
fn recursion_with_the_host_between() {
    let parts = r#"(import "env" "read" (func $read (param i32 i32) (result i32)))
        (memory 1 1)
        (func $deep (export "deep") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
            (i32.add (call $read (i32.const 0) (i32.const 1))
                (call $deep (i32.sub (local.get 0) (i32.const 1)))))"#;
    let calls = [
        returns("deep", &[100], 100),
        traps("deep", &[u32::MAX], StackExhausted),
        returns("deep", &[3], 3),
    ];
    attack_with(parts, &calls, &MemoryHosts);
}

/// An instance, or nothing while it runs.
type Slot<'a> = Rc<RefCell<Option<Box<dyn Instance + 'a>>>>;

/// A function that calls `call` of another instance.
fn again<'a>(other: Slot<'a>) -> Vec<HostFunction<'a>> {
    vec![HostFunction::new(
        "env",
        "again",
        &[I32],
        &[I32],
        move |_, words| {
            let Some(mut instance) = other.borrow_mut().take() else {
                return Err(Host);
            };
            let outcome = instance.invoke("call", &[words[0] + 1]).expect("a call");
            let end = outcome.end.map_err(|trap| trap.code);
            instance.clear_trap().expect("a board");
            other.borrow_mut().replace(instance);
            // What became of the inner call is the outer one's affair only if the host says so.
            Ok(end.unwrap_or_else(|_| vec![0]))
        },
    )]
}

/// The module has the host call another of its instances, and that one the host again. A running instance
/// itself is out of the host's reach: a call borrows it, and who gets round that is refused
/// (`image/instance.rs`, and by the word at [`ENTRY_SP`](wasm2mcu_abi::context::Context) in C).
#[test]
fn calls_from_inside_of_a_call() {
    const MODULE: &str = r#"(module
        (import "env" "again" (func $again (param i32) (result i32)))
        (memory 1 1)
        (global $depth (mut i32) (i32.const 0))
        (func (export "call") (param i32) (result i32)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i32.store (i32.const 8) (local.get 0))
            (drop (call $again (local.get 0)))
            (i32.add (i32.mul (i32.const 100) (global.get $depth)) (i32.load (i32.const 8)))))"#;
    everywhere(|board, level| {
        let bytes = image(board, MODULE, level);
        let inner: Slot<'_> = Rc::default();
        let loaded = board.load(&bytes, again(inner.clone())).expect("loaded");
        inner.borrow_mut().replace(loaded);
        let mut outer = board.load(&bytes, again(inner.clone())).expect("loaded");
        for call in 1..4 {
            // The inner one finds itself running and is stopped by its host; the outer one goes on, with
            // its own memory and globals.
            let outcome = outer.invoke("call", &[5]).expect("a call");
            assert_eq!(outcome.end, Ok(vec![100 * call + 5]), "{level:?}");
        }
        drop(outer);
        inner.borrow_mut().take();
    });
}
