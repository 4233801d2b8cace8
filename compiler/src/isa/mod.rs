//! The instruction sets, one folder each.

pub mod riscv32;
pub mod thumb2;
