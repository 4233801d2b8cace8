//! `w2m_hardware`: the firmware's functions, as the hardware of a host.

use core::ffi::c_void;
use core::ptr;

use wasm2mcu_host::abi::sensor::{Description, Quantity, Reading};
use wasm2mcu_host::abi::{Error, gpio, logging, spi};
use wasm2mcu_host::{Events, Hardware, I2cOperation, SEGMENTS, SpiOperation, Stream};

type User = *mut c_void;

macro_rules! table {
    ($($name:ident($($param:ty),*) $(-> $result:ty)?;)*) => {
        /// The table, in the order of the header.
        #[derive(Clone, Copy)]
        #[repr(C)]
        pub(crate) struct Table {
            pub(crate) size: u32,
            $(pub(crate) $name: Option<unsafe extern "C" fn(User $(, $param)*) $(-> $result)?>,)*
        }

        /// Offsets of the functions, for the comparison with the header.
        pub(crate) const OFFSETS: [usize; [$(stringify!($name)),*].len()] =
            [$(core::mem::offset_of!(Table, $name)),*];
    };
}

table! {
    now() -> u64;
    resolution() -> u64;
    wait(*mut Events, u64);
    interrupted() -> i32;
    realtime() -> u64;
    random(*mut u8, usize) -> i32;
    log(u32, *const u8, usize, *const u8, usize);
    gpio_configure(u32, u32, u32) -> i32;
    gpio_read(u32) -> i32;
    gpio_write(u32, u32) -> i32;
    i2c_transaction(u32, u16, *const Operation, usize) -> i32;
    spi_configure(u32, u32, u32) -> i32;
    spi_transaction(u32, *const Operation, usize) -> i32;
    uart_configure(u32, u32) -> i32;
    uart_read(u32, *mut u8, usize) -> i32;
    uart_write(u32, *const u8, usize) -> i32;
    uart_available(u32) -> i32;
    adc_read(u32) -> i32;
    adc_read_microvolts(u32, *mut u32) -> i32;
    adc_resolution(u32) -> i32;
    pwm_max_duty(u32) -> i32;
    pwm_set_duty(u32, u16) -> i32;
    pwm_set_frequency(u32, u32) -> i32;
    sensor_read(u32, *mut f32) -> i32;
    sensor_describe(u32, *mut Described) -> i32;
    store_get(*const u8, usize, *mut u8, usize) -> i32;
    store_length(*const u8, usize) -> i32;
    store_set(*const u8, usize, *const u8, usize, u32) -> i32;
    store_delete(*const u8, usize) -> i32;
    stream_write(u32, *const u8, usize) -> i32;
    stream_read(*mut u8, usize) -> i32;
}

/// `w2m_operation`: a part of a transaction.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Operation {
    pub(crate) write: *const u8,
    pub(crate) write_bytes: usize,
    pub(crate) read: *mut u8,
    pub(crate) read_bytes: usize,
}

impl Operation {
    const NONE: Operation = Operation {
        write: ptr::null(),
        write_bytes: 0,
        read: ptr::null_mut(),
        read_bytes: 0,
    };

    fn write(bytes: &[u8]) -> Operation {
        Operation {
            write: bytes.as_ptr(),
            write_bytes: bytes.len(),
            ..Operation::NONE
        }
    }

    fn read(bytes: &mut [u8]) -> Operation {
        Operation {
            read: bytes.as_mut_ptr(),
            read_bytes: bytes.len(),
            ..Operation::NONE
        }
    }
}

/// `w2m_description`: what a sensor can tell.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Described {
    pub(crate) quantity: u32,
    pub(crate) minimum: f32,
    pub(crate) maximum: f32,
    pub(crate) resolution: f32,
}

/// A board whose functions are C.
pub(crate) struct CHardware {
    table: &'static Table,
    user: User,
}

impl CHardware {
    /// # Safety
    ///
    /// Every function in the table is what the header says, and is good with `user`, as long as this lives.
    pub(crate) unsafe fn new(table: &'static Table, user: User) -> Self {
        CHardware { table, user }
    }

    /// A list of operations that is as long as a module's can be.
    fn operations(operations: impl Iterator<Item = Operation>) -> ([Operation; SEGMENTS], usize) {
        let mut list = [Operation::NONE; SEGMENTS];
        let mut count = 0;
        for (place, operation) in list.iter_mut().zip(operations) {
            *place = operation;
            count += 1;
        }
        (list, count)
    }
}

