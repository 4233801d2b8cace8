//! `w2m_policy`: what an image must show, and who computes hash and signature.

use core::slice;

use wasm2mcu_loader::{
    self as loader, Digest, Ed25519, Image, ImageError, PublicKey, Sha256, Signature, Software,
    Verified,
};

use crate::code::Code;

/// The firmware's own SHA-256.
type HashFn = unsafe extern "C" fn(*const u8, usize, *mut u8);
/// The firmware's own check of a signature.
type VerifyFn = unsafe extern "C" fn(*const u8, *const u8, usize, *const u8) -> i32;

/// The check of signatures that this build has.
#[cfg(feature = "ed25519")]
const SOFTWARE: Option<&dyn Ed25519> = Some(&Software);
/// The check of signatures that this build has.
#[cfg(not(feature = "ed25519"))]
const SOFTWARE: Option<&dyn Ed25519> = None;

/// `w2m_policy`.
#[repr(C)]
pub(crate) struct Policy {
    pub(crate) size: u32,
    pub(crate) min_counter: u32,
    pub(crate) keys: *const Key,
    pub(crate) key_count: usize,
    pub(crate) sha256: Option<HashFn>,
    pub(crate) ed25519: Option<VerifyFn>,
}

/// `w2m_key`: the public half of a key.
#[repr(C)]
pub(crate) struct Key {
    pub(crate) ed25519: PublicKey,
}

impl Policy {
    /// Checks the image; an outer error is one of the policy itself.
    ///
    /// # Safety
    ///
    /// Keys and functions are what the header asks for.
    pub(crate) unsafe fn verify<'a>(
        &self,
        image: Image<'a>,
    ) -> Result<Result<Verified<'a>, ImageError>, Code> {
        if self.size as usize != size_of::<Policy>() {
            return Err(Code::Argument);
        }
        let hash = self.sha256.map(OwnHash);
        let sha256: &dyn Sha256 = hash.as_ref().map_or(&Software, |own| own);
        if self.keys.is_null() {
            // Without keys, a signature that is asked for cannot be found right.
            if self.key_count != 0 {
                return Err(Code::Argument);
            }
            let policy = loader::Policy::unsigned_with(sha256).min_counter(self.min_counter);
            return Ok(image.verify(&policy));
        }
        let own = self.ed25519.map(OwnSignature);
        let own = own.as_ref().map(|own| own as &dyn Ed25519);
        let ed25519 = own.or(SOFTWARE).ok_or(Code::Policy)?;
        // SAFETY: a key is its 32 bytes, and so many stand there.
        let keys = unsafe { slice::from_raw_parts(self.keys.cast::<PublicKey>(), self.key_count) };
        let policy = loader::Policy::signed_with(keys, sha256, ed25519);
        Ok(image.verify(&policy.min_counter(self.min_counter)))
    }
}

struct OwnHash(HashFn);

impl Sha256 for OwnHash {
    fn sha256(&self, message: &[u8]) -> Digest {
        let mut digest = Digest::default();
        // SAFETY: the firmware's function reads so many bytes and writes 32, as the header has it.
        unsafe { (self.0)(message.as_ptr(), message.len(), digest.as_mut_ptr()) };
        digest
    }
}

struct OwnSignature(VerifyFn);

impl Ed25519 for OwnSignature {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let (key, signature) = (key.as_ptr(), signature.as_ptr());
        // SAFETY: the firmware's function reads a key, so many bytes and a signature, as the header has it.
        unsafe { (self.0)(key, message.as_ptr(), message.len(), signature) == 1 }
    }
}
