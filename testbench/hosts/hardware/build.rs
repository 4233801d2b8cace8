//! Hands the machine's linker script, which is that of the other firmware, to the linker.

use std::env;

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    let architecture = env::var("CARGO_CFG_TARGET_ARCH").expect("set by cargo");
    let script = match &*architecture {
        "arm" => "mps2-an505.x",
        "riscv32" => "virt.x",
        other => panic!("no machine of QEMU is known for {other}"),
    };
    println!("cargo:rustc-link-arg-bins=-T{root}/../../firmware/{script}");
    println!("cargo:rerun-if-changed=../../firmware/{script}");
}
