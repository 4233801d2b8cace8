//! Bytes that nobody wrote: refused, or as harmless as those that somebody did.
//!
//! "Harmless" is what [`exercise`] does without a panic, with a core that asserts that whatever is
//! entered lies in the image's text. The tests run with overflow checks on.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use wasm2mcu::image::write;
use wasm2mcu_loader::abi::image::{Features, Section};
use wasm2mcu_loader::{Fault, Image, ImageError, Instance, Item, Policy, Verified};

use crate::fake_core::FakeCore;
use crate::sample::{self, HOST};

/// The trailer of the sample ends with the SHA-256 record: 4 bytes of header, 32 of digest.
pub(crate) const HASH_RECORD: usize = 36;

pub(crate) fn fix_hash(bytes: &mut [u8]) {
    let Some(body) = bytes.len().checked_sub(HASH_RECORD) else {
        return;
    };
    let digest = Sha256::digest(&bytes[..body]);
    bytes[body + 4..].copy_from_slice(&digest);
}

/// Uses everything that the loader offers on an image that passed its checks.
fn exercise(image: Verified<'_>, ram_bytes: usize) {
    let mut text = String::new();
    for import in image.imports() {
        write!(text, "{}{}", import.module, import.name).unwrap();
    }
    for ty in image.types() {
        assert!(ty.call_words() as usize <= 2 * image.bytes().len());
    }
    for offset in image.functions().chain([0, 1, u32::MAX]) {
        image.function_at(offset);
    }
    assert!(image.trailer().count() >= 1);
    let mut core = FakeCore::new(ram_bytes, &[]);
    core.text_bytes = image.section(Section::Text).len() as u32;
    core.features = Features(u32::MAX);
    let mut instance = match Instance::new(image, core, &HOST) {
        Ok(instance) => instance,
        Err(error) => {
            write!(text, "{error}").unwrap();
            return;
        }
    };
    assert!(instance.memory().len() <= ram_bytes);
    for export in image.exports() {
        write!(text, "{}", export.name).unwrap();
        let Ok(name) = str::from_utf8(export.name.0) else {
            continue;
        };
        match export.item {
            Item::Function(function) => {
                let mut words = vec![0; function.function_type.call_words() as usize];
                let _ = instance.call_words(name, &mut words);
                let _ = instance.call::<(i32, i32), i32>(name, (1, 2));
                instance.clear_trap();
            }
            Item::Global(_) => {
                let _ = instance.global_words(name);
            }
            Item::Table(_) | Item::Memory => {}
        }
    }
    let _ = instance.reset();
}

/// Whether the bytes passed the checks; if so, they have been exercised in so much RAM.
pub(crate) fn survives_with(ram_bytes: usize, bytes: &[u8]) -> Result<(), ImageError> {
    let image = Image::parse(bytes).and_then(|image| image.verify(&Policy::unsigned()));
    let exercised = image.map(|image| exercise(image, ram_bytes));
    exercised.inspect_err(|error| {
        assert!(!error.to_string().is_empty());
    })
}

fn survives(bytes: &[u8]) -> Result<(), ImageError> {
    survives_with(4096, bytes)
}

#[test]
fn the_sample_itself_survives() {
    survives(&write(&sample::small_parts()).unwrap()).unwrap();
}

#[test]
fn every_flipped_bit_breaks_the_hash() {
    let image = write(&sample::small_parts()).unwrap();
    for at in 0..image.len() {
        for bit in 0..8 {
            let mut bytes = image.clone();
            bytes[at] ^= 1 << bit;
            assert!(survives(&bytes).is_err(), "byte {at:#x} bit {bit}");
        }
    }
}

#[test]
fn every_byte_changed_under_a_right_hash_is_harmless() {
    let image = write(&sample::small_parts()).unwrap();
    let mut accepted = 0;
    for at in 0..image.len() {
        for value in 0..=255 {
            let mut bytes = image.clone();
            bytes[at] = value;
            fix_hash(&mut bytes);
            accepted += u32::from(survives(&bytes).is_ok());
        }
    }
    // Text, data and names may hold anything, so a good part must come through.
    assert!(accepted > 136 * 256, "{accepted}");
}

