//! The one description that the compiler, the loader and the guests of wasm2mcu share.
//!
//! * [`image`]: the bytes of a compiled module (`.w2m`), specified in `IMAGE.md`
//! * [`firmware`]: what a firmware says of the slots that images are linked into, specified in `FIRMWARE.md`
//! * [`context`]: the block in RAM that an instance lives in, which generated code addresses
//! * [`hardware`]: what a module can ask of its host, specified in `HARDWARE.md`
//! * [`trap`]: why a call ended early
//! * [`types`]: value types and signatures as they stand in an image
//!
//! Nothing here allocates, knows an instruction set or, but for the feature `defmt`, depends on anything.
#![no_std]
#![forbid(unsafe_code)]

pub mod context;
pub mod firmware;
pub mod hardware;
pub mod image;
pub mod trap;
pub mod types;
