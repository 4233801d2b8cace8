//! Damage to images that the compiler made.
//!
//! An image without a signature is what its bytes say: damage under a right hash may well be
//! another valid program. So what is asserted is what the loader promises for any bytes, that it
//! refuses them or stays within the RAM and the text that it was given; that code from outside a
//! damaged table ends in one of the ways that a board knows; and that the board is as good as
//! before. Damaged text is never executed: without a signature it is native code of anybody's.

use std::time::Duration;

use wasm2mcu::{Options, Target};
use wasm2mcu_loader::abi::image::{Header, Section};
use wasm2mcu_loader::{Image, ImageError, Item};
use wasm2mcu_testbench::spectest::{self, Printed};
use wasm2mcu_testbench::{BoardError, Limits, open};

use crate::hostile::{HASH_RECORD, fix_hash, survives_with};

/// Every section has something in it.
const MODULE: &str = r#"(module
    (import "spectest" "print_i32" (func $print (param i32)))
    (type $unary (func (param i32) (result i32)))
    (memory (export "memory") 1 2)
    (table (export "table") 4 funcref)
    (global (export "count") (mut i32) (i32.const 5))
    (global $constant i32 (i32.const 77))
    (elem (i32.const 1) $double $negate)
    (data (i32.const 16) "some bytes")
    (data (i32.const 1000) "\01\02\03\04")
    (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
    (func $negate (param i32) (result i32) (i32.sub (i32.const 0) (local.get 0)))
    (func $start (i32.store (i32.const 0) (global.get $constant)))
    (start $start)
    (func (export "apply") (param i32 i32) (result i32)
        (call $print (local.get 0))
        (global.set 0 (i32.add (global.get 0) (i32.const 1)))
        (call_indirect (type $unary) (local.get 1) (local.get 0)))
    (func (export "switch") (param i32) (result i32)
        (block (block (block (block
            (br_table 0 1 2 3 (local.get 0)))
            (return (i32.const 10)))
            (return (i32.load (i32.const 1000))))
            (return (memory.grow (i32.const 1))))
        unreachable))"#;

/// RAM for the context and two pages.
const RAM_BYTES: usize = 2 * 0x1_0000 + 0x400;

fn compiled(options: &Options) -> Vec<u8> {
    let compiled = wasm2mcu::compile(MODULE.as_bytes(), options).unwrap();
    let image = compiled.image().unwrap();
    assert_eq!(image[image.len() - HASH_RECORD..][..4], [1, 0, 32, 0]);
    image
}

fn image() -> Vec<u8> {
    let image = compiled(&Options::default());
    assert_eq!(survives_with(RAM_BYTES, &image), Ok(()));
    image
}

#[test]
fn every_flipped_bit_is_noticed() {
    let image = image();
    for at in 0..image.len() {
        for bit in 0..8 {
            let mut bytes = image.clone();
            bytes[at] ^= 1 << bit;
            assert!(
                survives_with(RAM_BYTES, &bytes).is_err(),
                "byte {at:#x} bit {bit}"
            );
        }
    }
}

