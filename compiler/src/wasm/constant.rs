//! Constant expressions: initial values of globals and offsets of segments.

use wasmparser::{ConstExpr, Operator};

use super::module::Module;
use super::operators;
use crate::error::{Error, Place, Result};

/// What a constant expression yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constant {
    /// A number, its low word in the low bits.
    Number(u64),
    /// A function reference; `None` is null.
    Function(Option<u32>),
}

impl Constant {
    /// The number as an address or index.
    pub(super) fn word(self) -> u32 {
        match self {
            Constant::Number(bits) => bits as u32,
            Constant::Function(_) => 0,
        }
    }
}

/// Evaluates an expression that the validator accepted.
pub(super) fn evaluate(module: &Module, expression: &ConstExpr<'_>) -> Result<Constant> {
    let mut stack: Vec<Constant> = Vec::new();
    for item in expression.get_operators_reader().into_iter_with_offsets() {
        let (op, offset) = item?;
        let value = match op {
            Operator::End => break,
            Operator::I32Const { value } => Constant::Number(u64::from(value as u32)),
            Operator::I64Const { value } => Constant::Number(value as u64),
            Operator::F32Const { value } => Constant::Number(value.bits().into()),
            Operator::F64Const { value } => Constant::Number(value.bits()),
            Operator::I32Add => binary(&mut stack, |x, y| (x as u32).wrapping_add(y as u32).into()),
            Operator::I32Sub => binary(&mut stack, |x, y| (x as u32).wrapping_sub(y as u32).into()),
            Operator::I32Mul => binary(&mut stack, |x, y| (x as u32).wrapping_mul(y as u32).into()),
            Operator::I64Add => binary(&mut stack, u64::wrapping_add),
            Operator::I64Sub => binary(&mut stack, u64::wrapping_sub),
            Operator::I64Mul => binary(&mut stack, u64::wrapping_mul),
            Operator::GlobalGet { global_index } => {
                Constant::Number(module.globals[global_index as usize].init)
            }
            Operator::RefFunc { function_index } => Constant::Function(Some(function_index)),
            Operator::RefNull { .. } => Constant::Function(None),
            other => {
                let name = operators::name(&other);
                let what = format!("operator {name} in a constant expression is");
                return Err(Error::unsupported(what, Place::at(offset)));
            }
        };
        stack.push(value);
    }
    Ok(stack.pop().unwrap_or(Constant::Number(0)))
}

/// Applies `operation` to the two topmost numbers, which the validator knows to be there.
fn binary(stack: &mut Vec<Constant>, operation: fn(u64, u64) -> u64) -> Constant {
    let mut number = || match stack.pop() {
        Some(Constant::Number(bits)) => bits,
        _ => 0,
    };
    let (right, left) = (number(), number());
    Constant::Number(operation(left, right))
}
