//! Hands the linker script to the linker.

use std::env;

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    println!("cargo:rustc-link-arg-bins=-T{root}/link.x");
    println!("cargo:rerun-if-changed=link.x");
}
