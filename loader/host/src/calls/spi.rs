//! `wasi:spi/spi`

use wasm2mcu_abi::hardware::spi::Mode;
use wasm2mcu_abi::hardware::{Direction, Error, Kind};

use super::segments::Segments;
use super::{argument, resource};
use crate::SpiOperation;
use crate::fault::Fault;
use crate::functions::{done, value};
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

fn permit<H: Hardware>(host: &Host<'_, H>, device: u32) -> Result<(), Error> {
    host.permit(&resource(Kind::Spi, device)?)
}

pub(crate) fn configure<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    device: u32,
    mode: u32,
    hertz: u32,
) -> Result<i32, Fault> {
    let mode = argument(Mode::from_u32(mode))?;
    argument((hertz > 0).then_some(()))?;
    permit(host, device)?;
    done(host.hardware.spi_configure(device, mode, hertz))
}

pub(crate) fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    device: u32,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(Range::EMPTY, buffer, |_, buffer| {
        permit(host, device)?;
        let operations = &mut [SpiOperation::Read(buffer)];
        host.hardware.spi_transaction(device, operations)?;
        value(buffer_length)
    })?
}

pub(crate) fn write<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    device: u32,
    data: u32,
    data_length: u32,
) -> Result<i32, Fault> {
    let data = Range::new(data, data_length);
    memory.read([data, Range::EMPTY], |[data, _]| {
        permit(host, device)?;
        let operations = &mut [SpiOperation::Write(data)];
        done(host.hardware.spi_transaction(device, operations))
    })?
}

pub(crate) fn transfer<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    device: u32,
    data: u32,
    data_length: u32,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let data = Range::new(data, data_length);
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(data, buffer, |data, buffer| {
        permit(host, device)?;
        let operations = &mut [SpiOperation::Transfer(buffer, data)];
        host.hardware.spi_transaction(device, operations)?;
        value(buffer_length)
    })?
}

pub(crate) fn transaction<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    device: u32,
    segments: u32,
    count: u32,
) -> Result<i32, Fault> {
    let segments = Segments::read(memory, segments, count)?;
    memory.segments(segments.ranges(), |slices| {
        permit(host, device)?;
        let mut directions = segments.directions().iter();
        let mut operations = slices.each_mut().map(|slice| match directions.next() {
            Some(Direction::Read) => SpiOperation::Read(slice),
            Some(Direction::Transfer) => SpiOperation::TransferInPlace(slice),
            _ => SpiOperation::Write(slice),
        });
        let operations = operations.get_mut(..count as usize).unwrap_or_default();
        done(host.hardware.spi_transaction(device, operations))
    })?
}
