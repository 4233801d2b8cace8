//! Keys, messages and signatures, good and bad.
//!
//! The bad ones are those that lenient implementations let pass: a second form of a good signature,
//! and keys with which everything, or much, is signed.

use ed25519_dalek::{Signer, SigningKey, Verifier, VerifyingKey};
use wasm2mcu_loader::{PublicKey, Signature};

/// A case, and whether the signature is good.
#[derive(Debug)]
pub(crate) struct Vector {
    pub(crate) what: String,
    pub(crate) key: PublicKey,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Signature,
    pub(crate) good: bool,
}

/// RFC 8032, section 7.1: secret key, message, signature.
const RFC_8032: [[&str; 3]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

/// The group's order, little-endian (RFC 8032, section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The points of order 1, 2, 4 and 8 in every encoding that decoders take.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    // Not canonical: the sign of a zero, or not below the field's prime.
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// All cases.
pub(crate) fn vectors() -> Vec<Vector> {
    let mut all = rfc_8032();
    all.extend(other_lengths());
    let first = &all[1];
    let mut bad = altered(first);
    bad.push(plus_order(first));
    bad.push(plus_order(&all[3]));
    all.extend(bad);
    all.extend(small_order_keys());
    all.extend(no_points());
    all
}

fn rfc_8032() -> Vec<Vector> {
    let vector = |(number, [secret, message, signature]): (usize, [&str; 3])| {
        let secret = SigningKey::from_bytes(&array(secret));
        Vector {
            what: format!("RFC 8032, number {number}"),
            key: secret.verifying_key().to_bytes(),
            message: bytes(message),
            signature: array(signature),
            good: true,
        }
    };
    RFC_8032.into_iter().enumerate().map(vector).collect()
}

/// Messages around the block size of SHA-512, of which 64 bytes are taken by key and R.
fn other_lengths() -> impl Iterator<Item = Vector> {
    [32_u8, 47, 48, 63, 64, 65, 191, 192, 255]
        .map(|length| {
            let secret = SigningKey::from_bytes(&[length; 32]);
            let message: Vec<u8> = (0..length).collect();
            Vector {
                what: format!("a message of {length} bytes"),
                key: secret.verifying_key().to_bytes(),
                signature: secret.sign(&message).to_bytes(),
                message,
                good: true,
            }
        })
        .into_iter()
}

/// A good vector with one bit changed, here and there.
fn altered(good: &Vector) -> Vec<Vector> {
    let altered = |what: &str, change: &dyn Fn(&mut Vector)| {
        let mut vector = Vector {
            what: what.into(),
            key: good.key,
            message: good.message.clone(),
            signature: good.signature,
            good: false,
        };
        change(&mut vector);
        vector
    };
    vec![
        altered("another message", &|v| v.message[0] ^= 1),
        altered("a longer message", &|v| v.message.push(0)),
        altered("another key", &|v| v.key[0] ^= 1),
        altered("the key's other sign", &|v| v.key[31] ^= 0x80),
        altered("another R", &|v| v.signature[5] ^= 0x10),
        altered("the R's other sign", &|v| v.signature[31] ^= 0x80),
        altered("another S", &|v| v.signature[32] ^= 1),
        altered("an S above 2^255", &|v| v.signature[63] |= 0x80),
        altered("all zero", &|v| v.signature = [0; 64]),
        altered("all ones", &|v| v.signature = [0xff; 64]),
        altered("S = order", &|v| v.signature[32..].copy_from_slice(&ORDER)),
    ]
}

/// The same signature in a form that satisfies the same equation.
fn plus_order(good: &Vector) -> Vector {
    let mut signature = good.signature;
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    Vector {
        what: format!("{} with S + order", good.what),
        key: good.key,
        message: good.message.clone(),
        signature,
        good: false,
    }
}

/// With such a key, S = 0 and R the neutral element make a signature of every message whose hash is a
/// multiple of the order: of all, or of each eighth at least. A lenient verifier takes them.
fn small_order_keys() -> Vec<Vector> {
    let mut signature = [0; 64];
    signature[0] = 1;
    let lenient = ed25519_dalek::Signature::from_bytes(&signature);
    let vector = |encoding: &str| {
        let key: PublicKey = array(encoding);
        let taken = VerifyingKey::from_bytes(&key)
            .ok()
            .and_then(|key| (0..=255_u8).find(|byte| key.verify(&[*byte], &lenient).is_ok()));
        Vector {
            what: format!("key {encoding} of small order"),
            key,
            message: vec![taken.expect("a message that a lenient verifier takes")],
            signature,
            good: false,
        }
    };
    SMALL_ORDER.into_iter().map(vector).collect()
}

/// Keys that are no point of the curve.
fn no_points() -> Vec<Vector> {
    let mut keys = (2..=255).map(|first| {
        let mut key = [0; 32];
        key[0] = first;
        key
    });
    let key = keys.find(|key| VerifyingKey::from_bytes(key).is_err());
    vec![Vector {
        what: "a key that is no point".into(),
        key: key.expect("half of all numbers are none"),
        message: b"message".to_vec(),
        signature: [0; 64],
        good: false,
    }]
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).expect("hexadecimal")
    };
    digits.map(byte).collect()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().expect("the size")
}
