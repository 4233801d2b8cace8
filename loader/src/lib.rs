//! Verifies, relocates and runs wasm2mcu images in place.
#![no_std]
