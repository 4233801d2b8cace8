//! `wasi:keyvalue/store`

use wasm2mcu_abi::hardware::Error;

use super::argument;
use crate::fault::Fault;
use crate::functions::{done, value};
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

/// Most bytes of a key.
const KEY_BYTES: usize = 32;

/// The key, of a module that has a store.
fn key<'k, H: Hardware>(host: &Host<'_, H>, bytes: &'k [u8]) -> Result<(&'k str, u32), Error> {
    let quota = host.quota().ok_or(Error::NotPermitted)?;
    let long_enough = !bytes.is_empty() && bytes.len() <= KEY_BYTES;
    let key = argument(str::from_utf8(bytes).ok().filter(|_| long_enough))?;
    Ok((key, quota))
}

pub(crate) fn get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    key_at: u32,
    key_length: u32,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let name = Range::new(key_at, key_length);
    let buffer = Range::new(buffer, buffer_length);
    memory.exchange(name, buffer, |name, buffer| {
        let (key, _) = key(host, name)?;
        value(host.hardware.store_get(key, buffer)?)
    })?
}

pub(crate) fn length<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    key_at: u32,
    key_length: u32,
) -> Result<i32, Fault> {
    memory.read(
        [Range::new(key_at, key_length), Range::EMPTY],
        |[name, _]| {
            let (key, _) = key(host, name)?;
            value(host.hardware.store_length(key)?)
        },
    )?
}

pub(crate) fn set<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    key_at: u32,
    key_length: u32,
    value: u32,
    value_length: u32,
) -> Result<i32, Fault> {
    let ranges = [
        Range::new(key_at, key_length),
        Range::new(value, value_length),
    ];
    memory.read(ranges, |[name, value]| {
        let (key, quota) = key(host, name)?;
        argument(u16::try_from(value.len()).ok())?;
        done(host.hardware.store_set(key, value, quota))
    })?
}

pub(crate) fn delete<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    key_at: u32,
    key_length: u32,
) -> Result<i32, Fault> {
    memory.read(
        [Range::new(key_at, key_length), Range::EMPTY],
        |[name, _]| {
            let (key, _) = key(host, name)?;
            done(host.hardware.store_delete(key))
        },
    )?
}

pub(crate) fn exists<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    key_at: u32,
    key_length: u32,
) -> Result<i32, Fault> {
    memory.read(
        [Range::new(key_at, key_length), Range::EMPTY],
        |[name, _]| {
            let (key, _) = key(host, name)?;
            match host.hardware.store_length(key) {
                Ok(_) => Ok(1),
                Err(Error::NotFound) => Ok(0),
                Err(error) => Err(error.into()),
            }
        },
    )?
}
