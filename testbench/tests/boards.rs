//! What every board must do, asked of every board.

#[allow(dead_code, reason = "each test program uses its own part")]
mod fake_chip;
mod guest;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant as Moment};

use crate::fake_chip::FakeChip;
use crate::guest::Guest;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType::I32;
use wasm2mcu_testbench::{Board, BoardError, HostFunction, Instance, Limits, Remote, boards, open};

/// One module for each test, one test in it for each board.
macro_rules! on_every_board {
    ($($test:ident)*) => {$(
        mod $test {
            #[test]
            fn m33() {
                super::$test(&*super::opened("m33"));
            }

            #[test]
            fn qemu_m33() {
                super::$test(&*super::opened("qemu-m33"));
            }

            #[test]
            fn rv32() {
                super::$test(&*super::opened("rv32"));
            }

            #[test]
            fn qemu_rv32() {
                super::$test(&*super::opened("qemu-rv32"));
            }

            #[test]
            fn fake_nrf5340() {
                super::$test(&super::fake("nrf5340"));
            }

            #[test]
            fn fake_rp2350_riscv() {
                super::$test(&super::fake("rp2350-riscv"));
            }

            #[test]
            fn rv32f() {
                super::$test(&*super::opened("rv32f"));
            }

            #[test]
            fn qemu_rv32f() {
                super::$test(&*super::opened("qemu-rv32f"));
            }
        }
    )*};
}

on_every_board! {
    returns_words
    traps_and_goes_on
    shares_memory_and_globals
    calls_host_functions
    lets_host_functions_trap
    refuses_with_the_loaders_words
    traps_while_instantiating
    survives_faults
    keeps_instances_apart
    nests_calls_of_instances
    stops_runaway_code
    takes_images_by_the_thousand
}

fn opened(name: &str) -> Box<dyn Board> {
    open(name).unwrap_or_else(|error| panic!("{error}"))
}

/// A chip as a debug probe would see it, emulated.
fn fake(chip: &str) -> Remote {
    fake_chip::open(&FakeChip::new(chip)).0
}

