//! Messages for people (`wasi:logging/logging`).
//!
//! ```ignore
//! log::log(log::Level::Warn, "fan", "it is hot");
//! info!("{temperature} °C");
//! log::Line::<32>::new().text("duty ").number(duty).log(log::Level::Info);
//! ```
//!
//! The macros format with `core::fmt`, which costs a module some kilobytes once; a [`Line`] filled by [`Line::text`] and
//! [`Line::number`] does not.

use core::fmt;

pub use wasm2mcu_abi::hardware::logging::Level;

use crate::memory::{input, length};
use crate::raw;

/// Bytes of a message that the macros format; what is longer is cut off.
pub const LINE: usize = 128;

/// Says a message. `context` names the part of the module that says it; it may be empty.
pub fn log(level: Level, context: &str, message: &str) {
    say(level, context.as_bytes(), message.as_bytes());
}

fn say(level: Level, context: &[u8], message: &[u8]) {
    raw::log::log(
        level as u32,
        input(context),
        length(context),
        input(message),
        length(message),
    );
}

/// A message of up to `BYTES` bytes; what is longer is cut off, between two characters.
#[derive(Debug)]
pub struct Line<const BYTES: usize> {
    bytes: [u8; BYTES],
    end: usize,
}

impl<const BYTES: usize> Line<BYTES> {
    /// An empty one.
    pub const fn new() -> Self {
        Line {
            bytes: [0; BYTES],
            end: 0,
        }
    }

    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let mut size = text.len().min(BYTES - self.end);
        while !text.is_char_boundary(size) {
            size -= 1;
        }
        for byte in text.bytes().take(size) {
            self.put(byte);
        }
        self
    }

    /// Appends a number, decimal.
    pub fn number(&mut self, number: i32) -> &mut Self {
        if number < 0 {
            self.put(b'-');
        }
        let rest = number.unsigned_abs();
        let mut scale = 1;
        while rest / scale >= 10 {
            scale *= 10;
        }
        while scale > 0 {
            self.put(b'0' + (rest / scale % 10) as u8);
            scale /= 10;
        }
        self
    }

    fn put(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.end) {
            *place = byte;
            self.end += 1;
        }
    }

    /// What it holds.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// Says it.
    pub fn log(&self, level: Level) {
        say(level, &[], self.bytes());
    }
}

impl<const BYTES: usize> Default for Line<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> fmt::Write for Line<BYTES> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

/// Formats and says a message, for the macros.
#[doc(hidden)]
pub fn format(level: Level, message: fmt::Arguments<'_>) {
    if let Some(text) = message.as_str() {
        return log(level, "", text);
    }
    let mut line = Line::<LINE>::new();
    // A line takes everything; what fails is a value's own formatting, and what came before is said.
    let _ = fmt::write(&mut line, message);
    line.log(level);
}

/// Says a message of level `error`, formatted as by `format!`.
#[macro_export]
macro_rules! error {
    ($($message:tt)+) => {
        $crate::log::format($crate::log::Level::Error, ::core::format_args!($($message)+))
    };
}

/// Says a message of level `warn`, formatted as by `format!`.
#[macro_export]
macro_rules! warn {
    ($($message:tt)+) => {
        $crate::log::format($crate::log::Level::Warn, ::core::format_args!($($message)+))
    };
}

/// Says a message of level `info`, formatted as by `format!`.
#[macro_export]
macro_rules! info {
    ($($message:tt)+) => {
        $crate::log::format($crate::log::Level::Info, ::core::format_args!($($message)+))
    };
}

/// Says a message of level `debug`, formatted as by `format!`.
#[macro_export]
macro_rules! debug {
    ($($message:tt)+) => {
        $crate::log::format($crate::log::Level::Debug, ::core::format_args!($($message)+))
    };
}
