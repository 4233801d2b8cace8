//! Errors, as the host numbers them and as the traits want to know them.

use core::fmt;

use embedded_hal::i2c::NoAcknowledgeSource;
use embedded_hal::{digital, i2c, pwm, spi};

/// Why the host did not do what it was asked for.
pub use wasm2mcu_abi::hardware::Error as ErrorCode;

/// The error of every function here.
///
/// Apart from [`ErrorCode`] because the traits' error types are implemented for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error(pub ErrorCode);

/// What a function of the host returned: its value, or an error if it is negative.
pub(crate) fn value(returned: i32) -> Result<u32, Error> {
    match u32::try_from(returned) {
        Ok(value) => Ok(value),
        // A number that a later version of the ABI has appended is an error nonetheless.
        Err(_) => Err(Error(
            ErrorCode::from_u32(returned.unsigned_abs()).unwrap_or(ErrorCode::Io),
        )),
    }
}

/// [`value`] where it is always 0.
pub(crate) fn done(returned: i32) -> Result<(), Error> {
    value(returned).map(drop)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl core::error::Error for Error {}

impl digital::Error for Error {
    fn kind(&self) -> digital::ErrorKind {
        digital::ErrorKind::Other
    }
}

impl i2c::Error for Error {
    fn kind(&self) -> i2c::ErrorKind {
        match self.0 {
            ErrorCode::NoAcknowledge => i2c::ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
            ErrorCode::Bus => i2c::ErrorKind::Bus,
            ErrorCode::Overrun => i2c::ErrorKind::Overrun,
            _ => i2c::ErrorKind::Other,
        }
    }
}

impl spi::Error for Error {
    fn kind(&self) -> spi::ErrorKind {
        match self.0 {
            ErrorCode::Overrun => spi::ErrorKind::Overrun,
            _ => spi::ErrorKind::Other,
        }
    }
}

impl pwm::Error for Error {
    fn kind(&self) -> pwm::ErrorKind {
        pwm::ErrorKind::Other
    }
}

impl embedded_io::Error for Error {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self.0 {
            ErrorCode::NotPermitted => embedded_io::ErrorKind::PermissionDenied,
            ErrorCode::NotFound => embedded_io::ErrorKind::NotFound,
            ErrorCode::InvalidArgument => embedded_io::ErrorKind::InvalidInput,
            ErrorCode::Unsupported => embedded_io::ErrorKind::Unsupported,
            ErrorCode::Timeout => embedded_io::ErrorKind::TimedOut,
            _ => embedded_io::ErrorKind::Other,
        }
    }
}
