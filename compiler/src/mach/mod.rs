//! What every instruction set shares between selection and bytes.
//!
//! * [`reg`]: registers of machine instructions and the walk over an instruction's operands
//! * [`buffer`]: the code of one function while its branches still look for their length

pub mod buffer;
pub mod reg;
