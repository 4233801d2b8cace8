// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.

use super::{Function, Types};

/// Why a host did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u32)]
pub enum Error {
    /// The module's manifest does not name the resource, or not with this right.
    NotPermitted = 1,
    /// The host has no such resource, key, subscription.
    NotFound = 2,
    /// An argument is out of its range.
    InvalidArgument = 3,
    /// The resource cannot do this.
    Unsupported = 4,
    /// The resource is in use by somebody else.
    Busy = 5,
    /// The time was over.
    Timeout = 6,
    /// Nobody answered at the address.
    NoAcknowledge = 7,
    /// The bus was disturbed: arbitration lost, a wrong level, framing or parity.
    Bus = 8,
    /// Data came faster than it was taken.
    Overrun = 9,
    /// The buffer, store or queue is too small.
    NoSpace = 10,
    /// Anything else; the device does not work.
    Io = 11,
}

impl Error {
    /// Every one, in numeric order.
    pub const ALL: [Error; 11] = [
        Error::NotPermitted,
        Error::NotFound,
        Error::InvalidArgument,
        Error::Unsupported,
        Error::Busy,
        Error::Timeout,
        Error::NoAcknowledge,
        Error::Bus,
        Error::Overrun,
        Error::NoSpace,
        Error::Io,
    ];

    /// The one with this number.
    pub const fn from_u32(number: u32) -> Option<Error> {
        match number {
            1 => Some(Error::NotPermitted),
            2 => Some(Error::NotFound),
            3 => Some(Error::InvalidArgument),
            4 => Some(Error::Unsupported),
            5 => Some(Error::Busy),
            6 => Some(Error::Timeout),
            7 => Some(Error::NoAcknowledge),
            8 => Some(Error::Bus),
            9 => Some(Error::Overrun),
            10 => Some(Error::NoSpace),
            11 => Some(Error::Io),
            _ => None,
        }
    }

    /// The name in the description.
    pub const fn name(self) -> &'static str {
        match self {
            Error::NotPermitted => "not-permitted",
            Error::NotFound => "not-found",
            Error::InvalidArgument => "invalid-argument",
            Error::Unsupported => "unsupported",
            Error::Busy => "busy",
            Error::Timeout => "timeout",
            Error::NoAcknowledge => "no-acknowledge",
            Error::Bus => "bus",
            Error::Overrun => "overrun",
            Error::NoSpace => "no-space",
            Error::Io => "io",
        }
    }
}

/// What a part of a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u32)]
pub enum Direction {
    /// The device's bytes fill the range.
    Read = 0,
    /// The range is sent.
    Write = 1,
    /// The range is sent, and what comes back meanwhile fills it. SPI only.
    Transfer = 2,
}

impl Direction {
    /// Every one, in numeric order.
    pub const ALL: [Direction; 3] = [
        Direction::Read,
        Direction::Write,
        Direction::Transfer,
    ];

    /// The one with this number.
    pub const fn from_u32(number: u32) -> Option<Direction> {
        match number {
            0 => Some(Direction::Read),
            1 => Some(Direction::Write),
            2 => Some(Direction::Transfer),
            _ => None,
        }
    }

    /// The name in the description.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Read => "read",
            Direction::Write => "write",
            Direction::Transfer => "transfer",
        }
    }
}

/// A part of a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Segment {
    /// What it does.
    pub direction: Direction,
    /// Where in the module's memory the range begins.
    pub address: u32,
    /// Bytes of the range.
    pub length: u32,
}

impl Segment {
    /// Bytes in a module's memory.
    pub const BYTES: usize = 12;

    /// As it stands in a module's memory.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..4].copy_from_slice(&(self.direction as u32).to_le_bytes());
        bytes[4..8].copy_from_slice(&self.address.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// From a module's memory; none if an enum has no case of that number.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        Some(Self {
            direction: Direction::from_u32(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))?,
            address: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            length: u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
        })
    }
}

