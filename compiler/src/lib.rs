//! Compiles WebAssembly ahead of time for microcontrollers.
#![forbid(unsafe_code)]

pub mod image;
