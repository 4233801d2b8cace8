//! `wasm2mcu:events/events`

use wasm2mcu_abi::hardware::events::Event;
use wasm2mcu_abi::hardware::gpio::Edge;
use wasm2mcu_abi::hardware::{Error, Kind, Rights};

use super::{argument, gpio, reserve, resource, sensor, store};
use crate::events::{Events, Source};
use crate::fault::Fault;
use crate::functions::done;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;

pub(crate) fn subscribe_pin<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    pin: u32,
    edge: u32,
) -> Result<i32, Fault> {
    let edge = argument(Edge::from_u32(edge))?;
    gpio::permit(host, pin, Rights::INPUT)?;
    let level = host.hardware.gpio_read(pin)?;
    let number = host
        .events
        .subscribe(Source::Pin { pin, edge }, u32::from(level))?;
    Ok(i32::from(number))
}

pub(crate) fn subscribe_timer<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    first: u64,
    period: u64,
) -> Result<i32, Fault> {
    let next = host.hardware.now().saturating_add(first);
    let number = host.events.subscribe(Source::Timer { next, period }, 0)?;
    Ok(i32::from(number))
}

pub(crate) fn subscribe_uart<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    port: u32,
) -> Result<i32, Fault> {
    host.permit(&resource(Kind::Uart, port)?)?;
    // What has come before is an event, too.
    host.hardware.uart_available(port)?;
    Ok(i32::from(host.events.subscribe(Source::Uart { port }, 0)?))
}

pub(crate) fn subscribe_sensor<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    number: u32,
) -> Result<i32, Fault> {
    sensor::permit(host, number)?;
    host.hardware.sensor_describe(number)?;
    let source = Source::Sensor { sensor: number };
    Ok(i32::from(host.events.subscribe(source, 0)?))
}

pub(crate) fn unsubscribe<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    subscription: u32,
) -> Result<i32, Fault> {
    done(host.events.unsubscribe(subscription))
}

pub(crate) fn poll<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    timeout: u64,
    result: u32,
) -> Result<i32, Fault> {
    reserve(memory, result, Event::BYTES)?;
    let until = host.hardware.now().saturating_add(timeout);
    host.wait(until, Events::is_waiting);
    match host.events.take() {
        Some(event) => store(memory, result, &event.to_bytes()),
        None => Err(Error::Timeout.into()),
    }
}