/// Types of `wasi:gpio/digital`.
pub mod gpio {
    /// Which way a pin works.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Direction {
        /// It is read.
        Input = 0,
        /// It drives its level.
        Output = 1,
        /// It drives low, and lets go of high.
        OpenDrain = 2,
    }

    impl Direction {
        /// Every one, in numeric order.
        pub const ALL: [Direction; 3] = [
            Direction::Input,
            Direction::Output,
            Direction::OpenDrain,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Direction> {
            match number {
                0 => Some(Direction::Input),
                1 => Some(Direction::Output),
                2 => Some(Direction::OpenDrain),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Direction::Input => "input",
                Direction::Output => "output",
                Direction::OpenDrain => "open-drain",
            }
        }
    }

    /// The resistor at an input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Pull {
        /// None.
        None = 0,
        /// To the supply.
        Up = 1,
        /// To ground.
        Down = 2,
    }

    impl Pull {
        /// Every one, in numeric order.
        pub const ALL: [Pull; 3] = [
            Pull::None,
            Pull::Up,
            Pull::Down,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Pull> {
            match number {
                0 => Some(Pull::None),
                1 => Some(Pull::Up),
                2 => Some(Pull::Down),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Pull::None => "none",
                Pull::Up => "up",
                Pull::Down => "down",
            }
        }
    }

    /// A change of level.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Edge {
        /// From low to high.
        Rising = 0,
        /// From high to low.
        Falling = 1,
        /// Either.
        Both = 2,
    }

    impl Edge {
        /// Every one, in numeric order.
        pub const ALL: [Edge; 3] = [
            Edge::Rising,
            Edge::Falling,
            Edge::Both,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Edge> {
            match number {
                0 => Some(Edge::Rising),
                1 => Some(Edge::Falling),
                2 => Some(Edge::Both),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Edge::Rising => "rising",
                Edge::Falling => "falling",
                Edge::Both => "both",
            }
        }
    }
}

/// Types of `wasi:spi/spi`.
pub mod spi {
    /// Clock polarity and phase.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Mode {
        /// Idle low, sampled on the first edge.
        Mode0 = 0,
        /// Idle low, sampled on the second edge.
        Mode1 = 1,
        /// Idle high, sampled on the first edge.
        Mode2 = 2,
        /// Idle high, sampled on the second edge.
        Mode3 = 3,
    }

    impl Mode {
        /// Every one, in numeric order.
        pub const ALL: [Mode; 4] = [
            Mode::Mode0,
            Mode::Mode1,
            Mode::Mode2,
            Mode::Mode3,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Mode> {
            match number {
                0 => Some(Mode::Mode0),
                1 => Some(Mode::Mode1),
                2 => Some(Mode::Mode2),
                3 => Some(Mode::Mode3),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Mode::Mode0 => "mode0",
                Mode::Mode1 => "mode1",
                Mode::Mode2 => "mode2",
                Mode::Mode3 => "mode3",
            }
        }
    }
}

