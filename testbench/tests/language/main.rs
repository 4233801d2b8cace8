//! What the language has beyond its first version, on every board at every level: what the official
//! suite does not reach, in small modules of our own.

mod constant_tables;
mod instantiation;
mod linking;
mod tail_calls;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType::I32;
use wasm2mcu_testbench::{Board, HostFunction, open};

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
            fn qemu_rv32() {
                super::$test(&*crate::opened("qemu-rv32"));
            }
        }
    )*};
}
pub(crate) use on_every_board;

fn opened(name: &str) -> Box<dyn Board> {
    open(name).unwrap_or_else(|error| panic!("{error}"))
}

/// A call: export, argument words, result words or the trap.
type Call<'c> = (&'c str, &'c [u32], Result<&'c [u32], TrapCode>);

/// Makes the calls at every level, each time on one instance.
fn check(board: &dyn Board, wat: &str, calls: &[Call<'_>]) {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let levels = [OptLevel::None, OptLevel::Size, OptLevel::Speed];
    // References have one form in a module that is linked, and another in one that is not.
    let ways = levels.map(|level| (level, false));
    for (level, linkable) in ways.into_iter().chain([(OptLevel::Speed, true)]) {
        let options = Options {
            level,
            target: target.with_features(info.features),
            table_room: 4,
            linkable,
            verify: true,
            ..Options::default()
        };
        let compiled = wasm2mcu::compile(wat.as_bytes(), &options)
            .unwrap_or_else(|error| panic!("{level:?}: {error}\n{wat}"));
        let image = compiled.image().expect("an image");
        let mut instance = board
            .load(&image, hosts())
            .unwrap_or_else(|error| panic!("{level:?}: {error}\n{wat}"));
        for (export, arguments, end) in calls {
            let outcome = instance
                .invoke(export, arguments)
                .unwrap_or_else(|error| panic!("{level:?} {export}{arguments:?}: {error}"));
            let end = end.map(<[u32]>::to_vec);
            let found = outcome.end.map_err(|trap| trap.code);
            assert_eq!(found, end, "{level:?} {export}{arguments:x?}");
            if found.is_err() {
                instance.clear_trap().expect("a board");
            }
        }
    }
}

/// `env.add`: the sum of eight numbers, most of which a C function gets on the stack.
fn hosts<'a>() -> Vec<HostFunction<'a>> {
    let add =
        |_: &mut dyn wasm2mcu_testbench::GuestMemory, words: &[u32]| Ok(vec![words.iter().sum()]);
    vec![HostFunction::new("env", "add", &[I32; 8], &[I32], add)]
}
