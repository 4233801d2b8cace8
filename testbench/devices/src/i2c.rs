//! An I2C bus with a thermometer.

use core::cell::RefCell;
use core::fmt;

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

use crate::bytes::Hex;
use crate::timeline::Device;
use crate::world::World;

/// Where the thermometer answers.
const ADDRESS: u8 = 0x48;

/// A bus with a thermometer at address 0x48 and nobody else.
///
/// The thermometer works as a TMP102 (Texas Instruments, SBOS397): a pointer, and registers of two bytes with
/// the high byte first. 0 is the temperature in sixteenths of a degree, at the top of its 16 bits (shifted right by one in
/// extended mode), 1 the configuration, 2 and 3 limits that can be written and read back.
#[derive(Clone, Debug)]
pub struct VirtualI2c<'w> {
    world: &'w World<'w>,
    bus: u32,
    pointer: u8,
    configuration: u16,
    limits: [u16; 2],
}

/// What the configuration is at reset.
const CONFIGURATION: u16 = 0x60a0;
/// Bits of it that cannot be written: resolution and alert.
const FIXED: u16 = 0x6020;
/// The temperature has 13 bits.
const EXTENDED: u16 = 0x0010;
/// The thermometer measures when it is told to.
const SHUTDOWN: u16 = 0x0100;
/// Written, it measures; read in shutdown, it has measured.
const ONE_SHOT: u16 = 0x8000;

impl<'w> VirtualI2c<'w> {
    /// The bus with this number.
    pub const fn new(world: &'w World<'w>, bus: u32) -> Self {
        VirtualI2c {
            world,
            bus,
            pointer: 0,
            configuration: CONFIGURATION,
            limits: [0x4b00, 0x5000],
        }
    }

    fn register(&self) -> u16 {
        match self.pointer & 3 {
            0 => self.temperature(),
            1 if self.configuration & SHUTDOWN != 0 => self.configuration | ONE_SHOT,
            1 => self.configuration,
            2 => self.limits[0],
            _ => self.limits[1],
        }
    }

    fn temperature(&self) -> u16 {
        let extended = self.configuration & EXTENDED != 0;
        let highest = if extended { 150_000 } else { 127_937 };
        let millicelsius = self.world.temperature().clamp(-55_000, highest);
        // Sixteenths of a degree, of which there is one in 62.5 thousandths.
        let sixteenths = (millicelsius * 2).div_euclid(125);
        let register = sixteenths << if extended { 3 } else { 4 };
        // Bit 0 says that it is in extended mode.
        register as u16 | u16::from(extended)
    }

    fn set_register(&mut self, value: u16) {
        match self.pointer & 3 {
            0 => {}
            1 => self.configuration = value & !(FIXED | ONE_SHOT) | CONFIGURATION & FIXED,
            2 => self.limits[0] = value,
            _ => self.limits[1] = value,
        }
    }

    /// Takes what is written in one go: the pointer, and a register behind it.
    fn written(&mut self, bytes: &[u8; 3], count: usize) {
        if count > 0 {
            self.pointer = bytes[0];
        }
        if count == bytes.len() {
            self.set_register(u16::from_be_bytes([bytes[1], bytes[2]]));
        }
    }

    fn exchange(&mut self, operations: &mut [Operation<'_>]) {
        let (mut sent, mut count) = ([0; 3], 0);
        let mut read = 0_usize;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    read = 0;
                    for byte in *bytes {
                        if let Some(place) = sent.get_mut(count) {
                            *place = *byte;
                            count += 1;
                        }
                    }
                }
                Operation::Read(bytes) => {
                    self.written(&sent, count);
                    count = 0;
                    for byte in bytes.iter_mut() {
                        let register = self.register().to_be_bytes();
                        *byte = register.get(read).copied().unwrap_or(0xff);
                        read += 1;
                    }
                }
            }
        }
        self.written(&sent, count);
    }
}

impl ErrorType for VirtualI2c<'_> {
    type Error = ErrorKind;
}

impl I2c for VirtualI2c<'_> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        let device = Device::I2c(self.bus, address.into());
        if address != ADDRESS {
            self.world.note(device, format_args!("does not answer"));
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        self.exchange(operations);
        let shown = Operations(RefCell::new(operations));
        self.world.note(device, format_args!("{shown}"));
        Ok(())
    }
}

/// A transaction in the timeline.
struct Operations<'o, 'b>(RefCell<&'o mut [Operation<'b>]>);

impl fmt::Display for Operations<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.0.borrow();
        for (index, operation) in operations.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match operation {
                Operation::Write(bytes) => write!(f, "gets {}", Hex(bytes))?,
                Operation::Read(bytes) => write!(f, "answers {}", Hex(bytes))?,
            }
        }
        match operations.is_empty() {
            true => f.write_str("is there"),
            false => Ok(()),
        }
    }
}