/// Types of `wasm2mcu:sensor/sensor`.
pub mod sensor {
    /// What is measured, and in what.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Quantity {
        /// °C.
        Temperature = 0,
        /// % of relative humidity.
        Humidity = 1,
        /// Pa.
        Pressure = 2,
        /// lx.
        Illuminance = 3,
        /// m/s².
        Acceleration = 4,
        /// rad/s.
        AngularVelocity = 5,
        /// µT.
        MagneticFluxDensity = 6,
        /// m.
        Distance = 7,
        /// V.
        Voltage = 8,
        /// A.
        Current = 9,
        /// W.
        Power = 10,
        /// ppm.
        Concentration = 11,
        /// A number without a unit.
        Number = 12,
    }

    impl Quantity {
        /// Every one, in numeric order.
        pub const ALL: [Quantity; 13] = [
            Quantity::Temperature,
            Quantity::Humidity,
            Quantity::Pressure,
            Quantity::Illuminance,
            Quantity::Acceleration,
            Quantity::AngularVelocity,
            Quantity::MagneticFluxDensity,
            Quantity::Distance,
            Quantity::Voltage,
            Quantity::Current,
            Quantity::Power,
            Quantity::Concentration,
            Quantity::Number,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Quantity> {
            match number {
                0 => Some(Quantity::Temperature),
                1 => Some(Quantity::Humidity),
                2 => Some(Quantity::Pressure),
                3 => Some(Quantity::Illuminance),
                4 => Some(Quantity::Acceleration),
                5 => Some(Quantity::AngularVelocity),
                6 => Some(Quantity::MagneticFluxDensity),
                7 => Some(Quantity::Distance),
                8 => Some(Quantity::Voltage),
                9 => Some(Quantity::Current),
                10 => Some(Quantity::Power),
                11 => Some(Quantity::Concentration),
                12 => Some(Quantity::Number),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Quantity::Temperature => "temperature",
                Quantity::Humidity => "humidity",
                Quantity::Pressure => "pressure",
                Quantity::Illuminance => "illuminance",
                Quantity::Acceleration => "acceleration",
                Quantity::AngularVelocity => "angular-velocity",
                Quantity::MagneticFluxDensity => "magnetic-flux-density",
                Quantity::Distance => "distance",
                Quantity::Voltage => "voltage",
                Quantity::Current => "current",
                Quantity::Power => "power",
                Quantity::Concentration => "concentration",
                Quantity::Number => "number",
            }
        }
    }

    /// One measured value.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(C)]
    pub struct Reading {
        /// The value in the quantity's unit.
        pub value: f32,
        /// What it is.
        pub quantity: Quantity,
        /// When it was taken, on the monotonic clock.
        pub timestamp: u64,
    }

    impl Reading {
        /// Bytes in a module's memory.
        pub const BYTES: usize = 16;

        /// As it stands in a module's memory.
        pub fn to_bytes(&self) -> [u8; Self::BYTES] {
            let mut bytes = [0; Self::BYTES];
            bytes[0..4].copy_from_slice(&self.value.to_le_bytes());
            bytes[4..8].copy_from_slice(&(self.quantity as u32).to_le_bytes());
            bytes[8..16].copy_from_slice(&self.timestamp.to_le_bytes());
            bytes
        }

        /// From a module's memory; none if an enum has no case of that number.
        pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
            Some(Self {
                value: f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
                quantity: Quantity::from_u32(u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]))?,
                timestamp: u64::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]]),
            })
        }
    }

    /// What a sensor can tell.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(C)]
    pub struct Description {
        /// What it measures.
        pub quantity: Quantity,
        /// The lowest value.
        pub minimum: f32,
        /// The highest value.
        pub maximum: f32,
        /// The step between two values; 0 if it is not known.
        pub resolution: f32,
    }

    impl Description {
        /// Bytes in a module's memory.
        pub const BYTES: usize = 16;

        /// As it stands in a module's memory.
        pub fn to_bytes(&self) -> [u8; Self::BYTES] {
            let mut bytes = [0; Self::BYTES];
            bytes[0..4].copy_from_slice(&(self.quantity as u32).to_le_bytes());
            bytes[4..8].copy_from_slice(&self.minimum.to_le_bytes());
            bytes[8..12].copy_from_slice(&self.maximum.to_le_bytes());
            bytes[12..16].copy_from_slice(&self.resolution.to_le_bytes());
            bytes
        }

        /// From a module's memory; none if an enum has no case of that number.
        pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
            Some(Self {
                quantity: Quantity::from_u32(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))?,
                minimum: f32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
                maximum: f32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
                resolution: f32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            })
        }
    }
}

/// Types of `wasm2mcu:events/events`.
pub mod events {
    /// What happened.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Kind {
        /// The level of a pin changed; the value is 1 if it is high now.
        Pin = 0,
        /// A timer's time has come; the value counts the periods since the event before, 1 if none was missed.
        Timer = 1,
        /// A serial port has bytes to read; the value is how many.
        Uart = 2,
        /// A sensor has a new reading; the value is the sensor's number.
        Sensor = 3,
    }

    impl Kind {
        /// Every one, in numeric order.
        pub const ALL: [Kind; 4] = [
            Kind::Pin,
            Kind::Timer,
            Kind::Uart,
            Kind::Sensor,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Kind> {
            match number {
                0 => Some(Kind::Pin),
                1 => Some(Kind::Timer),
                2 => Some(Kind::Uart),
                3 => Some(Kind::Sensor),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Kind::Pin => "pin",
                Kind::Timer => "timer",
                Kind::Uart => "uart",
                Kind::Sensor => "sensor",
            }
        }
    }

    /// Something that happened.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(C)]
    pub struct Event {
        /// The subscription that it belongs to.
        pub subscription: u32,
        /// What happened.
        pub kind: Kind,
        /// More of it, by kind.
        pub value: u32,
        /// Events that were dropped before this one, because the queue was full.
        pub lost: u32,
        /// When, on the monotonic clock.
        pub timestamp: u64,
    }

    impl Event {
        /// Bytes in a module's memory.
        pub const BYTES: usize = 24;

        /// As it stands in a module's memory.
        pub fn to_bytes(&self) -> [u8; Self::BYTES] {
            let mut bytes = [0; Self::BYTES];
            bytes[0..4].copy_from_slice(&self.subscription.to_le_bytes());
            bytes[4..8].copy_from_slice(&(self.kind as u32).to_le_bytes());
            bytes[8..12].copy_from_slice(&self.value.to_le_bytes());
            bytes[12..16].copy_from_slice(&self.lost.to_le_bytes());
            bytes[16..24].copy_from_slice(&self.timestamp.to_le_bytes());
            bytes
        }

        /// From a module's memory; none if an enum has no case of that number.
        pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
            Some(Self {
                subscription: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
                kind: Kind::from_u32(u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]))?,
                value: u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
                lost: u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
                timestamp: u64::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19], bytes[20], bytes[21], bytes[22], bytes[23]]),
            })
        }
    }
}

