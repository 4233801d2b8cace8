//! Serial ports (`wasm2mcu:uart/uart`).
//!
//! The manifest names each by its number: `uart 2`.

use core::time::Duration;

use embedded_io::{ErrorType, Read, ReadReady, Write};

use crate::error::{done, value};
use crate::memory::{input, length, output};
use crate::{Error, clock, raw};

/// Between two looks at a port that has nothing to read, or no room to write.
const PAUSE: Duration = Duration::from_millis(1);

/// A port.
#[derive(Debug)]
pub struct Port(u32);

impl Port {
    /// The port of this number.
    pub const fn new(number: u32) -> Self {
        Port(number)
    }

    /// Sets the rate; 8 data bits, no parity, 1 stop bit.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorCode::Unsupported) where the host does not let modules choose.
    pub fn configure(&mut self, baud: u32) -> Result<(), Error> {
        done(raw::uart::configure(self.0, baud))
    }

    /// How many bytes can be read without waiting; 65535 stands for that many or more.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn available(&mut self) -> Result<usize, Error> {
        Ok(value(raw::uart::available(self.0))? as usize)
    }

    /// Reads what has come, without waiting; returns how many bytes that was.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn read_now(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let (buffer, size) = (output(bytes), length(bytes));
        Ok(value(raw::uart::read(self.0, buffer, size))? as usize)
    }

    /// Sends what there is room for, without waiting; returns how many bytes that was.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn write_now(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let sent = raw::uart::write(self.0, input(bytes), length(bytes));
        Ok(value(sent)? as usize)
    }
}

impl ErrorType for Port {
    type Error = Error;
}

impl Read for Port {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        loop {
            let count = self.read_now(bytes)?;
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
            clock::sleep(PAUSE);
        }
    }
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, Error> {
        Ok(self.available()? > 0)
    }
}

/// What was taken is on its way: there is nothing to flush.
impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        loop {
            let count = self.write_now(bytes)?;
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
            clock::sleep(PAUSE);
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
