//! Signed images run like others, on every kind of board.

use wasm2mcu::image::sign;
use wasm2mcu_loader::{Image, Policy};
use wasm2mcu_testbench::open;

use crate::sample::{image_for, key, public};

fn runs_on(name: &str, target: &str) {
    let board = open(name).unwrap_or_else(|error| panic!("{error}"));
    let image = sign(&image_for(target), &key(1), Some(7)).unwrap();
    let keys = [public(1)];
    let policy = Policy::signed_by(&keys).core(
        Image::parse(&image).unwrap().architecture(),
        board.info().features,
    );
    let verified = Image::parse(&image).unwrap().verify(&policy);
    assert_eq!(verified.map(drop), Ok(()), "{name}");
    let mut instance = board.load(&image, Vec::new()).unwrap();
    let mut call = |export: &str, words: &[u32]| {
        let outcome = instance.invoke(export, words).unwrap();
        outcome.end
    };
    assert_eq!(call("add", &[40, 2]), Ok(vec![42]), "{name}");
    let word = u32::from_le_bytes(*b"sign");
    assert_eq!(call("load", &[8]), Ok(vec![word]), "{name}");
    assert!(call("load", &[65533]).is_err(), "{name}");
}

#[test]
fn in_this_process() {
    runs_on("m33", "thumbv8m.main-none-eabihf");
    runs_on("rv32", "riscv32imac-unknown-none-elf");
}

#[test]
fn in_qemu() {
    runs_on("qemu-m33", "thumbv8m.main-none-eabihf");
    runs_on("qemu-rv32", "riscv32imac-unknown-none-elf");
}
