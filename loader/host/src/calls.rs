//! What the functions do, interface by interface: arguments read and checked, the manifest asked, the hardware called.

pub(crate) mod adc;
pub(crate) mod clocks;
pub(crate) mod events;
pub(crate) mod gpio;
pub(crate) mod i2c;
pub(crate) mod keyvalue;
pub(crate) mod logging;
pub(crate) mod pwm;
pub(crate) mod random;
mod segments;
pub(crate) mod sensor;
pub(crate) mod spi;
pub(crate) mod uart;

use wasm2mcu_abi::hardware::{Capability, Error, Kind};

use crate::fault::Fault;
use crate::memory::{self, Memory, Range};

/// The capability for a resource that has a number only.
fn resource(kind: Kind, number: u32) -> Result<Capability, Error> {
    // A number that no manifest can name is not permitted either.
    let number = u16::try_from(number).map_err(|_| Error::NotPermitted)?;
    Ok(Capability::new(kind, number))
}

/// An argument of an enum or a small integer type.
fn argument<T>(value: Option<T>) -> Result<T, Error> {
    value.ok_or(Error::InvalidArgument)
}

/// That the module's memory has room for `bytes` bytes at `address`: looked at before anything is done.
fn reserve<M: Memory + ?Sized>(memory: &mut M, address: u32, bytes: usize) -> Result<(), Fault> {
    let range = Range::new(address, bytes as u32);
    Ok(memory.exchange(Range::EMPTY, range, |_, _| ())?)
}

/// Stores a result.
fn store<M: Memory + ?Sized>(memory: &mut M, address: u32, bytes: &[u8]) -> Result<i32, Fault> {
    memory::store(memory, address, bytes)?;
    Ok(0)
}
