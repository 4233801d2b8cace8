//! `wasi:logging/logging`

use wasm2mcu_abi::hardware::logging::Level;

use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

pub(crate) fn log<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    level: u32,
    context: u32,
    context_length: u32,
    message: u32,
    message_length: u32,
) -> Result<(), Fault> {
    let context = Range::new(context, context_length);
    let message = Range::new(message, message_length);
    memory.read([context, message], |[context, message]| {
        // It cannot fail, so a number that is no level is the highest.
        let level = Level::from_u32(level).unwrap_or(Level::Critical);
        host.hardware.log(level, text(context), text(message));
    })?;
    Ok(())
}

/// As far as it is text.
fn text(bytes: &[u8]) -> &str {
    match bytes.utf8_chunks().next() {
        Some(chunk) => chunk.valid(),
        None => "",
    }
}
