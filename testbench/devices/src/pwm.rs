//! Pulse width modulated outputs.

use core::convert::Infallible;

use embedded_hal::pwm::{ErrorType, SetDutyCycle};
use wasm2mcu_host::Pwm;
use wasm2mcu_host::abi::Error;

use crate::timeline::Device;
use crate::world::World;

const MAX_DUTY: u16 = 1000;

fn set_duty(world: &World<'_>, channel: u32, duty: u16) {
    let what = format_args!("duty {duty} of {MAX_DUTY}");
    world.note(Device::Pwm(channel), what);
}

/// An output whose rate can be set.
#[derive(Clone, Copy, Debug)]
pub struct VirtualPwm<'w> {
    world: &'w World<'w>,
    channel: u32,
}

impl<'w> VirtualPwm<'w> {
    /// The channel with this number.
    pub const fn new(world: &'w World<'w>, channel: u32) -> Self {
        VirtualPwm { world, channel }
    }
}

impl Pwm for VirtualPwm<'_> {
    fn max_duty(&mut self) -> u16 {
        MAX_DUTY
    }

    fn set_duty(&mut self, duty: u16) -> Result<(), Error> {
        set_duty(self.world, self.channel, duty);
        Ok(())
    }

    fn set_frequency(&mut self, hertz: u32) -> Result<(), Error> {
        let device = Device::Pwm(self.channel);
        self.world.note(device, format_args!("rate {hertz} Hz"));
        Ok(())
    }
}

/// An output with what `embedded-hal` knows of them, which is the duty.
#[derive(Clone, Copy, Debug)]
pub struct FixedPwm<'w> {
    world: &'w World<'w>,
    channel: u32,
}

impl<'w> FixedPwm<'w> {
    /// The channel with this number.
    pub const fn new(world: &'w World<'w>, channel: u32) -> Self {
        FixedPwm { world, channel }
    }
}

impl ErrorType for FixedPwm<'_> {
    type Error = Infallible;
}

impl SetDutyCycle for FixedPwm<'_> {
    fn max_duty_cycle(&self) -> u16 {
        MAX_DUTY
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Infallible> {
        set_duty(self.world, self.channel, duty);
        Ok(())
    }
}
