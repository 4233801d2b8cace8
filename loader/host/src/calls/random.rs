//! `wasi:random/random`

use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

pub(crate) fn get_random_bytes<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    buffer: u32,
    buffer_length: u32,
) -> Result<(), Fault> {
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(Range::EMPTY, buffer, |_, buffer| {
        Ok(host.hardware.random(buffer)?)
    })?
}

pub(crate) fn get_random_u64<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
) -> Result<u64, Fault> {
    let mut bytes = [0; 8];
    host.hardware.random(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
