//! Compiles WebAssembly ahead of time for microcontrollers.
#![forbid(unsafe_code)]

pub mod isa;
pub mod mach;
pub mod error;
pub mod wasm;

pub use error::{Error, Result};
pub mod image;