/// What a function of the firmware answers: its value, or the error.
fn answer(result: i32) -> Result<u32, Error> {
    u32::try_from(result)
        .map_err(|_| Error::from_u32(result.unsigned_abs()).unwrap_or(Error::Io))
}

/// Calls a function of the table, if it is there.
macro_rules! ask {
    ($self:ident.$name:ident($($argument:expr),*)) => {
        match $self.table.$name {
            // SAFETY: by the promise of `CHardware::new`. Pointers are of values that live here.
            Some(function) => answer(unsafe { function($self.user $(, $argument)*) }),
            None => Err(Error::NotFound),
        }
    };
}

/// A function that a board may leave out because it lets nobody choose.
fn unsupported(result: Result<u32, Error>) -> Result<(), Error> {
    match result {
        Err(Error::NotFound) => Err(Error::Unsupported),
        other => other.map(|_| ()),
    }
}

/// A number that the header bounds; what is more is the firmware's mistake.
fn short(value: u32) -> Result<u16, Error> {
    u16::try_from(value).map_err(|_| Error::Io)
}

impl Hardware for CHardware {
    fn now(&mut self) -> u64 {
        // SAFETY: by the promise of `CHardware::new`.
        self.table.now.map_or(u64::MAX, |now| unsafe { now(self.user) })
    }

    fn resolution(&mut self) -> u64 {
        let resolution = self.table.resolution;
        // SAFETY: by the promise of `CHardware::new`.
        resolution.map_or(1, |resolution| unsafe { resolution(self.user) })
    }

    fn wait(&mut self, events: &mut Events, until: u64) {
        if let Some(wait) = self.table.wait {
            // SAFETY: by the promise of `CHardware::new`; the events are good until it returns.
            unsafe { wait(self.user, events, until) };
        }
    }

    fn interrupted(&mut self) -> bool {
        ask!(self.interrupted()).is_ok_and(|interrupted| interrupted != 0)
    }

    fn realtime(&mut self) -> Option<u64> {
        // SAFETY: by the promise of `CHardware::new`.
        self.table.realtime.map(|realtime| unsafe { realtime(self.user) })
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        ask!(self.random(bytes.as_mut_ptr(), bytes.len())).map(|_| ())
    }

    fn log(&mut self, level: logging::Level, context: &str, message: &str) {
        if let Some(log) = self.table.log {
            // SAFETY: by the promise of `CHardware::new`; the texts are good until it returns.
            unsafe {
                log(
                    self.user,
                    level as u32,
                    context.as_ptr(),
                    context.len(),
                    message.as_ptr(),
                    message.len(),
                );
            }
        }
    }

    fn gpio_configure(
        &mut self,
        pin: u32,
        direction: gpio::Direction,
        pull: gpio::Pull,
    ) -> Result<(), Error> {
        ask!(self.gpio_configure(pin, direction as u32, pull as u32)).map(|_| ())
    }

    fn gpio_read(&mut self, pin: u32) -> Result<bool, Error> {
        ask!(self.gpio_read(pin)).map(|level| level != 0)
    }

    fn gpio_write(&mut self, pin: u32, level: bool) -> Result<(), Error> {
        ask!(self.gpio_write(pin, level.into())).map(|_| ())
    }

