//! What a board wants of an emulated core.

use std::sync::Arc;

use rsemu::core::space::AddressSpace;
use wasm2mcu_abi::image::Architecture;
use wasm2mcu_abi::types::ValueType;

use crate::board::BoardInfo;
use crate::fault::Fault;

/// A core that executes code in an address space, one instruction per step.
///
/// The flash begins with the address of the fault exit in each vector; a core that needs to be told
/// otherwise is when it is powered on.
pub trait Cpu: Sized {
    /// What the board is.
    const INFO: BoardInfo;
    /// What its code is.
    const ARCHITECTURE: Architecture;
    /// Four bytes of jumps to themselves, which change no register.
    const JUMP_TO_SELF: [u8; 4];

    /// A core that has its reset behind it, ready to be called.
    fn power_on(space: &Arc<AddressSpace>) -> Self;
    /// Executes one instruction, or enters an exception.
    fn step(&mut self);
    /// The program counter.
    fn pc(&self) -> u32;
    /// The stack pointer.
    fn sp(&self) -> u32;
    /// Makes the next step the first of a function at the code address `to`, called as a C function
    /// with these arguments and this stack, that returns to the code address `back`.
    fn set_up_call(&mut self, to: u32, arguments: [u32; 4], sp: u32, back: u32);
    /// What a C function left as its result of one word.
    fn returned_word(&self) -> u32;
    /// The words of the arguments of a C function that has just been called and whose first
    /// parameter is the context; `stack` reads at an offset from the stack pointer.
    ///
    /// # Errors
    ///
    /// Those of `stack`.
    fn arguments<E>(
        &self,
        params: &[ValueType],
        stack: impl FnMut(u32) -> Result<u32, E>,
    ) -> Result<Vec<u32>, E>;
    /// Returns from such a function with the words of its result, if it has one.
    fn return_from_host(&mut self, result: Option<(ValueType, &[u32])>);
    /// Whether it handles an exception.
    fn in_exception(&self) -> bool;
    /// Whether it has stopped for good.
    fn is_locked_up(&self) -> bool;
    /// Whether it waits for an interrupt or event.
    fn is_asleep(&self) -> bool;
    /// What went wrong, as far as the core knows; `read` reads a word of memory.
    fn fault(&self, read: impl Fn(u32) -> Option<u32>) -> Fault;
}
