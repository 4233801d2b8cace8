//! What is refused: one message with what both sides say, and no file.

use std::fs;

use tempfile::TempDir;
use wasm2mcu::firmware::{Firmware, Format, Place};
use wasm2mcu_abi::firmware::{SlotRecord, Versions};
use wasm2mcu_abi::image::{Architecture, Features};

use super::elf::{APP, EM_386, EM_RISCV, FirmwareFile};
use super::{call, folder_with, link, read, write};
use crate::names;

const TWO: Versions = Versions {
    lowest: 2,
    highest: 3,
};

fn firmware_with(slot: SlotRecord<'_>) -> FirmwareFile {
    FirmwareFile::with_slots(&[slot])
}

/// Linking `app.w2m` with these arguments fails with a message that has these parts, and leaves no file.
#[track_caller]
fn refused(firmware: &FirmwareFile, args: &[&str], parts: &[&str]) {
    let folder = folder_with(firmware);
    refused_in(
        &folder,
        &[&["app.w2m", "-o", "out.hex"], args].concat(),
        parts,
    );
}

#[track_caller]
fn refused_in(folder: &TempDir, args: &[&str], parts: &[&str]) {
    write(folder, "out.hex", b"of before");
    let before = names(folder);
    link(folder, args).failure(parts);
    assert_eq!(names(folder), before);
    assert_eq!(read(folder, "out.hex"), b"of before");
}

#[test]
fn files_that_are_no_firmware() {
    let folder = folder_with(&FirmwareFile::new());
    let refused = |bytes: &[u8], parts: &[&str]| {
        write(&folder, "fw.elf", bytes);
        refused_in(&folder, &["app.w2m", "-o", "out.hex"], parts);
    };
    refused(
        b":020000040800F2\n",
        &["fw.elf: this is no ELF file", "not a BIN or HEX"],
    );
    let good = FirmwareFile::new();
    refused(&good.to_bytes()[..40], &["fw.elf: the ELF file is broken"]);
    refused(&good.to_bytes()[..60], &["fw.elf: the ELF file is broken"]);
    let with = |change: fn(&mut FirmwareFile)| {
        let mut firmware = good.clone();
        change(&mut firmware);
        firmware.to_bytes()
    };
    refused(
        &with(|firmware| firmware.machine = EM_386),
        &["fw.elf: this is a program for 386; images go into firmware for ARM or RISCV"],
    );
    refused(
        &with(|firmware| firmware.kind = 3),
        &["no program at fixed addresses (ELF type 3"],
    );
    refused(
        &with(|firmware| firmware.segments.drain(..2).for_each(drop)),
        &["fw.elf: it has nothing to load"],
    );
    let this_program = fs::read(std::env::current_exe().unwrap()).unwrap();
    refused(&this_program[..1 << 16], &["fw.elf: this is "]);

    call(
        &folder,
        &["compile", "-q", "app.wat", "-o", "fw.elf", "--emit", "obj"],
    )
    .success();
    let object = read(&folder, "fw.elf");
    refused(
        &object,
        &["fw.elf: this is an object that is not linked yet"],
    );
    fs::remove_file(folder.path().join("fw.elf")).unwrap();
    link(&folder, &["app.w2m", "-o", "out.hex"]).failure(&["cannot read fw.elf"]);
}

/// Whatever the file says, it is read or refused, never a crash.
#[test]
fn broken_firmware_is_an_error_at_most() {
    let mut firmware = FirmwareFile::new();
    firmware
        .symbols
        .push(("__wasm2mcu_slot_b_start", 0x0900_0000));
    firmware
        .symbols
        .push(("__wasm2mcu_slot_b_end", 0x0900_1000));
    let folder = folder_with(&firmware);
    let image = read(&folder, "app.w2m");
    let bytes = firmware.to_bytes();
    let mut written = 0;
    // All but the code.
    for at in (0..52).chain(1052..bytes.len()) {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            let Ok(mut firmware) = Firmware::read(&bytes) else {
                continue;
            };
            let place = Place::Slot("b".to_owned());
            let _ = firmware.place(image.clone(), &place);
            for format in [Format::Elf, Format::Bin, Format::Hex] {
                written += usize::from(firmware.write(format).is_ok());
            }
        }
    }
    assert!(written > 100, "{written}");
}

