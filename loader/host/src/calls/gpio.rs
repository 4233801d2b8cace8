//! `wasi:gpio/digital`

use wasm2mcu_abi::hardware::gpio::{Direction, Edge, Pull};
use wasm2mcu_abi::hardware::{Capability, Error, Rights};

use super::argument;
use crate::fault::Fault;
use crate::functions::done;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;

/// That the module has this right to the pin; [`Rights::NONE`] if any will do.
pub(super) fn permit<H: Hardware>(
    host: &Host<'_, H>,
    pin: u32,
    right: Rights,
) -> Result<(), Error> {
    let pin = u16::try_from(pin).map_err(|_| Error::NotPermitted)?;
    host.permit(&Capability::gpio(pin, right))
}

pub(crate) fn configure<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    pin: u32,
    direction: u32,
    pull: u32,
) -> Result<i32, Fault> {
    let direction = argument(Direction::from_u32(direction))?;
    let pull = argument(Pull::from_u32(pull))?;
    let right = match direction {
        Direction::Input => Rights::INPUT,
        Direction::Output | Direction::OpenDrain => Rights::OUTPUT,
    };
    permit(host, pin, right)?;
    done(host.hardware.gpio_configure(pin, direction, pull))
}

pub(crate) fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    pin: u32,
) -> Result<i32, Fault> {
    permit(host, pin, Rights::NONE)?;
    Ok(i32::from(host.hardware.gpio_read(pin)?))
}

pub(crate) fn write<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    pin: u32,
    level: u32,
) -> Result<i32, Fault> {
    permit(host, pin, Rights::OUTPUT)?;
    done(host.hardware.gpio_write(pin, level != 0))
}

pub(crate) fn toggle<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    pin: u32,
) -> Result<i32, Fault> {
    permit(host, pin, Rights::OUTPUT)?;
    done(host.hardware.gpio_toggle(pin))
}

pub(crate) fn wait_for_edge<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    pin: u32,
    edge: u32,
    timeout: u64,
) -> Result<i32, Fault> {
    let edge = argument(Edge::from_u32(edge))?;
    permit(host, pin, Rights::INPUT)?;
    let level = host.hardware.gpio_read(pin)?;
    let until = host.hardware.now().saturating_add(timeout);
    host.events.watch(pin, edge, level);
    host.wait(until, crate::events::Events::came);
    match host.events.unwatch() {
        true => Ok(0),
        false => Err(Error::Timeout.into()),
    }
}
