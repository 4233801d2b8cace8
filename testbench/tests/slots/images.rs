//! Images of one module in several versions, whose security counter is the version.

use std::collections::BTreeMap;

use wasm2mcu::image::{SigningKey, sign};
use wasm2mcu::{Options, Target};

/// The key of the updates.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

/// Compiles a module for a target and signs it, with this counter.
pub(crate) fn image(target: &str, wat: &str, counter: u32) -> Vec<u8> {
    let options = Options {
        target: target.parse::<Target>().expect("a target"),
        ..Options::default()
    };
    let module = wat::parse_str(wat).expect("a module");
    let compiled = wasm2mcu::compile(&module, &options).expect("compiles");
    let image = compiled.image().expect("fits");
    sign(&image, &key(), Some(counter)).expect("an image")
}

/// The versions 1 to 9, each with somewhat more than `data_bytes` bytes, and different in all of them.
pub(crate) fn versions(data_bytes: usize) -> BTreeMap<u32, Vec<u8>> {
    let version = |version: u32| {
        let data = (0..data_bytes as u32)
            .map(|at| format!("\\{:02x}", (at * 7 + version * 31 + (at >> 5)) as u8))
            .collect::<String>();
        let wat = format!(
            r#"(module
                (memory 1)
                (data (i32.const 0) "{data}")
                (func (export "version") (result i32) (i32.const {version}))
                (func (export "at") (param i32) (result i32) (i32.load8_u (local.get 0))))"#
        );
        (version, image("thumbv8m.main-none-eabihf", &wat, version))
    };
    (1..10).map(version).collect()
}
