//! Where arguments and results of a call stand: the first words in registers, the rest on the
//! stack.

use cranelift_codegen::ir;
use regalloc2::{PReg, RegClass};
use wasm2mcu_abi::types::ValueType;

use super::Isa;
use crate::wasm::support;

/// The place of one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this register.
    Register(PReg),
    /// At this byte offset of the stack argument area, counted upwards from the callee's
    /// stack pointer at entry.
    Stack(u32),
}

/// The register classes of the words of a value of this type.
pub fn classes<I: Isa>(isa: &I, ty: ir::Type) -> impl Iterator<Item = RegClass> + use<I> {
    std::iter::repeat_n(isa.class_of(ty), ty.bits().div_ceil(32) as usize)
}

/// Places words of these classes: in the registers of their class as long as there are any, then on
/// the stack upwards.
///
/// Returns the places and the bytes of the stack area (a multiple of 4).
pub fn assign<I: Isa>(words: impl IntoIterator<Item = RegClass>) -> (Vec<Place>, u32) {
    let mut integers = I::ARGUMENTS.iter();
    let mut floats = I::FLOAT_ARGUMENTS.iter();
    let mut stack = 0;
    let mut place = |class| {
        let registers = match class {
            RegClass::Float => &mut floats,
            _ => &mut integers,
        };
        match registers.next() {
            Some(&register) => Place::Register(register),
            None => {
                stack += 4;
                Place::Stack(stack - 4)
            }
        }
    };
    let places = words.into_iter().map(&mut place).collect();
    (places, stack)
}

/// Places the words of values of these types, as [`assign`] does.
pub fn of_values<I: Isa>(isa: &I, types: &[ValueType]) -> (Vec<Place>, u32) {
    let types = types.iter().map(|&ty| support::clif_type(ty));
    assign::<I>(types.flat_map(|ty| classes(isa, ty)))
}
