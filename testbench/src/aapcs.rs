//! How a call of a C function looks on a Cortex-M, with and without floats in floating-point
//! registers.
//!
//! Source: Procedure Call Standard for the Arm Architecture (AAPCS32, IHI 0042), sections
//! 6.5 "Parameter passing" and 7.1.2 (the VFP variant, which `eabihf` names).

use wasm2mcu_abi::types::ValueType;

/// The registers that carry arguments in and results out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallRegisters {
    /// r0–r3.
    pub core: [u32; 4],
    /// s0–s15, as bits.
    pub float: [u32; 16],
}

/// Where floats go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatAbi {
    /// Where integers go (the base standard, `eabi`).
    Soft,
    /// To s0–s15 (the VFP variant, `eabihf`).
    Hard,
}

/// The words of `params`, in a call whose r0 already holds the context.
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
    let mut next_core = 1;
    let mut free_float: u16 = 0xffff;
    let mut next_stack = 0;
    for &param in params {
        let size = param.words() as usize;
        let registers = match param {
            ValueType::F32 | ValueType::F64 if abi == FloatAbi::Hard => {
                take_floats(&mut free_float, size)
                    .map(|first| &registers.float[first..first + size])
            }
            _ => take_cores(&mut next_core, size).map(|first| &registers.core[first..first + size]),
        };
        match registers {
            Some(registers) => words.extend_from_slice(registers),
            None => {
                let bytes = 4 * size as u32;
                next_stack = u32::next_multiple_of(next_stack, bytes);
                for offset in (next_stack..next_stack + bytes).step_by(4) {
                    words.push(stack(offset)?);
                }
                next_stack += bytes;
            }
        }
    }
    Ok(words)
}

/// Rules C.3–C.5: doublewords in even pairs; the first that finds no room ends the use of r0–r3.
fn take_cores(next: &mut usize, size: usize) -> Option<usize> {
    let first = next.next_multiple_of(size);
    let fits = first + size <= 4;
    *next = if fits { first + size } else { 4 };
    fits.then_some(first)
}

/// Rules C.1.vfp and C.2.vfp: the lowest free register or even pair, holes are filled later.
fn take_floats(free: &mut u16, size: usize) -> Option<usize> {
    let mask = (1u16 << size) - 1;
    let first = (0..16)
        .step_by(size)
        .find(|first| *free >> first & mask == mask);
    match first {
        Some(first) => *free &= !(mask << first),
        None => *free = 0,
    }
    first
}

/// Puts the words of a result of type `result` where the caller looks for them.
pub fn set_result(result: ValueType, abi: FloatAbi, words: &[u32], registers: &mut CallRegisters) {
    match result {
        ValueType::F32 | ValueType::F64 if abi == FloatAbi::Hard => {
            registers.float[..words.len()].copy_from_slice(words)
        }
        _ => registers.core[..words.len()].copy_from_slice(words),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use wasm2mcu_abi::types::ValueType::{self, F32, F64, I32, I64};

    use super::{CallRegisters, FloatAbi, arguments, set_result};

    /// rN holds N, sN holds 100 + N, the stack word at offset K holds 1000 + K.
    fn words(params: &[ValueType]) -> Vec<u32> {
        words_of(params, FloatAbi::Hard)
    }

    fn words_of(params: &[ValueType], abi: FloatAbi) -> Vec<u32> {
        let registers = CallRegisters {
            core: [0, 1, 2, 3],
            float: std::array::from_fn(|n| 100 + n as u32),
        };
        let Ok(words) = arguments(params, abi, &registers, |at| {
            Ok::<u32, Infallible>(1000 + at)
        });
        words
    }

    #[test]
    fn integers_follow_the_context() {
        assert_eq!(words(&[I32, I32, I32, I32, I32]), [1, 2, 3, 1000, 1004]);
    }

    #[test]
    fn doublewords_take_even_pairs_and_close_the_registers_behind_them() {
        assert_eq!(words(&[I64]), [2, 3]);
        assert_eq!(words(&[I32, I64]), [1, 2, 3]);
        assert_eq!(words(&[I32, I32, I64, I32]), [1, 2, 1000, 1004, 1008]);
        assert_eq!(
            words(&[I32, I32, I32, I32, I64]),
            [1, 2, 3, 1000, 1008, 1012]
        );
    }

    #[test]
    fn floats_fill_holes() {
        assert_eq!(words(&[F32, F64, F32, I32]), [100, 102, 103, 101, 1]);
        let mut seventeen = vec![F32; 15];
        seventeen.extend([F64, F32]);
        let words = words(&seventeen);
        assert_eq!(words[14..], [114, 1000, 1004, 1008]);
    }

    #[test]
    fn floats_are_words_without_registers_of_their_own() {
        let words = words_of(&[F32, F64, F32], FloatAbi::Soft);
        assert_eq!(words, [1, 2, 3, 1000]);
    }

    #[test]
    fn results() {
        let mut registers = CallRegisters::default();
        set_result(I64, FloatAbi::Hard, &[1, 2], &mut registers);
        set_result(F32, FloatAbi::Hard, &[3], &mut registers);
        assert_eq!(registers.core, [1, 2, 0, 0]);
        assert_eq!(registers.float[..2], [3, 0]);
        set_result(F64, FloatAbi::Soft, &[4, 5], &mut registers);
        assert_eq!(registers.core, [4, 5, 0, 0]);
        assert_eq!(registers.float[..2], [3, 0]);
    }
}
