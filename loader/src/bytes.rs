//! Bytes set, copied and compared without the library's routines.
//!
//! A firmware may have `memset`, `memcpy` and `memcmp` or not; the loader alone should not bring
//! them, which together are a fifth of its size. Nothing here is long or often used enough to need
//! them. The compiler would make calls of these loops, were it not for a value that it does not know.

use core::hint::black_box;

/// Sets all bytes to 0.
pub(crate) fn clear(target: &mut [u8]) {
    let zero = black_box(0_u32);
    let (chunks, rest) = target.as_chunks_mut::<16>();
    for chunk in chunks {
        if let [a, b, c, d] = chunk.as_chunks_mut().0 {
            // Unrolled by hand: compilers for size leave a loop a loop.
            *a = zero.to_le_bytes();
            *b = zero.to_le_bytes();
            *c = zero.to_le_bytes();
            *d = zero.to_le_bytes();
        }
    }
    for byte in rest {
        *byte = zero as u8;
    }
}

/// Writes bytes at an offset; `None`, with nothing written, when they reach beyond the end.
pub(crate) fn copy(target: &mut [u8], offset: u32, bytes: &[u8]) -> Option<()> {
    let room = target.get_mut(offset as usize..)?.get_mut(..bytes.len())?;
    let zero = black_box(0_u32);
    let (to, to_rest) = room.as_chunks_mut();
    let (from, from_rest) = bytes.as_chunks();
    for (to, from) in to.iter_mut().zip(from) {
        *to = (u32::from_le_bytes(*from) ^ zero).to_le_bytes();
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from ^ zero as u8;
    }
    Some(())
}

/// Whether these are the same bytes.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}
