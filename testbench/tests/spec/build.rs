//! What the compiler makes of a module: an image, or one of several kinds of no.

use std::panic;

use wasm2mcu::{Error, Options};
use wasmparser::{Parser, Payload, TypeRef, Validator, WasmFeatures};

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
const FEATURES: [(&str, &str); 21] = [
    ("import of global", "import of a global"),
    ("import of memory", "import of a memory"),
    ("import of table", "import of a table"),
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
    ("gc proposal", "garbage collection"),
    ("type (ref", "function references"),
    ("table of (ref", "function references"),
    ("operator br_on", "function references"),
    ("operator call_ref", "function references"),
    ("operator return_call_ref", "function references"),
    ("operator ref.as_non_null", "function references"),
    ("second memory", "several memories"),
];

impl Build {
    /// Builds every module of a script.
    pub(crate) fn all(script: &Script<'_>, options: &Options) -> Vec<Option<Build>> {
        let sources = script.steps.iter().map(|step| step.source.as_ref());
        sources
            .map(|source| source.map(|source| Build::of(source, options)))
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
        && Parser::new(0)
            .parse_all(&binary)
            .map_while(Result::ok)
            .all(|payload| match payload {
                Payload::ImportSection(section) => section
                    .into_imports()
                    .flatten()
                    .all(|import| matches!(import.ty, TypeRef::Func(_))),
                _ => true,
            })
}
