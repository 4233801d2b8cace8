//! From an image whose structure holds to one that may run.
//!
//! ```text
//!   Image ─▶ target ─▶ hash ─▶ signature ─▶ counter ─▶ Verified
//!            the core   of all  of the hash,  not below
//!            has it     bytes   by a known    the device's
//!                               key           own
//! ```
//!
//! A [`Policy`] says which stages are mandatory and who computes hash and signature. The signature is
//! checked over the digest that was computed here, not over the one that the image claims, and
//! nothing behind the hash is read but the signature itself: key identifier and counter stand before
//! it, or [`Image::parse`] has refused the image.

use core::fmt;
use core::ops::Deref;

use wasm2mcu_abi::image::{Architecture, Features, KeyId, RecordType, TrailerRecord, read_word};

use crate::bytes::same;
#[cfg(feature = "sha2")]
use crate::crypto::Software;
use crate::crypto::{Digest, Ed25519, PublicKey, Sha256};
use crate::error::{Fault, ImageError};
use crate::image::Image;

/// What an image must have to run on this device.
///
/// There are two kinds: signed by one of these keys ([`signed_with`](Policy::signed_with), or with
/// everything in software `signed_by`), and unsigned ([`unsigned_with`](Policy::unsigned_with), or `unsigned`). A
/// policy with keys runs nothing that is not signed by one of them, and a policy without any key in its
/// set runs nothing at all; there is no setting between.
///
/// ```
/// # #[cfg(feature = "ed25519")] {
/// use wasm2mcu_loader::{Policy, PublicKey};
///
/// // As `wasm2mcu keygen` prints it.
/// const KEYS: [PublicKey; 1] = [[
///     0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
///     0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
/// ]];
/// # fn stored_counter() -> u32 { 7 }
/// let policy = Policy::signed_by(&KEYS).min_counter(stored_counter());
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Policy<'p> {
    sha256: &'p dyn Sha256,
    /// `None`: a signature is not asked for, and not looked at.
    signers: Option<Signers<'p>>,
    min_counter: u32,
    core: Option<(Architecture, Features)>,
}

#[derive(Clone, Copy)]
struct Signers<'p> {
    keys: &'p [PublicKey],
    ed25519: &'p dyn Ed25519,
}

impl<'p> Policy<'p> {
    /// Only what one of these keys has signed runs. Hash and signature are checked in software.
    #[cfg(feature = "ed25519")]
    pub const fn signed_by(keys: &'p [PublicKey]) -> Policy<'p> {
        Policy::signed_with(keys, &Software, &Software)
    }

    /// The same, with others to compute hash and signature.
    pub const fn signed_with(
        keys: &'p [PublicKey],
        sha256: &'p dyn Sha256,
        ed25519: &'p dyn Ed25519,
    ) -> Policy<'p> {
        Policy {
            signers: Some(Signers { keys, ed25519 }),
            ..Policy::unsigned_with(sha256)
        }
    }

    /// Whatever is whole runs, whoever made it: for development, or where what wrote the flash has
    /// checked the signature. The hash finds broken flash and interrupted downloads, not attackers.
    #[cfg(feature = "sha2")]
    pub const fn unsigned() -> Policy<'p> {
        Policy::unsigned_with(&Software)
    }

    /// The same, with another to compute the hash.
    pub const fn unsigned_with(sha256: &'p dyn Sha256) -> Policy<'p> {
        Policy {
            sha256,
            signers: None,
            min_counter: 0,
            core: None,
        }
    }

    /// Refuses images with a lower security counter; one without a counter has 0.
    ///
    /// The device stores the counter of what it has run for good
    /// ([`security_counter`](Image::security_counter)), so that a signed image with known faults
    /// cannot come back.
    #[must_use]
    pub const fn min_counter(mut self, counter: u32) -> Policy<'p> {
        self.min_counter = counter;
        self
    }

    /// The same policy, which also refuses images below this counter.
    #[cfg(feature = "slots")]
    pub(crate) const fn at_least(mut self, counter: u32) -> Policy<'p> {
        if self.min_counter < counter {
            self.min_counter = counter;
        }
        self
    }

    /// Refuses images for another core before anything is hashed.
    ///
    /// [`Instance::new`](crate::Instance::new) refuses them in any case; this is for who stores an
    /// image now and runs it later.
    #[must_use]
    pub const fn core(mut self, architecture: Architecture, features: Features) -> Policy<'p> {
        self.core = Some((architecture, features));
        self
    }
}

/// An image that a [`Policy`] has let pass; only this can be instantiated.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a>(Image<'a>);

impl<'a> Deref for Verified<'a> {
    type Target = Image<'a>;

    fn deref(&self) -> &Image<'a> {
        &self.0
    }
}

