//! Writes the generated files of the hardware ABI: `cargo run -p wasm2mcu-bindgen`.
//!
//! With `--check`, writes nothing and fails if a file is not what it would be.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let check = env::args().any(|argument| argument == "--check");
    let abi = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let outcome = wasm2mcu_bindgen::generate(&abi).and_then(|files| {
        for (path, text) in files {
            let path = abi.join(path);
            if fs::read_to_string(&path).is_ok_and(|old| old == text) {
                continue;
            }
            if check {
                return Err(format!(
                    "{} is not what abi/wit says; run `cargo run -p wasm2mcu-bindgen`",
                    path.display()
                ));
            }
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
