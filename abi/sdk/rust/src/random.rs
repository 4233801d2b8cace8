//! Random numbers, good enough for keys (`wasi:random/random`).

use crate::memory::{length, output};
use crate::raw;

/// Fills the bytes.
pub fn fill(bytes: &mut [u8]) {
    let size = length(bytes);
    raw::random::get_random_bytes(output(bytes), size);
}

/// 64 random bits.
pub fn next_u64() -> u64 {
    raw::random::get_random_u64()
}
