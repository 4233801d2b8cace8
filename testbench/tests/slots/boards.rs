//! The form that ships: compiled, signed, written to a slot, verified there, and run from the slot's bytes
//! on emulated cores. An update that traps gives way to what ran before.

use wasm2mcu_loader::slots::{MappedFlash, Slots};
use wasm2mcu_loader::{Image, Policy};
use wasm2mcu_testbench::{Board, open};

use crate::device::Device;
use crate::flash::Flash;
use crate::images::{image, key};

const LENGTH: &str = r#"(module
    (memory 1)
    (data (i32.const 16) "one two three\00")
    (func (export "run") (param i32) (result i32)
      (local i32)
      (loop
        (if (i32.load8_u (i32.add (local.get 0) (local.get 1)))
          (then
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br 1))))
      (local.get 1)))"#;

/// Begins well, and reads out of bounds when the argument is too large.
const TRAPS: &str = r#"(module
    (memory 1)
    (func (export "run") (param i32) (result i32)
      (i32.load (i32.mul (local.get 0) (i32.const 0x10000)))))"#;

const DOUBLE: &str = r#"(module
    (func (export "run") (param i32) (result i32)
      (i32.shl (local.get 0) (i32.const 1))))"#;

type Device4 = Flash<4, 4096>;

/// Starts what the slots say, calls it, and confirms or rejects it: what a firmware's main loop does in one
/// round. The result, and the counter of what ran; `None` for a trap.
fn round(board: &dyn Board, slots: &mut Slots<&mut Device4>, argument: u32) -> (u32, Option<u32>) {
    let boot = slots.boot().unwrap().expect("an image");
    let bytes = slots.flash().mapped(boot.offset, boot.image.bytes);
    let keys = [key().verifying_key().to_bytes()];
    let policy = Policy::signed_by(&keys).min_counter(slots.min_counter());
    let verified = Image::parse(bytes).unwrap().verify(&policy).unwrap();
    let mut instance = board.load(verified.bytes(), Vec::new()).unwrap();
    let end = instance.invoke("run", &[argument]).unwrap().end;
    drop(instance);
    let result = end.ok().map(|words| words[0]);
    if slots.on_trial() {
        match result {
            Some(_) => slots.confirm().unwrap(),
            None => slots.reject().unwrap(),
        }
    }
    (boot.image.counter, result)
}

fn replaces(name: &str, target: &str) {
    let board = open(name).unwrap_or_else(|error| panic!("{error}"));
    let versions = [(1, LENGTH), (2, TRAPS), (3, DOUBLE)]
        .map(|(counter, wat)| (counter, image(target, wat, counter)));
    let versions = versions.into_iter().collect();
    let device = Device::new::<4096>(&versions);
    let mut flash: Device4 = device.flash();
    let mut slots = device.open(&mut flash);
    let keys = [key().verifying_key().to_bytes()];
    let policy = Policy::signed_by(&keys);
    let policy = policy.core(
        Image::parse(&versions[&1]).unwrap().architecture(),
        board.info().features,
    );
    let stage = |slots: &mut Slots<&mut Device4>, version: u32| {
        let mut writer = slots.stage(versions[&version].len() as u32).unwrap();
        for piece in versions[&version].chunks(100) {
            writer.write(piece).unwrap();
        }
        writer.finish(&policy).unwrap();
        slots.begin_trial().unwrap();
    };

    stage(&mut slots, 1);
    assert_eq!(round(&*board, &mut slots, 16), (1, Some(13)), "{name}");
    assert_eq!(round(&*board, &mut slots, 20), (1, Some(9)), "{name}");

    // The new one is tried, traps, and the next round runs the old one: no reset.
    stage(&mut slots, 2);
    assert_eq!(round(&*board, &mut slots, 2), (2, None), "{name}");
    assert_eq!(round(&*board, &mut slots, 16), (1, Some(13)), "{name}");
    assert_eq!(slots.rejected().unwrap().counter, 2);

    // The next one works, and runs after a reset as well.
    stage(&mut slots, 3);
    assert_eq!(round(&*board, &mut slots, 21), (3, Some(42)), "{name}");
    let mut slots = device.open(&mut flash);
    assert_eq!(slots.min_counter(), 3);
    assert_eq!(round(&*board, &mut slots, 4), (3, Some(8)), "{name}");
}

#[test]
fn in_this_process() {
    replaces("m33", "thumbv8m.main-none-eabihf");
    replaces("rv32", "riscv32imac-unknown-none-elf");
}

#[test]
fn in_qemu() {
    replaces("qemu-m33", "thumbv8m.main-none-eabihf");
    replaces("qemu-rv32", "riscv32imac-unknown-none-elf");
}
