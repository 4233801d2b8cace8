//! `wasm2mcu:pwm/pwm`

use wasm2mcu_abi::hardware::{Error, Kind};

use super::{argument, resource};
use crate::fault::Fault;
use crate::functions::done;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;

fn permit<H: Hardware>(host: &Host<'_, H>, channel: u32) -> Result<(), Error> {
    host.permit(&resource(Kind::Pwm, channel)?)
}

pub(crate) fn max_duty<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    channel: u32,
) -> Result<i32, Fault> {
    permit(host, channel)?;
    Ok(i32::from(host.hardware.pwm_max_duty(channel)?))
}

pub(crate) fn set_duty<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    channel: u32,
    duty: u32,
) -> Result<i32, Fault> {
    let duty = argument(u16::try_from(duty).ok())?;
    permit(host, channel)?;
    // The traits of embedded-hal leave it open what more than that does.
    if duty > host.hardware.pwm_max_duty(channel)? {
        return Err(Error::InvalidArgument.into());
    }
    done(host.hardware.pwm_set_duty(channel, duty))
}

pub(crate) fn set_frequency<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    channel: u32,
    hertz: u32,
) -> Result<i32, Fault> {
    argument((hertz > 0).then_some(()))?;
    permit(host, channel)?;
    done(host.hardware.pwm_set_frequency(channel, hertz))
}
