//! Every stage refuses what it is there for, and a signed image has no byte that may change.

use std::cell::Cell;

use ed25519_dalek::Signer;
use sha2::{Digest as _, Sha256 as Hasher};
use wasm2mcu::image::{key_id, sign};
use wasm2mcu_loader::abi::image::{Architecture, Features, RecordType, TrailerRecord};
use wasm2mcu_loader::{
    Digest, Ed25519, Fault, Image, ImageError, Policy, PublicKey, Sha256, Signature, Software,
    Stage,
};

use crate::sample::{image, key, public};

/// Judges bytes as a device with this policy.
fn judge(bytes: &[u8], policy: &Policy<'_>) -> Result<(), ImageError> {
    Image::parse(bytes)?.verify(policy).map(drop)
}

/// Judges bytes as a device with the sample's key.
fn device(bytes: &[u8]) -> Result<(), ImageError> {
    judge(bytes, &Policy::signed_by(&[public(1)]))
}

/// The sample, signed with key 1.
fn signed(counter: Option<u32>) -> Vec<u8> {
    sign(&image(), &key(1), counter).expect("an image")
}

#[test]
fn what_is_signed_runs() {
    let image = signed(Some(7));
    assert_eq!(device(&image), Ok(()));
    let keys = [public(1)];
    let policy = Policy::signed_by(&keys);
    let verified = Image::parse(&image).unwrap().verify(&policy.min_counter(7));
    let verified = verified.unwrap();
    assert_eq!(verified.security_counter(), 7);
    assert_eq!(verified.key_id(), Some(key_id(&key(1))));
    // The other keys of a set are no obstacle, nor is what stands behind the image.
    let keys = [public(3), public(2), public(1)];
    assert_eq!(judge(&image, &Policy::signed_by(&keys)), Ok(()));
    assert_eq!(device(&[image.as_slice(), b"behind"].concat()), Ok(()));
    // A device that asks for no signature has no use for one.
    assert_eq!(judge(&image, &Policy::unsigned()), Ok(()));
}

#[test]
fn each_stage_has_its_error() {
    let good = signed(Some(7));
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let keys = [public(1)];
    let policy = Policy::signed_by(&keys).core(Architecture::Thumb, Features(u32::MAX));
    let cases = [
        (Stage::Version, changed(0)),
        (Stage::Version, changed(4)),
        (Stage::Structure, good[..good.len() - 1].to_vec()),
        (Stage::Structure, changed(112)),
        (Stage::Hash, changed(140)),
        (Stage::Signature, image()),
        (Stage::Signature, changed(good.len() - 1)),
    ];
    for (stage, bytes) in cases {
        let error = judge(&bytes, &policy).unwrap_err();
        assert_eq!(error.stage(), stage, "{error}");
    }
    let stage = |policy: Policy<'_>| judge(&good, &policy).map_err(|error| error.stage());
    assert_eq!(stage(policy), Ok(()));
    assert_eq!(
        stage(policy.core(Architecture::RiscV32, Features(u32::MAX))),
        Err(Stage::Target)
    );
    assert_eq!(stage(policy.min_counter(8)), Err(Stage::Counter));
}

/// Where several stages would refuse, the first does.
#[test]
fn the_stages_have_an_order() {
    let mut bytes = sign(&image(), &key(2), Some(1)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    bytes[140] ^= 1;
    let features = Image::parse(&bytes).unwrap().requirements().features;
    let keys = [public(1)];
    let policy = Policy::signed_by(&keys).min_counter(9);
    let error = |bytes: &[u8], policy: Policy<'_>| judge(bytes, &policy).unwrap_err();
    assert_eq!(
        error(&bytes, policy.core(Architecture::RiscV32, features)),
        ImageError::OtherArchitecture {
            image: Architecture::Thumb,
            core: Architecture::RiscV32,
        }
    );
    assert_eq!(error(&bytes, policy), ImageError::Hash);
    bytes[140] ^= 1;
    assert_eq!(
        error(&bytes, policy),
        ImageError::UnknownKey(key_id(&key(2)))
    );
    let keys = [public(1), public(2)];
    let policy = Policy::signed_by(&keys).min_counter(9);
    assert_eq!(
        error(&bytes, policy),
        ImageError::Signature(key_id(&key(2)))
    );
    bytes[last] ^= 1;
    assert_eq!(
        error(&bytes, policy),
        ImageError::Rollback { image: 1, min: 9 }
    );
}

#[test]
fn missing_features_are_named_before_the_hash() {
    let mut bytes = signed(None);
    bytes[12] |= 1; // the DSP extension
    let policy = Policy::signed_by(&[]).core(Architecture::Thumb, Features(0));
    assert_eq!(
        judge(&bytes, &policy).unwrap_err().to_string(),
        "the image requires what this core lacks: DSP"
    );
}

#[test]
fn every_flipped_bit_of_a_signed_image_is_refused() {
    let good = signed(Some(7));
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            assert!(device(&bytes).is_err(), "byte {at:#x} bit {bit}");
        }
    }
    for length in 0..good.len() {
        assert!(device(&good[..length]).is_err(), "{length} bytes");
    }
}

