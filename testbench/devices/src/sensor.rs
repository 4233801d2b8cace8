//! Sensors with their drivers.

use wasm2mcu_host::Sensor;
use wasm2mcu_host::abi::Error;
use wasm2mcu_host::abi::sensor::{Description, Quantity};

use crate::timeline::Device;
use crate::world::{Celsius, World};

/// Measures the temperature. It has a new reading whenever something has come from outside.
#[derive(Clone, Copy, Debug)]
pub struct Thermometer<'w> {
    world: &'w World<'w>,
    number: u32,
    /// Stimuli that had happened when it was asked the last time.
    seen: usize,
}

impl<'w> Thermometer<'w> {
    /// The sensor with this number.
    pub fn new(world: &'w World<'w>, number: u32) -> Self {
        Thermometer {
            world,
            number,
            seen: world.passed().len(),
        }
    }
}

impl Sensor for Thermometer<'_> {
    fn describe(&mut self) -> Description {
        Description {
            quantity: Quantity::Temperature,
            minimum: -55.0,
            maximum: 150.0,
            resolution: 0.001,
        }
    }

    fn read(&mut self) -> Result<f32, Error> {
        let millicelsius = self.world.temperature();
        let device = Device::Sensor(self.number);
        self.world
            .note(device, format_args!("is {}", Celsius(millicelsius)));
        Ok(millicelsius as f32 / 1000.0)
    }

    fn has_changed(&mut self) -> bool {
        let passed = self.world.passed().len();
        core::mem::replace(&mut self.seen, passed) != passed
    }
}

/// Measures the humidity, which is always the same. It does not tell of new readings.
#[derive(Clone, Copy, Debug)]
pub struct Hygrometer<'w> {
    world: &'w World<'w>,
    number: u32,
}

impl<'w> Hygrometer<'w> {
    /// The sensor with this number.
    pub const fn new(world: &'w World<'w>, number: u32) -> Self {
        Hygrometer { world, number }
    }
}

const PERCENT: u8 = 45;

impl Sensor for Hygrometer<'_> {
    fn describe(&mut self) -> Description {
        Description {
            quantity: Quantity::Humidity,
            minimum: 0.0,
            maximum: 100.0,
            resolution: 1.0,
        }
    }

    fn read(&mut self) -> Result<f32, Error> {
        let device = Device::Sensor(self.number);
        self.world.note(device, format_args!("is {PERCENT} %"));
        Ok(f32::from(PERCENT))
    }
}
