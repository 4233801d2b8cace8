//! What happens, and when.

use core::fmt::{self, Write as _};

/// Takes what happens, in order.
pub trait Timeline {
    /// Something happened.
    fn happened(&self, what: &Happening<'_>);
}

impl<F: Fn(&Happening<'_>)> Timeline for F {
    fn happened(&self, what: &Happening<'_>) {
        self(what);
    }
}

/// Something that happened. As text, one line: seconds, device, what.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'h> {
    /// Nanoseconds of virtual time.
    pub at: u64,
    /// To what.
    pub device: Device,
    /// What.
    pub what: fmt::Arguments<'h>,
}

impl fmt::Display for Happening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rest) = (self.at / 1_000_000_000, self.at % 1_000_000_000);
        let micros = rest / 1000;
        write!(
            f,
            "{seconds:>5}.{micros:06}  {:<10}  {}",
            self.device, self.what
        )
    }
}

/// What something happens to, named as in manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A pin.
    Gpio(u32),
    /// An address on an I2C bus.
    I2c(u32, u16),
    /// An SPI device.
    Spi(u32),
    /// A serial port.
    Uart(u32),
    /// An analog input.
    Adc(u32),
    /// A pulse width modulated output.
    Pwm(u32),
    /// A sensor.
    Sensor(u32),
    /// The store.
    KeyValue,
    /// Random numbers.
    Random,
    /// The log.
    Log,
    /// The world that thermometers measure.
    World,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By way of a buffer, so that it can be padded. Longer numbers than a board has are cut off.
        let mut name = Name {
            bytes: [0; 24],
            length: 0,
        };
        let _ = match *self {
            Device::Gpio(pin) => write!(name, "gpio {pin}"),
            Device::I2c(bus, address) => write!(name, "i2c {bus} {address:#04x}"),
            Device::Spi(device) => write!(name, "spi {device}"),
            Device::Uart(port) => write!(name, "uart {port}"),
            Device::Adc(channel) => write!(name, "adc {channel}"),
            Device::Pwm(channel) => write!(name, "pwm {channel}"),
            Device::Sensor(sensor) => write!(name, "sensor {sensor}"),
            Device::KeyValue => write!(name, "keyvalue"),
            Device::Random => write!(name, "random"),
            Device::Log => write!(name, "log"),
            Device::World => write!(name, "world"),
        };
        f.pad(name.as_str())
    }
}

struct Name {
    bytes: [u8; 24],
    length: usize,
}

impl Name {
    fn as_str(&self) -> &str {
        let written = self.bytes.get(..self.length).unwrap_or_default();
        str::from_utf8(written).unwrap_or_default()
    }
}

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..).unwrap_or_default();
        let room = room.get_mut(..text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