    fn i2c_transaction(
        &mut self,
        bus: u32,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error> {
        let (list, count) = Self::operations(operations.iter_mut().map(|part| match part {
            I2cOperation::Read(bytes) => Operation::read(bytes),
            I2cOperation::Write(bytes) => Operation::write(bytes),
        }));
        ask!(self.i2c_transaction(bus, address, list.as_ptr(), count)).map(|_| ())
    }

    fn spi_configure(&mut self, device: u32, mode: spi::Mode, hertz: u32) -> Result<(), Error> {
        unsupported(ask!(self.spi_configure(device, mode as u32, hertz)))
    }

    fn spi_transaction(
        &mut self,
        device: u32,
        operations: &mut [SpiOperation<'_, u8>],
    ) -> Result<(), Error> {
        let parts = operations.iter_mut().filter_map(|part| match part {
            SpiOperation::Read(bytes) => Some(Operation::read(bytes)),
            SpiOperation::Write(bytes) => Some(Operation::write(bytes)),
            SpiOperation::Transfer(read, write) => Some(Operation {
                read: read.as_mut_ptr(),
                read_bytes: read.len(),
                ..Operation::write(write)
            }),
            SpiOperation::TransferInPlace(bytes) => {
                let place = bytes.as_mut_ptr();
                Some(Operation {
                    write: place,
                    write_bytes: bytes.len(),
                    read: place,
                    read_bytes: bytes.len(),
                })
            }
            // No module can ask for one.
            SpiOperation::DelayNs(_) => None,
        });
        let (list, count) = Self::operations(parts);
        ask!(self.spi_transaction(device, list.as_ptr(), count)).map(|_| ())
    }

    fn uart_configure(&mut self, port: u32, baud: u32) -> Result<(), Error> {
        unsupported(ask!(self.uart_configure(port, baud)))
    }

    fn uart_read(&mut self, port: u32, buffer: &mut [u8]) -> Result<usize, Error> {
        ask!(self.uart_read(port, buffer.as_mut_ptr(), buffer.len())).map(|read| read as usize)
    }

    fn uart_write(&mut self, port: u32, data: &[u8]) -> Result<usize, Error> {
        ask!(self.uart_write(port, data.as_ptr(), data.len())).map(|taken| taken as usize)
    }

    fn uart_available(&mut self, port: u32) -> Result<usize, Error> {
        ask!(self.uart_available(port)).map(|bytes| bytes as usize)
    }

    fn adc_read(&mut self, channel: u32) -> Result<u16, Error> {
        ask!(self.adc_read(channel)).and_then(short)
    }

    fn adc_read_microvolts(&mut self, channel: u32) -> Result<u32, Error> {
        let mut microvolts = 0;
        ask!(self.adc_read_microvolts(channel, &raw mut microvolts)).map(|_| microvolts)
    }

    fn adc_resolution(&mut self, channel: u32) -> Result<u8, Error> {
        let bits = ask!(self.adc_resolution(channel))?;
        u8::try_from(bits).map_err(|_| Error::Io)
    }

    fn pwm_max_duty(&mut self, channel: u32) -> Result<u16, Error> {
        ask!(self.pwm_max_duty(channel)).and_then(short)
    }

    fn pwm_set_duty(&mut self, channel: u32, duty: u16) -> Result<(), Error> {
        ask!(self.pwm_set_duty(channel, duty)).map(|_| ())
    }

    fn pwm_set_frequency(&mut self, channel: u32, hertz: u32) -> Result<(), Error> {
        unsupported(ask!(self.pwm_set_frequency(channel, hertz)))
    }

    fn sensor_read(&mut self, sensor: u32) -> Result<Reading, Error> {
        let quantity = self.sensor_describe(sensor)?.quantity;
        let mut value = 0.0;
        ask!(self.sensor_read(sensor, &raw mut value))?;
        Ok(Reading {
            value,
            quantity,
            timestamp: self.now(),
        })
    }

    fn sensor_describe(&mut self, sensor: u32) -> Result<Description, Error> {
        let mut described = Described::default();
        ask!(self.sensor_describe(sensor, &raw mut described))?;
        Ok(Description {
            quantity: Quantity::from_u32(described.quantity).ok_or(Error::Io)?,
            minimum: described.minimum,
            maximum: described.maximum,
            resolution: described.resolution,
        })
    }

    fn store_get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Error> {
        let (place, length) = (buffer.as_mut_ptr(), buffer.len());
        ask!(self.store_get(key.as_ptr(), key.len(), place, length)).map(|bytes| bytes as usize)
    }

    fn store_length(&mut self, key: &str) -> Result<u16, Error> {
        ask!(self.store_length(key.as_ptr(), key.len())).and_then(short)
    }

    fn store_set(&mut self, key: &str, value: &[u8], quota: u32) -> Result<(), Error> {
        let (bytes, length) = (value.as_ptr(), value.len());
        ask!(self.store_set(key.as_ptr(), key.len(), bytes, length, quota)).map(|_| ())
    }

    fn store_delete(&mut self, key: &str) -> Result<(), Error> {
        ask!(self.store_delete(key.as_ptr(), key.len())).map(|_| ())
    }

    fn stream_write(&mut self, stream: Stream, bytes: &[u8]) -> Result<usize, Error> {
        let number = match stream {
            Stream::Output => 1,
            Stream::Error => 2,
        };
        match ask!(self.stream_write(number, bytes.as_ptr(), bytes.len())) {
            Err(Error::NotFound) => Ok(bytes.len()),
            taken => taken.map(|taken| taken as usize),
        }
    }

    fn stream_read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match ask!(self.stream_read(buffer.as_mut_ptr(), buffer.len())) {
            Err(Error::NotFound) => Ok(0),
            read => read.map(|read| read as usize),
        }
    }
}