#[test]
fn firmware_that_says_nothing_or_nonsense() {
    let undeclared = FirmwareFile::with_slots(&[]);
    refused(
        &undeclared,
        &[],
        &[
            "app.w2m: the firmware has no slot for it: it declares none",
            "--at ADDR",
        ],
    );
    refused(
        &undeclared,
        &["--slot", "app"],
        &[
            "app.w2m: the firmware has no slot app: it declares none",
            ".wasm2mcu.slots",
        ],
    );
    let changed = |at: usize, value: u8| {
        let mut firmware = FirmwareFile::new();
        firmware.records[at] = value;
        firmware
    };
    refused(
        &changed(4, 9),
        &[],
        &["fw.elf: record 0 in its section", "it has version 9"],
    );
    refused(&changed(0, 0), &[], &["record 0", "it begins with"]);
    refused(
        &firmware_with(SlotRecord {
            start: 0x0806_0004,
            ..APP
        }),
        &[],
        &["record 0", "0x08060004 is no multiple of the alignment"],
    );
    let mut short = FirmwareFile::new();
    short.records.truncate(50);
    refused(&short, &[], &["record 0", "it has not 64 bytes"]);
    refused(
        &firmware_with(SlotRecord {
            architecture: Architecture::RiscV32,
            ..APP
        }),
        &[],
        &["fw.elf: slot app is declared for RV32, but the firmware is for Thumb"],
    );
    let other = SlotRecord {
        end: 0x0808_0000,
        ..APP
    };
    refused(
        &FirmwareFile::with_slots(&[APP, other]),
        &[],
        &["slot app is declared twice"],
    );
    let other = SlotRecord {
        name: "b",
        start: 0x0806_f000,
        end: 0x0808_0000,
        ..APP
    };
    refused(
        &FirmwareFile::with_slots(&[APP, other]),
        &[],
        &[
            "fw.elf: its slots app (65536 bytes at 0x08060000) and b (69632 bytes at 0x0806f000) overlap",
        ],
    );
    let mut half = FirmwareFile::with_slots(&[]);
    half.symbols.push(("__wasm2mcu_slot_app_start", APP.start));
    refused(
        &half,
        &[],
        &["__wasm2mcu_slot_app_start, but not __wasm2mcu_slot_app_end"],
    );
    half.symbols.push(("__wasm2mcu_slot_app_end", APP.start));
    refused(
        &half,
        &[],
        &["slot app: its symbols say that it goes from 0x08060000 to 0x08060000"],
    );
    // The same record from two objects is one.
    let folder = folder_with(&FirmwareFile::with_slots(&[APP, APP]));
    link(&folder, &["app.w2m", "-o", "out.hex"]).success();
}

#[test]
fn places_that_do_not_exist() {
    let spare = SlotRecord {
        name: "spare",
        start: 0x0807_0000,
        end: 0x0808_0000,
        ..APP
    };
    let two = FirmwareFile::with_slots(&[APP, spare]);
    let both = "it has app (65536 bytes at 0x08060000), spare (65536 bytes at 0x08070000)";
    refused(
        &two,
        &["--slot", "main"],
        &["app.w2m: the firmware has no slot main: ", both],
    );
    refused(
        &two,
        &[],
        &["app.w2m: say which slot of the firmware it goes to: ", both],
    );
    let folder = folder_with(&two);
    refused_in(
        &folder,
        &["main=app.w2m", "-o", "out.hex"],
        &["no slot main", both],
    );
    let several = ["app.w2m", "other.w2m", "-o", "out.hex", "--slot", "app"];
    refused_in(
        &folder,
        &several,
        &["--slot and --at are for one image", "PLACE=APP.w2m"],
    );
    let twice = ["app=app.w2m", "-o", "out.hex", "--at", "0x08060000"];
    refused_in(&folder, &twice, &["--slot and --at are for one image"]);
    refused(
        &two,
        &["--slot", "app", "--at", "0x08060000"],
        &["cannot be used with"],
    );
    refused(&two, &["--at", "here"], &["`here` is no 32-bit address"]);
}

