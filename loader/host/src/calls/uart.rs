//! `wasm2mcu:uart/uart`

use wasm2mcu_abi::hardware::{Error, Kind};

use super::{argument, resource};
use crate::fault::Fault;
use crate::functions::{done, value};
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

/// Most bytes that a 16-bit result can tell.
const MOST: usize = u16::MAX as usize;

fn permit<H: Hardware>(host: &Host<'_, H>, port: u32) -> Result<(), Error> {
    host.permit(&resource(Kind::Uart, port)?)
}

pub(crate) fn configure<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    port: u32,
    baud: u32,
) -> Result<i32, Fault> {
    argument((baud > 0).then_some(()))?;
    permit(host, port)?;
    done(host.hardware.uart_configure(port, baud))
}

pub(crate) fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    port: u32,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(Range::EMPTY, buffer, |_, buffer| {
        permit(host, port)?;
        let taken = host.hardware.uart_read(port, buffer)?.min(buffer.len());
        host.events.uart_taken(port, taken as u32);
        value(taken)
    })?
}

pub(crate) fn write<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    port: u32,
    data: u32,
    data_length: u32,
) -> Result<i32, Fault> {
    let data = Range::new(data, data_length);
    memory.read([data, Range::EMPTY], |[data, _]| {
        permit(host, port)?;
        let data = data.get(..MOST).unwrap_or(data);
        value(host.hardware.uart_write(port, data)?.min(data.len()))
    })?
}

pub(crate) fn available<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    port: u32,
) -> Result<i32, Fault> {
    permit(host, port)?;
    value(host.hardware.uart_available(port)?.min(MOST))
}
