//! Pins.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin, StatefulOutputPin};
use wasm2mcu_host::Pin;
use wasm2mcu_host::abi::Error;
use wasm2mcu_host::abi::gpio::{Direction, Pull};

use crate::timeline::Device;
use crate::world::World;

/// A pin. Before it is configured it can be read, and becomes an output when it is driven.
#[derive(Clone, Copy, Debug)]
pub struct VirtualPin<'w> {
    world: &'w World<'w>,
    number: u32,
    direction: Option<Direction>,
    pull: Pull,
    /// What it was driven to last.
    driven: Option<bool>,
}

impl<'w> VirtualPin<'w> {
    /// The pin with this number.
    pub const fn new(world: &'w World<'w>, number: u32) -> Self {
        VirtualPin {
            world,
            number,
            direction: None,
            pull: Pull::None,
            driven: None,
        }
    }

    /// The same with a fixed direction.
    #[must_use]
    pub const fn fixed(mut self, direction: Direction, pull: Pull) -> Self {
        self.direction = Some(direction);
        self.pull = pull;
        self
    }

    fn level(&self) -> bool {
        let outside = self.world.level(self.number);
        match (self.direction, self.driven) {
            (Some(Direction::OpenDrain), Some(false)) => false,
            (None | Some(Direction::Output), Some(driven)) => driven,
            _ => outside.unwrap_or(matches!(self.pull, Pull::Up)),
        }
    }

    fn drive(&mut self, level: bool) {
        if self.driven != Some(level) {
            self.driven = Some(level);
            let name = if level { "high" } else { "low" };
            let device = Device::Gpio(self.number);
            self.world.note(device, format_args!("drives {name}"));
        }
    }
}

impl Pin for VirtualPin<'_> {
    fn configure(&mut self, direction: Direction, pull: Pull) -> Result<(), Error> {
        (self.direction, self.pull) = (Some(direction), pull);
        if direction == Direction::Input {
            self.driven = None;
        }
        let (direction, pull) = (direction.name(), pull.name());
        self.world.note(
            Device::Gpio(self.number),
            format_args!("configured as {direction}, pull {pull}"),
        );
        Ok(())
    }

    fn level(&mut self) -> Result<bool, Error> {
        Ok(VirtualPin::level(self))
    }

    fn drive(&mut self, level: bool) -> Result<(), Error> {
        if self.direction == Some(Direction::Input) {
            return Err(Error::Unsupported);
        }
        VirtualPin::drive(self, level);
        Ok(())
    }
}

impl ErrorType for VirtualPin<'_> {
    type Error = Infallible;
}

impl InputPin for VirtualPin<'_> {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(VirtualPin::level(self))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!VirtualPin::level(self))
    }
}

impl OutputPin for VirtualPin<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        VirtualPin::drive(self, false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        VirtualPin::drive(self, true);
        Ok(())
    }
}

impl StatefulOutputPin for VirtualPin<'_> {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.driven == Some(true))
    }

    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.driven != Some(true))
    }
}
