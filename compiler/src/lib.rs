//! Compiles WebAssembly ahead of time for microcontrollers.
#![forbid(unsafe_code)]

pub mod error;
pub mod image;
pub mod isa;
pub mod mach;
pub mod opt;
pub mod wasm;

pub use error::{Error, Result};
