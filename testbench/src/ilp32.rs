//! How a call of a C function looks on RV32, with and without floats in floating-point registers.
//!
//! Source: RISC-V ABIs Specification, "Integer Calling Convention" and "Hardware Floating-point
//! Calling Convention", ILP32 and ILP32F.

use wasm2mcu_abi::types::ValueType;

/// The registers that carry arguments in and results out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallRegisters {
    /// a0–a7.
    pub integer: [u32; 8],
    /// fa0–fa7, as bits.
    pub float: [u32; 8],
}

/// Where floats of single precision go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatAbi {
    /// Where integers go (ILP32).
    Soft,
    /// To fa0–fa7, and where integers go when these are full (ILP32F).
    Single,
}

/// The words of `params`, in a call whose a0 holds the context.
///
/// `stack` reads the word at a byte offset from the stack pointer of the call.
///
/// # Errors
///
/// Those of `stack`.
pub fn arguments<E>(
    params: &[ValueType],
    abi: FloatAbi,
    registers: &CallRegisters,
    mut stack: impl FnMut(u32) -> Result<u32, E>,
) -> Result<Vec<u32>, E> {
    let mut words = Vec::new();
    let mut next_integer = 1;
    let mut next_float = 0;
    let mut next_stack = 0_u32;
    for param in params {
        if abi == FloatAbi::Single
            && *param == ValueType::F32
            && let Some(word) = registers.float.get(next_float)
        {
            words.push(*word);
            next_float += 1;
            continue;
        }
        // Two words take the next two registers, or the last one and the stack; only where both are
        // on the stack are they aligned.
        if next_integer == registers.integer.len() {
            next_stack = next_stack.next_multiple_of(4 * param.words());
        }
        for _ in 0..param.words() {
            if let Some(word) = registers.integer.get(next_integer) {
                words.push(*word);
                next_integer += 1;
            } else {
                words.push(stack(next_stack)?);
                next_stack += 4;
            }
        }
    }
    Ok(words)
}

/// Puts the words of a result of type `result` where the caller looks for them.
pub fn set_result(result: ValueType, abi: FloatAbi, words: &[u32], registers: &mut CallRegisters) {
    if abi == FloatAbi::Single && result == ValueType::F32 {
        registers.float[..words.len()].copy_from_slice(words);
    } else {
        registers.integer[..words.len()].copy_from_slice(words);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use wasm2mcu_abi::types::ValueType::{self, F32, F64, I32, I64};

    use super::{CallRegisters, FloatAbi, arguments, set_result};

    /// aN holds N, faN holds 100 + N, the stack word at offset K holds 1000 + K.
    fn words(abi: FloatAbi, params: &[ValueType]) -> Vec<u32> {
        let registers = CallRegisters {
            integer: std::array::from_fn(|n| n as u32),
            float: std::array::from_fn(|n| 100 + n as u32),
        };
        let stack = |at| Ok::<u32, Infallible>(1000 + at);
        let Ok(words) = arguments(params, abi, &registers, stack);
        words
    }

    #[test]
    fn double_words_need_no_pair_and_may_be_split() {
        for abi in [FloatAbi::Soft, FloatAbi::Single] {
            let words = |params| words(abi, params);
            assert_eq!(words(&[I64, I32]), [1, 2, 3]);
            assert_eq!(words(&[I64, F64, I64, I64]), [1, 2, 3, 4, 5, 6, 7, 1000]);
            assert_eq!(
                words(&[I64, I64, F64, I64, I32, I64])[7..],
                [1000, 1004, 1008, 1012]
            );
            assert_eq!(words(&[I64, I64, I64, I64, F64])[7..], [1000, 1008, 1012]);
        }
    }

    #[test]
    fn floats_of_single_precision_have_registers_of_their_own() {
        assert_eq!(words(FloatAbi::Soft, &[I64, F32, I32]), [1, 2, 3, 4]);
        let words = |params: &[_]| words(FloatAbi::Single, params);
        assert_eq!(words(&[I64, F32, I32, F32]), [1, 2, 100, 3, 101]);
        let mut ten = vec![F32; 9];
        ten.push(I32);
        assert_eq!(words(&ten)[6..], [106, 107, 1, 2]);
    }

    #[test]
    fn results() {
        let mut registers = CallRegisters::default();
        set_result(F64, FloatAbi::Single, &[1, 2], &mut registers);
        set_result(F32, FloatAbi::Single, &[3], &mut registers);
        assert_eq!(registers.integer[..2], [1, 2]);
        assert_eq!(registers.float[..2], [3, 0]);
        set_result(F32, FloatAbi::Soft, &[4], &mut registers);
        assert_eq!(registers.integer[..2], [4, 2]);
    }
}
