//! Boards behind debug probes, with fake chips: flashing, starting, cycles, and what goes wrong.
//!
//! What every board must do, the same chips do in `boards.rs`.

#[allow(dead_code, reason = "each test program uses its own part")]
mod fake_chip;
#[allow(dead_code, reason = "each test program uses its own part")]
mod guest;

use std::fs;
use std::path::Path;
use std::rc::Rc;

use wasm2mcu::{Options, Target};
use wasm2mcu_testbench::spectest::{self, Printed};

use wasm2mcu_testbench::probe::{CHIPS, Chip, Firmware, Flashed, open_on};
use wasm2mcu_testbench::{Board, BoardError, Instance, find, open};

use crate::fake_chip::{Fake, FakeChip};
use crate::guest::Guest;

fn call(board: &dyn Board, image: &[u8], export: &str, words: &[u32]) -> (Vec<u32>, Option<u64>) {
    let mut instance = board.load(image, guest::hosts()).expect("loaded");
    let outcome = instance.invoke(export, words).expect("a call");
    (outcome.end.expect("a return"), outcome.cycles)
}

#[test]
fn flashes_once_and_runs_images() {
    for made_for in &CHIPS {
        let chip = FakeChip::new(made_for.name());
        let (board, flashed) = fake_chip::open(&chip);
        assert_eq!(flashed, Flashed::Now, "{}", made_for.name());
        assert_eq!(board.info(), made_for.info);
        let image = Guest::of(&board).image();
        assert_eq!(call(&board, &image, "add", &[40, 2]).0, [42]);
        drop(board);

        let (board, flashed) = fake_chip::open(&chip);
        assert_eq!(flashed, Flashed::Before, "{}", made_for.name());
        assert_eq!(call(&board, &image, "add", &[1, 2]).0, [3]);
        assert_eq!(chip.borrow().flashed, 1);
    }
}

#[test]
fn flashes_where_another_firmware_is() {
    let chip = FakeChip::new("rp2350");
    drop(fake_chip::open(&chip));
    let id = firmware("rp2350").id.address;
    chip.borrow_mut().overwrite(id + 16, &[0; 4]);
    assert_eq!(fake_chip::open(&chip).1, Flashed::Now);

    // The note is there, and behind it something that never shows its rings: endless branches.
    chip.borrow_mut()
        .overwrite(id + 256, &[0xfe, 0xe7].repeat(8192));
    assert_eq!(fake_chip::open(&chip).1, Flashed::Now);
    assert_eq!(chip.borrow().flashed, 3);
}

#[test]
fn says_when_flashing_fails_and_when_nobody_answers() {
    let chip = FakeChip::new("stm32l552");
    chip.borrow_mut().flash_failure = Some("sector 3 does not erase");
    let made_for = Chip::named("stm32l552").expect("a chip");
    let open = |firmware| open_on(Box::new(Fake(Rc::clone(&chip))), made_for, firmware);
    let error = open(firmware("stm32l552")).err().expect("a failure");
    assert_eq!(
        error.to_string(),
        "the board was lost: cannot write the flash: sector 3 does not erase"
    );

    // A firmware that does nothing.
    let mut dead = firmware("stm32l552");
    for segment in &mut dead.segments {
        if segment.address > 0x0800_0064 {
            segment.bytes = [0xfe, 0xe7].repeat(segment.bytes.len() / 2);
        }
    }
    let error = open(dead).err().expect("no answer").to_string();
    assert!(error.contains("stm32l552 does not answer"), "{error}");
    // The firmware of another chip has no place here.
    let error = open(firmware("nrf5340"))
        .err()
        .expect("no flash")
        .to_string();
    assert!(error.contains("cannot write the flash"), "{error}");
}

