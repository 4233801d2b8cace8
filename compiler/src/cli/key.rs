//! Key files: PEM, as OpenSSL reads and writes them.
//!
//! The secret half is PKCS#8 without the public key in it (version 1; OpenSSL 3 takes no other), the
//! public half is a SubjectPublicKeyInfo (RFC 8410).

use std::path::{Path, PathBuf};

use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::spki::{DecodePublicKey, EncodePublicKey};
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use wasm2mcu::image::SigningKey;
use wasm2mcu_loader::PublicKey;

use super::Failure;
use super::input::{self, about};

const SECRET: &str = "-----BEGIN PRIVATE KEY-----";
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----";

/// Both files of a new key: the secret half, then the public one.
pub(crate) fn to_pem(key: &SigningKey) -> Result<[String; 2], Failure> {
    let secret = KeypairBytes {
        secret_key: key.to_bytes(),
        public_key: None,
    };
    let secret = secret.to_pkcs8_pem(LineEnding::LF).map_err(Failure::new)?;
    let public = key.verifying_key().to_public_key_pem(LineEnding::LF);
    Ok([secret.to_string(), public.map_err(Failure::new)?])
}

/// Where the public half of the key at this path goes: `KEY.pub.pem` beside `KEY.pem`.
pub(crate) fn public_path(secret: &Path) -> PathBuf {
    let mut path = secret.to_owned();
    if path.extension().is_some_and(|extension| extension == "pem") {
        path.set_extension("");
    }
    path.as_mut_os_string().push(".pub.pem");
    path
}

/// Reads a secret key.
pub(crate) fn read_secret(path: &Path) -> Result<SigningKey, Failure> {
    let text = read(path)?;
    if text.contains(PUBLIC) {
        return Err(about(
            path,
            "this is a public key; signing takes the secret one",
        ));
    }
    if text.contains(ENCRYPTED) {
        return Err(about(
            path,
            "this key is encrypted; `openssl pkey -in KEY.pem -out PLAIN.pem` decrypts it",
        ));
    }
    SigningKey::from_pkcs8_pem(&text).map_err(|_| {
        about(
            path,
            "this is no Ed25519 key in PKCS#8 PEM, as `wasm2mcu keygen` and `openssl genpkey \
             -algorithm ed25519` make them",
        )
    })
}

/// Reads a public key.
pub(crate) fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    let text = read(path)?;
    if text.contains(SECRET) || text.contains(ENCRYPTED) {
        return Err(about(
            path,
            "this is a secret key; checking takes the public one, such as KEY.pub.pem",
        ));
    }
    let key = VerifyingKey::from_public_key_pem(&text).ok();
    let key = key.filter(|key| !key.is_weak()).ok_or_else(|| {
        about(
            path,
            "this is no Ed25519 public key in PEM, as `wasm2mcu keygen` and `openssl pkey -pubout` \
             write them",
        )
    })?;
    Ok(key.to_bytes())
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = input::bytes(path)?;
    String::from_utf8(bytes).map_err(|_| about(path, "this is no PEM file, but binary"))
}
