//! BIN: the bytes and nothing else; whoever flashes it says to where.

use super::super::Chunk;
use super::{ERASED, WriteError};

/// Smaller files may be all gap.
const SMALL: u64 = 64 << 20;

pub(super) fn write(chunks: &[Chunk<'_>]) -> Result<Vec<u8>, WriteError> {
    let from = chunks.iter().map(|chunk| u64::from(chunk.address)).min();
    let end = |chunk: &Chunk<'_>| u64::from(chunk.address) + chunk.bytes.len() as u64;
    let (from, to) = (from.unwrap_or(0), chunks.iter().map(end).max().unwrap_or(0));
    if to - from > SMALL {
        return Err(WriteError::Gaps {
            from,
            to: to - 1,
            bytes: to - from,
            used: chunks.iter().map(|chunk| chunk.bytes.len() as u64).sum(),
        });
    }
    let mut bytes = vec![ERASED; (to - from) as usize];
    for chunk in chunks {
        let at = (u64::from(chunk.address) - from) as usize;
        bytes[at..at + chunk.bytes.len()].copy_from_slice(chunk.bytes);
    }
    Ok(bytes)
}
