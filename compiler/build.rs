//! Compiles the instruction selection rules of every instruction set to Rust.

use std::path::PathBuf;
use std::{env, fs, process};

use cranelift_isle::codegen::CodegenOptions;
use cranelift_isle::compile;

/// Folders under `src/isa`, each with `lower.isle`, `wide.isle` for double words, and those of `float.isle`
/// for what an FPU does and `bits.isle` for other extensions that the instruction set has. All have
/// the prelude and the rules for floats without an FPU.
const INSTRUCTION_SETS: [&str; 2] = ["riscv32", "thumb2"];

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let [prelude, float] = ["prelude", "float"].map(|rules| {
        let file = PathBuf::from(format!("src/mach/{rules}.isle"));
        println!("cargo::rerun-if-changed={}", file.display());
        file
    });

    // Cranelift's own description of its opcodes: one extractor for each.
    let clif = out.join("clif_lower.isle");
    if let Err(error) = cranelift_codegen_meta::generate_isle(&out) {
        fail(&format!("generating the CLIF extractors: {error:?}"));
    }

    for isa in INSTRUCTION_SETS {
        let mut sources = vec![prelude.clone(), clif.clone(), float.clone()];
        for rules in ["lower", "wide", "float", "bits"] {
            let rules = PathBuf::from(format!("src/isa/{isa}/{rules}.isle"));
            println!("cargo::rerun-if-changed={}", rules.display());
            if rules.exists() {
                sources.push(rules);
            }
        }
        let options = CodegenOptions {
            // The generated file is included in a module that carries its own attributes.
            exclude_global_allow_pragmas: true,
            ..CodegenOptions::default()
        };
        let names = sources.clone();
        match compile::from_files(sources, &options) {
            Ok(code) => {
                let file = out.join(format!("isle_{isa}.rs"));
                if let Err(error) = fs::write(&file, code) {
                    fail(&format!("{}: {error}", file.display()));
                }
            }
            Err(errors) => fail(&format!(
                "rules of {isa}: {:#?}\nfiles: {names:?}",
                errors.errors
            )),
        }
    }
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    process::exit(1)
}
