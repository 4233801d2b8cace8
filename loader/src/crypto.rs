//! Hash and signature: what the loader asks of whoever computes them.
//!
//! A chip's crypto block serves as well as [`Software`]; the traits are small and object-safe, and a
//! [`Policy`](crate::Policy) names who does the work. What no policy names is not linked.

use wasm2mcu_abi::image::{DIGEST_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES};

/// A SHA-256 digest.
pub type Digest = [u8; DIGEST_BYTES as usize];

/// An Ed25519 public key: 32 bytes, as RFC 8032 encodes it.
pub type PublicKey = [u8; PUBLIC_KEY_BYTES];

/// An Ed25519 signature: 64 bytes, R and S.
pub type Signature = [u8; SIGNATURE_BYTES];

/// Computes SHA-256 (FIPS 180-4).
pub trait Sha256 {
    /// The digest of `message`, which may lie in flash.
    ///
    /// An implementation that fails returns what is no digest of anything, such as zeros, never that
    /// of an earlier message; the image is refused then.
    fn sha256(&self, message: &[u8]) -> Digest;
}

/// Checks Ed25519 signatures (RFC 8032, section 5.1.7).
pub trait Ed25519 {
    /// Whether `signature` is that of `message` by the owner of `key`.
    ///
    /// Strict: S below the group's order, R and the key in their canonical encoding, no key of small
    /// order. A signature then has one form only, and no key that signs everything.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool;
}

/// Hash and signature by the processor itself, behind the features `sha2` and `ed25519`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Software;

#[cfg(feature = "sha2")]
impl Sha256 for Software {
    // Out of line, so that the hasher's state leaves the stack before anything else is called.
    #[inline(never)]
    fn sha256(&self, message: &[u8]) -> Digest {
        use sha2::Digest as _;
        sha2::Sha256::digest(message).into()
    }
}

#[cfg(feature = "ed25519")]
impl Ed25519 for Software {
    #[inline(never)]
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let signature = salty::Signature::from(signature);
        strict::is_reduced(signature.s.as_bytes())
            && strict::is_sound(key)
            && salty::PublicKey::try_from(key)
                .is_ok_and(|key| key.verify(message, &signature).is_ok())
    }
}

/// What RFC 8032 demands, or prudence, and `salty` leaves to its callers.
///
/// It recomputes R and compares the encodings, so one that is not canonical never passes.
#[cfg(feature = "ed25519")]
mod strict {
    use super::PublicKey;
    use salty::{CompressedY, EdwardsPoint, Scalar};

    /// Whether S is below the group's order, or adding the order would make a second signature.
    pub(super) fn is_reduced(s: &[u8; 32]) -> bool {
        // Little-endian: the last byte that differs decides.
        let order = Scalar::ell();
        s.iter().rev().lt(order.iter().rev())
    }

    /// Whether the key is a point in its canonical encoding, and its order not 1, 2, 4 or 8.
    pub(super) fn is_sound(key: &PublicKey) -> bool {
        let Ok(point) = CompressedY(*key).decompressed() else {
            return false;
        };
        let double = |point: &EdwardsPoint| point + point;
        let times_8 = double(&double(&double(&point)));
        point.compressed().0 == *key
            && times_8.compressed().0 != EdwardsPoint::neutral_element().compressed().0
    }
}
