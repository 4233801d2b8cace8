//! Hands the linker script of the machine or the chip to the linker.

use std::env;

/// The variable that names the chip, for the feature `probe`.
const CHIP: &str = "WASM2MCU_CHIP";

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    let architecture = env::var("CARGO_CFG_TARGET_ARCH").expect("set by cargo");
    let script = if env::var_os("CARGO_FEATURE_PROBE").is_some() {
        let chip = env::var(CHIP).unwrap_or_else(|_| panic!("{CHIP} names the chip: chips/*.x"));
        println!("cargo:rustc-cfg=chip=\"{chip}\"");
        format!("chips/{chip}.x")
    } else {
        match &*architecture {
            "arm" => "mps2-an505.x".to_owned(),
            "riscv32" => "virt.x".to_owned(),
            other => panic!("no machine of QEMU is known for {other}"),
        }
    };
    println!("cargo:rustc-check-cfg=cfg(chip, values(any()))");
    println!("cargo:rustc-link-arg-bins=-T{root}/{script}");
    // Where scripts find what they include.
    println!("cargo:rustc-link-search={root}/chips");
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rerun-if-changed=chips");
    println!("cargo:rerun-if-env-changed={CHIP}");
}
