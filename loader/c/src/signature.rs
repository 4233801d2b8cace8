//! Signatures as text: `i(ii)`, the result's letter before the parameters'.
//!
//! ```text
//!   i = i32   I = i64   f = f32   F = f64   e = externref   v = nothing (or write nothing)
//! ```

use wasm2mcu_loader::abi::image::FunctionType;
use wasm2mcu_loader::abi::types::ValueType;

/// The value type that a letter stands for.
pub(crate) const fn value_type(letter: u8) -> Option<ValueType> {
    Some(match letter {
        b'i' => ValueType::I32,
        b'I' => ValueType::I64,
        b'f' => ValueType::F32,
        b'F' => ValueType::F64,
        b'e' => ValueType::ExternRef,
        _ => return None,
    })
}

/// A well-formed signature.
#[derive(Clone, Copy)]
pub(crate) struct Signature<'s> {
    results: &'s [u8],
    params: &'s [u8],
}

impl<'s> Signature<'s> {
    pub(crate) fn parse(text: &'s [u8]) -> Option<Self> {
        let open = text.iter().position(|&letter| letter == b'(')?;
        let (results, params) = (text.get(..open)?, text.get(open + 1..)?);
        let (&close, params) = params.split_last()?;
        let known = |letters: &'s [u8]| {
            if letters == b"v" {
                return Some(&letters[..0]);
            }
            let all = letters.iter().all(|&letter| value_type(letter).is_some());
            all.then_some(letters)
        };
        if close != b')' {
            return None;
        }
        Some(Signature {
            results: known(results)?,
            params: known(params)?,
        })
    }

    /// Whether it is that of a function.
    pub(crate) fn is(&self, ty: &FunctionType<'_>) -> bool {
        let same = |letters: &[u8], types: &[u8]| {
            letters.len() == types.len()
                && letters.iter().zip(types).all(|(&letter, &number)| {
                    value_type(letter).is_some_and(|ty| ty as u8 == number)
                })
        };
        same(self.results, ty.result_bytes()) && same(self.params, ty.param_bytes())
    }
}
