//! Values that stay when the power goes (`wasi:keyvalue/store`).
//!
//! Each module has a store of its own, as large as its manifest asks for: `keyvalue 256`. Keys are 1 to 32 bytes of UTF-8, values
//! up to 65535 bytes.

use crate::error::{done, value};
use crate::memory::{input, length, output};
use crate::{Error, ErrorCode, raw};

/// `None` where the host says that there is no such key.
fn found(returned: i32) -> Result<Option<usize>, Error> {
    match value(returned) {
        Ok(size) => Ok(Some(size as usize)),
        Err(Error(ErrorCode::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The value of a key, in the beginning of `buffer`; none if the key has none.
///
/// # Errors
///
/// [`NoSpace`](ErrorCode::NoSpace) if the buffer is too small; it is unchanged then.
pub fn get<'b>(key: &str, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Error> {
    let (address, size) = (output(buffer), length(buffer));
    let key = key.as_bytes();
    let got = raw::store::get(input(key), length(key), address, size);
    Ok(found(got)?.and_then(|size| buffer.get(..size)))
}

/// Bytes of the value of a key; none if the key has none.
///
/// # Errors
///
/// What the host says.
pub fn len(key: &str) -> Result<Option<usize>, Error> {
    let key = key.as_bytes();
    found(raw::store::length(input(key), length(key)))
}

/// Stores a value. A power cut leaves the old one or the new one.
///
/// # Errors
///
/// [`NoSpace`](ErrorCode::NoSpace) if the store is full.
pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
    let key = key.as_bytes();
    let (address, size) = (input(value), length(value));
    done(raw::store::set(input(key), length(key), address, size))
}

/// Removes a key; it is no error if there is none.
///
/// # Errors
///
/// What the host says.
pub fn delete(key: &str) -> Result<(), Error> {
    let key = key.as_bytes();
    done(raw::store::delete(input(key), length(key)))
}

/// Whether there is a value for the key.
///
/// # Errors
///
/// What the host says.
pub fn exists(key: &str) -> Result<bool, Error> {
    let key = key.as_bytes();
    Ok(value(raw::store::exists(input(key), length(key)))? != 0)
}