/// Types of `wasi:logging/logging`.
pub mod logging {
    /// How much a message matters.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    #[repr(u32)]
    pub enum Level {
        /// Of interest to the module's developers only.
        Trace = 0,
        /// For debugging.
        Debug = 1,
        /// What goes on.
        Info = 2,
        /// What should not be.
        Warn = 3,
        /// What failed.
        Error = 4,
        /// What cannot go on.
        Critical = 5,
    }

    impl Level {
        /// Every one, in numeric order.
        pub const ALL: [Level; 6] = [
            Level::Trace,
            Level::Debug,
            Level::Info,
            Level::Warn,
            Level::Error,
            Level::Critical,
        ];

        /// The one with this number.
        pub const fn from_u32(number: u32) -> Option<Level> {
            match number {
                0 => Some(Level::Trace),
                1 => Some(Level::Debug),
                2 => Some(Level::Info),
                3 => Some(Level::Warn),
                4 => Some(Level::Error),
                5 => Some(Level::Critical),
                _ => None,
            }
        }

        /// The name in the description.
        pub const fn name(self) -> &'static str {
            match self {
                Level::Trace => "trace",
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warn => "warn",
                Level::Error => "error",
                Level::Critical => "critical",
            }
        }
    }
}

/// Every function that modules can import, by interface.
pub static FUNCTIONS: [Function; 44] = [
    Function::new(
        "wasi:gpio/digital",
        "configure",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:gpio/digital",
        "read",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:gpio/digital",
        "write",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:gpio/digital",
        "toggle",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:gpio/digital",
        "wait-for-edge",
        Types(b"\x7f\x7f\x7e"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:i2c/i2c",
        "read",
        Types(b"\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:i2c/i2c",
        "write",
        Types(b"\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:i2c/i2c",
        "write-read",
        Types(b"\x7f\x7f\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:i2c/i2c",
        "transaction",
        Types(b"\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:spi/spi",
        "configure",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:spi/spi",
        "read",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:spi/spi",
        "write",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:spi/spi",
        "transfer",
        Types(b"\x7f\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:spi/spi",
        "transaction",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:uart/uart",
        "configure",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:uart/uart",
        "read",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:uart/uart",
        "write",
        Types(b"\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:uart/uart",
        "available",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:adc/adc",
        "read",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:adc/adc",
        "read-microvolts",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:adc/adc",
        "resolution",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:pwm/pwm",
        "max-duty",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:pwm/pwm",
        "set-duty",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:pwm/pwm",
        "set-frequency",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:sensor/sensor",
        "read",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:sensor/sensor",
        "describe",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:clocks/monotonic-clock",
        "now",
        Types(b""),
        Types(b"\x7e"),
    ),
    Function::new(
        "wasi:clocks/monotonic-clock",
        "resolution",
        Types(b""),
        Types(b"\x7e"),
    ),
    Function::new(
        "wasi:clocks/monotonic-clock",
        "wait-for",
        Types(b"\x7e"),
        Types(b""),
    ),
    Function::new(
        "wasi:clocks/monotonic-clock",
        "wait-until",
        Types(b"\x7e"),
        Types(b""),
    ),
    Function::new(
        "wasm2mcu:events/events",
        "subscribe-pin",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:events/events",
        "subscribe-timer",
        Types(b"\x7e\x7e"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:events/events",
        "subscribe-uart",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:events/events",
        "subscribe-sensor",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:events/events",
        "unsubscribe",
        Types(b"\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasm2mcu:events/events",
        "poll",
        Types(b"\x7e\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:keyvalue/store",
        "get",
        Types(b"\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:keyvalue/store",
        "length",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:keyvalue/store",
        "set",
        Types(b"\x7f\x7f\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:keyvalue/store",
        "delete",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:keyvalue/store",
        "exists",
        Types(b"\x7f\x7f"),
        Types(b"\x7f"),
    ),
    Function::new(
        "wasi:logging/logging",
        "log",
        Types(b"\x7f\x7f\x7f\x7f\x7f"),
        Types(b""),
    ),
    Function::new(
        "wasi:random/random",
        "get-random-bytes",
        Types(b"\x7f\x7f"),
        Types(b""),
    ),
    Function::new(
        "wasi:random/random",
        "get-random-u64",
        Types(b""),
        Types(b"\x7e"),
    ),
];
