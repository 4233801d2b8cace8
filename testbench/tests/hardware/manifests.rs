//! Images that a host refuses, made by hand: what the compiler never writes.

use sha2::{Digest, Sha256};
use wasm2mcu_abi::image::{Header, RecordType, Section, TrailerRecord, field};
use wasm2mcu_host::abi::{BadManifest, Capability, Rights, VERSION};
use wasm2mcu_host::{Host, Peripherals, Refused, manifest};
use wasm2mcu_loader::{Image, Policy};

use crate::images::{board, image};

const PLAIN: &str = "(module (func (export \"f\")))";

/// The image of a module without a manifest, with these records before and behind the hash.
fn with_records(before: &[&[u8]], behind: &[&[u8]]) -> Vec<u8> {
    let plain = image(board("m33"), PLAIN.as_bytes());
    let header = Header::read(&plain).expect("an image");
    let end = header.section_ends[Section::Strings as usize] as usize;
    let mut bytes = plain[..end].to_vec();
    let append = |bytes: &mut Vec<u8>, record_type, value| {
        let record = TrailerRecord { record_type, value };
        bytes.extend(record.to_bytes().expect("short"));
    };
    for value in before {
        append(&mut bytes, RecordType::MANIFEST, value);
    }
    let records = |values: &[&[u8]]| -> usize {
        values
            .iter()
            .map(|value| 4 + value.len().next_multiple_of(4))
            .sum()
    };
    let size = (bytes.len() + 4 + 32 + records(behind)) as u32;
    let at = field::IMAGE_BYTES as usize;
    bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
    let digest = Sha256::digest(&bytes);
    append(&mut bytes, RecordType::SHA256, &digest);
    for value in behind {
        append(&mut bytes, RecordType::MANIFEST, value);
    }
    bytes
}

fn record(version: u16, capabilities: &[Capability]) -> Vec<u8> {
    let mut bytes = version.to_le_bytes().to_vec();
    bytes.extend((capabilities.len() as u16).to_le_bytes());
    bytes.extend(capabilities.iter().flat_map(Capability::to_bytes));
    bytes
}

/// What a host that grants this says of an image, which the loader takes.
fn refused(bytes: &[u8], policy: &[Capability]) -> Option<Refused> {
    let image = Image::parse(bytes).expect("an image");
    image.verify(&Policy::unsigned()).expect("a right hash");
    Host::new(&image, policy, Peripherals::default()).err()
}

const PIN: Capability = Capability::gpio(5, Rights::OUTPUT);

#[test]
fn a_good_manifest_is_taken() {
    let one = record(VERSION, &[PIN]);
    let bytes = with_records(&[&one], &[]);
    assert_eq!(refused(&bytes, &[PIN]), None);
    let image = Image::parse(&bytes).expect("an image");
    let read = manifest(&image).expect("a manifest");
    assert!(read.capabilities().eq([PIN]));
    // Without one, nothing is asked for.
    assert_eq!(refused(&with_records(&[], &[]), &[]), None);
}

#[test]
fn what_is_not_granted_is_named() {
    let two = record(VERSION, &[PIN, Capability::i2c(1, Capability::ANY)]);
    let bytes = with_records(&[&two], &[]);
    let granted = [PIN, Capability::i2c(1, 0x48)];
    let why = refused(&bytes, &granted).expect("it asks for more");
    assert_eq!(
        why,
        Refused::NotGranted(Capability::i2c(1, Capability::ANY))
    );
    let text = why.to_string();
    assert!(text.contains("`i2c 1 any`"), "{text}");
}

#[test]
fn malformed_manifests_are_refused() {
    let one = record(VERSION, &[PIN]);
    let later = record(VERSION + 1, &[PIN]);
    let mut bad = one.clone();
    bad[4] = 99;
    for (before, behind, why) in [
        (vec![&*one, &*one], vec![], Refused::Twice),
        (vec![], vec![&*one], Refused::NotHashed),
        (vec![&*one], vec![&*one], Refused::NotHashed),
        (
            vec![&*later],
            vec![],
            Refused::Manifest(BadManifest::Version(VERSION + 1)),
        ),
        (
            vec![&*bad],
            vec![],
            Refused::Manifest(BadManifest::Capability(0)),
        ),
        (
            vec![&one[..7]],
            vec![],
            Refused::Manifest(BadManifest::Size),
        ),
        (vec![&[]], vec![], Refused::Manifest(BadManifest::Size)),
    ] {
        assert_eq!(refused(&with_records(&before, &behind), &[PIN]), Some(why));
    }
}
