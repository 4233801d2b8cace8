//! The one error type of the compiler: what is wrong, where, and what to do about it.

use std::fmt;

use thiserror::Error;

use crate::image::WriteError;
use crate::manifest::ManifestError;

/// Result of every fallible step of the compiler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a module was not compiled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text format (`.wat`) did not parse.
    #[error("the text module does not parse: {message}")]
    Text {
        /// What the parser says, with line and column.
        message: String,
    },
    /// The bytes are no valid WebAssembly module.
    #[error("invalid module: {message}, {place}")]
    Invalid {
        /// What the validator says.
        message: String,
        /// Where it stumbled.
        place: Place,
    },
    /// The module is valid, but uses something that the compiler does not offer.
    #[error("{what} not supported, {place}: {remedy}")]
    Unsupported {
        /// The operator, type or construct, with its verb: "operator i64.add is".
        what: String,
        /// Where it stands.
        place: Place,
        /// What the author of the module can do.
        remedy: &'static str,
    },
    /// What the module asks for of the hardware cannot be read.
    #[error("the manifest: {fault}, {place}")]
    Manifest {
        /// What is wrong, with its line.
        fault: ManifestError,
        /// Where the custom section begins.
        place: Place,
    },
    /// The module is larger than this compiler accepts.
    #[error("{what} {actual}, {place}: the limit is {limit}")]
    Limit {
        /// What was measured, with its unit: "bytes of globals and tables:".
        what: &'static str,
        /// How much the module has.
        actual: u64,
        /// How much is accepted.
        limit: u64,
        /// Where it stands.
        place: Place,
    },
    /// Code that branches or calls cannot span.
    #[error("{message}: split it, or compile for size")]
    TooLarge {
        /// What is too large, with figures.
        message: String,
    },
    /// The module's call graph takes more stack than any device has.
    #[error("the deepest chain of calls takes {bytes} bytes of stack, the limit is {limit}")]
    StackDepth {
        /// What it takes.
        bytes: u64,
        /// What is accepted.
        limit: u64,
    },
    /// The image format cannot hold the module.
    #[error("{0}")]
    Image(#[from] WriteError),
    /// The compiler produced something wrong: a bug in it, never the module's fault.
    #[error("bug in the compiler: {pass} of {function} produced invalid code: {message}")]
    Internal {
        /// Which step.
        pass: &'static str,
        /// Which function, as a reader of the module knows it.
        function: String,
        /// What the verifier says.
        message: String,
    },
}

/// A position in a WebAssembly binary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Index and name of the function, where the position lies in one.
    pub function: Option<(u32, String)>,
    /// Bytes from the beginning of the `.wasm` file.
    pub offset: u64,
}

impl Place {
    /// A position outside every function.
    pub fn at(offset: u64) -> Place {
        Place {
            function: None,
            offset,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((index, name)) = &self.function {
            write!(f, "in function {index} `{}` ", name.escape_debug())?;
        }
        write!(f, "at byte {:#x}", self.offset)
    }
}

/// Remedy of everything that a compiler flag of the producer can avoid.
pub(crate) const AVOID: &str = "build the module without it";

impl Error {
    /// An error for something that is valid WebAssembly but not offered here.
    pub(crate) fn unsupported(what: impl Into<String>, place: Place) -> Error {
        Error::Unsupported {
            what: what.into(),
            place,
            remedy: AVOID,
        }
    }

    /// What wasmparser says, told apart into invalid and merely not offered, in `function`.
    pub(crate) fn from_parser(
        error: &wasmparser::Error,
        function: Option<(u32, String)>,
        operator: Option<&str>,
    ) -> Error {
        let place = Place {
            function,
            offset: error.offset(),
        };
        let subject = operator.map_or(String::new(), |name| format!("operator {name}: "));
        let message = format!("{subject}{}", error.message());
        if error.missing_wasm_feature().is_some() {
            return Error::unsupported(format!("{message};"), place);
        }
        Error::Invalid { message, place }
    }
}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Error {
        Error::from_parser(&error, None, None)
    }
}
