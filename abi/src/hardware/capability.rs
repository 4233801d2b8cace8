//! What a module may use: a pin, a device on a bus, a port, a channel, room in a store.

use core::fmt;

/// One resource, with what may be done with it.
///
/// A module's manifest is made of these, and so is a host's policy. As text, one line each:
///
/// ```text
/// gpio 5 output            pin, then `input`, `output` or both
/// i2c 1 0x48               bus, then the address of a device, or `any`
/// spi 0                    device
/// uart 2                   port
/// adc 3                    channel
/// pwm 0                    channel
/// sensor 0                 sensor
/// keyvalue 256             bytes of keys and values
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Capability {
    /// What kind of resource.
    pub kind: Kind,
    /// What may be done with it: of pins only.
    pub rights: Rights,
    /// Which one, as the host numbers them; 0 for the store.
    pub number: u16,
    /// Of I2C, the address of the device, or [`Capability::ANY`]; of the store, its bytes; else 0.
    pub detail: u32,
}

/// Kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// A pin.
    Gpio = 1,
    /// A device on an I2C bus.
    I2c = 2,
    /// A device on an SPI bus.
    Spi = 3,
    /// A serial port.
    Uart = 4,
    /// An analog input.
    Adc = 5,
    /// A pulse width modulated output.
    Pwm = 6,
    /// A sensor whose driver the host has.
    Sensor = 7,
    /// A store of keys and values.
    KeyValue = 8,
}

impl Kind {
    /// Every kind, in numeric order.
    pub const ALL: [Kind; 8] = [
        Kind::Gpio,
        Kind::I2c,
        Kind::Spi,
        Kind::Uart,
        Kind::Adc,
        Kind::Pwm,
        Kind::Sensor,
        Kind::KeyValue,
    ];

    /// Its name in texts.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Gpio => "gpio",
            Kind::I2c => "i2c",
            Kind::Spi => "spi",
            Kind::Uart => "uart",
            Kind::Adc => "adc",
            Kind::Pwm => "pwm",
            Kind::Sensor => "sensor",
            Kind::KeyValue => "keyvalue",
        }
    }

    /// Import module of the functions that need one of this kind.
    pub const fn interface(self) -> &'static str {
        match self {
            Kind::Gpio => "wasi:gpio/digital",
            Kind::I2c => "wasi:i2c/i2c",
            Kind::Spi => "wasi:spi/spi",
            Kind::Uart => "wasm2mcu:uart/uart",
            Kind::Adc => "wasm2mcu:adc/adc",
            Kind::Pwm => "wasm2mcu:pwm/pwm",
            Kind::Sensor => "wasm2mcu:sensor/sensor",
            Kind::KeyValue => "wasi:keyvalue/store",
        }
    }

    const fn from_u8(number: u8) -> Option<Kind> {
        match number {
            0 => None,
            n if n as usize <= Self::ALL.len() => Some(Self::ALL[n as usize - 1]),
            _ => None,
        }
    }
}

/// What may be done with a pin, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rights(pub u8);

impl Rights {
    /// Nothing that needs a right of its own: every kind but pins.
    pub const NONE: Rights = Rights(0);
    /// It may be read, and waited for.
    pub const INPUT: Rights = Rights(1 << 0);
    /// It may be driven.
    pub const OUTPUT: Rights = Rights(1 << 1);

    /// Whether every right of `other` is among these.
    pub const fn contain(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and those of `other`.
    #[must_use]
    pub const fn and(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }
}

/// What keeps a line of text from being a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BadCapability {
    /// The first word is no kind.
    Kind,
    /// The number behind the kind is missing, or not between 0 and 65535.
    Number,
    /// The address of an I2C device is missing, or neither `any` nor between 0 and 0x3ff.
    Address,
    /// A pin has a word that is neither `input` nor `output`, or none.
    Rights,
    /// There is more behind it.
    Rest,
}

impl fmt::Display for BadCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadCapability::Kind => {
                "the first word is none of gpio, i2c, spi, uart, adc, pwm, sensor, keyvalue"
            }
            BadCapability::Number => "a number from 0 to 65535 is missing behind the first word",
            BadCapability::Address => {
                "the address of a device on the bus is missing: 0 to 0x3ff, or `any`"
            }
            BadCapability::Rights => "a pin is `input`, `output` or `input output`",
            BadCapability::Rest => "there is more than belongs there",
        })
    }
}

impl core::error::Error for BadCapability {}

