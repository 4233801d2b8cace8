//! What the compiler makes of a module: an image, or one of several kinds of no.

use std::panic;

use wasm2mcu::{Error, OptLevel, Options};

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
const FEATURES: [(&str, &str); 36] = [
    ("import of global", "import of a global"),
    ("import of memory", "import of a memory"),
    ("import of table", "import of a table"),
    ("import of tag", "exceptions"),
    ("export `", "exceptions"),
    ("return_call", "tail calls"),
    ("tail calls", "tail calls"),
    ("vector operator", "vectors"),
    ("type v128", "vectors"),
    ("SIMD", "vectors"),
    ("exception", "exceptions"),
    ("throw", "exceptions"),
    ("try_table", "exceptions"),
    ("exnref", "exceptions"),
    ("threads", "threads"),
    ("memory64", "64-bit memory"),
    ("custom page sizes", "custom page sizes"),
    ("second memory", "several memories"),
    ("wide arithmetic", "wide arithmetic"),
    ("passive data segment", "passive segments"),
    ("passive or declared", "passive segments"),
    ("operator memory.init", "passive segments"),
    ("operator data.drop", "passive segments"),
    ("operator table.init", "passive segments"),
    ("operator elem.drop", "passive segments"),
    ("operator table.copy", "table operators"),
    ("f32", "floats"),
    ("f64", "floats"),
    ("table with an initial value", "function references"),
    ("function references", "function references"),
    ("gc ", "garbage collection"),
    ("reference types", "reference types"),
    ("externref", "reference types"),
    ("funcref", "reference types"),
    ("operator ref.", "reference types"),
    ("operator table.", "table operators"),
];

impl Build {
    /// Builds every module of a script.
    pub(crate) fn all(script: &Script<'_>, level: OptLevel) -> Vec<Option<Build>> {
        let sources = script.steps.iter().map(|step| step.source.as_ref());
        sources
            .map(|source| source.map(|source| Build::of(source, level)))
            .collect()
    }

    fn of(source: &Source, level: OptLevel) -> Build {
        let bytes = match source {
            Source::Module(bytes) => bytes,
            Source::Rejected(message) => return Build::Rejected(message.clone()),
        };
        let options = Options {
            level,
            ..Options::default()
        };
        let compiled = panic::catch_unwind(|| {
            wasm2mcu::compile(bytes, &options).and_then(|compiled| compiled.image())
        });
        let error = match compiled {
            Ok(Ok(image)) => return Build::Image(image),
            Ok(Err(error)) => error,
            Err(_) => return Build::Failed("the compiler panicked".to_owned()),
        };
        match &error {
            Error::Unsupported { what, .. } => {
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
