//! Every trap of compiled code, on every board at every level: with the right code, in the right
//! function, and without a trace in the instance next to it.
//!
//! The emulated boards have nothing below the stack that they grant: a write there is a fault and
//! fails these tests, so a trap for an exhausted stack proves that the limit was kept.

mod calls;
mod guard_zone;
mod memory;
mod operators;
mod segments;

use wasm2mcu::wasm::module::ExportItem;
use wasm2mcu::{Compiled, OptLevel, Options, Target};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType::I32;
use wasm2mcu_testbench::{Board, BoardError, HostFunction, Instance, open};

/// One module for each test, one test in it for each board.
macro_rules! on_every_board {
    ($($test:ident)*) => {$(
        mod $test {
            #[test]
            fn m33() {
                super::$test(&*crate::opened("m33"));
            }

            #[test]
            fn qemu_m33() {
                super::$test(&*crate::opened("qemu-m33"));
            }

            #[test]
            fn rv32() {
                super::$test(&*crate::opened("rv32"));
            }

            #[test]
            fn rv32_aligned() {
                super::$test(&*crate::opened("rv32-aligned"));
            }

            #[test]
            fn qemu_rv32() {
                super::$test(&*crate::opened("qemu-rv32"));
            }

            #[test]
            fn rv32f() {
                super::$test(&*crate::opened("rv32f"));
            }

            #[test]
            fn qemu_rv32f() {
                super::$test(&*crate::opened("qemu-rv32f"));
            }
        }
    )*};
}
pub(crate) use on_every_board;

fn opened(name: &str) -> Box<dyn Board> {
    open(name).unwrap_or_else(|error| panic!("{error}"))
}

/// A call and how it ends.
struct Case<'c> {
    export: &'c str,
    arguments: &'c [u32],
    end: Result<u32, TrapCode>,
}

/// Shorthand for [`Case`].
fn case<'c>(export: &'c str, arguments: &'c [u32], end: Result<u32, TrapCode>) -> Case<'c> {
    Case {
        export,
        arguments,
        end,
    }
}

/// The module for the board's core at every level, with its image.
fn compiled(board: &dyn Board, wat: &str) -> impl Iterator<Item = (OptLevel, Compiled, Vec<u8>)> {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    [OptLevel::None, OptLevel::Size, OptLevel::Speed]
        .map(|level| {
            let options = Options {
                level,
                target: target.with_features(info.features),
                ..Options::default()
            };
            let compiled = wasm2mcu::compile(wat.as_bytes(), &options)
                .unwrap_or_else(|error| panic!("{level:?}: {error}\n{wat}"));
            let image = compiled.image().expect("an image");
            (level, compiled, image)
        })
        .into_iter()
}

/// The index of an exported function.
fn function_index(compiled: &Compiled, export: &str) -> u32 {
    let exports = &compiled.module().exports;
    let found = exports.iter().find(|candidate| candidate.name == export);
    match found.map(|export| export.item) {
        Some(ExportItem::Function(index)) => index,
        _ => panic!("no function {export}"),
    }
}

/// Makes every call at every level, on one instance whose neighbour is used after each trap.
///
/// A trap must name the exported function, or one of `throwers` if there are any.
fn check(board: &dyn Board, wat: &str, throwers: &[&str], cases: &[Case<'_>]) {
    // The neighbour shares the image, so that its text has to tell the two apart.
    let healthy = cases.iter().find(|case| case.end.is_ok());
    for (level, compiled, image) in compiled(board, wat) {
        let mut instance = board.load(&image, hosts()).expect("loaded");
        let mut neighbour = board.load(&image, hosts()).expect("loaded");
        for Case {
            export,
            arguments,
            end,
        } in cases
        {
            let place = || format!("{level:?} {export}{arguments:x?}");
            let outcome = instance.invoke(export, arguments);
            let found = outcome
                .unwrap_or_else(|error| panic!("{}: {error}", place()))
                .end;
            let trap = match (found, end) {
                (Ok(words), Ok(word)) => {
                    assert!(
                        words.is_empty() || words == [*word],
                        "{}: {words:x?}",
                        place()
                    );
                    continue;
                }
                (Err(trap), Err(code)) if trap.code == *code => trap,
                (found, end) => panic!("{}: {found:?}, expected {end:x?}", place()),
            };
            let throwers = if throwers.is_empty() {
                &[*export]
            } else {
                throwers
            };
            let indices = throwers
                .iter()
                .map(|name| Some(function_index(&compiled, name)));
            assert!(
                indices.into_iter().any(|index| index == trap.function),
                "{}: {trap}",
                place()
            );
            let refused = instance.invoke(export, arguments);
            assert!(
                matches!(refused, Err(BoardError::Refused(_))),
                "{}",
                place()
            );
            if let Some(case) = healthy {
                assert_returns(&mut *neighbour, case);
            }
            instance.clear_trap().expect("cleared");
        }
    }
}

fn assert_returns(instance: &mut dyn Instance, case: &Case<'_>) {
    let outcome = instance
        .invoke(case.export, case.arguments)
        .expect("a call");
    let word = case.end.expect("a case that returns");
    let words = outcome
        .end
        .unwrap_or_else(|trap| panic!("neighbour: {trap}"));
    assert!(words.is_empty() || words == [word], "neighbour: {words:x?}");
}

/// What every module may import: a function that sums the bytes of a range, and one that asks for
/// the trap of a number.
fn hosts<'a>() -> Vec<HostFunction<'a>> {
    vec![
        HostFunction::new("env", "sum", &[I32, I32], &[I32], |memory, words| {
            let bytes = memory.bytes(words[0], words[1])?;
            Ok(vec![bytes.into_iter().map(u32::from).sum()])
        }),
        HostFunction::new("env", "stop", &[I32], &[], |_, words| match words[0] {
            0 => Ok(vec![]),
            1 => Err(TrapCode::Host),
            _ => Err(TrapCode::Unreachable),
        }),
    ]
}
