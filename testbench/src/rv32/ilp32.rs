//! How a call of a C function looks on RV32 without floating-point registers.
//!
//! Source: RISC-V ABIs Specification, "Integer Calling Convention", ILP32.

use wasm2mcu_abi::types::ValueType;

/// The words of `params`, in a call whose a0 holds the context; `registers` are a0–a7.
///
/// `stack` reads the word at a byte offset from the stack pointer of the call.
///
/// # Errors
///
/// Those of `stack`.
pub(super) fn arguments<E>(
    params: &[ValueType],
    registers: &[u32; 8],
    mut stack: impl FnMut(u32) -> Result<u32, E>,
) -> Result<Vec<u32>, E> {
    let mut words = Vec::new();
    let mut next_register = 1;
    let mut next_stack = 0_u32;
    for param in params {
        // Two words take the next two registers, or the last one and the stack; only where both are
        // on the stack are they aligned.
        if next_register == registers.len() {
            next_stack = next_stack.next_multiple_of(4 * param.words());
        }
        for _ in 0..param.words() {
            if let Some(word) = registers.get(next_register) {
                words.push(*word);
                next_register += 1;
            } else {
                words.push(stack(next_stack)?);
                next_stack += 4;
            }
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use wasm2mcu_abi::types::ValueType::{self, F32, I32, I64};

    use super::arguments;

    /// aN holds N, the stack word at offset K holds 1000 + K.
    fn words(params: &[ValueType]) -> Vec<u32> {
        let registers = std::array::from_fn(|n| n as u32);
        let Ok(words) = arguments(params, &registers, |at| Ok::<u32, Infallible>(1000 + at));
        words
    }

    #[test]
    fn double_words_need_no_pair_and_may_be_split() {
        assert_eq!(words(&[I64, F32]), [1, 2, 3]);
        assert_eq!(words(&[I64, I64, I64, I64]), [1, 2, 3, 4, 5, 6, 7, 1000]);
        assert_eq!(
            words(&[I64, I64, I64, I64, I32, I64])[7..],
            [1000, 1004, 1008, 1012]
        );
        assert_eq!(words(&[I64, I64, I64, I64, I64])[7..], [1000, 1008, 1012]);
    }
}
