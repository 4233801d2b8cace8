//! Hands the linker script to the linker, and what the benches call.

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    println!("cargo:rustc-link-arg-bins=-T{root}/../flat.x");
    println!("cargo:rustc-link-arg-bins=--entry=load");
    for name in ["load", "run", "failure", "heap_used"] {
        println!("cargo:rustc-link-arg-bins=--undefined={name}");
    }
    println!("cargo:rerun-if-changed=../flat.x");
}
