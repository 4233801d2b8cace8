//! What guests and hosts know of the hardware ABI, written from its one description.
//!
//! ```text
//!                            ┌─ rust ────────▶ abi/src/hardware/generated.rs   enums, records, the table of functions
//!                            ├─ rust_guest ──▶ abi/sdk/rust/src/raw.rs         `extern "C"` imports
//!  abi/wit/*.wit ─read─▶ Abi ├─ c ───────────▶ abi/sdk/c/wasm2mcu.h
//!    (wit-parser)  (lowered) ├─ assemblyscript▶ abi/sdk/assemblyscript/assembly/raw.ts
//!                            ├─ zig ─────────▶ abi/sdk/zig/raw.zig
//!                            └─ markdown ────▶ abi/FUNCTIONS.md
//! ```
//!
//! How a WIT function becomes a core WebAssembly import is `lower`'s; the rules are written down in
//! `abi/HARDWARE.md`.
#![forbid(unsafe_code)]

mod assemblyscript;
mod c;
mod lower;
mod markdown;
mod names;
mod read;
mod rust;
mod rust_guest;
mod zig;

use std::path::Path;

pub use lower::{Abi, Core, Enum, Field, Function, Interface, Param, Record, Returns, Scalar};

/// Every generated file, as its path below `abi` and its text.
///
/// # Errors
///
/// What is wrong with the description, and where.
pub fn generate(abi: &Path) -> Result<Vec<(&'static str, String)>, String> {
    let description = read::read(&abi.join("wit"))?;
    Ok(vec![
        ("src/hardware/generated.rs", rust::write(&description)),
        ("sdk/rust/src/raw.rs", rust_guest::write(&description)),
        ("sdk/c/wasm2mcu.h", c::write(&description)),
        (
            "sdk/assemblyscript/assembly/raw.ts",
            assemblyscript::write(&description),
        ),
        ("sdk/zig/raw.zig", zig::write(&description)),
        ("FUNCTIONS.md", markdown::write(&description)),
    ])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn generated_files_are_what_the_description_says() {
        let abi = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (path, text) in super::generate(&abi).expect("the description is good") {
            // Not assert_eq, which would print both files.
            assert!(
                fs::read_to_string(abi.join(path)).is_ok_and(|old| old == text),
                "{path} is old: run `cargo run -p wasm2mcu-bindgen`"
            );
        }
    }
}
