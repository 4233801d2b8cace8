//! Hands the machine's memory map to the linker script of cortex-m-rt, and compiles the modules into the program.

use std::path::PathBuf;
use std::{env, fs};

use wasm2mcu::build::Build;

/// QEMU's mps2-an505.
const MEMORY: &str = "
MEMORY
{
  FLASH : ORIGIN = 0x10000000, LENGTH = 4M
  RAM : ORIGIN = 0x38000000, LENGTH = 4M
}
";
/// Names of interrupt handlers: the only one is in `main.rs`.
const DEVICE: &str = "";

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("memory.x"), MEMORY).expect("a writable folder");
    fs::write(out.join("device.x"), DEVICE).expect("a writable folder");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=build.rs");

    Build::new("../modules/control.wat").compile();
    Build::new("../modules/worker.wat").compile();
}
