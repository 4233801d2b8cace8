//! The trailer: type-length-value records behind the body.
//!
//! ```text
//!   [source hash] [manifest] [security counter] [key id]  SHA-256  [signature]
//!   └──────────────── hashed, with the body ───────────┘  of that  └ of the digest
//! ```

use core::fmt;

use super::{halves, high_half, low_half, padded, read_word};

/// Bytes of an Ed25519 public key.
pub const PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// What a trailer record says.
///
/// Types with bit 15 clear are critical: a loader that does not know one refuses the image.
/// Those with bit 15 set may be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordType(pub u16);

impl RecordType {
    /// SHA-256 of every byte of the image before this record; exactly one in an image.
    pub const SHA256: RecordType = RecordType(0x0001);
    /// Ed25519 signature (64 bytes) of the digest in the SHA-256 record; stands behind it.
    pub const ED25519: RecordType = RecordType(0x8001);
    /// [`KeyId`] of the signing key.
    pub const KEY_ID: RecordType = RecordType(0x8002);
    /// Security counter, one word: a device may refuse an image with a lower one than it has run. An
    /// image without this record has the counter 0.
    pub const SECURITY_COUNTER: RecordType = RecordType(0x8003);
    /// SHA-256 of the module that the image was compiled from.
    pub const SOURCE_SHA256: RecordType = RecordType(0x8004);
    /// [`Manifest`](crate::hardware::Manifest): the capabilities that the module asks for.
    pub const MANIFEST: RecordType = RecordType(0x8005);

    /// Whether a loader that does not know this type must refuse the image.
    pub const fn is_critical(self) -> bool {
        self.0 & 0x8000 == 0
    }
}

/// The name of a signing key: the first 8 bytes of the SHA-256 of its public half.
///
/// It says which of a device's keys to try, and nothing that a decision could rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KeyId(pub [u8; KeyId::BYTES]);

impl KeyId {
    /// Bytes of an identifier.
    pub const BYTES: usize = 8;

    /// The identifier of the public key with this SHA-256, taken over its 32 bytes.
    pub const fn of_digest(digest: &[u8; super::DIGEST_BYTES as usize]) -> KeyId {
        let [a, b, c, d, e, f, g, h, ..] = *digest;
        KeyId([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One record of the trailer, its value in place.
///
/// In an image: a word with type (low half) and length (high half), then the value, padded with
/// zeros to a multiple of 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailerRecord<'a> {
    /// What the value means.
    pub record_type: RecordType,
    /// The value, without padding; 65,535 bytes at most.
    pub value: &'a [u8],
}

impl<'a> TrailerRecord<'a> {
    /// Bytes before the value.
    pub const HEADER_BYTES: u32 = 4;

    /// The record at `offset` of the image; `None` when it reaches beyond the image's end or
    /// when its padding is not zero.
    pub fn read(image: &'a [u8], offset: u32) -> Option<Self> {
        let header = read_word(image, offset)?;
        let length = u32::from(high_half(header));
        let rest = image.get(offset.checked_add(Self::HEADER_BYTES)? as usize..)?;
        let rest = rest.get(..padded(length)? as usize)?;
        let (value, padding) = rest.split_at_checked(length as usize)?;
        padding.iter().all(|&b| b == 0).then_some(TrailerRecord {
            record_type: RecordType(low_half(header)),
            value,
        })
    }

    /// Size of the record in bytes, padding included.
    pub const fn bytes(&self) -> u32 {
        Self::HEADER_BYTES + (self.value.len() as u32).next_multiple_of(4)
    }

    /// The record as it stands in an image; `None` if the value is longer than 65,535 bytes.
    pub fn to_bytes(self) -> Option<impl Iterator<Item = u8> + 'a> {
        let length = u16::try_from(self.value.len()).ok()?;
        let header = halves(self.record_type.0, length).to_le_bytes();
        Some(
            header
                .into_iter()
                .chain(self.value.iter().copied())
                .chain(core::iter::repeat(0))
                .take(self.bytes() as usize),
        )
    }
}
