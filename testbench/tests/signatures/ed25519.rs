//! The loader's software verifier, on this computer and on the cores that it is made for, where the
//! arithmetic is another.

use wasm2mcu_loader::{Ed25519, PublicKey, Signature, Software};
use wasm2mcu_testbench::qemu::{self, M33, Machine, RV32};

use crate::vectors::vectors;

fn judges(verify: impl Fn(&PublicKey, &[u8], &Signature) -> bool) {
    for vector in vectors() {
        let verdict = verify(&vector.key, &vector.message, &vector.signature);
        assert_eq!(verdict, vector.good, "{vector:x?}");
    }
}

#[test]
fn on_this_computer() {
    judges(|key, message, signature| Software.verify(key, message, signature));
}

fn judges_in_qemu(machine: &'static Machine) {
    let qemu = qemu::open(machine).unwrap_or_else(|error| panic!("{error}"));
    judges(|key, message, signature| {
        let verdict = qemu.verify_signature(key, message, signature);
        verdict.unwrap_or_else(|error| panic!("{error}"))
    });
}

#[test]
fn in_qemu_on_an_m33() {
    judges_in_qemu(&M33);
}

#[test]
fn in_qemu_on_rv32() {
    judges_in_qemu(&RV32);
}

/// Whatever else there is to say about a signature, the other implementation says the same.
#[test]
fn agrees_with_another_implementation() {
    let good = vectors().swap_remove(6);
    let strict = |key: &PublicKey, signature: &Signature| {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        ed25519_dalek::VerifyingKey::from_bytes(key)
            .is_ok_and(|key| key.verify_strict(&good.message, &signature).is_ok())
    };
    let agrees = |key: &PublicKey, signature: &Signature| {
        let verdict = Software.verify(key, &good.message, signature);
        assert_eq!(verdict, strict(key, signature), "{key:x?} {signature:x?}");
    };
    agrees(&good.key, &good.signature);
    for bit in 0..8 * good.key.len() {
        let mut key = good.key;
        key[bit / 8] ^= 1 << (bit % 8);
        agrees(&key, &good.signature);
    }
    for bit in 0..8 * good.signature.len() {
        let mut signature = good.signature;
        signature[bit / 8] ^= 1 << (bit % 8);
        agrees(&good.key, &signature);
    }
}