impl Capability {
    /// Bytes in an image.
    pub const BYTES: usize = 8;
    /// In [`Capability::detail`], every device of a bus.
    pub const ANY: u32 = u32::MAX;

    /// One of a kind that needs nothing but a number.
    pub const fn new(kind: Kind, number: u16) -> Self {
        Capability {
            kind,
            rights: Rights::NONE,
            number,
            detail: 0,
        }
    }

    /// A pin.
    pub const fn gpio(pin: u16, rights: Rights) -> Self {
        Capability {
            rights,
            ..Self::new(Kind::Gpio, pin)
        }
    }

    /// The device with this address on an I2C bus; [`Capability::ANY`] for every one.
    pub const fn i2c(bus: u16, address: u32) -> Self {
        Capability {
            detail: address,
            ..Self::new(Kind::I2c, bus)
        }
    }

    /// So many bytes of keys and values.
    pub const fn key_value(bytes: u32) -> Self {
        Capability {
            detail: bytes,
            ..Self::new(Kind::KeyValue, 0)
        }
    }

    /// Whether who has this has all that `asked` asks for.
    pub const fn covers(&self, asked: &Capability) -> bool {
        let detail = match self.kind {
            Kind::KeyValue => self.detail >= asked.detail,
            _ => self.detail == asked.detail || self.detail == Self::ANY,
        };
        self.kind as u8 == asked.kind as u8
            && self.number == asked.number
            && self.rights.contain(asked.rights)
            && detail
    }

    /// Whether what has these bytes in an image covers this.
    pub(crate) const fn is_within(&self, bytes: &[u8; Self::BYTES]) -> bool {
        let [a0, a1, a2, a3, a4, a5, a6, a7] = self.to_bytes();
        let [b0, b1, b2, b3, b4, b5, b6, b7] = *bytes;
        let (asked, has) = (
            u32::from_le_bytes([a0, a1, a2, a3]),
            u32::from_le_bytes([b0, b1, b2, b3]),
        );
        // Kind and number must be the same, and of the rights those that are asked for.
        let same = u32::from_le_bytes([0xff, self.rights.0, 0xff, 0xff]);
        let (asked_detail, has_detail) = (
            u32::from_le_bytes([a4, a5, a6, a7]),
            u32::from_le_bytes([b4, b5, b6, b7]),
        );
        let detail = match self.kind {
            Kind::KeyValue => has_detail >= asked_detail,
            _ => has_detail == asked_detail || has_detail == Self::ANY,
        };
        (asked ^ has) & same == 0 && detail
    }

    /// As it stands in an image: kind, rights, number, detail.
    pub const fn to_bytes(&self) -> [u8; Self::BYTES] {
        let [n0, n1] = self.number.to_le_bytes();
        let [d0, d1, d2, d3] = self.detail.to_le_bytes();
        [self.kind as u8, self.rights.0, n0, n1, d0, d1, d2, d3]
    }

    /// From an image; `None` if it is not one.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        let [kind, rights, n0, n1, d0, d1, d2, d3] = bytes;
        let Some(kind) = Kind::from_u8(kind) else {
            return None;
        };
        let read = Capability {
            kind,
            rights: Rights(rights),
            number: u16::from_le_bytes([n0, n1]),
            detail: u32::from_le_bytes([d0, d1, d2, d3]),
        };
        let sound = match kind {
            Kind::Gpio => matches!(rights, 1..=3) && read.detail == 0,
            Kind::I2c => rights == 0 && (read.detail <= 0x3ff || read.detail == Self::ANY),
            Kind::KeyValue => rights == 0 && read.number == 0,
            _ => rights == 0 && read.detail == 0,
        };
        if sound { Some(read) } else { None }
    }

    /// From a line of text, without comment and not empty.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(line: &str) -> Result<Self, BadCapability> {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == first);
        let kind = kind.ok_or(BadCapability::Kind)?;
        let number = words.next().and_then(number).ok_or(BadCapability::Number)?;
        let short = u16::try_from(number).map_err(|_| BadCapability::Number);
        let capability = match kind {
            Kind::Gpio => {
                let mut rights = Rights::NONE;
                for word in words.by_ref() {
                    rights = rights.and(match word {
                        "input" => Rights::INPUT,
                        "output" => Rights::OUTPUT,
                        _ => return Err(BadCapability::Rights),
                    });
                }
                if rights == Rights::NONE {
                    return Err(BadCapability::Rights);
                }
                Self::gpio(short?, rights)
            }
            Kind::I2c => {
                let address = match words.next() {
                    Some("any") => Some(Self::ANY),
                    Some(word) => number_up_to(word, 0x3ff),
                    None => None,
                };
                Self::i2c(short?, address.ok_or(BadCapability::Address)?)
            }
            Kind::KeyValue => Self::key_value(number),
            kind => Self::new(kind, short?),
        };
        match words.next() {
            None => Ok(capability),
            Some(_) => Err(BadCapability::Rest),
        }
    }
}