fn firmware(chip: &str) -> Firmware {
    let chip = Chip::named(chip).expect("a chip");
    Firmware::of(chip).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn keeps_the_debug_port_of_an_nrf5340_open() {
    let chip = FakeChip::new("nrf5340");
    drop(fake_chip::open(&chip));
    let unprotected = 0x50fa_50fa_u32.to_le_bytes();
    let chip = chip.borrow();
    for place in [0x00ff_8000, 0x00ff_801c, 0x5000_6544, 0x5000_654c] {
        assert_eq!(chip.bytes(place, 4), unprotected, "{place:#x}");
    }
    // Nothing can be written to UICR any more.
    assert_eq!(chip.bytes(0x5003_9504, 4), [0; 4]);
}

/// What comes on top of the module's own cycles is bounded.
#[test]
fn counts_cycles_without_those_of_host_functions() {
    for (name, in_process) in [("stm32l552", "m33"), ("rp2350-riscv", "rv32-aligned")] {
        let chip = FakeChip::new(name);
        let (board, _) = fake_chip::open(&chip);
        let emulated = open(in_process).expect("a board");
        let image = Guest::of(&board).image();
        // Entering the module, and the registers that a host function's stub saves, are counted too.
        for (export, words, extra) in [("add", &[40, 2][..], 100), ("mul", &[6, 7], 300)] {
            let mut instance = emulated.load(&image, guest::hosts()).expect("loaded");
            let outcome = instance.invoke(export, words).expect("a call");
            let instructions = outcome.instructions.expect("counted");
            let (_, cycles) = call(&board, &image, export, words);
            let cycles = cycles.expect("a counter");
            println!("{name} {export}: {instructions} instructions, {cycles} cycles");
            assert!(
                (instructions..instructions + extra).contains(&cycles),
                "{name} {export}: {instructions} instructions, {cycles} cycles"
            );
        }
    }
}

/// Compiled modules, too, and whatever they import: each app with one round, beside the board of this
/// process.
#[test]
fn every_guest_app_has_its_result() {
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    let table = fs::read_to_string(apps.join("expected.tsv")).expect("the table");
    for (name, in_process) in [("nrf5340", "m33"), ("rp2350-riscv", "rv32-aligned")] {
        let emulated = open(in_process).expect("a board");
        let target: Target = emulated.info().target.parse().expect("a target");
        let options = Options {
            // The emulated core of the chip has no Zba, Zbb, Zbs.
            target: target.with_features(emulated.info().features),
            ..Options::default()
        };
        let chip = FakeChip::new(name);
        let (board, _) = fake_chip::open(&chip);
        for line in table.lines() {
            let &[app, "run", "1", result] = line.split('\t').collect::<Vec<_>>().as_slice() else {
                continue;
            };
            let wasm = fs::read(apps.join(format!("{app}.O2.wasm"))).expect("a module");
            let compiled = wasm2mcu::compile(&wasm, &options).expect("compiled");
            let image = compiled.image().expect("an image");
            let run = |board: &dyn Board| {
                let printed = Printed::default();
                let mut instance = board.load(&image, spectest::functions(&printed))?;
                let outcome = instance.invoke("run", &[1])?;
                Ok::<_, BoardError>((outcome, printed.borrow().len()))
            };
            let (here, _) = run(&*emulated).expect("a call");
            let (there, calls) =
                run(&board).unwrap_or_else(|error| panic!("{name} {app}: {error}"));
            let result: i32 = result.parse().expect("a number");
            assert_eq!(there.end, Ok(vec![result as u32]), "{name} {app}");
            // The emulated counters count fetches on RISC-V and accesses to memory on both.
            let instructions = here.instructions.expect("counted");
            let cycles = there.cycles.expect("a counter");
            let most = 5 * instructions / 2 + 200 * (1 + calls as u64);
            assert!(
                (instructions..most).contains(&cycles),
                "{name} {app}: {instructions} instructions, {cycles} cycles"
            );
        }
    }
}

#[test]
fn tells_where_a_call_was_that_took_too_long() {
    let chip = FakeChip::new("nrf5340");
    let (board, _) = fake_chip::open(&chip);
    let mut limits = board.limits();
    limits.time = std::time::Duration::from_millis(200);
    board.set_limits(limits);
    let image = Guest::of(&board).image();
    let mut instance = board.load(&image, guest::hosts()).expect("loaded");
    match instance.invoke("endless", &[]) {
        // In RAM, where images lie.
        Err(BoardError::Runaway { pc: Some(pc), .. }) => assert_eq!(pc >> 24, 0x20),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_what_has_no_room() {
    let chip = FakeChip::new("stm32l552");
    let (board, _) = fake_chip::open(&chip);
    let image = Guest::of(&board).image();
    let mut kept: Vec<Box<dyn Instance>> = Vec::new();
    let error = loop {
        match board.load(&image, guest::hosts()) {
            Ok(instance) => kept.push(instance),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("no room"), "{error}");
    // 256 KiB hold at least one with a memory of 64 KiB.
    assert!(!kept.is_empty());
    drop(kept);
    assert_eq!(call(&board, &image, "add", &[1, 2]).0, [3]);
}

#[test]
fn boards_behind_probes_are_found_by_name() {
    let info = find("probe:STM32L552ZETxQ").expect("a chip");
    assert_eq!(info.name, "probe:stm32l552");
    let error = find("probe:nrf5430").expect_err("no chip").to_string();
    assert!(error.contains("nrf5340"), "{error}");
    let error = find("rv64").expect_err("no board").to_string();
    assert!(error.contains("probe:CHIP"), "{error}");
}

#[cfg(not(feature = "probe"))]
#[test]
fn a_program_without_probes_says_how_to_get_one_with() {
    let error = open("probe:nrf5340").err().expect("no probe").to_string();
    assert!(error.contains("--features probe"), "{error}");
}
