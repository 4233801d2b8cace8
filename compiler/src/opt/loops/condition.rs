//! What has to hold before a loop: comparisons of what the block before it can compute.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{
    Function, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};

use super::super::range::{self, Range};
use super::super::recognize::is_size;
use super::affine::Sum;
use super::shape::Loop;

/// A word, modulo 2^32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Sum(Sum),
    /// The size of the memory before the loop, which a load in the loop told as this value.
    Size(Value),
    Difference(Box<Expression>, Box<Expression>),
    /// Divided by 2 to this power.
    Shifted(Box<Expression>, u32),
    Divided(Box<Expression>, u32),
    Masked(Box<Expression>, u32),
    Rest(Box<Expression>, u32),
}

use Expression as E;

impl Expression {
    pub(super) fn constant(value: u32) -> Expression {
        E::Sum(Sum::constant(value))
    }

    pub(super) fn sum(sum: Sum) -> Expression {
        E::Sum(sum)
    }

    pub(super) fn exact(&self) -> Option<u32> {
        match self {
            E::Sum(sum) => sum.exact(),
            _ => None,
        }
    }

    pub(super) fn minus(self, other: Expression) -> Expression {
        match (self, other) {
            (E::Sum(x), E::Sum(y)) => E::Sum(x.minus(&y)),
            (x, y) if y.exact() == Some(0) => x,
            (x, y) => E::Difference(x.into(), y.into()),
        }
    }

    /// The quotient by a constant that is not 0.
    pub(super) fn over(self, divisor: u32) -> Expression {
        match self.exact() {
            Some(value) => Expression::constant(value / divisor),
            None if divisor == 1 => self,
            None if divisor.is_power_of_two() => E::Shifted(self.into(), divisor.ilog2()),
            None => E::Divided(self.into(), divisor),
        }
    }

    /// The remainder of the division by a constant that is not 0.
    pub(super) fn rest(self, divisor: u32) -> Expression {
        match self.exact() {
            Some(value) => Expression::constant(value % divisor),
            None if divisor.is_power_of_two() => {
                // Parts of a sum that the divisor divides leave no rest.
                let mask = divisor - 1;
                let reduced = match self {
                    E::Sum(mut sum) => {
                        sum.terms.retain(|term| term.1 & mask != 0);
                        sum.constant &= mask;
                        E::Sum(sum)
                    }
                    other => other,
                };
                match reduced.exact() {
                    Some(value) => Expression::constant(value & mask),
                    None => E::Masked(reduced.into(), mask),
                }
            }
            None => E::Rest(self.into(), divisor),
        }
    }

    /// The largest value, as long as the sum does not wrap below 0, if that is no more than `most`.
    pub(super) fn small(&self, func: &Function, most: u32) -> Option<u32> {
        let E::Sum(sum) = self else {
            return None;
        };
        let [(value, 1)] = sum.terms[..] else {
            return None;
        };
        let range = range::of(func, value, &|_| None)?;
        let largest = i64::try_from(range.hi).ok()? + i64::from(sum.constant.cast_signed());
        u32::try_from(largest)
            .ok()
            .filter(|&largest| largest <= most)
    }

    fn range(&self, func: &Function) -> Range {
        let full = Range {
            lo: 0,
            hi: u64::from(u32::MAX),
        };
        let known = match self {
            E::Sum(sum) => match sum.terms[..] {
                [] => Some(Range {
                    lo: u64::from(sum.constant),
                    hi: u64::from(sum.constant),
                }),
                [(value, 1)] => range::of(func, value, &|_| None).and_then(|range| {
                    let constant = Range {
                        lo: u64::from(sum.constant),
                        hi: u64::from(sum.constant),
                    };
                    range::add(range, constant, full)
                }),
                _ => None,
            },
            E::Masked(_, mask) => Some(Range {
                lo: 0,
                hi: u64::from(*mask),
            }),
            _ => None,
        };
        known.unwrap_or(full)
    }

    /// Computes it at the cursor.
    fn emit(&self, cursor: &mut FuncCursor<'_>, lp: &Loop) -> Value {
        match self {
            E::Sum(sum) => emit_sum(cursor, sum),
            E::Size(value) => again(cursor, lp, *value),
            E::Difference(x, y) => {
                let (x, y) = (x.emit(cursor, lp), y.emit(cursor, lp));
                cursor.ins().isub(x, y)
            }
            E::Shifted(x, by) => {
                let (x, by) = (x.emit(cursor, lp), word(cursor, *by));
                cursor.ins().ushr(x, by)
            }
            E::Divided(x, by) => {
                let (x, by) = (x.emit(cursor, lp), word(cursor, *by));
                cursor.ins().udiv(x, by)
            }
            E::Masked(x, mask) => {
                let (x, mask) = (x.emit(cursor, lp), word(cursor, *mask));
                cursor.ins().band(x, mask)
            }
            E::Rest(x, by) => {
                let (x, by) = (x.emit(cursor, lp), word(cursor, *by));
                cursor.ins().urem(x, by)
            }
        }
    }
}

fn word(cursor: &mut FuncCursor<'_>, value: u32) -> Value {
    cursor.ins().iconst(types::I32, i64::from(value))
}

