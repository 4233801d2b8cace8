//! A module, and keys that everybody knows.

use wasm2mcu::image::SigningKey;
use wasm2mcu::{Options, Target};
use wasm2mcu_loader::PublicKey;

const WAT: &str = r#"(module
    (memory (export "memory") 1)
    (data (i32.const 8) "signed")
    (func (export "add") (param i32 i32) (result i32)
      (i32.add (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i32)
      (i32.load (local.get 0))))"#;

/// The module, compiled for the target of this name.
pub(crate) fn image_for(target: &str) -> Vec<u8> {
    let options = Options {
        target: target.parse::<Target>().expect("a target"),
        ..Options::default()
    };
    let module = wat::parse_str(WAT).expect("a module");
    let compiled = wasm2mcu::compile(&module, &options).expect("compiles");
    compiled.image().expect("fits")
}

/// The module, compiled for a Cortex-M33.
pub(crate) fn image() -> Vec<u8> {
    image_for("thumbv8m.main-none-eabihf")
}

/// One of the keys.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// The public half of a key.
pub(crate) fn public(number: u8) -> PublicKey {
    key(number).verifying_key().to_bytes()
}
