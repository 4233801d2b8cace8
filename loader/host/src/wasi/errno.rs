//! Error numbers of WASI preview 1 (`typenames.witx`, `errno`).

use wasm2mcu_abi::hardware::Error;

pub(crate) const SUCCESS: u32 = 0;
pub(crate) const BADF: u32 = 8;
pub(crate) const INVAL: u32 = 28;
pub(crate) const IO: u32 = 29;
pub(crate) const NOSYS: u32 = 52;
pub(crate) const NOTSUP: u32 = 58;

/// An error of the hardware as one of WASI.
pub(crate) fn of(error: Error) -> u32 {
    match error {
        Error::InvalidArgument => INVAL,
        Error::Unsupported => NOTSUP,
        Error::NotFound => NOSYS,
        _ => IO,
    }
}