/// Decimal, or hexadecimal behind `0x`.
fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

fn number_up_to(word: &str, most: u32) -> Option<u32> {
    number(word).filter(|&number| number <= most)
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind.name();
        match self.kind {
            Kind::KeyValue => return write!(f, "{name} {}", self.detail),
            Kind::I2c if self.detail == Self::ANY => {
                return write!(f, "{name} {} any", self.number);
            }
            Kind::I2c => return write!(f, "{name} {} {:#04x}", self.number, self.detail),
            _ => write!(f, "{name} {}", self.number)?,
        }
        if self.rights.contain(Rights::INPUT) {
            f.write_str(" input")?;
        }
        if self.rights.contain(Rights::OUTPUT) {
            f.write_str(" output")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString as _;

    use super::{BadCapability, Capability, Kind, Rights};
    use crate::hardware::FUNCTIONS;

    #[test]
    fn text_and_bytes_read_back() {
        for line in [
            "gpio 5 output",
            "gpio 65535 input",
            "gpio 0 input output",
            "i2c 1 0x48",
            "i2c 0 any",
            "spi 3",
            "uart 1",
            "adc 7",
            "pwm 2",
            "sensor 4",
            "keyvalue 70000",
        ] {
            let capability = Capability::parse(line).expect(line);
            assert_eq!(capability.to_string(), line);
            assert_eq!(
                Capability::from_bytes(capability.to_bytes()),
                Some(capability)
            );
        }
        assert_eq!(
            Capability::parse(" gpio\t0x10  output "),
            Ok(Capability::gpio(16, Rights::OUTPUT))
        );
    }

    #[test]
    fn what_is_no_capability_is_refused() {
        for (line, error) in [
            ("", BadCapability::Kind),
            ("GPIO 5 output", BadCapability::Kind),
            ("gpio", BadCapability::Number),
            ("gpio 65536 input", BadCapability::Number),
            ("gpio -1 input", BadCapability::Number),
            ("gpio 5", BadCapability::Rights),
            ("gpio 5 both", BadCapability::Rights),
            ("i2c 1", BadCapability::Address),
            ("i2c 1 0x400", BadCapability::Address),
            ("spi 1 2", BadCapability::Rest),
        ] {
            assert_eq!(Capability::parse(line), Err(error), "{line}");
        }
        for bytes in [
            [0, 0, 0, 0, 0, 0, 0, 0],
            [9, 0, 0, 0, 0, 0, 0, 0],
            [Kind::Gpio as u8, 0, 0, 0, 0, 0, 0, 0],
            [Kind::Gpio as u8, 4, 0, 0, 0, 0, 0, 0],
            [Kind::I2c as u8, 0, 0, 0, 0, 4, 0, 0],
            [Kind::Spi as u8, 1, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(Capability::from_bytes(bytes), None);
        }
    }

    #[test]
    fn every_kind_has_functions() {
        for kind in Kind::ALL {
            assert!(
                FUNCTIONS.iter().any(|f| f.module == kind.interface()),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_capability_covers_what_is_within_it() {
        let all = Capability::gpio(5, Rights::INPUT.and(Rights::OUTPUT));
        assert!(all.covers(&Capability::gpio(5, Rights::INPUT)));
        assert!(!all.covers(&Capability::gpio(6, Rights::INPUT)));
        assert!(!Capability::gpio(5, Rights::INPUT).covers(&all));
        assert!(Capability::i2c(1, Capability::ANY).covers(&Capability::i2c(1, 0x48)));
        assert!(!Capability::i2c(1, 0x48).covers(&Capability::i2c(1, Capability::ANY)));
        assert!(!Capability::i2c(1, 0x48).covers(&Capability::i2c(0, 0x48)));
        assert!(Capability::key_value(64).covers(&Capability::key_value(64)));
        assert!(!Capability::key_value(64).covers(&Capability::key_value(65)));
        assert!(!Capability::new(Kind::Spi, 0).covers(&Capability::new(Kind::Uart, 0)));
    }
}