#[test]
fn every_word_replaced_under_a_right_hash_is_harmless() {
    let image = write(&sample::small_parts()).unwrap();
    let mut extremes = vec![0, 1, 2, 3, 4, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0];
    extremes.extend([0xffff_fffc, 0xffff_fffe, u32::MAX, 0x4000_0000, 0x4000_0001]);
    for at in (0..image.len()).step_by(4) {
        let old = u32::from_le_bytes(image[at..at + 4].try_into().unwrap());
        let near = [-8, -4, -2, -1, 1, 2, 4, 8].map(|by| old.wrapping_add_signed(by));
        for value in extremes.iter().copied().chain(near) {
            let mut bytes = image.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            fix_hash(&mut bytes);
            let _ = survives(&bytes);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let image = write(&sample::small_parts()).unwrap();
    for length in 0..image.len() {
        let mut bytes = image[..length].to_vec();
        let refused = ImageError::Truncated {
            needed: if length < 20 { 128 } else { image.len() as u32 },
            given: length,
        };
        assert_eq!(survives(&bytes), Err(refused));
        // Even if header and hash agree with the shorter length.
        if length >= 128 + HASH_RECORD && length % 4 == 0 {
            bytes[16..20].copy_from_slice(&(length as u32).to_le_bytes());
            let body = length - HASH_RECORD;
            bytes[body..body + 4].copy_from_slice(&[1, 0, 32, 0]);
            fix_hash(&mut bytes);
            // Cut just before the sample's own hash, it is an image without that trailer record.
            let whole = length == image.len() - HASH_RECORD;
            assert_eq!(survives(&bytes).is_ok(), whole, "{length}");
        }
    }
}

#[test]
fn random_damage_under_a_right_hash_is_harmless() {
    let image = write(&sample::small_parts()).unwrap();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..100_000 {
        let mut bytes = image.clone();
        for _ in 0..1 + random(4) {
            let words = bytes.len() / 4;
            // Behind text, where nearly every byte has a meaning.
            let at = 4 * (16 + random(words - 16));
            let value = match random(4) {
                0 => random(256) as u32,
                1 => random(words) as u32 * 4,
                2 => u32::MAX - random(64) as u32,
                _ => random(usize::MAX) as u32,
            };
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        fix_hash(&mut bytes);
        let _ = survives(&bytes);
    }
}

/// The sample with other records behind its body.
fn with_trailer(records: &[(u16, &[u8])]) -> Vec<u8> {
    let image = write(&sample::small_parts()).unwrap();
    let body = u32::from_le_bytes(image[108..112].try_into().unwrap()) as usize;
    let mut bytes = image[..body].to_vec();
    let padded = |value: &[u8]| value.len().next_multiple_of(4);
    let trailer: usize = records.iter().map(|(_, value)| 4 + padded(value)).sum();
    bytes[16..20].copy_from_slice(&((body + trailer) as u32).to_le_bytes());
    for (record_type, value) in records {
        let digest = Sha256::digest(&bytes);
        bytes.extend(record_type.to_le_bytes());
        bytes.extend((value.len() as u16).to_le_bytes());
        let end = bytes.len() + padded(value);
        let hash = *record_type == 1 && value.len() == 32;
        bytes.extend_from_slice(if hash { &digest } else { value });
        bytes.resize(end, 0);
    }
    bytes
}

#[test]
fn trailer_records_are_critical_or_ignorable() {
    let hash: (u16, &[u8]) = (1, &[0; 32]);
    let fault = |records: &[(u16, &[u8])]| match survives(&with_trailer(records)) {
        Err(ImageError::Malformed { fault, .. }) => Some(fault),
        Err(error) => panic!("{error}"),
        Ok(()) => None,
    };
    assert_eq!(fault(&[hash]), None);
    let key: (u16, &[u8]) = (0x8002, b"identity");
    let counter: (u16, &[u8]) = (0x8003, &[1; 4]);
    let source: (u16, &[u8]) = (0x8004, &[0; 32]);
    let signature: (u16, &[u8]) = (0x8001, &[0; 64]);
    assert_eq!(fault(&[source, counter, key, hash, signature]), None);
    assert_eq!(fault(&[key, counter, source, hash]), None);
    let wrong: [&[(u16, &[u8])]; 13] = [
        // Behind the hash, where nothing but signatures counts.
        &[hash, counter],
        &[hash, key],
        &[hash, source],
        &[key, hash, signature, counter],
        // Before it, where it would be a signature of something else.
        &[key, signature, hash],
        // Twice.
        &[key, key, hash],
        &[counter, counter, hash],
        &[source, source, hash],
        &[key, hash, signature, signature],
        // Of another size.
        &[(0x8002, b"key"), hash],
        &[(0x8003, &[1; 8]), hash],
        &[key, hash, (0x8001, &[0; 63])],
        // By nobody.
        &[hash, signature],
    ];
    for records in wrong {
        assert_eq!(fault(records), Some(Fault::TrailerRecord), "{records:x?}");
    }
    assert_eq!(fault(&[(0xffff, b""), hash]), None);
    assert_eq!(fault(&[(2, b""), hash]), Some(Fault::TrailerRecord));
    assert_eq!(fault(&[hash, (2, b"")]), Some(Fault::TrailerRecord));
    assert_eq!(fault(&[hash, hash]), Some(Fault::TrailerRecord));
    assert_eq!(fault(&[(1, &[0; 31])]), Some(Fault::TrailerRecord));
    assert_eq!(fault(&[key]), Some(Fault::HashMissing));
    assert_eq!(fault(&[]), Some(Fault::HashMissing));
}

#[test]
fn other_versions_are_refused_by_number() {
    let image = write(&sample::small_parts()).unwrap();
    let with = |at: usize, value: u8| {
        let mut bytes = image.clone();
        bytes[at] = value;
        Image::parse(&bytes).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        with(4, 2),
        "image format version 2, this loader reads version 1: compile the module again or update \
         the firmware"
    );
    assert_eq!(
        with(6, 3),
        "image made for ABI version 3, this loader has version 1: compile the module again or \
         update the firmware"
    );
    assert_eq!(with(0, 0), "not a wasm2mcu image: magic number missing");
    assert_eq!(with(8, 7), "unknown architecture 7");
    assert_eq!(
        with(124, 1),
        "broken image at offset 0x7c: value not defined in this format version"
    );
}
