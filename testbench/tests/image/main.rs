//! The image format from both sides: what the compiler writes, the loader reads, and bytes that
//! nobody wrote are refused or harmless.
//!
//! No machine code runs here: [`fake_core`] stands for a core whose functions are Rust closures
//! under text offsets.

mod checks;
mod fake_core;
mod format;
mod hostile;
mod instance;
mod sample;
