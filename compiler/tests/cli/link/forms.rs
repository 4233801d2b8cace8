//! The forms of the result, each read back by another reader, and all with the same content.

use std::collections::BTreeMap;

use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};
use tempfile::TempDir;
use wasm2mcu_abi::firmware::SlotRecord;

use super::elf::{APP, FirmwareFile};
use super::{call, folder_with, link, read};
use crate::names;

/// Flash by address, of the bytes that somebody says something about.
type Flash = BTreeMap<u32, u8>;

fn put(flash: &mut Flash, address: u32, bytes: &[u8]) {
    flash.extend((address..).zip(bytes.iter().copied()));
}

/// What the firmware and these images are in flash.
fn expected(firmware: &FirmwareFile, images: &[(u32, Vec<u8>)]) -> Flash {
    let mut flash = Flash::new();
    for segment in &firmware.segments {
        put(&mut flash, segment.load, &segment.bytes);
    }
    for (address, image) in images {
        put(&mut flash, *address, image);
    }
    flash
}

fn of_elf(bytes: &[u8]) -> Flash {
    let file = object::File::parse(bytes).expect("an ELF file");
    let mut flash = Flash::new();
    for segment in file.segments() {
        // This reader has addresses where code runs; the test's variables are loaded elsewhere.
        let address = match segment.address() as u32 {
            0x2000_0000 => 0x0800_0400,
            address => address,
        };
        put(&mut flash, address, segment.data().expect("its bytes"));
    }
    flash
}

fn of_hex(bytes: &[u8]) -> Flash {
    let mut flash = Flash::new();
    let mut upper = 0;
    for record in ihex::Reader::new(std::str::from_utf8(bytes).expect("text")) {
        match record.expect("a record") {
            ihex::Record::Data { offset, value } => {
                put(&mut flash, upper | u32::from(offset), &value);
            }
            ihex::Record::ExtendedLinearAddress(half) => upper = u32::from(half) << 16,
            ihex::Record::StartLinearAddress(start) => assert_eq!(start, 0x0800_0001),
            ihex::Record::EndOfFile => return flash,
            other => panic!("{other:?}"),
        }
    }
    panic!("no end");
}

/// With all checks of the specification.
fn of_uf2(bytes: &[u8], family: u32) -> Flash {
    let mut flash = Flash::new();
    let (blocks, rest) = bytes.as_chunks::<512>();
    assert!(rest.is_empty());
    for (block, index) in blocks.iter().zip(0..) {
        let word = |at: usize| u32::from_le_bytes(*block[at..].first_chunk().unwrap());
        assert_eq!(
            [word(0), word(4), word(508)],
            [0x0a32_4655, 0x9e5d_5157, 0x0ab1_6f30]
        );
        assert_eq!([word(8), word(16), word(28)], [0x2000, 256, family]);
        assert_eq!([word(20), word(24)], [index, blocks.len() as u32]);
        assert_eq!(word(12) % 256, 0);
        assert!(!flash.contains_key(&word(12)));
        put(&mut flash, word(12), &block[32..32 + 256]);
    }
    flash
}

fn linked(folder: &TempDir, arguments: &[&str], output: &str) -> Vec<u8> {
    link(folder, &[arguments, &["-q", "-o", output]].concat()).success();
    read(folder, output)
}

#[test]
fn every_form_has_the_same_content() {
    let firmware = FirmwareFile::new();
    let folder = folder_with(&firmware);
    let image = read(&folder, "app.w2m");
    let expected = expected(&firmware, &[(APP.start, image.clone())]);
    assert_eq!(of_elf(&linked(&folder, &["app.w2m"], "out.elf")), expected);
    assert_eq!(of_hex(&linked(&folder, &["app.w2m"], "out.hex")), expected);

    let bin = linked(&folder, &["app.w2m"], "out.bin");
    let from = 0x0800_0000;
    assert_eq!(bin.len() as u32, APP.start + image.len() as u32 - from);
    let gap = |(at, byte): (usize, &u8)| expected.get(&(from + at as u32)).unwrap_or(&0xff) == byte;
    assert!(bin.iter().enumerate().all(gap));

    let arguments = ["app.w2m", "--family", "stm32l5"];
    let uf2 = of_uf2(&linked(&folder, &arguments, "out.uf2"), 0x0424_0bdf);
    for (address, byte) in &uf2 {
        assert_eq!(expected.get(address).unwrap_or(&0xff), byte, "{address:#x}");
    }
    assert!(expected.keys().all(|address| uf2.contains_key(address)));
    // Whole sectors, but behind the last page.
    assert!(uf2.contains_key(&0x0800_0fff) && !uf2.contains_key(&0x0800_1000));
    let last = APP.start + image.len() as u32 - 1;
    assert_eq!(uf2.last_key_value().unwrap().0 | 0xff, last | 0xff);
}

#[test]
fn the_elf_file_is_the_firmware_with_more() {
    let firmware = FirmwareFile::new();
    let folder = folder_with(&firmware);
    let out = linked(&folder, &["app.w2m"], "out.elf");
    let file = object::File::parse(&*out).unwrap();
    assert_eq!(file.entry(), 0x0800_0001);
    let section = file.section_by_name(".wasm2mcu.image.app").unwrap();
    assert_eq!(section.address(), u64::from(APP.start));
    assert_eq!(section.data().unwrap(), read(&folder, "app.w2m"));
    assert_eq!(section.kind(), object::SectionKind::Text);
    let text = file.section_by_name(".text").unwrap();
    assert_eq!(text.data().unwrap(), firmware.segments[0].bytes);
    assert!(file.symbols().any(|symbol| symbol.name() == Ok("main")));
    // What was there is there, the header's places of the tables aside.
    let before = firmware.to_bytes();
    assert_eq!(out[52..before.len()], before[52..]);
}

