//! Serial ports.

use core::convert::Infallible;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use wasm2mcu_host::Uart;
use wasm2mcu_host::abi::Error;

use crate::bytes::Quoted;
use crate::timeline::Device;
use crate::world::{Input, World};

/// What both kinds of ports do.
#[derive(Clone, Copy, Debug)]
struct Port<'w> {
    world: &'w World<'w>,
    number: u32,
    /// Bytes of those that came which were read.
    taken: usize,
}

impl<'w> Port<'w> {
    /// The pieces that have come.
    fn pieces(&self) -> impl Iterator<Item = &'w [u8]> + use<'w> {
        let number = self.number;
        let passed = self.world.passed().iter();
        passed.filter_map(move |stimulus| match stimulus.input {
            Input::Bytes { port, bytes } if port == number => Some(bytes),
            _ => None,
        })
    }

    fn available(&self) -> usize {
        let came: usize = self.pieces().map(<[u8]>::len).sum();
        came - self.taken
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let waiting = self.pieces().flatten().skip(self.taken);
        let mut count = 0;
        for (place, byte) in buffer.iter_mut().zip(waiting) {
            *place = *byte;
            count += 1;
        }
        self.taken += count;
        if count > 0 {
            let read = buffer.get(..count).unwrap_or_default();
            self.note("is read:", read);
        }
        count
    }

    fn note(&self, what: &str, bytes: &[u8]) {
        let device = Device::Uart(self.number);
        self.world
            .note(device, format_args!("{what} {}", Quoted(bytes)));
    }
}

/// A port that takes everything at once.
#[derive(Clone, Copy, Debug)]
pub struct VirtualUart<'w>(Port<'w>);

impl<'w> VirtualUart<'w> {
    /// The port with this number.
    pub const fn new(world: &'w World<'w>, number: u32) -> Self {
        VirtualUart(Port {
            world,
            number,
            taken: 0,
        })
    }
}

impl Uart for VirtualUart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        Ok(self.0.read(buffer))
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.0.note("sends", data);
        Ok(data.len())
    }

    fn available(&mut self) -> Result<usize, Error> {
        Ok(self.0.available())
    }

    fn configure(&mut self, baud: u32) -> Result<(), Error> {
        let device = Device::Uart(self.0.number);
        self.0
            .world
            .note(device, format_args!("configured for {baud} baud"));
        Ok(())
    }
}

/// Bytes that a [`FixedUart`] takes at a time.
const ROOM: usize = 16;

/// A port with a fixed rate and little room, and what `embedded-io` knows of ports.
#[derive(Clone, Copy, Debug)]
pub struct FixedUart<'w>(Port<'w>);

impl<'w> FixedUart<'w> {
    /// The port with this number.
    pub const fn new(world: &'w World<'w>, number: u32) -> Self {
        FixedUart(VirtualUart::new(world, number).0)
    }
}

impl ErrorType for FixedUart<'_> {
    type Error = Infallible;
}

impl Read for FixedUart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.0.read(buffer))
    }
}

impl ReadReady for FixedUart<'_> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.available() > 0)
    }
}

impl Write for FixedUart<'_> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Infallible> {
        let data = data.get(..ROOM).unwrap_or(data);
        self.0.note("sends", data);
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