impl<'a> Image<'a> {
    /// Checks the image against a policy: target, hash, signature, counter, in this order.
    ///
    /// The bytes must not change from here on, as long as anything made of the image lives.
    pub fn verify(self, policy: &Policy<'_>) -> Result<Verified<'a>, ImageError> {
        if let Some((architecture, features)) = policy.core {
            self.verify_core(architecture, features)?;
        }
        let digest = self.verify_hash(policy.sha256)?;
        if let Some(signers) = &policy.signers {
            self.verify_signature(&digest, policy.sha256, signers)?;
        }
        let counter = self.security_counter();
        if counter < policy.min_counter {
            return Err(ImageError::Rollback {
                image: counter,
                min: policy.min_counter,
            });
        }
        Ok(Verified(self))
    }

    /// The security counter, 0 if there is none. Means something only once the signature is checked.
    pub fn security_counter(&self) -> u32 {
        let record = self.find_record(RecordType::SECURITY_COUNTER);
        let counter = record.and_then(|(_, record)| read_word(record.value, 0));
        counter.unwrap_or(0)
    }

    /// Which key is said to have signed the image.
    pub fn key_id(&self) -> Option<KeyId> {
        let (_, record) = self.find_record(RecordType::KEY_ID)?;
        record.value.try_into().ok().map(KeyId)
    }

    fn verify_core(&self, core: Architecture, features: Features) -> Result<(), ImageError> {
        let needs = self.requirements();
        if needs.architecture != core {
            return Err(ImageError::OtherArchitecture {
                image: needs.architecture,
                core,
            });
        }
        match needs.features.without(features) {
            Features(0) => Ok(()),
            missing => Err(ImageError::Features {
                architecture: core,
                missing,
            }),
        }
    }

    fn verify_hash(&self, sha256: &dyn Sha256) -> Result<Digest, ImageError> {
        let missing = ImageError::Malformed {
            offset: self.body_bytes(),
            fault: Fault::HashMissing,
        };
        let (offset, record) = self.find_record(RecordType::SHA256).ok_or(missing)?;
        let hashed = self.bytes().get(..offset as usize).unwrap_or_default();
        let digest = sha256.sha256(hashed);
        if same(&digest, record.value) {
            stage!("image has the hash that it says");
            Ok(digest)
        } else {
            Err(ImageError::Hash)
        }
    }

    fn verify_signature(
        &self,
        digest: &Digest,
        sha256: &dyn Sha256,
        signers: &Signers<'_>,
    ) -> Result<(), ImageError> {
        let record = self.find_record(RecordType::ED25519);
        let signature = record.and_then(|(_, record)| record.value.try_into().ok());
        let (Some(signature), Some(id)) = (signature, self.key_id()) else {
            return Err(ImageError::Unsigned);
        };
        let mut known = false;
        // Two keys may have one identifier.
        for key in signers.keys {
            if KeyId::of_digest(&sha256.sha256(key)) == id {
                known = true;
                if signers.ed25519.verify(key, digest, signature) {
                    stage!("image is signed by a known key");
                    return Ok(());
                }
            }
        }
        Err(if known {
            ImageError::Signature(id)
        } else {
            ImageError::UnknownKey(id)
        })
    }

    /// The first record of a type, and its offset in the image.
    fn find_record(&self, wanted: RecordType) -> Option<(u32, TrailerRecord<'a>)> {
        let mut offset = self.body_bytes();
        loop {
            let record = TrailerRecord::read(self.bytes(), offset)?;
            if record.record_type == wanted {
                return Some((offset, record));
            }
            offset += record.bytes();
        }
    }
}

/// What was being checked when an image was refused, in the order of the checks.
///
/// Requirements, premises and imports come after these, with an instance's
/// [`InstantiateError`](crate::InstantiateError).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Stage {
    /// Whether this is an image of a version that the loader knows.
    Version,
    /// Every offset, size, count and reference.
    Structure,
    /// Whether the core is the image's.
    Target,
    /// The SHA-256 of the whole.
    Hash,
    /// Whose image it is.
    Signature,
    /// Whether it is older than what has run here.
    Counter,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Version => "version",
            Stage::Structure => "structure",
            Stage::Target => "target",
            Stage::Hash => "hash",
            Stage::Signature => "signature",
            Stage::Counter => "counter",
        })
    }
}

impl ImageError {
    /// The stage that refused the image.
    pub const fn stage(&self) -> Stage {
        match self {
            ImageError::Magic
            | ImageError::FormatVersion(_)
            | ImageError::AbiVersion(_)
            | ImageError::Architecture(_) => Stage::Version,
            ImageError::Truncated { .. } | ImageError::Malformed { .. } => Stage::Structure,
            ImageError::OtherArchitecture { .. } | ImageError::Features { .. } => Stage::Target,
            ImageError::Hash => Stage::Hash,
            ImageError::Unsigned | ImageError::UnknownKey(_) | ImageError::Signature(_) => {
                Stage::Signature
            }
            ImageError::Rollback { .. } => Stage::Counter,
        }
    }
}
