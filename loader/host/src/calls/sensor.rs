//! `wasm2mcu:sensor/sensor`

use wasm2mcu_abi::hardware::sensor::{Description, Reading};
use wasm2mcu_abi::hardware::{Error, Kind};

use super::{reserve, resource, store};
use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;

pub(super) fn permit<H: Hardware>(host: &Host<'_, H>, sensor: u32) -> Result<(), Error> {
    host.permit(&resource(Kind::Sensor, sensor)?)
}

pub(crate) fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    sensor: u32,
    result: u32,
) -> Result<i32, Fault> {
    reserve(memory, result, Reading::BYTES)?;
    permit(host, sensor)?;
    let reading = host.hardware.sensor_read(sensor)?;
    store(memory, result, &reading.to_bytes())
}

pub(crate) fn describe<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    sensor: u32,
    result: u32,
) -> Result<i32, Fault> {
    reserve(memory, result, Description::BYTES)?;
    permit(host, sensor)?;
    let description = host.hardware.sensor_describe(sensor)?;
    store(memory, result, &description.to_bytes())
}
