//! Signing of an image that is written already, or signed already.
//!
//! ```text
//!   header  body  [source hash] …                        SHA-256
//!      │      │        │                                          ╲ taken away, made anew
//!   header' body  [source hash] … [counter] [key id]     SHA-256' [signature]
//!   └ with the new size, since the hash covers it        └ of all before it, and signed
//! ```
//!
//! Ed25519 has no choices to make: the same image, key and counter always give the same bytes.

use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use thiserror::Error;
use wasm2mcu_abi::image::{
    DIGEST_BYTES, FORMAT_VERSION, Header, KeyId, RecordType, SIGNATURE_BYTES, Section,
    TrailerRecord, field,
};

pub use ed25519_dalek::SigningKey;

/// Why an image cannot be signed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SignError {
    /// these bytes are not an image, or not all of one, of the format version that this compiler writes
    #[error("no whole image of format version {FORMAT_VERSION}")]
    NotAnImage,
    /// the image's trailer has no sound record here
    #[error("broken image: no sound trailer record at offset {offset:#x}")]
    Trailer {
        /// Offset in the image.
        offset: u32,
    },
    /// the image's SHA-256 is not that of its content: signed, broken bytes would pass for good ones
    #[error("SHA-256 of the image does not match its content")]
    Hash,
    /// the signed image would be larger than 4 GiB
    #[error("the signed image would be larger than 4 GiB")]
    ImageTooLarge,
}

/// Two records with their headers.
const HASH_AND_SIGNATURE_BYTES: usize =
    2 * TrailerRecord::HEADER_BYTES as usize + DIGEST_BYTES as usize + SIGNATURE_BYTES;

/// The identifier by which images name this key.
pub fn key_id(key: &SigningKey) -> KeyId {
    KeyId::of_digest(&Sha256::digest(key.verifying_key().as_bytes()).into())
}

/// The image, signed with this key.
///
/// A signature that is there is replaced. So is the security counter; without a new one, the image
/// keeps what it has.
///
/// # Errors
///
/// [`SignError`] says what about the image is wrong. What its sections hold is not looked at.
pub fn sign(image: &[u8], key: &SigningKey, counter: Option<u32>) -> Result<Vec<u8>, SignError> {
    let header = Header::read(image).ok_or(SignError::NotAnImage)?;
    let body_bytes = header.section_ends[Section::Strings as usize];
    let image = image.get(..header.image_bytes as usize);
    let image = image.ok_or(SignError::NotAnImage)?;
    if body_bytes < Header::BYTES {
        return Err(SignError::Trailer { offset: body_bytes });
    }
    let kept = kept(image, body_bytes)?;

    let id = key_id(key);
    let counter = counter.map(u32::to_le_bytes);
    let counter = counter.as_ref().map(|value| TrailerRecord {
        record_type: RecordType::SECURITY_COUNTER,
        value,
    });
    let id = TrailerRecord {
        record_type: RecordType::KEY_ID,
        value: &id.0,
    };
    let hashed = kept
        .into_iter()
        .filter(|record| counter.is_none() || record.record_type != RecordType::SECURITY_COUNTER)
        .chain(counter)
        .chain([id]);

    let mut signed = image[..body_bytes as usize].to_vec();
    hashed.for_each(|record| append(&mut signed, record));
    let trailer_end = signed.len() + HASH_AND_SIGNATURE_BYTES;
    let image_bytes = u32::try_from(trailer_end).map_err(|_| SignError::ImageTooLarge)?;
    let at = field::IMAGE_BYTES as usize;
    signed[at..at + 4].copy_from_slice(&image_bytes.to_le_bytes());

    let digest = Sha256::digest(&signed);
    append(
        &mut signed,
        TrailerRecord {
            record_type: RecordType::SHA256,
            value: &digest,
        },
    );
    append(
        &mut signed,
        TrailerRecord {
            record_type: RecordType::ED25519,
            value: &key.sign(&digest).to_bytes(),
        },
    );
    Ok(signed)
}