/// Who can write the flash can compute a hash as well; it does not help.
#[test]
fn every_change_with_its_hash_mended_is_refused() {
    let good = signed(Some(7));
    let hash_at = good.len() - 68 - 36;
    for at in 0..hash_at {
        let mut bytes = good.clone();
        bytes[at] ^= 0xff;
        let digest = Hasher::digest(&bytes[..hash_at]);
        bytes[hash_at + 4..hash_at + 36].copy_from_slice(&digest);
        assert!(device(&bytes).is_err(), "byte {at:#x}");
    }
}

#[test]
fn nothing_unsigned_runs_where_there_are_keys() {
    assert_eq!(device(&image()), Err(ImageError::Unsigned));
    // Not even where there are none of the keys that there should be.
    let none = Policy::signed_by(&[]);
    assert_eq!(judge(&image(), &none), Err(ImageError::Unsigned));
    let id = key_id(&key(1));
    assert_eq!(judge(&signed(None), &none), Err(ImageError::UnknownKey(id)));
}

/// What an attacker can write who has the flash, and images, but no key.
#[test]
fn signatures_cannot_be_moved() {
    let good = signed(Some(7));
    let id = key_id(&key(1));
    let signature_at = good.len() - 64;

    // Removed, and what remains made whole: the hash covers the size.
    let mut removed = good[..signature_at - 4].to_vec();
    set_size(&mut removed);
    assert_eq!(device(&removed), Err(ImageError::Hash));
    mend_hash(&mut removed);
    assert_eq!(device(&removed), Err(ImageError::Unsigned));

    // Renamed to something that may be skipped.
    let mut renamed = good.clone();
    renamed[signature_at - 4] = 9;
    assert_eq!(device(&renamed), Err(ImageError::Unsigned));

    // Of another image by the same key.
    let mut swapped = signed(Some(8));
    swapped[signature_at..].copy_from_slice(&good[signature_at..]);
    assert_eq!(device(&swapped), Err(ImageError::Signature(id)));

    // Of the right image by another key that says it was this one.
    let mut forged = good.clone();
    forged[signature_at..]
        .copy_from_slice(&sign(&image(), &key(2), Some(7)).unwrap()[signature_at..]);
    assert_eq!(device(&forged), Err(ImageError::Signature(id)));
    let digest: Digest = Hasher::digest(&good[..signature_at - 40]).into();
    forged[signature_at..].copy_from_slice(&key(2).sign(&digest).to_bytes());
    assert_eq!(device(&forged), Err(ImageError::Signature(id)));

    // The hash mended after a change: the signature is of the old one.
    let mut changed = good.clone();
    changed[140] ^= 1;
    mend_hash(&mut changed);
    assert_eq!(device(&changed), Err(ImageError::Signature(id)));

    // The old hash and signature kept behind a new hash.
    let mut second = good.clone();
    second.extend_from_slice(&good[signature_at - 40..]);
    set_size(&mut second);
    assert_eq!(structure(&second), Fault::TrailerRecord);
}

#[test]
fn counters_count_only_where_the_hash_covers_them() {
    let keys = [public(1)];
    let judged = |bytes: &[u8], min| judge(bytes, &Policy::signed_by(&keys).min_counter(min));
    assert_eq!(judged(&signed(Some(7)), 7), Ok(()));
    let rollback = ImageError::Rollback { image: 6, min: 7 };
    assert_eq!(judged(&signed(Some(6)), 7), Err(rollback));
    assert_eq!(judged(&signed(Some(u32::MAX)), u32::MAX), Ok(()));
    // No counter is the lowest.
    assert_eq!(judged(&signed(None), 0), Ok(()));
    let none = ImageError::Rollback { image: 0, min: 1 };
    assert_eq!(judged(&signed(None), 1), Err(none));
    // A device without keys may keep a counter too.
    assert!(judge(&signed(Some(6)), &Policy::unsigned().min_counter(7)).is_err());

    // Behind the hash, where anybody can put it.
    let mut behind = signed(None);
    append(&mut behind, RecordType::SECURITY_COUNTER, &[9, 0, 0, 0]);
    set_size(&mut behind);
    assert_eq!(structure(&behind), Fault::TrailerRecord);
    // A record of the same size in the signature's place.
    let mut instead = signed(Some(6));
    let at = instead.len() - 68;
    instead[at] = RecordType::SECURITY_COUNTER.0 as u8;
    assert_eq!(structure(&instead), Fault::TrailerRecord);
}

