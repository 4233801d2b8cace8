//! `wasm2mcu:adc/adc`

use wasm2mcu_abi::hardware::{Error, Kind};

use super::{reserve, resource, store};
use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;

fn permit<H: Hardware>(host: &Host<'_, H>, channel: u32) -> Result<(), Error> {
    host.permit(&resource(Kind::Adc, channel)?)
}

pub(crate) fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    channel: u32,
) -> Result<i32, Fault> {
    permit(host, channel)?;
    Ok(i32::from(host.hardware.adc_read(channel)?))
}

pub(crate) fn read_microvolts<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    channel: u32,
    result: u32,
) -> Result<i32, Fault> {
    reserve(memory, result, size_of::<u32>())?;
    permit(host, channel)?;
    let microvolts = host.hardware.adc_read_microvolts(channel)?;
    store(memory, result, &microvolts.to_le_bytes())
}

pub(crate) fn resolution<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    channel: u32,
) -> Result<i32, Fault> {
    permit(host, channel)?;
    Ok(i32::from(host.hardware.adc_resolution(channel)?))
}
