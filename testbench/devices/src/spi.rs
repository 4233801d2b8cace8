//! Devices on SPI.

use core::convert::Infallible;

use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use wasm2mcu_host::abi::Error;
use wasm2mcu_host::abi::spi::Mode;
use wasm2mcu_host::{Spi, SpiOperation};

use crate::bytes::Hex;
use crate::timeline::Device;
use crate::world::World;

/// What is read where nothing is sent.
const IDLE: u8 = 0;

/// Clocks every byte of a transaction through `device`, and tells the timeline.
fn clock(
    world: &World<'_>,
    number: u32,
    operations: &mut [Operation<'_, u8>],
    mut device: impl FnMut(u8) -> u8,
) {
    let note = |what, bytes: &[u8]| {
        world.note(Device::Spi(number), format_args!("{what} {}", Hex(bytes)));
    };
    world.note(Device::Spi(number), format_args!("selected"));
    for operation in operations {
        match operation {
            Operation::Read(bytes) => {
                bytes.iter_mut().for_each(|byte| *byte = device(IDLE));
                note("answers", bytes);
            }
            Operation::Write(bytes) => {
                note("gets", bytes);
                for byte in *bytes {
                    device(*byte);
                }
            }
            Operation::Transfer(read, write) => {
                note("gets", write);
                for index in 0..read.len().max(write.len()) {
                    let answer = device(write.get(index).copied().unwrap_or(IDLE));
                    if let Some(place) = read.get_mut(index) {
                        *place = answer;
                    }
                }
                note("answers", read);
            }
            Operation::TransferInPlace(bytes) => {
                note("gets", bytes);
                bytes.iter_mut().for_each(|byte| *byte = device(*byte));
                note("answers", bytes);
            }
            Operation::DelayNs(nanoseconds) => {
                world.advance(world.time().saturating_add(u64::from(*nanoseconds)));
            }
        }
    }
}

/// A flash chip of 16 MiB, like W25Q128, as far as it can be read: the byte at an address is the address's lowest
/// one.
#[derive(Clone, Copy, Debug)]
pub struct FlashChip<'w> {
    world: &'w World<'w>,
    number: u32,
}

/// Manufacturer, type and size of a W25Q128.
const IDENTIFIER: [u8; 3] = [0xef, 0x40, 0x18];
const READ_IDENTIFIER: u8 = 0x9f;
const READ_DATA: u8 = 0x03;

impl<'w> FlashChip<'w> {
    /// The device with this number.
    pub const fn new(world: &'w World<'w>, number: u32) -> Self {
        FlashChip { world, number }
    }
}

impl Spi for FlashChip<'_> {
    fn transaction(&mut self, operations: &mut [SpiOperation<'_, u8>]) -> Result<(), Error> {
        let (mut command, mut address, mut count) = (0, 0_u32, 0_usize);
        clock(self.world, self.number, operations, |byte| {
            let answer = match (command, count) {
                (READ_IDENTIFIER, 1..) => IDENTIFIER.get(count - 1).copied(),
                (READ_DATA, 4..) => Some(address.wrapping_add(count as u32 - 4) as u8),
                _ => None,
            };
            match count {
                0 => command = byte,
                1..4 => address = address << 8 | u32::from(byte),
                _ => {}
            }
            count += 1;
            answer.unwrap_or(0xff)
        });
        Ok(())
    }

    fn configure(&mut self, mode: Mode, hertz: u32) -> Result<(), Error> {
        let supported = matches!(mode, Mode::Mode0 | Mode::Mode3);
        let mode = mode.name();
        let device = Device::Spi(self.number);
        match supported {
            true => {
                self.world
                    .note(device, format_args!("configured as {mode}, {hertz} Hz"));
                Ok(())
            }
            false => Err(Error::Unsupported),
        }
    }
}

/// A wire from the output to the input.
#[derive(Clone, Copy, Debug)]
pub struct Loopback<'w> {
    world: &'w World<'w>,
    number: u32,
}

impl<'w> Loopback<'w> {
    /// The device with this number.
    pub const fn new(world: &'w World<'w>, number: u32) -> Self {
        Loopback { world, number }
    }
}

impl ErrorType for Loopback<'_> {
    type Error = Infallible;
}

impl SpiDevice for Loopback<'_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        clock(self.world, self.number, operations, |byte| byte);
        Ok(())
    }
}
