//! Hands the linker script to the linker, and what the benches call.

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
    println!("cargo:rustc-link-arg-bins=-T{root}/../flat.x");
    println!("cargo:rustc-link-arg-bins=--entry=load");
    println!("cargo:rustc-link-arg-bins=--gc-sections");
    let has = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let mut names = vec!["load", "prepare", "once"];
    if has("LOADER") && !has("HOSTED") {
        names.push("INSTANCE_BYTES");
    }
    if has("CALLS") {
        names.extend(["twice", "thrice"]);
    }
    for name in names {
        println!("cargo:rustc-link-arg-bins=--undefined={name}");
    }
    println!("cargo:rerun-if-changed=../flat.x");
}
