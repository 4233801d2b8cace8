//! Values of WebAssembly as people write them, and as the words that a call carries.

use std::str::FromStr;

use wasm2mcu_abi::types::ValueType;

/// The words of a value of type `ty` written as `text`, low word first.
///
/// Integers are decimal or `0x` hexadecimal, from the least signed to the greatest unsigned
/// number of their size. Floats are decimal, with or without exponent, or `nan`, `inf`, `-inf`,
/// rounded to the nearest value. References can only be `null`.
///
/// # Errors
///
/// What would be right instead.
pub(crate) fn parse(text: &str, ty: ValueType) -> Result<Vec<u32>, String> {
    match ty {
        ValueType::I32 => integer(text, 32).map(|value| vec![value as u32]),
        ValueType::I64 => integer(text, 64).map(two_words),
        ValueType::F32 => {
            let value = float::<f32>(text, f32::is_infinite)?;
            Ok(vec![value.to_bits()])
        }
        ValueType::F64 => {
            let value = float::<f64>(text, f64::is_infinite)?;
            Ok(two_words(value.to_bits()))
        }
        ValueType::FuncRef | ValueType::ExternRef if text == "null" => Ok(vec![0]),
        ValueType::FuncRef | ValueType::ExternRef => Err("only `null` can be given".to_owned()),
    }
}

/// Writes the value of type `ty` with these words: integers as signed decimals, floats with the
/// fewest digits that [`parse`] reads back as the same value, or `nan`, `inf`, `-inf`.
pub(crate) fn display(words: &[u32], ty: ValueType) -> String {
    let word = |index: usize| words.get(index).copied().unwrap_or_default();
    let long = || u64::from(word(0)) | u64::from(word(1)) << 32;
    match ty {
        ValueType::I32 => (word(0) as i32).to_string(),
        ValueType::I64 => (long() as i64).to_string(),
        // Rust writes `NaN`.
        ValueType::F32 => format!("{:?}", f32::from_bits(word(0))).to_lowercase(),
        ValueType::F64 => format!("{:?}", f64::from_bits(long())).to_lowercase(),
        ValueType::FuncRef | ValueType::ExternRef if word(0) == 0 => "null".to_owned(),
        ValueType::FuncRef | ValueType::ExternRef => format!("{:#x}", word(0)),
    }
}

/// Writes the values of these types, whose words follow each other.
pub(crate) fn display_all(
    words: &[u32],
    types: impl IntoIterator<Item = ValueType>,
) -> Vec<String> {
    let mut rest = words;
    types
        .into_iter()
        .map(|ty| {
            let (value, behind) = rest.split_at(rest.len().min(ty.words() as usize));
            rest = behind;
            display(value, ty)
        })
        .collect()
}

/// An integer of `bits` bits in two's complement.
fn integer(text: &str, bits: u32) -> Result<u64, String> {
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = magnitude
        .strip_prefix("0x")
        .or_else(|| magnitude.strip_prefix("0X"));
    let (digits, radix) = hexadecimal.map_or((magnitude, 10), |digits| (digits, 16));
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err("not a decimal or 0x-hexadecimal integer".to_owned());
    }
    let greatest = u64::MAX >> (64 - bits);
    let least = 1_u64 << (bits - 1);
    // Nothing but the size of the number can be wrong with it any more.
    u64::from_str_radix(digits, radix)
        .ok()
        .filter(|&magnitude| magnitude <= if negative { least } else { greatest })
        .map(|magnitude| {
            if negative {
                magnitude.wrapping_neg()
            } else {
                magnitude
            }
        })
        .ok_or_else(|| format!("out of range: -{least} to {greatest}"))
}

fn float<F: FromStr + Copy>(text: &str, is_infinite: fn(F) -> bool) -> Result<F, String> {
    let value: F = text
        .parse()
        .map_err(|_| "not a decimal number, `nan`, `inf` or `-inf`".to_owned())?;
    if is_infinite(value) && text.contains(|digit: char| digit.is_ascii_digit()) {
        return Err("out of range; infinity is `inf`".to_owned());
    }
    Ok(value)
}

fn two_words(value: u64) -> Vec<u32> {
    vec![value as u32, (value >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueType::{ExternRef, F32, F64, FuncRef, I32, I64};

    #[test]
    fn integers_of_either_sign() {
        for (text, word) in [
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("-1", u32::MAX),
            ("4294967295", u32::MAX),
            ("-2147483648", 1 << 31),
            ("0xffffffff", u32::MAX),
            ("0XFf", 255),
            ("-0x80000000", 1 << 31),
            ("007", 7),
        ] {
            assert_eq!(parse(text, I32), Ok(vec![word]), "{text}");
        }
        for (text, words) in [
            ("-1", [u32::MAX; 2]),
            ("18446744073709551615", [u32::MAX; 2]),
            ("-9223372036854775808", [0, 1 << 31]),
            ("0x100000002", [2, 1]),
        ] {
            assert_eq!(parse(text, I64), Ok(words.to_vec()), "{text}");
        }
    }

    #[test]
    fn integers_out_of_range_or_malformed() {
        for text in [
            "4294967296",
            "-2147483649",
            "0x100000000",
            "99999999999999999999999",
        ] {
            let error = parse(text, I32).unwrap_err();
            assert_eq!(error, "out of range: -2147483648 to 4294967295", "{text}");
        }
        for text in ["18446744073709551616", "-9223372036854775809"] {
            assert!(
                parse(text, I64).unwrap_err().starts_with("out of range"),
                "{text}"
            );
        }
        for text in [
            "", "-", "0x", "1.5", "1e3", "0xg", "--1", "-+1", "a", "1_000", "null",
        ] {
            assert!(parse(text, I32).unwrap_err().starts_with("not a"), "{text}");
        }
    }

    #[test]
    fn floats_round_trip() {
        for value in [
            0.0,
            -0.0,
            1.0,
            0.1,
            1e30,
            -1e-30,
            f32::MAX,
            f32::MIN_POSITIVE,
        ] {
            let words = vec![value.to_bits()];
            assert_eq!(parse(&display(&words, F32), F32), Ok(words), "{value}");
        }
        for value in [
            0.0,
            0.1,
            1e300,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::NEG_INFINITY,
        ] {
            let words = two_words(value.to_bits());
            assert_eq!(parse(&display(&words, F64), F64), Ok(words), "{value}");
        }
        assert_eq!(display(&[f32::NAN.to_bits()], F32), "nan");
        assert_eq!(display(&[f32::NEG_INFINITY.to_bits()], F32), "-inf");
        assert_eq!(display(&two_words(1e30_f64.to_bits()), F64), "1e30");
        assert_eq!(display(&[0x3dcc_cccd], F32), "0.1");
        assert_eq!(parse("inf", F32), Ok(vec![f32::INFINITY.to_bits()]));
        assert!(parse("nan", F64).is_ok());
        for (text, ty) in [("1e39", F32), ("-1e400", F64)] {
            assert!(
                parse(text, ty).unwrap_err().starts_with("out of range"),
                "{text}"
            );
        }
        assert!(parse("0x10", F32).is_err());
    }

    #[test]
    fn references_are_null_or_nothing() {
        assert_eq!(parse("null", FuncRef), Ok(vec![0]));
        assert!(parse("1", ExternRef).is_err());
        assert_eq!(display(&[0], ExternRef), "null");
    }

    #[test]
    fn words_are_dealt_out_by_type() {
        let types = [I32, I64, I32];
        assert_eq!(display_all(&[1, 2, 0, u32::MAX], types), ["1", "2", "-1"]);
    }
}
