//! Malicious modules: an honest compiler and a signature do not make them harmless, the sandbox does.
//! Each attack says how it ends, and none reaches anything but the attacker's own.
//!
//! ```text
//!   one address space:  │ neighbour │ 8 B │ attacker │ 8 B │ neighbour │  everything else unmapped
//!                       └─ full of a pattern, and called ─┴─ the same again after every attack
//! ```
//!
//! An access outside of all instances faults on these boards, and a fault fails the test; one that lands in a
//! neighbour changes the pattern; one that lands in the attacker's own context breaks its [`canary`](WATCH).
//! Each runs on both instruction sets at every level of optimisation.
//!
//! * `addresses`: every load and store, and the bulk operations, at wild and wrapping addresses
//! * `tables`: elements and references out of range or of another type
//! * `exhaustion`: growth, recursion, functions that do not end
//! * `segments`: initial contents that overlap an edge
//! * `hosts`: imports that lie, pointers that wrap, calls back into a running instance
//!
//! What else is tested of traps, on all boards and QEMU's too, stands in `traps`.

mod addresses;
mod exhaustion;
mod hosts;
mod segments;
mod tables;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_testbench::{Board, BoardError, HostFunction, Instance, open};

const BOARDS: [&str; 2] = ["m33", "rv32"];
const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// What every attacker has beside its attack: a global and a table in its context that nothing changes. The
/// function that nobody calls keeps the table out of the text.
const WATCH: &str = r#"
    (type $watched (func (result i32)))
    (table $watched 2 2 funcref)
    (elem (table $watched) (i32.const 0) func $fifty $fifty)
    (global $watched_low (mut i32) (i32.const 1))
    (global $watched_high (mut i64) (i64.const 2))
    (func $fifty (result i32) (i32.const 50))
    (func (table.set $watched (i32.const 0) (ref.func $fifty)))
    (func (export "canary") (result i32)
        (i32.add (i32.add (global.get $watched_low) (i32.wrap_i64 (global.get $watched_high)))
            (i32.add (call_indirect $watched (type $watched) (i32.const 0))
                (call_indirect $watched (type $watched) (i32.const 1)))))"#;
const CANARY: u32 = 103;

/// Who lives next to the attacker.
const NEIGHBOUR: &str = r#"(module
    (memory (export "memory") 4096 4096 (pagesize 1))
    (global $calls (mut i32) (i32.const 0))
    (func (export "count") (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (global.get $calls)))"#;

/// A call and how it ends: with the result word, with anything at all, or with a trap.
#[derive(Clone, Debug)]
struct Call {
    export: String,
    arguments: Vec<u32>,
    end: Result<Option<u32>, TrapCode>,
}

/// A call that returns this word.
fn returns(export: &str, arguments: &[u32], word: u32) -> Call {
    Call {
        export: export.to_owned(),
        arguments: arguments.to_vec(),
        end: Ok(Some(word)),
    }
}

/// A call that returns.
fn passes(export: &str, arguments: &[u32]) -> Call {
    Call {
        end: Ok(None),
        ..returns(export, arguments, 0)
    }
}

/// A call that traps.
fn traps(export: &str, arguments: &[u32], code: TrapCode) -> Call {
    Call {
        end: Err(code),
        ..returns(export, arguments, 0)
    }
}

/// What the host offers to an attacker.
trait Hosts {
    fn offered<'h>(&self) -> Vec<HostFunction<'h>>;
}

/// Nothing.
struct NoHosts;

impl Hosts for NoHosts {
    fn offered<'h>(&self) -> Vec<HostFunction<'h>> {
        Vec::new()
    }
}

fn image(board: &dyn Board, wat: &str, level: OptLevel) -> Vec<u8> {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        level,
        table_room: 4,
        ..Options::default()
    };
    wasm2mcu::compile(wat.as_bytes(), &options)
        .and_then(|compiled| compiled.image())
        .unwrap_or_else(|error| panic!("{level:?}: {error}\n{wat}"))
}

/// Does something with every board at every level.
fn everywhere(attack: impl Fn(&dyn Board, OptLevel)) {
    for name in BOARDS {
        let board = open(name).expect("an emulated board");
        for level in LEVELS {
            attack(&*board, level);
        }
    }
}

/// An instance between two others, of a module with these parts; ends with a look at all of them.
fn between_neighbours(
    board: &dyn Board,
    level: OptLevel,
    parts: &str,
    hosts: &impl Hosts,
    attack: impl FnOnce(Result<&mut dyn Instance, BoardError>),
) {
    let neighbour = image(board, NEIGHBOUR, level);
    let attacker = image(board, &format!("(module {parts} {WATCH})"), level);
    let space = board.space();
    let pattern: Vec<u8> = (0..4096u32).map(|at| ((at * 167) >> 3) as u8).collect();
    let inhabited = |number: u32| {
        let mut instance = space.load(&neighbour, Vec::new(), &[]).expect("loaded");
        instance.memory().write(0, &pattern).expect("its memory");
        for count in 1..=number {
            assert_eq!(word(&mut *instance, "count"), count);
        }
        instance
    };
    let mut below = inhabited(3);
    let loaded = space.load(&attacker, hosts.offered(), &[]);
    let mut above = inhabited(5);
    match loaded {
        Ok(mut instance) => {
            attack(Ok(&mut *instance));
            instance.clear_trap().expect("a board");
            assert_eq!(word(&mut *instance, "canary"), CANARY, "its context");
        }
        Err(error) => attack(Err(error)),
    }
    for (neighbour, count) in [(&mut below, 4), (&mut above, 6)] {
        let bytes = neighbour.memory().bytes(0, 4096).expect("its memory");
        assert!(bytes == pattern, "the memory of a neighbour");
        assert_eq!(word(&mut **neighbour, "count"), count, "its context");
    }
}

/// The word that an export without parameters returns.
fn word(instance: &mut dyn Instance, export: &str) -> u32 {
    let outcome = instance.invoke(export, &[]).expect("a call");
    outcome.end.expect("no trap")[0]
}

/// Makes the calls, everywhere, one instance for all of them.
fn attack_with(parts: &str, calls: &[Call], hosts: &impl Hosts) {
    everywhere(|board, level| {
        between_neighbours(board, level, parts, hosts, |instance| {
            let instance = instance.expect("loaded");
            for call in calls {
                let place = || format!("{} {level:?} {call:x?}", board.info().name);
                let outcome = instance.invoke(&call.export, &call.arguments);
                let outcome = outcome.unwrap_or_else(|error| panic!("{}: {error}", place()));
                match (&outcome.end, &call.end) {
                    (Ok(_), Ok(None)) => {}
                    (Ok(words), Ok(Some(word))) => assert_eq!(words[..], [*word], "{}", place()),
                    (Err(trap), Err(code)) if trap.code == *code => {
                        let refused = instance.invoke(&call.export, &call.arguments);
                        assert!(
                            matches!(refused, Err(BoardError::Refused(_))),
                            "{}",
                            place()
                        );
                        instance.clear_trap().expect("a board");
                    }
                    (found, _) => panic!("{}: {found:x?}", place()),
                }
            }
        });
    });
}

/// The same without host functions.
fn attack(parts: &str, calls: &[Call]) {
    attack_with(parts, calls, &NoHosts);
}
