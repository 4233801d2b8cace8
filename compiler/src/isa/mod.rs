//! The instruction sets, one folder each.

pub mod thumb2;
