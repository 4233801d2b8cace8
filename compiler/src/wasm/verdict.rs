//! Whether a module that was not translated is invalid, or valid and merely not offered here.
//!
//! The walk ends at the first trouble, with only the accepted proposals in force. What it says of
//! a module is true, but the author's next step depends on the whole: a module that no engine
//! takes must be mended, one that others take must be built differently.

use wasmparser::{Validator, WasmFeatures};

use super::support::FEATURES;
use crate::error::{Error, Result};

/// Judges a module again that was refused with `error`, with every proposal in force.
pub(super) fn reconsider(bytes: &[u8], error: Error) -> Error {
    match error {
        Error::Unsupported { .. } => match validate(bytes, WasmFeatures::all()) {
            Some(Err(invalid)) => invalid,
            _ => error,
        },
        Error::Invalid { message, place } => match validate(bytes, WasmFeatures::all()) {
            Some(Ok(())) => Error::unsupported(proposals(bytes).unwrap_or(message + ";"), place),
            _ => Error::Invalid { message, place },
        },
        error => error,
    }
}

/// Whether the module is valid with these proposals; `None` where the validator cannot tell.
fn validate(bytes: &[u8], features: WasmFeatures) -> Option<Result<()>> {
    let mut validator = Validator::new_with_features(features);
    match validator.validate_all(bytes) {
        Ok(_) => Some(Ok(())),
        Err(error) if is_vector_operator(bytes, 0, &error) => None,
        Err(error) => Some(Err(error.into())),
    }
}

/// The proposals that the module needs and that are not accepted, with a verb; `None` if
/// there is none that it cannot do without.
fn proposals(bytes: &[u8]) -> Option<String> {
    let needed: Vec<String> = WasmFeatures::all()
        .iter_names()
        .filter(|(_, proposal)| !FEATURES.contains(*proposal))
        .filter(|(_, proposal)| {
            let others = WasmFeatures::all().difference(*proposal);
            matches!(validate(bytes, others), Some(Err(_)))
        })
        .map(|(name, _)| name.to_lowercase().replace('_', "-"))
        .collect();
    match &needed[..] {
        [] => None,
        [one] => Some(format!("proposal {one} is")),
        several => Some(format!("proposals {} are", several.join(", "))),
    }
}

/// Whether decoding `bytes`, which begin at `start` in the module, stopped at the prefix of vector
/// instructions (core specification, 5.4.9), which the decoder is built without.
pub(super) fn is_vector_operator(bytes: &[u8], start: u64, error: &wasmparser::Error) -> bool {
    let position = error.offset().checked_sub(start);
    position.and_then(|position| bytes.get(position as usize)) == Some(&0xfd)
}