#[test]
fn several_images_each_go_to_their_place() {
    let spare = SlotRecord {
        start: 0x0807_0000,
        end: 0x0807_1000,
        alignment: 4,
        name: "spare",
        ..APP
    };
    let firmware = FirmwareFile::with_slots(&[APP, spare]);
    let folder = folder_with(&firmware);
    let images = ["spare=app.w2m", "0x08090000=app.w2m", "app=other.w2m"];
    let (app, other) = (read(&folder, "app.w2m"), read(&folder, "other.w2m"));
    let expected = expected(
        &firmware,
        &[
            (spare.start, app.clone()),
            (0x0809_0000, app.clone()),
            (APP.start, other),
        ],
    );
    assert_eq!(of_elf(&linked(&folder, &images, "out.elf")), expected);
    assert_eq!(of_hex(&linked(&folder, &images, "out.hex")), expected);
    // One after the other comes to the same.
    link(&folder, &["app=other.w2m", "-o", "one.elf"]).success();
    let two = [
        "link", "one.elf", "app.w2m", "--slot", "spare", "-o", "two.elf",
    ];
    call(&folder, &two).success();
    let three = [
        "link",
        "two.elf",
        "app.w2m",
        "--at",
        "0x0809_0000",
        "-o",
        "three.hex",
    ];
    call(&folder, &three).success();
    assert_eq!(of_hex(&read(&folder, "three.hex")), expected);
    // A place inside a slot.
    let inside = ["app.w2m", "--at", "0x08061000"];
    let found = of_hex(&linked(&folder, &inside, "inside.hex"));
    assert_eq!(found[&0x0806_1000], app[0]);
    assert!(!found.contains_key(&APP.start));
}

#[test]
fn what_went_where_is_said() {
    let folder = folder_with(&FirmwareFile::new());
    let bytes = read(&folder, "app.w2m").len();
    let said = |args: &[&str]| {
        let end = link(&folder, args);
        assert_eq!((end.status, &*end.stdout), (0, ""), "{end:?}");
        end.stderr
    };
    let free = 0x1_0000 - bytes;
    assert_eq!(
        said(&["app.w2m", "-o", "out.bin"]),
        format!(
            "out.bin: {} bytes\n  app.w2m: {bytes} bytes at 0x08060000, slot app, {free} bytes free\n",
            0x6_0000 + bytes
        )
    );
    let elsewhere = said(&["app.w2m", "-o", "out.hex", "--at", "0x08080000"]);
    assert!(
        elsewhere.contains("at 0x08080000, in no slot"),
        "{elsewhere}"
    );
    assert_eq!(said(&["app.w2m", "-q", "-o", "out.bin"]), "");
    // The form may be named.
    let named = said(&["app.w2m", "-o", "firmware", "--format", "bin"]);
    assert!(named.contains("firmware: "), "{named}");
    assert_eq!(read(&folder, "firmware"), read(&folder, "out.bin"));
}

#[test]
fn borders_alone_are_a_slot() {
    let mut firmware = FirmwareFile::with_slots(&[]);
    firmware.symbols.extend([
        ("__wasm2mcu_slot_app_start", APP.start),
        ("__wasm2mcu_slot_app_end", APP.end),
    ]);
    let folder = folder_with(&firmware);
    let end = link(&folder, &["app.w2m", "-o", "out.hex"]);
    assert!(end.stderr.contains("slot app, "), "{end:?}");
    assert!(end.stderr.contains("were not compared"), "{end:?}");
    end.success();
    let found = of_hex(&read(&folder, "out.hex"));
    assert_eq!(found[&APP.start], b'W');
}

#[test]
fn images_are_signed_on_the_way() {
    let firmware = FirmwareFile::new();
    let folder = folder_with(&firmware);
    call(&folder, &["keygen", "key.pem"]).success();
    let arguments = ["app.w2m", "--key", "key.pem", "--counter", "7"];
    let bin = linked(&folder, &arguments, "out.bin");
    super::write(&folder, "signed.w2m", &bin[0x6_0000..]);
    let verify = [
        "verify",
        "signed.w2m",
        "--key",
        "key.pub.pem",
        "--min-counter",
        "7",
    ];
    call(&folder, &verify).success();
    // As `sign` does it.
    let sign = [
        "sign",
        "app.w2m",
        "--key",
        "key.pem",
        "--counter",
        "7",
        "-o",
        "as.w2m",
    ];
    call(&folder, &sign).success();
    assert_eq!(bin[0x6_0000..], read(&folder, "as.w2m"));
    let said = link(&folder, &[&arguments[..], &["-o", "out.bin"]].concat()).stderr;
    assert!(said.contains(" bytes, images signed by key "), "{said}");
    // With its map, which knows the signed image alone.
    let map = read(&folder, "out.bin.app.map");
    super::write(&folder, "as.w2m.map", &map);
    let disasm = |image: &str| call(&folder, &["disasm", image]).stderr;
    assert!(!disasm("as.w2m").contains("without a map"));
    super::write(&folder, "app.w2m.map", &map);
    assert!(disasm("app.w2m").contains("belongs to another image"));
    linked(&folder, &arguments, "mapless.bin");
    assert!(!names(&folder).contains(&"mapless.bin.app.map".to_owned()));
    link(&folder, &["app.w2m", "-o", "out.bin", "--counter", "7"]).failure(&["--key"]);
}
