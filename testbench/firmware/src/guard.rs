//! Calls that survive faults: what there is to tell of one.

pub(crate) use crate::machine::guard::{guarded, last_fault};

/// What a guarded call returns when the core faulted in it. No trap code.
pub(crate) const FAULTED: u32 = 0x200;

/// The last fault.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    /// Why, as the protocol has it.
    pub(crate) cause: [u32; 2],
    /// Address of the access.
    pub(crate) address: Option<u32>,
    /// Address of the instruction, if the core told it.
    pub(crate) pc: Option<u32>,
    /// The return address register, if it was saved.
    pub(crate) lr: Option<u32>,
    /// Stack pointer.
    pub(crate) sp: u32,
}
