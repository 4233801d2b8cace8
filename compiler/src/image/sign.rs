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