fn loaded<'a>(board: &'a dyn Board, image: &'a [u8]) -> Box<dyn Instance + 'a> {
    board
        .load(image, guest::hosts())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The result words of a call that must return.
fn returned(instance: &mut dyn Instance, export: &str, words: &[u32]) -> Vec<u32> {
    let outcome = instance.invoke(export, words);
    let outcome = outcome.unwrap_or_else(|error| panic!("{export}: {error}"));
    outcome
        .end
        .unwrap_or_else(|trap| panic!("{export}: {trap}"))
}

fn returns_words(board: &dyn Board) {
    let image = Guest::of(board).image();
    let mut instance = loaded(board, &image);
    let outcome = instance.invoke("add", &[40, 2]).expect("a call");
    assert_eq!(outcome.end, Ok(vec![42]));
    if board.info().name == "m33" {
        // 13 instructions up to the call, 2 in `add`, 6 behind it.
        assert_eq!(outcome.instructions, Some(21));
    }
    assert_eq!(returned(&mut *instance, "count", &[]), [0_u32; 0]);
}

fn traps_and_goes_on(board: &dyn Board) {
    let image = Guest::of(board).image();
    let mut instance = loaded(board, &image);
    let trap = instance.invoke("trap", &[]).expect("a call").end;
    let trap = trap.expect_err("a trap");
    assert_eq!(trap.code, TrapCode::Unreachable);
    assert_eq!(trap.function, Some(Guest::of(board).function_index("trap")));
    assert_eq!(trap.text_offset, Guest::of(board).label("trap_site"));

    let refused = instance.invoke("add", &[1, 2]);
    assert!(
        matches!(refused, Err(BoardError::Refused(_))),
        "{refused:?}"
    );
    instance.clear_trap().expect("cleared");
    assert_eq!(returned(&mut *instance, "add", &[1, 2]), [3]);
}

fn shares_memory_and_globals(board: &dyn Board) {
    let image = Guest::of(board).image();
    let mut instance = loaded(board, &image);
    assert_eq!(instance.memory().size(), guest::MEMORY_BYTES);
    assert_eq!(instance.memory().bytes(16, 5), Ok(b"hello".to_vec()));
    returned(
        &mut *instance,
        "store",
        &[guest::MEMORY_BYTES - 4, 0x0102_0304],
    );
    let end = instance.memory().bytes(guest::MEMORY_BYTES - 4, 4);
    assert_eq!(end, Ok(vec![4, 3, 2, 1]));
    assert_eq!(
        instance.memory().write(guest::MEMORY_BYTES - 3, &[0; 4]),
        Err(TrapCode::MemoryOutOfBounds)
    );
    let trap = instance
        .invoke("store", &[guest::MEMORY_BYTES - 3, 0])
        .expect("a call");
    assert_eq!(
        trap.end.expect_err("a trap").code,
        TrapCode::MemoryOutOfBounds
    );

    assert_eq!(
        instance.global("counter").expect("a global"),
        [guest::GLOBAL]
    );
    instance.clear_trap().expect("cleared");
    returned(&mut *instance, "count", &[]);
    assert_eq!(
        instance.global("counter").expect("a global"),
        [guest::GLOBAL + 1]
    );

    instance.reset().expect("started again");
    assert_eq!(
        instance.global("counter").expect("a global"),
        [guest::GLOBAL]
    );
    assert_eq!(
        instance.memory().bytes(guest::MEMORY_BYTES - 4, 4),
        Ok(vec![0; 4])
    );
}

fn calls_host_functions(board: &dyn Board) {
    let image = Guest::of(board).image();
    let seen = RefCell::new(Vec::new());
    let mut hosts = guest::hosts();
    hosts[0] = HostFunction::new("env", "mul", &[I32, I32], &[I32], |memory, words| {
        seen.borrow_mut().push(memory.bytes(16, 5)?);
        memory.write(words[0], b"bye")?;
        Ok(vec![words[0] * words[1]])
    });
    let mut instance = board.load(&image, hosts).expect("loaded");
    assert_eq!(returned(&mut *instance, "mul", &[600, 7]), [4200]);
    assert_eq!(instance.memory().bytes(600, 3), Ok(b"bye".to_vec()));
    assert_eq!(*seen.borrow(), [b"hello"]);
    assert_eq!(returned(&mut *instance, "many", &[]), [7, 8]);
    // 2.5 times the f64 whose upper half is 0x40080000: 3.0.
    let scaled = returned(&mut *instance, "scale", &[2.5f32.to_bits(), 0x4008_0000]);
    assert_eq!(scaled, [7.5f32.to_bits()]);
}

fn lets_host_functions_trap(board: &dyn Board) {
    let image = Guest::of(board).image();
    let mut hosts = guest::hosts();
    hosts[0] = HostFunction::new("env", "mul", &[I32, I32], &[I32], |memory, words| {
        memory.bytes(words[0], words[1])?;
        Err(TrapCode::Host)
    });
    let mut instance = board.load(&image, hosts).expect("loaded");
    let cases = [
        ([0, 1], TrapCode::Host),
        ([u32::MAX, 1], TrapCode::MemoryOutOfBounds),
    ];
    for (words, code) in cases {
        let trap = instance.invoke("mul", &words).expect("a call").end;
        let trap = trap.expect_err("a trap");
        assert_eq!(
            (trap.code, trap.function),
            (code, Some(Guest::of(board).function_index("mul")))
        );
        instance.clear_trap().expect("cleared");
    }
}

/// The text with which an image is refused.
fn refusal<'a>(board: &'a dyn Board, image: &'a [u8], hosts: Vec<HostFunction<'a>>) -> String {
    match board.load(image, hosts) {
        Err(BoardError::Refused(text)) => text,
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

fn refuses_with_the_loaders_words(board: &dyn Board) {
    let mut image = Guest::of(board).image();
    let mut hosts = guest::hosts();
    hosts.remove(1);
    assert!(refusal(board, &image, hosts).contains("many"));
    let mut hosts = guest::hosts();
    hosts[0].params.pop();
    assert!(refusal(board, &image, hosts).contains("mul"));
    let mut hosts = guest::hosts();
    hosts[0].results.push(I32);
    assert!(refusal(board, &image, hosts).contains("one result"));

    {
        let mut instance = loaded(board, &image);
        let refused = [
            instance.invoke("absent", &[]).err(),
            instance.invoke("add", &[1]).err(),
            instance.global("add").err(),
        ];
        for refused in refused {
            assert!(
                matches!(refused, Some(BoardError::Refused(_))),
                "{refused:?}"
            );
        }
        assert_eq!(returned(&mut *instance, "add", &[1, 2]), [3]);
    }

    let middle = image.len() / 2;
    image[middle] ^= 1;
    refusal(board, &image, guest::hosts());
}

fn traps_while_instantiating(board: &dyn Board) {
    let image = Guest::of(board).image_starting_with("trap");
    match board.load(&image, guest::hosts()).err() {
        Some(BoardError::Trap(trap)) => assert_eq!(trap.code, TrapCode::Unreachable),
        error => panic!("{error:?}"),
    }
    let image = Guest::of(board).image_starting_with("count");
    let mut instance = loaded(board, &image);
    assert_eq!(
        instance.global("counter").expect("a global"),
        [guest::GLOBAL + 1]
    );
}

fn survives_faults(board: &dyn Board) {
    let image = Guest::of(board).image();
    let mut neighbour = loaded(board, &image);
    let guest = Guest::of(board);
    for (export, cause, place) in [
        ("undefined", guest.undefined, Some("undefined_site")),
        ("wild", guest.wild, Some("wild_site")),
        ("nowhere", "", None),
        ("overflow", "", None),
    ] {
        let mut instance = loaded(board, &image);
        let Err(BoardError::Fault(fault)) = instance.invoke(export, &[]) else {
            panic!("{export}: no fault");
        };
        let text = fault.to_string();
        assert!(text.contains(cause), "{export}: {text}");
        if let Some(place) = place {
            let offset = guest.label(place);
            assert_eq!(fault.text_offset, Some(offset), "{export}: {text}");
        }
        let after = instance.invoke("add", &[1, 2]);
        assert!(matches!(after, Err(BoardError::Refused(_))), "{after:?}");
        assert_eq!(returned(&mut *neighbour, "add", &[1, 2]), [3]);
    }
}

fn keeps_instances_apart(board: &dyn Board) {
    let image = Guest::of(board).image();
    let mut first = loaded(board, &image);
    let mut second = loaded(board, &image);
    returned(&mut *first, "store", &[0, 0x1111_1111]);
    returned(&mut *second, "store", &[0, 0x2222_2222]);
    returned(&mut *first, "count", &[]);
    assert_eq!(first.memory().bytes(0, 1), Ok(vec![0x11]));
    assert_eq!(second.memory().bytes(0, 1), Ok(vec![0x22]));
    assert_eq!(second.global("counter").expect("a global"), [guest::GLOBAL]);

    assert!(first.invoke("trap", &[]).expect("a call").end.is_err());
    assert_eq!(returned(&mut *second, "add", &[1, 2]), [3]);
    drop(first);
    let third = loaded(board, &image);
    assert_eq!(second.memory().bytes(0, 1), Ok(vec![0x22]));
    drop(third);
}

fn nests_calls_of_instances(board: &dyn Board) {
    let image = Guest::of(board).image();
    let inner = RefCell::new(loaded(board, &image));
    let mut hosts = guest::hosts();
    hosts[0] = HostFunction::new("env", "mul", &[I32, I32], &[I32], |_, words| {
        let mut inner = inner.borrow_mut();
        // A fault in the middle, too: the outer call goes on.
        if words[0] == 0 {
            let fault = inner.invoke("undefined", &[]);
            assert!(matches!(fault, Err(BoardError::Fault(_))), "{fault:?}");
            inner.clear_trap().expect("cleared");
        }
        Ok(returned(&mut **inner, "mul", words))
    });
    let mut outer = board.load(&image, hosts).expect("loaded");
    assert_eq!(returned(&mut *outer, "mul", &[6, 7]), [42]);
    assert_eq!(returned(&mut *outer, "mul", &[0, 7]), [0]);
}

fn stops_runaway_code(board: &dyn Board) {
    let image = Guest::of(board).image();
    let limits = board.limits();
    board.set_limits(Limits {
        instructions: Some(1_000_000),
        time: Duration::from_secs(2),
        ..limits
    });
    let mut instance = loaded(board, &image);
    let begin = Moment::now();
    let error = instance.invoke("endless", &[]).expect_err("a limit");
    assert!(matches!(error, BoardError::Runaway { .. }), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(10));
    drop(instance);
    board.set_limits(limits);
    assert_eq!(returned(&mut *loaded(board, &image), "add", &[1, 2]), [3]);
}

fn takes_images_by_the_thousand(board: &dyn Board) {
    let image = Guest::of(board).image();
    let begin = Moment::now();
    // Where the loader is emulated, too, some dozens have to do.
    let images = if board.info().name.starts_with("probe:") {
        60
    } else {
        2000
    };
    for n in 0..images {
        let mut instance = loaded(board, &image);
        assert_eq!(returned(&mut *instance, "mul", &[n, 3]), [3 * n]);
    }
    eprintln!(
        "{}: {images} images in {:?}",
        board.info().name,
        begin.elapsed()
    );
}

#[test]
fn every_board_in_the_list_opens() {
    for info in boards() {
        assert_eq!(opened(info.name).info(), *info);
    }
    let error = open("esp32").err().expect("no such board").to_string();
    assert!(
        error.contains("esp32") && error.contains("qemu-m33"),
        "{error}"
    );
}

#[test]
fn host_functions_keep_state() {
    let board = opened("m33");
    let image = Guest::of(&*board).image();
    let calls = Cell::new(0);
    let mut hosts = guest::hosts();
    hosts[0] = HostFunction::new("env", "mul", &[I32, I32], &[I32], |_, _| {
        calls.set(calls.get() + 1);
        Ok(vec![calls.get()])
    });
    let mut instance = board.load(&image, hosts).expect("loaded");
    for n in 1..4 {
        assert_eq!(returned(&mut *instance, "mul", &[0, 0]), [n]);
    }
}