#[test]
fn signing_again_replaces() {
    let first = signed(Some(7));
    // The same once more changes nothing.
    assert_eq!(sign(&first, &key(1), Some(7)).unwrap(), first);
    // The counter stays until there is another.
    assert_eq!(sign(&first, &key(1), None).unwrap(), first);
    assert_eq!(sign(&first, &key(1), Some(9)).unwrap(), signed(Some(9)));
    let other = sign(&first, &key(2), Some(7)).unwrap();
    assert_eq!(other, sign(&image(), &key(2), Some(7)).unwrap());
    assert_eq!(other.len(), first.len());
    assert!(device(&other).is_err());
    assert_eq!(judge(&other, &Policy::signed_by(&[public(2)])), Ok(()));
    // What stands behind the image is not of it.
    let behind = [first.as_slice(), &[0xff; 9]].concat();
    assert_eq!(sign(&behind, &key(1), None).unwrap(), first);
}

#[test]
fn other_records_of_the_trailer_are_signed_as_well() {
    let plain = image();
    let hash_at = plain.len() - 36;
    let mut bytes = plain[..hash_at].to_vec();
    append(&mut bytes, RecordType(0x9000), b"vendor");
    append(&mut bytes, RecordType::SHA256, &[0; 32]);
    set_size(&mut bytes);
    mend_hash(&mut bytes);
    let signed = sign(&bytes, &key(1), Some(7)).unwrap();
    assert_eq!(device(&signed), Ok(()));
    let types = Image::parse(&signed).unwrap().trailer();
    let types: Vec<u16> = types.map(|record| record.record_type.0).collect();
    assert_eq!(types, [0x8004, 0x9000, 0x8003, 0x8002, 1, 0x8001]);
}

/// A crypto block, and what it was asked.
#[derive(Default)]
struct Block {
    hashed: Cell<usize>,
    verified: Cell<usize>,
    broken: Cell<bool>,
}

impl Sha256 for Block {
    fn sha256(&self, message: &[u8]) -> Digest {
        self.hashed.set(self.hashed.get() + message.len());
        if self.broken.get() {
            return [0; 32];
        }
        Software.sha256(message)
    }
}

impl Ed25519 for Block {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        self.verified.set(self.verified.get() + 1);
        Software.verify(key, message, signature)
    }
}

#[test]
fn others_can_compute() {
    let block = Block::default();
    let good = signed(Some(7));
    let keys = [public(2), public(1), public(1)];
    let policy = Policy::signed_with(&keys, &block, &block);
    assert_eq!(judge(&good, &policy), Ok(()));
    // The image once, and keys until the right one, which alone is tried.
    assert_eq!(block.hashed.get(), good.len() - 68 - 36 + 2 * 32);
    assert_eq!(block.verified.get(), 1);
    // With another's hash, unsigned.
    assert_eq!(judge(&image(), &Policy::unsigned_with(&block)), Ok(()));
    block.broken.set(true);
    assert_eq!(judge(&good, &policy), Err(ImageError::Hash));
}

#[test]
fn the_signature_is_of_the_digest_alone() {
    /// Takes what it is asked.
    #[derive(Default)]
    struct Asked(Cell<Option<Vec<u8>>>);

    impl Ed25519 for Asked {
        fn verify(&self, key: &PublicKey, message: &[u8], _: &Signature) -> bool {
            self.0.set(Some([key, message].concat()));
            true
        }
    }

    let asked = Asked::default();
    let good = signed(None);
    let keys = [public(1)];
    let policy = Policy::signed_with(&keys, &Software, &asked);
    assert_eq!(judge(&good, &policy), Ok(()));
    let digest: Digest = Hasher::digest(&good[..good.len() - 68 - 36]).into();
    assert_eq!(asked.0.take(), Some([public(1), digest].concat()));
}

/// What is wrong with the structure.
fn structure(bytes: &[u8]) -> Fault {
    match device(bytes) {
        Err(ImageError::Malformed { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn append(image: &mut Vec<u8>, record_type: RecordType, value: &[u8]) {
    let record = TrailerRecord { record_type, value };
    image.extend(record.to_bytes().expect("a short value"));
}

fn set_size(image: &mut [u8]) {
    let bytes = image.len() as u32;
    image[16..20].copy_from_slice(&bytes.to_le_bytes());
}

/// Makes the SHA-256 record that of the bytes before it.
fn mend_hash(image: &mut [u8]) {
    let body = u32::from_le_bytes(*image[108..].first_chunk().expect("a header"));
    let mut at = body;
    loop {
        let record = TrailerRecord::read(image, at).expect("a hash");
        if record.record_type == RecordType::SHA256 {
            break;
        }
        at += record.bytes();
    }
    let at = at as usize;
    let digest = Hasher::digest(&image[..at]);
    image[at + 4..at + 36].copy_from_slice(&digest);
}
