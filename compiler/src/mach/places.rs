//! Where arguments and results of a call stand: the first words in registers, the rest on the
//! stack.

use regalloc2::PReg;
use wasm2mcu_abi::types::ValueType;

/// The place of one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this register.
    Register(PReg),
    /// At this byte offset of the stack argument area, counted upwards from the callee's
    /// stack pointer at entry.
    Stack(u32),
}

/// How many words values of these types take.
pub fn words(types: &[ValueType]) -> usize {
    types.iter().map(|ty| ty.words() as usize).sum()
}

/// Places `words` words: registers as long as there are any, then the stack upwards.
///
/// Returns the places and the bytes of the stack area (a multiple of 4).
pub fn assign(words: usize, registers: &[PReg]) -> (Vec<Place>, u32) {
    let places: Vec<Place> = (0..words)
        .map(|word| match registers.get(word) {
            Some(&register) => Place::Register(register),
            None => Place::Stack(4 * (word - registers.len()) as u32),
        })
        .collect();
    (places, 4 * words.saturating_sub(registers.len()) as u32)
}
