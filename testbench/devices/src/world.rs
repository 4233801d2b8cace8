//! Virtual time, and what comes from outside.

use core::cell::Cell;
use core::fmt;

use wasm2mcu_host::Stream;
use wasm2mcu_host::abi::logging::Level;

use crate::bytes::Quoted;
use crate::timeline::{Device, Happening, Timeline};

/// What looking at the clock takes, in nanoseconds.
pub(crate) const STEP: u64 = 1000;

/// The temperature without a script, in thousandths of a degree Celsius.
const TEMPERATURE: i32 = 25_000;

/// Something that comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stimulus<'s> {
    /// When, in nanoseconds of virtual time.
    pub at: u64,
    /// What.
    pub input: Input<'s>,
}

/// What comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'s> {
    /// The level at a pin becomes this, until the next one.
    Level {
        /// The pin.
        pin: u32,
        /// True for high.
        high: bool,
    },
    /// Bytes come to a serial port.
    Bytes {
        /// The port.
        port: u32,
        /// What comes.
        bytes: &'s [u8],
    },
    /// The temperature is this; between two of them it changes evenly.
    Temperature {
        /// In thousandths of a degree Celsius.
        millicelsius: i32,
    },
}

/// The time and the surroundings that all devices of a board share.
pub struct World<'w> {
    now: Cell<u64>,
    script: &'w [Stimulus<'w>],
    /// Stimuli that have happened.
    passed: Cell<usize>,
    timeline: &'w dyn Timeline,
}

impl<'w> World<'w> {
    /// A world at time 0, in which the script happens in its order, none of it before its time.
    pub fn new(script: &'w [Stimulus<'w>], timeline: &'w dyn Timeline) -> Self {
        let world = World {
            now: Cell::new(0),
            script,
            passed: Cell::new(0),
            timeline,
        };
        world.advance(0);
        world
    }

    /// Nanoseconds of virtual time, without passing any.
    pub fn time(&self) -> u64 {
        self.now.get()
    }

    /// Passes time until the clock reads `until`, if that is later than now.
    pub fn advance(&self, until: u64) {
        while let Some(stimulus) = self.script.get(self.passed.get())
            && stimulus.at <= until.max(self.now.get())
        {
            self.now.set(self.now.get().max(stimulus.at));
            self.passed.set(self.passed.get() + 1);
            match stimulus.input {
                Input::Level { pin, high } => {
                    let level = if high { "high" } else { "low" };
                    self.note(Device::Gpio(pin), format_args!("becomes {level} outside"));
                }
                Input::Bytes { port, bytes } => {
                    let text = Quoted(bytes);
                    self.note(Device::Uart(port), format_args!("receives {text}"));
                }
                Input::Temperature { millicelsius } => {
                    let value = Celsius(millicelsius);
                    self.note(Device::World, format_args!("temperature is {value}"));
                }
            }
        }
        self.now.set(self.now.get().max(until));
    }

    /// Tells the timeline what happens now.
    pub fn note(&self, device: Device, what: fmt::Arguments<'_>) {
        self.timeline.happened(&Happening {
            at: self.now.get(),
            device,
            what,
        });
    }

    /// Tells the timeline what a module logs.
    pub fn log(&self, level: Level, context: &str, message: &str) {
        let (level, colon) = (level.name(), if context.is_empty() { "" } else { ": " });
        let what = format_args!("{level}: {context}{colon}{message}");
        self.note(Device::Log, what);
    }

    /// Tells the timeline what a WASI program prints.
    pub fn print(&self, stream: Stream, bytes: &[u8]) {
        let name = match stream {
            Stream::Output => "prints",
            Stream::Error => "prints an error",
        };
        self.note(Device::World, format_args!("{name} {}", Quoted(bytes)));
    }

    /// When something comes from outside the next time.
    pub(crate) fn next_stimulus(&self) -> Option<u64> {
        let next = self.script.get(self.passed.get())?;
        Some(next.at)
    }

    /// How much of the script has happened.
    pub(crate) fn passed(&self) -> &'w [Stimulus<'w>] {
        self.script.get(..self.passed.get()).unwrap_or_default()
    }

    /// The level that a pin is held at from outside, if the script says so.
    pub(crate) fn level(&self, number: u32) -> Option<bool> {
        let levels = self.passed().iter().rev();
        let mut levels = levels.filter_map(|stimulus| match stimulus.input {
            Input::Level { pin, high } if pin == number => Some(high),
            _ => None,
        });
        levels.next()
    }

    /// The temperature now, in thousandths of a degree Celsius.
    pub(crate) fn temperature(&self) -> i32 {
        let temperature = |stimulus: &Stimulus<'_>| match stimulus.input {
            Input::Temperature { millicelsius } => Some((stimulus.at, millicelsius)),
            _ => None,
        };
        let later = self.script.get(self.passed.get()..).unwrap_or_default();
        let before = self.passed().iter().rev().find_map(temperature);
        let behind = later.iter().find_map(temperature);
        match (before, behind) {
            (Some((begin, from)), Some((end, to))) if end > begin => {
                let (passed, all) = (self.time().saturating_sub(begin), end - begin);
                let whole = i128::from(to) - i128::from(from);
                let change = whole * i128::from(passed) / i128::from(all);
                (i128::from(from) + change) as i32
            }
            (Some((_, temperature)), _) | (None, Some((_, temperature))) => temperature,
            (None, None) => TEMPERATURE,
        }
    }
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// Thousandths of a degree, as degrees.
pub(crate) struct Celsius(pub(crate) i32);

impl fmt::Display for Celsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        write!(f, "{sign}{whole}.{rest:03} °C")
    }
}
