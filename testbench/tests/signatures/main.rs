//! Signed images: who may run what, from the arithmetic to the device.
//!
//! * [`ed25519`]: the verifier alone, over [`vectors`]
//! * [`stages`]: each stage of verification refuses what it is there for
//! * [`boards`]: signed images run like others

mod boards;
mod ed25519;
mod sample;
mod stages;
mod vectors;
