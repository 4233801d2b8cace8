//! Compiles WebAssembly ahead of time for microcontrollers.
#![forbid(unsafe_code)]

pub mod error;
pub mod opt;
pub mod wasm;

pub use error::{Error, Result};
