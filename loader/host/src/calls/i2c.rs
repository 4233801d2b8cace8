//! `wasi:i2c/i2c`

use wasm2mcu_abi::hardware::{Capability, Direction, Error};

use super::segments::Segments;
use crate::I2cOperation;
use crate::fault::Fault;
use crate::functions::{done, value};
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

/// The highest address: ten bits.
const LAST_ADDRESS: u32 = 0x3ff;

fn permit<H: Hardware>(host: &Host<'_, H>, bus: u32, address: u32) -> Result<u16, Error> {
    if address > LAST_ADDRESS {
        return Err(Error::InvalidArgument);
    }
    let bus = u16::try_from(bus).map_err(|_| Error::NotPermitted)?;
    host.permit(&Capability::i2c(bus, address))?;
    Ok(address as u16)
}

pub(crate) fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    bus: u32,
    address: u32,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(Range::EMPTY, buffer, |_, buffer| {
        let address = permit(host, bus, address)?;
        let operations = &mut [I2cOperation::Read(buffer)];
        host.hardware.i2c_transaction(bus, address, operations)?;
        value(buffer_length)
    })?
}

pub(crate) fn write<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    bus: u32,
    address: u32,
    data: u32,
    data_length: u32,
) -> Result<i32, Fault> {
    let data = Range::new(data, data_length);
    memory.read([data, Range::EMPTY], |[data, _]| {
        let address = permit(host, bus, address)?;
        let operations = &mut [I2cOperation::Write(data)];
        done(host.hardware.i2c_transaction(bus, address, operations))
    })?
}

#[expect(clippy::too_many_arguments, reason = "as many as the ABI has")]
pub(crate) fn write_read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    bus: u32,
    address: u32,
    data: u32,
    data_length: u32,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let data = Range::new(data, data_length);
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(data, buffer, |data, buffer| {
        let address = permit(host, bus, address)?;
        let operations = &mut [I2cOperation::Write(data), I2cOperation::Read(buffer)];
        host.hardware.i2c_transaction(bus, address, operations)?;
        value(buffer_length)
    })?
}

pub(crate) fn transaction<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    bus: u32,
    address: u32,
    segments: u32,
    count: u32,
) -> Result<i32, Fault> {
    let segments = Segments::read(memory, segments, count)?;
    memory.segments(segments.ranges(), |slices| {
        if segments.directions().contains(&Direction::Transfer) {
            return Err(Error::InvalidArgument.into());
        }
        let address = permit(host, bus, address)?;
        let mut directions = segments.directions().iter();
        let mut operations = slices.each_mut().map(|slice| match directions.next() {
            Some(Direction::Read) => I2cOperation::Read(slice),
            _ => I2cOperation::Write(slice),
        });
        let operations = operations.get_mut(..count as usize).unwrap_or_default();
        done(host.hardware.i2c_transaction(bus, address, operations))
    })?
}