#[test]
fn images_that_do_not_fit_the_loader() {
    let slot = SlotRecord {
        features: Features::THUMB_SOFT_FLOAT_ABI,
        ..APP
    };
    let folder = folder_with(&firmware_with(slot));
    refused_in(
        &folder,
        &["other.w2m", "-o", "out.hex"],
        &[
            "other.w2m: the image needs FPU, Armv8-M, hard-float ABI; slot app of the firmware offers \
             soft-float ABI: FPU, Armv8-M, hard-float ABI missing",
            "--cpu",
        ],
    );
    // Outside of the slots, the same loader has to take it.
    let elsewhere = ["other.w2m", "-o", "out.hex", "--at", "0x08080000"];
    refused_in(&folder, &elsewhere, &["hard-float ABI missing"]);
    refused(
        &firmware_with(SlotRecord { abis: TWO, ..APP }),
        &[],
        &[
            "app.w2m: the image has ABI version 1, the firmware's loader for slot app speaks 2 to 3",
            "newer compiler",
        ],
    );
    refused(
        &firmware_with(SlotRecord {
            formats: TWO,
            ..APP
        }),
        &[],
        &[
            "app.w2m: the image has format version 1, the firmware's loader for slot app reads 2 to 3",
        ],
    );
    let old = Versions {
        lowest: 0,
        highest: 0,
    };
    refused(
        &firmware_with(SlotRecord { abis: old, ..APP }),
        &[],
        &[
            "ABI version 1",
            "speaks 0",
            "build the firmware with a newer loader",
        ],
    );
    let mut riscv = FirmwareFile::with_slots(&[]);
    riscv.machine = EM_RISCV;
    refused(
        &riscv,
        &["--at", "0x08060000"],
        &["app.w2m: the image is for Thumb, the firmware for RV32"],
    );
}

#[test]
fn images_that_do_not_fit_the_room() {
    let folder = folder_with(&FirmwareFile::new());
    let bytes = read(&folder, "app.w2m").len();
    let small = firmware_with(SlotRecord {
        end: APP.start + 8,
        alignment: 8,
        ..APP
    });
    refused(
        &small,
        &[],
        &[&format!(
            "app.w2m: the image has {bytes} bytes, slot app (8 bytes at 0x08060000) has room for 8 from \
             0x08060000 on: {} too many",
            bytes - 8
        )],
    );
    let fits = firmware_with(SlotRecord {
        end: APP.start + bytes as u32,
        alignment: 4,
        ..APP
    });
    let folder = folder_with(&fits);
    link(&folder, &["app.w2m", "-o", "out.bin"]).success();
    let fine = firmware_with(SlotRecord {
        alignment: 4,
        ..APP
    });
    refused(
        &fine,
        &["--at", "0x0806fff0"],
        &["slot app (65536 bytes at 0x08060000) has room for 16 from 0x0806fff0 on"],
    );
}

