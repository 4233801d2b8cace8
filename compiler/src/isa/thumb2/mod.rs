//! Thumb-2 for Armv8-M Mainline and Armv7-M.
//!
//! * [`regs`]: which register plays which role
//! * [`imm`]: immediates that are encodable once they exist
//! * [`inst`]: the machine instructions that selection produces; their registers in `operands`
//! * [`frame`]: the stack frame

pub mod frame;
pub mod imm;
pub mod inst;
mod operands;
pub mod regs;
