//! Analog inputs.

use wasm2mcu_host::Adc;
use wasm2mcu_host::abi::Error;

use crate::timeline::Device;
use crate::world::World;

const BITS: u8 = 12;
const HIGHEST: u64 = (1 << BITS) - 1;
const MICROVOLTS: u32 = 3_300_000;
const SECOND: u64 = 1_000_000_000;

/// An input with a triangle: from 0 up to the highest value and down again, in one second more than the channel's
/// number.
#[derive(Clone, Copy, Debug)]
pub struct VirtualAdc<'w> {
    world: &'w World<'w>,
    channel: u32,
}

impl<'w> VirtualAdc<'w> {
    /// The channel with this number.
    pub const fn new(world: &'w World<'w>, channel: u32) -> Self {
        VirtualAdc { world, channel }
    }
}

impl Adc for VirtualAdc<'_> {
    fn read(&mut self) -> Result<u16, Error> {
        let period = (u64::from(self.channel) + 1) * SECOND;
        let phase = self.world.time() % period;
        let height = phase.min(period - phase);
        let value = HIGHEST * height / (period / 2);
        let device = Device::Adc(self.channel);
        self.world.note(device, format_args!("is {value}"));
        Ok(value as u16)
    }

    fn resolution(&mut self) -> u8 {
        BITS
    }

    fn reference_microvolts(&mut self) -> Option<u32> {
        Some(MICROVOLTS)
    }
}