/// The records before the SHA-256 that a new signature leaves as they are, after the hash was found
/// right.
fn kept(image: &[u8], mut offset: u32) -> Result<Vec<TrailerRecord<'_>>, SignError> {
    let mut kept = Vec::new();
    loop {
        // A record that can be read ends inside the image, so nothing below is out of range.
        let record = TrailerRecord::read(image, offset).ok_or(SignError::Trailer { offset })?;
        match record.record_type {
            RecordType::SHA256 if *Sha256::digest(&image[..offset as usize]) == *record.value => {
                return Ok(kept);
            }
            RecordType::SHA256 => return Err(SignError::Hash),
            RecordType::KEY_ID => {}
            _ => kept.push(record),
        }
        offset += record.bytes();
    }
}

fn append(image: &mut Vec<u8>, record: TrailerRecord<'_>) {
    image.extend(record.to_bytes().into_iter().flatten());
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Verifier;
    use wasm2mcu_abi::image::Architecture;

    use super::*;
    use crate::image::{Parts, write};

    fn image() -> Vec<u8> {
        let mut parts = Parts::new(Architecture::Thumb);
        parts.source_sha256 = Some([0x5c; 32]);
        write(&parts).expect("small")
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    #[test]
    fn the_signature_is_of_the_hash_of_all_before() {
        let signed = sign(&image(), &key(), Some(7)).unwrap();
        let (rest, signature) = signed.split_last_chunk::<64>().unwrap();
        let hash_at = rest.len() - 40;
        let digest = Sha256::digest(&signed[..hash_at]);
        assert_eq!(*digest, rest[hash_at + 4..hash_at + 36]);
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        assert!(key().verifying_key().verify(&digest, &signature).is_ok());
        assert_eq!(
            Header::read(&signed).unwrap().image_bytes as usize,
            signed.len()
        );
        // Source hash, counter, key.
        let added = [0x03, 0x80, 4, 0, 7, 0, 0, 0, 0x02, 0x80, 8, 0];
        assert_eq!(signed[hash_at - 20..hash_at - 8], added);
        assert_eq!(signed[hash_at - 8..hash_at], key_id(&key()).0);
        assert_eq!(signed[hash_at - 56..hash_at - 52], [0x04, 0x80, 32, 0]);
    }

    #[test]
    fn identifiers_are_those_of_the_specification() {
        // SHA-256 of the public key of RFC 8032's first test, by another program.
        let secret = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let id = key_id(&SigningKey::from_bytes(&secret));
        assert_eq!(id.to_string(), "21fe31dfa154a261");
    }

    #[test]
    fn broken_images_are_not_signed() {
        let good = image();
        let error = |bytes: &[u8]| sign(bytes, &key(), None).unwrap_err();
        assert_eq!(error(b""), SignError::NotAnImage);
        assert_eq!(error(&good[..good.len() - 1]), SignError::NotAnImage);
        let changed = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            error(&bytes)
        };
        assert_eq!(changed(0), SignError::NotAnImage);
        assert_eq!(changed(20), SignError::Hash);
        assert_eq!(changed(good.len() - 1), SignError::Hash);
        let offset = good.len() as u32 - 36;
        let no_hash = SignError::Trailer {
            offset: offset + 36,
        };
        assert_eq!(changed(offset as usize), no_hash);
        // Sections that end behind the image, or anywhere else.
        let mut bytes = good.clone();
        bytes[108..112].copy_from_slice(&[0xff; 4]);
        assert_eq!(error(&bytes), SignError::Trailer { offset: u32::MAX });
    }

    #[test]
    fn nothing_that_it_is_given_makes_it_panic() {
        let good = image();
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                let _ = sign(&bytes, &key(), Some(1));
                let _ = sign(&bytes[..at], &key(), None);
            }
        }
    }
}