#[test]
fn every_flipped_bit_under_a_right_hash_is_harmless() {
    let image = image();
    for at in 0..image.len() - HASH_RECORD {
        for bit in 0..8 {
            let mut bytes = image.clone();
            bytes[at] ^= 1 << bit;
            fix_hash(&mut bytes);
            let _ = survives_with(RAM_BYTES, &bytes);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let image = image();
    for length in 0..image.len() {
        let refused = survives_with(RAM_BYTES, &image[..length]);
        assert!(
            matches!(refused, Err(ImageError::Truncated { .. })),
            "{length}: {refused:?}"
        );
    }
}

/// What becomes of an image on the emulated board, every export called.
fn run(board: &dyn wasm2mcu_testbench::Board, bytes: &[u8]) -> Result<(), BoardError> {
    let printed = Printed::default();
    let mut instance = board.load(bytes, spectest::functions(&printed))?;
    let parsed = Image::parse(bytes).expect("a board parses no worse");
    for export in parsed.exports() {
        let (Ok(name), Item::Function(function)) = (str::from_utf8(export.name.0), export.item)
        else {
            continue;
        };
        let words: u32 = function
            .function_type
            .params()
            .map(|param| param.words())
            .sum();
        for argument in [0, 1, 2, 3, 9] {
            // A trap, a fault of the core and a runaway are all ends.
            let _ = instance.invoke(name, &vec![argument; words as usize]);
            let _ = instance.clear_trap();
        }
    }
    Ok(())
}

/// Loads and runs what each change makes of an image, its text excepted and its hash mended, with and
/// without what linking needs.
///
/// A change is of the word at an offset, and there are so many of them.
fn damage(board: &str, changes: u32, change: fn(&[u8], usize, u32) -> u32) {
    let board = open(board).unwrap();
    board.set_limits(Limits {
        memory_bytes: 2 * 0x1_0000,
        instructions: Some(10_000),
        time: Duration::from_secs(10),
        interrupt: None,
    });
    let info = board.info();
    let target: Target = info.target.parse().unwrap();
    for linkable in [false, true] {
        let image = compiled(&Options {
            target: target.with_features(info.features),
            linkable,
            ..Options::default()
        });
        let text = Image::parse(&image).unwrap().section(Section::Text).len();
        let text = Header::BYTES as usize..Header::BYTES as usize + text;
        let (mut accepted, mut all) = (0, 0);
        let words = (0..image.len() - HASH_RECORD).step_by(4);
        for at in words.filter(|at| !text.contains(at)) {
            for number in 0..changes {
                let mut bytes = image.clone();
                let word = change(&image, at, number);
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
                fix_hash(&mut bytes);
                all += 1;
                match run(&*board, &bytes) {
                    Ok(()) => accepted += 1,
                    Err(BoardError::Refused(text)) => assert!(!text.is_empty()),
                    Err(BoardError::Trap(_) | BoardError::Fault(_)) => {}
                    Err(BoardError::Runaway { .. }) => {}
                    Err(error) => panic!("word {at:#x}, change {number}: {error}"),
                }
            }
        }
        println!("{}: {accepted} of {all} accepted", info.name);
        assert!(accepted > all / 10 && accepted < all, "{accepted}");
        let printed = Printed::default();
        let mut instance = board.load(&image, spectest::functions(&printed)).unwrap();
        let outcome = instance.invoke("apply", &[1, 21]).unwrap();
        assert_eq!(outcome.end, Ok(vec![42]));
        assert_eq!(*printed.borrow(), [[1]]);
    }
}

fn word(image: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(image[at..at + 4].try_into().unwrap())
}

fn flipped(image: &[u8], at: usize, bit: u32) -> u32 {
    word(image, at) ^ 1 << bit
}

/// Near what was there, near the limits, and what stands elsewhere in the image.
fn replaced(image: &[u8], at: usize, number: u32) -> u32 {
    let old = word(image, at);
    let elsewhere = (at + 28 * number as usize) % (image.len() - 3);
    match number {
        0..8 => old.wrapping_add_signed([-8, -4, -2, -1, 1, 2, 4, 8][number as usize]),
        8..16 => [0, 1, 4, 1 << 30, 1 << 31, u32::MAX, u32::MAX - 3, 1 << 16][number as usize - 8],
        _ => word(image, elsewhere - elsewhere % 4),
    }
}

#[test]
fn bits_flipped_outside_the_text_leave_an_m33_usable() {
    damage("m33", 32, flipped);
}

#[test]
fn words_replaced_outside_the_text_leave_an_m33_usable() {
    damage("m33", 24, replaced);
}

#[test]
fn words_replaced_outside_the_text_leave_rv32_usable() {
    // Fewer: this board is slower.
    damage("rv32", 3, |image, at, number| {
        replaced(image, at, 7 * number + 3)
    });
}