#[test]
fn places_that_are_taken() {
    let good = FirmwareFile::new();
    let at = |address: &str, parts: &[&str]| refused(&good, &["--at", address], parts);
    at(
        "0x08080002",
        &["the address 0x08080002 is no multiple of 4, which images begin at"],
    );
    at(
        "0x08060100",
        &["the address 0x08060100 is no multiple of 4096, as slot app declares"],
    );
    at(
        "0x08000100",
        &[
            "the image 0x08000100 to ",
            "overlaps the firmware's segment with .text, 0x08000000 to 0x080003e7",
        ],
    );
    // Where variables are loaded to, and where they are.
    at(
        "0x08000400",
        &["overlaps the firmware's segment with .data, 0x08000400 to 0x08000413"],
    );
    at(
        "0x20000000",
        &["overlaps the firmware's segment with .data, 0x20000000 to 0x20000013"],
    );
    at(
        "0x20000110",
        &["overlaps the firmware's segment with .bss, 0x20000014 to 0x20000113"],
    );
    at(
        "0x0805fffc",
        &[
            "the image 0x0805fffc to ",
            "overlaps slot app, 0x08060000 to 0x0806ffff",
        ],
    );
    at(
        "0xfffffff0",
        &["bytes from 0xfffffff0 on go beyond the last address"],
    );
    let taken = SlotRecord {
        start: 0x0800_0000,
        end: 0x0800_1000,
        ..APP
    };
    refused(
        &firmware_with(taken),
        &[],
        &[
            "slot app 0x08000000 to 0x08000fff overlaps the firmware's segment with .text, 0x08000000 to",
        ],
    );
    let folder = folder_with(&good);
    let twice = ["app=app.w2m", "app=other.w2m", "-o", "out.hex"];
    refused_in(
        &folder,
        &twice,
        &[
            "other.w2m: the image 0x08060000 to ",
            "overlaps another image",
        ],
    );
    // An image that was linked before is the firmware's now.
    link(&folder, &["app.w2m", "-o", "one.elf"]).success();
    write(&folder, "fw.elf", &read(&folder, "one.elf"));
    refused_in(
        &folder,
        &["app.w2m", "-o", "out.hex"],
        &[
            "slot app 0x08060000 to 0x0806ffff overlaps the firmware's segment with .wasm2mcu.image.app",
        ],
    );
}

#[test]
fn images_that_are_none() {
    let folder = folder_with(&FirmwareFile::new());
    let refused = |image: &str, parts: &[&str]| {
        refused_in(&folder, &[image, "-o", "out.hex"], parts);
    };
    refused("app.wat", &["app.wat: this is a module; compile it first"]);
    refused("fw.elf", &["fw.elf: this is no module"]);
    refused("nowhere.w2m", &["cannot read nowhere.w2m"]);
    let mut image = read(&folder, "app.w2m");
    image[200] ^= 1;
    write(&folder, "broken.w2m", &image);
    refused("broken.w2m", &["broken.w2m: ", "SHA-256"]);
    write(&folder, "cut.w2m", &image[..300]);
    refused("cut.w2m", &["cut.w2m: ", "truncated"]);
    let no_key = ["app.w2m", "-o", "out.hex", "--key", "app.wat"];
    refused_in(&folder, &no_key, &["app.wat: this is no Ed25519 key"]);
}

#[test]
fn forms_that_cannot_be() {
    let good = FirmwareFile::new();
    let folder = folder_with(&good);
    let link = |args: &[&str]| link(&folder, &[&["app.w2m"], args].concat());
    link(&["-o", "out.s19"]).failure(&["out.s19: the extension", "elf, axf, bin, hex, ihex, uf2"]);
    link(&["-o", "out"]).failure(&["out: the extension", "--format"]);
    link(&["-o", "out.uf2"]).failure(&["--family, such as rp2350-arm-s"]);
    link(&["-o", "out.uf2", "--family", "rp2350-riscv"]).failure(&[
        "out.uf2: the chips of family rp2350-riscv execute RV32, the firmware is for Thumb",
    ]);
    link(&["-o", "out.uf2", "--family", "z80"]).failure(&[
        "no family `z80`",
        "rp2350-arm-s",
        "esp32c3",
    ]);
    link(&["-o", "nowhere/out.elf"]).failure(&["no folder nowhere"]);
    link(&["-o", "out.uf2", "--family", "0x12345678"]).success();
    let mut far = good.clone();
    far.segments[1].load = 0x2000_0000;
    write(&folder, "fw.elf", &far.to_bytes());
    link(&["-o", "out.bin"]).failure(&[
        "out.bin: a BIN holds all from the lowest address to the highest, here 0x08000000 to 0x20000013",
        "402653204 bytes for ",
        "write an ELF or HEX",
    ]);
    link(&["-o", "out.hex"]).success();
}