fn emit_sum(cursor: &mut FuncCursor<'_>, sum: &Sum) -> Value {
    let mut total = None;
    for &(value, factor) in &sum.terms {
        let (negative, size) = match factor.cast_signed() {
            -1 => (true, 1),
            _ => (false, factor),
        };
        let part = if size == 1 {
            value
        } else if size.is_power_of_two() {
            let by = word(cursor, size.ilog2());
            cursor.ins().ishl(value, by)
        } else {
            let factor = word(cursor, size);
            cursor.ins().imul(value, factor)
        };
        total = Some(match (total, negative) {
            (None, false) => part,
            (None, true) => cursor.ins().ineg(part),
            (Some(total), false) => cursor.ins().iadd(total, part),
            (Some(total), true) => cursor.ins().isub(total, part),
        });
    }
    match (total, sum.constant) {
        (None, constant) => word(cursor, constant),
        (Some(total), 0) => total,
        (Some(total), constant) => {
            let constant = word(cursor, constant);
            cursor.ins().iadd(total, constant)
        }
    }
}

/// Whether a value's instructions can be repeated before the loop: addresses, and loads of what
/// no loop writes, or of the memory's size, which only grows.
pub(super) fn can_repeat(func: &Function, lp: &Loop, value: Value) -> bool {
    let value = func.dfg.resolve_aliases(value);
    if !lp.computes(func, value) {
        return true;
    }
    let ValueDef::Result(inst, 0) = func.dfg.value_def(value) else {
        return false;
    };
    match func.dfg.insts[inst] {
        InstructionData::UnaryGlobalValue { .. } => true,
        InstructionData::Load {
            opcode: Opcode::Load,
            arg,
            flags,
            ..
        } => {
            let steady = func.dfg.mem_flags[flags].readonly() || is_size(func, value);
            steady && can_repeat(func, lp, arg)
        }
        _ => false,
    }
}

/// Repeats the instructions of a value for which [`can_repeat`] holds.
fn again(cursor: &mut FuncCursor<'_>, lp: &Loop, value: Value) -> Value {
    let value = cursor.func.dfg.resolve_aliases(value);
    if !lp.computes(cursor.func, value) {
        return value;
    }
    let ValueDef::Result(inst, 0) = cursor.func.dfg.value_def(value) else {
        return value;
    };
    match cursor.func.dfg.insts[inst] {
        InstructionData::Load { arg, .. } => {
            let base = again(cursor, lp, arg);
            let copy = cursor.func.dfg.clone_inst(inst);
            cursor.func.dfg.map_inst_values(copy, |_| base);
            cursor.insert_inst(copy);
            cursor.func.dfg.first_result(copy)
        }
        InstructionData::UnaryGlobalValue { .. } => {
            let copy = cursor.func.dfg.clone_inst(inst);
            cursor.insert_inst(copy);
            cursor.func.dfg.first_result(copy)
        }
        _ => value,
    }
}

/// A comparison of two words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    left: Expression,
    relation: IntCC,
    right: Expression,
}

impl Condition {
    pub(super) fn new(left: Expression, relation: IntCC, right: Expression) -> Condition {
        Condition {
            left,
            relation,
            right,
        }
    }

    /// `left <= right`, unsigned.
    pub(super) fn at_most(left: Expression, right: Expression) -> Condition {
        Condition::new(left, IntCC::UnsignedLessThanOrEqual, right)
    }

    /// Whether it holds, if that is known.
    pub(super) fn decide(&self, func: &Function) -> Option<bool> {
        if let (Some(left), Some(right)) = (self.left.exact(), self.right.exact()) {
            return Some(holds(self.relation, left, right));
        }
        let (left, right) = (self.left.range(func), self.right.range(func));
        match self.relation {
            IntCC::UnsignedLessThanOrEqual if left.hi <= right.lo => Some(true),
            IntCC::UnsignedLessThanOrEqual if left.lo > right.hi => Some(false),
            IntCC::UnsignedLessThan if left.hi < right.lo => Some(true),
            IntCC::UnsignedLessThan if left.lo >= right.hi => Some(false),
            _ => None,
        }
    }

    /// Computes at the cursor whether it does **not** hold.
    pub(super) fn emit_failure(&self, cursor: &mut FuncCursor<'_>, lp: &Loop) -> Value {
        let (left, right) = (self.left.emit(cursor, lp), self.right.emit(cursor, lp));
        cursor.ins().icmp(self.relation.complement(), left, right)
    }
}

fn holds(relation: IntCC, x: u32, y: u32) -> bool {
    let (signed_x, signed_y) = (x.cast_signed(), y.cast_signed());
    match relation {
        IntCC::Equal => x == y,
        IntCC::NotEqual => x != y,
        IntCC::UnsignedLessThan => x < y,
        IntCC::UnsignedLessThanOrEqual => x <= y,
        IntCC::UnsignedGreaterThan => x > y,
        IntCC::UnsignedGreaterThanOrEqual => x >= y,
        IntCC::SignedLessThan => signed_x < signed_y,
        IntCC::SignedLessThanOrEqual => signed_x <= signed_y,
        IntCC::SignedGreaterThan => signed_x > signed_y,
        IntCC::SignedGreaterThanOrEqual => signed_x >= signed_y,
    }
}
