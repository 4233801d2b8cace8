//! Constant expressions: initial values of globals and tables, offsets and items of segments.

use wasm2mcu_abi::types::ValueType;
use wasmparser::{ConstExpr, Operator};

use super::module::{Constant, Module, Operation, Step};
use super::operators;
use crate::error::{Error, Place, Result};

/// The value of an expression that the validator accepted, as far as it is known.
pub(super) fn evaluate(module: &Module, expression: &ConstExpr<'_>) -> Result<Constant> {
    use ValueType::{F32, F64, I32, I64};
    let mut steps = Vec::new();
    for item in expression.get_operators_reader().into_iter_with_offsets() {
        let (op, offset) = item?;
        steps.push(match op {
            Operator::End => break,
            Operator::I32Const { value } => Step::Number(I32, u64::from(value as u32)),
            Operator::I64Const { value } => Step::Number(I64, value as u64),
            Operator::F32Const { value } => Step::Number(F32, value.bits().into()),
            Operator::F64Const { value } => Step::Number(F64, value.bits()),
            Operator::I32Add => Step::Binary(Operation::Add, I32),
            Operator::I32Sub => Step::Binary(Operation::Sub, I32),
            Operator::I32Mul => Step::Binary(Operation::Mul, I32),
            Operator::I64Add => Step::Binary(Operation::Add, I64),
            Operator::I64Sub => Step::Binary(Operation::Sub, I64),
            Operator::I64Mul => Step::Binary(Operation::Mul, I64),
            Operator::GlobalGet { global_index } => {
                let global = &module.globals[global_index as usize];
                match global.init {
                    Constant::Number(bits) => Step::Number(global.ty, bits),
                    Constant::Reference(function) => Step::Reference(function),
                    Constant::Computed(_) => Step::Global(global_index),
                }
            }
            Operator::RefFunc { function_index } => Step::Reference(Some(function_index)),
            Operator::RefNull { .. } => Step::Reference(None),
            other => {
                let name = operators::name(&other);
                let what = format!("operator {name} in a constant expression is");
                return Err(Error::unsupported(what, Place::at(offset)));
            }
        });
    }
    Ok(known(&steps).unwrap_or(Constant::Computed(steps)))
}

/// What the steps compute, unless that depends on what is not known yet.
fn known(steps: &[Step]) -> Option<Constant> {
    let mut stack = Vec::new();
    for step in steps {
        let value = match *step {
            Step::Number(_, bits) => Constant::Number(bits),
            Step::Reference(function) => Constant::Reference(function),
            Step::Global(_) => return None,
            Step::Binary(operation, ty) => {
                let (Some(Constant::Number(right)), Some(Constant::Number(left))) =
                    (stack.pop(), stack.pop())
                else {
                    unreachable!("the validator knows two numbers to be there")
                };
                let bits = match operation {
                    Operation::Add => left.wrapping_add(right),
                    Operation::Sub => left.wrapping_sub(right),
                    Operation::Mul => left.wrapping_mul(right),
                };
                let mask = u64::MAX >> (64 - 32 * ty.words());
                Constant::Number(bits & mask)
            }
        };
        stack.push(value);
    }
    stack.pop()
}
