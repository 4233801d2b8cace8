//! Thumb-2 for Armv8-M Mainline and Armv7-M.
//!
//! ```text
//!   selection ──▶ inst + operands ──regalloc2──▶ emit ──▶ encode (bits of one instruction)
//!                      │ display                   └────▶ branch (what depends on distances)
//! ```
//!
//! * [`regs`]: which register plays which role
//! * [`imm`]: immediates that are encodable once they exist
//! * [`inst`]: the machine instructions that selection produces
//! * [`frame`]: the stack frame
//! * [`emit`]: from machine instructions to the code of a function
//! * [`branch`]: branches and jump tables, short and long
//! * [`reloc`]: references between functions

#[cfg(test)]
mod allocation_tests;
#[cfg(test)]
mod assembler;
pub mod branch;
#[cfg(test)]
mod branch_tests;
mod display;
pub mod emit;
#[cfg(test)]
mod emit_tests;
mod encode;
#[cfg(test)]
mod encode_table;
#[cfg(test)]
mod encode_tests;
pub mod frame;
pub mod imm;
pub mod inst;
mod operands;
#[cfg(test)]
mod random;
pub mod regs;
pub mod reloc;
