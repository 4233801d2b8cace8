//! Host functions: one address for each index, and one way to the PC for all.
//!
//! The firmware knows no signatures: a stub sends the registers that C arguments come in, and takes
//! back those that results go out in. The PC, which knows the signatures, reads further arguments
//! from the stack.

use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::{Core, Native};

use crate::protocol::register_words;
use crate::service;

pub(crate) use crate::machine::hosts::address;

/// Words that a stub sends and takes back.
pub(crate) const REGISTER_WORDS: usize = register_words(Native::<'_>::ARCHITECTURE);
/// Host functions that one instance can be given.
pub(crate) const HOSTS: usize = 256;

/// What the stubs call.
pub(crate) extern "C" fn host_call(index: u32, registers: &mut [u32; REGISTER_WORDS], sp: u32) {
    let context = registers[0] as *mut Context;
    let trap = service::host_call(index, sp, registers);
    if trap != 0 {
        // SAFETY: module code passes its context as the first argument, and waits for this
        // function with everything else that could use it.
        unsafe { (*context).host_trap = trap };
    }
}
