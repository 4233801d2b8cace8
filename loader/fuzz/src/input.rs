//! The form of the fuzzer's inputs, and images with what depends on their bytes mended.

use std::ops::Range;

use wasm2mcu_loader::abi::image::{Header, KeyId, RecordType, TrailerRecord, field};
use wasm2mcu_loader::{Digest, Image, PublicKey, Sha256, Signature};

/// The largest text that an input stands for.
const TEXT_BYTES: usize = 1 << 16;

/// Four bytes that say what is done, then an image without its text.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Policy, RAM and behaviour of the code.
    pub choices: [u8; 4],
    /// The header, and behind it what follows the text.
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// The parts of an input; `None` if it is too short to have any.
    pub fn read(bytes: &'a [u8]) -> Option<Input<'a>> {
        let (choices, rest) = bytes.split_first_chunk()?;
        Some(Input {
            choices: *choices,
            rest,
        })
    }

    /// The input that stands for an image.
    pub fn of(choices: [u8; 4], image: &[u8]) -> Vec<u8> {
        let text = text(image);
        [&choices, &image[..text.start], &image[text.end..]].concat()
    }

    /// The image, with zeros for its text.
    pub fn image(&self) -> Vec<u8> {
        let text = text(self.rest);
        let (header, behind) = self.rest.split_at(text.start);
        let mut image = Vec::with_capacity(header.len() + text.len() + behind.len());
        image.extend(header);
        image.resize(text.end, 0);
        image.extend(behind);
        image
    }
}

/// Where the header says that the text is, within what is sensible.
fn text(image: &[u8]) -> Range<usize> {
    let begin = image.len().min(Header::BYTES as usize);
    let end = image
        .get(field::SECTION_ENDS as usize..)
        .and_then(|ends| ends.first_chunk())
        .map_or(0, |end| u32::from_le_bytes(*end) as usize);
    begin..end.clamp(begin, begin + TEXT_BYTES)
}

/// Writes the right key identifier, hash and signature into an image whose structure holds.
pub(crate) fn mend(
    image: &mut [u8],
    sha256: &dyn Sha256,
    key: &PublicKey,
    sign: impl FnOnce(&Digest) -> Signature,
) {
    let [key_id, Some(hash), signature] = places(image) else {
        return;
    };
    set(image, key_id, &KeyId::of_digest(&sha256.sha256(key)).0);
    let digest = sha256.sha256(&image[..hash - TrailerRecord::HEADER_BYTES as usize]);
    set(image, Some(hash), &digest);
    if signature.is_some() {
        set(image, signature, &sign(&digest));
    }
}

fn set(image: &mut [u8], at: Option<usize>, value: &[u8]) {
    if let Some(at) = at {
        image[at..at + value.len()].copy_from_slice(value);
    }
}

/// Offsets of the values of key identifier, hash and signature, where they are.
fn places(image: &[u8]) -> [Option<usize>; 3] {
    let mut places = [None; 3];
    let Ok(parsed) = Image::parse(image) else {
        return places;
    };
    for record in parsed.trailer() {
        let place = match record.record_type {
            RecordType::KEY_ID => &mut places[0],
            RecordType::SHA256 => &mut places[1],
            RecordType::ED25519 => &mut places[2],
            _ => continue,
        };
        *place = Some(record.value.as_ptr() as usize - image.as_ptr() as usize);
    }
    places
}
