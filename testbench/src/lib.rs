//! Boards that run wasm2mcu images.
