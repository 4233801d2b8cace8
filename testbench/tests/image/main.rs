//! The image format from both sides: what the compiler writes, the loader reads, and bytes that
//! nobody wrote are refused or harmless.
//!
//! But for one test of [`compiled`], no machine code runs here: [`fake_core`] stands for a core
//! whose functions are Rust closures under text offsets.

mod checks;
mod compiled;
mod fake_core;
mod format;
mod hostile;
mod instance;
mod linked;
mod sample;
mod work;
