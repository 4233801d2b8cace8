//! Rust values as the words of a call.

use wasm2mcu_abi::types::ValueType;

/// Most words that a typed call's parameters or results have: eight values of two words.
pub(crate) const MAX_WORDS: usize = 16;

/// A Rust type that is one WebAssembly value.
///
/// Implemented for `i32`, `u32`, `i64`, `u64`, `f32` and `f64`.
pub trait Value: Values {
    /// The value type it is.
    const TYPE: ValueType;
}

/// Parameters or results of a call: `()`, one [`Value`], or a tuple of up to eight.
pub trait Values: sealed::Words {
    /// The value types, in order.
    const TYPES: &'static [ValueType];
    /// The words of a call that they take.
    const WORDS: usize = count(Self::TYPES);
}

const fn count(types: &[ValueType]) -> usize {
    match types.split_first() {
        Some((first, rest)) => first.words() as usize + count(rest),
        None => 0,
    }
}

pub(crate) mod sealed {
    use core::slice;

    /// Conversion to and from the words of a call; missing words read as 0.
    // In line everywhere: with the number of words known, nothing but loads and stores is left.
    pub trait Words: Sized {
        /// Writes the words from where `words` stands.
        fn store(self, words: &mut slice::IterMut<'_, u32>);
        /// Reads the words from where `words` stands.
        fn load(words: &mut slice::Iter<'_, u32>) -> Self;
    }
}

use sealed::Words;

impl Words for u32 {
    #[inline(always)]
    fn store(self, words: &mut core::slice::IterMut<'_, u32>) {
        if let Some(word) = words.next() {
            *word = self;
        }
    }

    #[inline(always)]
    fn load(words: &mut core::slice::Iter<'_, u32>) -> Self {
        words.next().copied().unwrap_or(0)
    }
}

impl Words for u64 {
    #[inline(always)]
    fn store(self, words: &mut core::slice::IterMut<'_, u32>) {
        (self as u32).store(words);
        ((self >> 32) as u32).store(words);
    }

    #[inline(always)]
    fn load(words: &mut core::slice::Iter<'_, u32>) -> Self {
        let low = u32::load(words);
        let high = u32::load(words);
        u64::from(low) | u64::from(high) << 32
    }
}

macro_rules! words_as {
    ($type:ty, $carrier:ty, $to:expr, $from:expr) => {
        impl Words for $type {
            #[inline(always)]
            fn store(self, words: &mut core::slice::IterMut<'_, u32>) {
                let to: fn($type) -> $carrier = $to;
                to(self).store(words);
            }

            #[inline(always)]
            fn load(words: &mut core::slice::Iter<'_, u32>) -> Self {
                let from: fn($carrier) -> $type = $from;
                from(<$carrier>::load(words))
            }
        }
    };
}

words_as!(i32, u32, i32::cast_unsigned, u32::cast_signed);
words_as!(i64, u64, i64::cast_unsigned, u64::cast_signed);
words_as!(f32, u32, f32::to_bits, f32::from_bits);
words_as!(f64, u64, f64::to_bits, f64::from_bits);

macro_rules! value {
    ($($type:ty = $value_type:ident),*) => {$(
        impl Value for $type {
            const TYPE: ValueType = ValueType::$value_type;
        }

        impl Values for $type {
            const TYPES: &'static [ValueType] = &[<$type as Value>::TYPE];
        }
    )*};
}

value!(
    i32 = I32,
    u32 = I32,
    i64 = I64,
    u64 = I64,
    f32 = F32,
    f64 = F64
);

macro_rules! tuple {
    ($($name:ident)*) => {
        impl<$($name: Value),*> Words for ($($name,)*) {
            #[allow(non_snake_case, reason = "the variables are named after their types")]
            #[inline(always)]
    fn store(self, words: &mut core::slice::IterMut<'_, u32>) {
                let ($($name,)*) = self;
                $($name.store(words);)*
                let _ = words;
            }

            #[allow(clippy::unused_unit, reason = "the empty tuple is one of the tuples")]
            #[inline(always)]
    fn load(words: &mut core::slice::Iter<'_, u32>) -> Self {
                let _ = &words;
                ($($name::load(words),)*)
            }
        }

        impl<$($name: Value),*> Values for ($($name,)*) {
            const TYPES: &'static [ValueType] = &[$($name::TYPE),*];
        }
    };
}

tuple!();
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);

#[cfg(test)]
mod tests {
    use super::{MAX_WORDS, Values};
    use wasm2mcu_abi::types::ValueType;

    fn round_trip<V: Values + PartialEq + Copy>(values: V, expected: &[u32]) -> bool {
        let mut words = [0xffff_ffff; MAX_WORDS];
        values.store(&mut words.iter_mut());
        assert_eq!(words[..expected.len()], *expected);
        let used: u32 = V::TYPES.iter().copied().map(ValueType::words).sum();
        assert_eq!(used as usize, expected.len());
        V::load(&mut words.iter()) == values
    }

    #[test]
    fn values_are_words_with_the_low_one_first() {
        assert!(round_trip((), &[]));
        assert!(round_trip(-1i32, &[u32::MAX]));
        assert!(round_trip((1u32, -2i64), &[1, u32::MAX - 1, u32::MAX]));
        assert!(round_trip((1.0f32, 1.0f64), &[0x3f80_0000, 0, 0x3ff0_0000]));
        let eight = (1u64, 2u64, 3u64, 4u64, 5u64, 6u64, 7u64, 8u64);
        let words = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0];
        assert!(round_trip(eight, &words));
    }
}
