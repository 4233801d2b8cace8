//! What the compiler makes of a module: an image, or one of several kinds of no.

use std::panic;

use wasm2mcu::{Error, Options};
use wasmparser::{Validator, WasmFeatures};

use crate::script::{Script, Source};

/// The compiler's answer to a module.
pub(crate) enum Build {
    /// An image.
    Image(Vec<u8>),
    /// A valid module, as far as the compiler read, with something that it does not offer.
    Unsupported(&'static str),
    /// Not a valid module, in the compiler's words.
    Rejected(String),
    /// An answer that no module deserves.
    Failed(String),
}

/// What a refusal is about, by the first of these that its text contains.
const FEATURES: [(&str, &str); 24] = [
    ("proposal custom-descriptors", "custom descriptors"),
    ("import of tag", "exceptions"),
    ("proposal exceptions", "exceptions"),
    ("proposal memory64", "64-bit memory"),
    ("proposals memory64", "64-bit memory"),
    ("exception handling", "exceptions"),
    ("proposal wide-arithmetic", "wide arithmetic"),
    ("exceptions", "exceptions"),
    ("memory64", "64-bit memory"),
    ("wide arithmetic", "wide arithmetic"),
    ("vector operator", "vectors"),
    ("SIMD support", "vectors"),
    ("threads", "threads"),
    ("type anyref", "garbage collection"),
    ("table of anyref", "garbage collection"),
    ("i31ref", "garbage collection"),
    ("gc proposal", "garbage collection"),
    ("type (ref", "function references"),
    ("table of (ref", "function references"),
    ("operator br_on", "function references"),
    ("operator call_ref", "function references"),
    ("operator return_call_ref", "function references"),
    ("operator ref.as_non_null", "function references"),
    ("second memory", "several memories"),
];

/// What the suite's scripts may import beyond functions, in the only form in which there are memories,
/// tables and globals: an instance. Functions are handed on.
const SPECTEST: &str = r#"(module
    (func (export "print") (import "spectest" "print"))
    (func (export "print_i32") (import "spectest" "print_i32") (param i32))
    (func (export "print_i64") (import "spectest" "print_i64") (param i64))
    (func (export "print_f32") (import "spectest" "print_f32") (param f32))
    (func (export "print_f64") (import "spectest" "print_f64") (param f64))
    (func (export "print_i32_f32") (import "spectest" "print_i32_f32") (param i32 f32))
    (func (export "print_f64_f64") (import "spectest" "print_f64_f64") (param f64 f64))
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") f32 (f32.const 666.6))
    (global (export "global_f64") f64 (f64.const 666.6))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2))"#;

impl Build {
    /// Builds every module of a script, and behind them the module `spectest`.
    pub(crate) fn all(script: &Script<'_>, options: &Options) -> Vec<Option<Build>> {
        let sources = script.steps.iter().map(|step| step.source.as_ref());
        let builds = sources.zip(script.linked()).map(|(source, linkable)| {
            let options = Options {
                linkable,
                ..*options
            };
            source.map(|source| Build::of(source, &options))
        });
        let spectest = Source::Module(SPECTEST.as_bytes().to_vec());
        let options = Options {
            linkable: true,
            ..*options
        };
        builds
            .chain([Some(Build::of(&spectest, &options))])
            .collect()
    }

    fn of(source: &Source, options: &Options) -> Build {
        let bytes = match source {
            Source::Module(bytes) => bytes,
            Source::Rejected(message) => return Build::Rejected(message.clone()),
        };
        let compiled = panic::catch_unwind(|| {
            wasm2mcu::compile(bytes, options).and_then(|compiled| compiled.image())
        });
        let error = match compiled {
            Ok(Ok(image)) => return Build::Image(image),
            Ok(Err(error)) => error,
            Err(_) => return Build::Failed("the compiler panicked".to_owned()),
        };
        match &error {
            Error::Unsupported { what, .. } => {
                if is_offered(bytes) {
                    return Build::Failed(format!("refused without need: {error}"));
                }
                let known = FEATURES.iter().find(|(part, _)| what.contains(part));
                known.map_or_else(
                    || Build::Failed(format!("refused for an unknown reason: {error}")),
                    |(_, feature)| Build::Unsupported(feature),
                )
            }
            Error::Limit { .. } => Build::Unsupported("size limits of the compiler"),
            Error::Text { .. } | Error::Invalid { .. } => Build::Rejected(error.to_string()),
            _ => Build::Failed(error.to_string()),
        }
    }
}

/// What the compiler offers, told in the validator's terms.
const OFFERED: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::TAIL_CALL);

/// Whether a module is valid and uses nothing but what is offered, so that refusing it is wrong.
fn is_offered(module: &[u8]) -> bool {
    let Ok(binary) = wat::parse_bytes(module) else {
        return false;
    };
    Validator::new_with_features(OFFERED)
        .validate_all(&binary)
        .is_ok()
}
