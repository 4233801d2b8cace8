//! How often a loop goes round, from a test that every iteration makes.
//!
//! ```text
//!   loop(p = p0):
//!     load p                  ⟵ runs in the iterations 0..=last
//!     p' = iadd p, s
//!     brif (icmp ne p', end), loop(p'), out
//! ```
//! Here the *distance* `end - s - p0` is `last·s`, provided that `s` divides it.
//!
//! # Why
//!
//! Let `t + s·i` be what the test compares with `b` in iteration `i`, and `before` whether the test
//! is passed before the code in question (1) or behind it (0). The code runs in iteration `i` only
//! if the test has let the loop go on in all iterations up to `i - 1 + before`.
//!
//! * **Goes on while `t + s·i != b`.** With `e = b - t` modulo 2^32, the first `i` with equality is
//!   `e / s` if `s` divides `e`, since a smaller one gives less than `e`. The last iteration of the
//!   code is `e/s - before`, so `distance = e - before·s`. Should that wrap, `e < s` and
//!   `before = 1`: for `e = 0` the code never runs, and anything is true of it; for other `e`, the
//!   wrapped distance is a multiple of `s` only if `(e + 2^32) / s` is whole, which is the first
//!   `i` then.
//! * **Goes on while `t + s·i < b`**, signed or unsigned, `s > 0`. Where `b + s - 1` is no larger
//!   than the largest number, `t + s·i` does not wrap as long as the loop goes on. With
//!   `t0 = t - (1 - before)·s` the last iteration is at most `(b - 1 - t0) / s`, rounded down, if
//!   `t0 < b`.
//! * Falling loops are the same with the numbers in the other direction, and `<=` and `>=` are the
//!   same with `b` one further.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{Block, Function, InstructionData, Value, types};

use super::super::range;
use super::super::recognize::definition;
use super::affine::{Affine, Sum, Values};
use super::condition::{Condition, Expression};
use super::shape::{Edge, Edges, out_of};

/// The last iteration of the code in question is `distance / step`, rounded down, or an earlier
/// one if something else ends the loop; provided that all premises hold.
pub(super) struct Trips {
    /// The edge by which the test leaves the loop.
    pub(super) exit: Edge,
    /// Whether the test comes before the code.
    pub(super) before: bool,
    pub(super) distance: Sum,
    pub(super) step: u32,
    pub(super) premises: Vec<Condition>,
    /// Whether `step` divides `distance`, if the premises hold.
    divides: bool,
    /// What moves is never above this while the loop goes on, as an unsigned number.
    reach: Option<Sum>,
}

/// The largest number that a sum can be, if it does not wrap.
fn largest(func: &Function, sum: &Sum) -> Option<u64> {
    let most = match sum.terms[..] {
        [] => i64::from(sum.constant),
        [(value, 1)] => {
            let range = range::of(func, value, &|_| None)?;
            let constant = i64::from(sum.constant.cast_signed());
            let [least, most] = [range.lo, range.hi].map(|end| end as i64 + constant);
            (least >= 0).then_some(most)?
        }
        _ => return None,
    };
    u32::try_from(most).ok().map(u64::from)
}

/// What is known of all tests of a loop that end it.
pub(super) fn all(values: &Values<'_>, edges: &Edges, domtree: &DominatorTree) -> Vec<Trips> {
    let latches = values.lp.latches(edges);
    let always = |block: Block| {
        let mut latches = latches.iter();
        latches.all(|latch| domtree.block_dominates(block, latch.from))
    };
    let tests = values.lp.blocks.iter().filter(|&&block| always(block));
    tests
        .filter_map(|&block| test(values, block, false))
        .collect()
}

impl Trips {
    /// How often a test that comes behind the code is made at most.
    ///
    /// Only the first premise is needed. Unless the first test ends the loop, the distance is a number
    /// that does not wrap: what is in its range and equal to it modulo 2^32 is the same. And what moves
    /// between 0 and some number makes no more steps than fit there.
    pub(super) fn most(&self, func: &Function) -> Option<u64> {
        if self.premises.first()?.decide(func) != Some(true) {
            return None;
        }
        let step = u64::from(self.step);
        let apart = largest(func, &self.distance).map(|distance| distance / step + 1);
        let below = self.reach.as_ref().and_then(|reach| largest(func, reach));
        let below = below.map(|reach| reach / step + 2);
        apart.into_iter().chain(below).min()
    }

    /// Whether code that comes before the test and runs in every iteration runs up to that one, for
    /// sure.
    pub(super) fn is_exact(&self, func: &Function) -> bool {
        let whole = self.divides || self.step == 1 || self.distance.exact().is_some();
        let mut premises = self.premises.iter();
        !self.before && whole && premises.all(|premise| premise.decide(func) == Some(true))
    }
}

/// How often code in `blocks` of the loop runs; none of several tests with a constant distance, if
/// there is one.
pub(super) fn trips(
    values: &Values<'_>,
    edges: &Edges,
    domtree: &DominatorTree,
    blocks: &[Block],
) -> Option<Trips> {
    let latches = values.lp.latches(edges);
    let always = |block: Block| {
        latches
            .iter()
            .all(|latch| domtree.block_dominates(block, latch.from))
    };
    let tests = values.lp.blocks.iter().copied().filter(|&b| always(b));
    let found = tests.filter_map(|block| {
        let before = blocks
            .iter()
            .all(|&code| code != block && domtree.block_dominates(block, code));
        test(values, block, before)
    });
    found.min_by_key(|trips| trips.distance.terms.len())
}

fn test(values: &Values<'_>, block: Block, before: bool) -> Option<Trips> {
    let func = values.func;
    let edges = out_of(func, block);
    let [then, otherwise] = edges[..] else {
        return None;
    };
    let InstructionData::Brif { arg, .. } = func.dfg.insts[then.branch] else {
        return None;
    };
    let stays = |edge: Edge| values.lp.contains(edge.target(func));
    let (exit, goes_on_if) = match (stays(then), stays(otherwise)) {
        (true, false) => (otherwise, true),
        (false, true) => (then, false),
        _ => return None,
    };
    let (comparison, x, y) = comparison(values, arg)?;
    let comparison = match goes_on_if {
        true => comparison,
        false => comparison.complement(),
    };
    let (x, y) = (
        values.affine(x)?,
        y.map_or(Some(zero()), |y| values.affine(y))?,
    );
    let (test, bound, comparison) = match (x.invariant(), y.invariant()) {
        (None, Some(bound)) => (x.clone(), bound.clone(), comparison),
        (Some(bound), None) => (y, bound.clone(), comparison.swap_args()),
        _ => return None,
    };
    if test.spread > 0 || test.bounded.is_some() || test.step == 0 {
        return None;
    }
    let (distance, premises) = match comparison {
        IntCC::NotEqual => until_equal(&test, &bound, before),
        IntCC::Equal => return None,
        _ => while_less(&test, &bound, comparison, before)?,
    };
    let reach = match comparison {
        IntCC::UnsignedLessThan | IntCC::UnsignedLessThanOrEqual => Some(bound),
        IntCC::UnsignedGreaterThan | IntCC::UnsignedGreaterThanOrEqual => Some(test.start),
        _ => None,
    };
    Some(Trips {
        exit,
        before,
        distance,
        step: direction(test.step).1,
        premises,
        divides: comparison == IntCC::NotEqual,
        reach,
    })
}

fn zero() -> Affine {
    Affine {
        start: Sum::constant(0),
        step: 0,
        spread: 0,
        bounded: None,
    }
}

/// What a branch tests: a comparison of words, the second being 0 if there is none.
fn comparison(values: &Values<'_>, condition: Value) -> Option<(IntCC, Value, Option<Value>)> {
    let func = values.func;
    let condition = func.dfg.resolve_aliases(condition);
    match definition(func, condition) {
        Some(&InstructionData::IntCompare { cond, args, .. })
            if func.dfg.value_type(args[0]) == types::I32 =>
        {
            Some((cond, args[0], Some(args[1])))
        }
        _ if func.dfg.value_type(condition) == types::I32 => {
            Some((IntCC::NotEqual, condition, None))
        }
        _ => None,
    }
}

/// Whether a step is downward, and how far.
pub(super) fn direction(step: u32) -> (bool, u32) {
    let signed = step.cast_signed();
    (signed < 0, signed.unsigned_abs())
}

/// The distance and its premises.
type Distance = (Sum, Vec<Condition>);

fn until_equal(test: &Affine, bound: &Sum, before: bool) -> Distance {
    let (falls, step) = direction(test.step);
    let way = match falls {
        false => bound.clone().minus(&test.start),
        true => test.start.clone().minus(bound),
    };
    let distance = match before {
        true => way.plus_constant(step.wrapping_neg()),
        false => way,
    };
    let rest = Expression::sum(distance.clone()).rest(step);
    let divides = Condition::new(rest, IntCC::Equal, Expression::constant(0));
    (distance, vec![divides])
}

fn while_less(test: &Affine, bound: &Sum, comparison: IntCC, before: bool) -> Option<Distance> {
    let (falls, step) = direction(test.step);
    let signed = comparison != comparison.unsigned();
    let or_equal = match (comparison.unsigned(), falls) {
        (IntCC::UnsignedLessThan, false) | (IntCC::UnsignedGreaterThan, true) => false,
        (IntCC::UnsignedLessThanOrEqual, false) | (IntCC::UnsignedGreaterThanOrEqual, true) => true,
        _ => return None,
    };
    // The start, one step earlier if the code runs before the test.
    let start = match before {
        true => test.start.clone(),
        false => test.start.clone().plus_constant(test.step.wrapping_neg()),
    };
    let inner = u32::from(!or_equal);
    let way = match falls {
        false => bound.clone().minus(&start),
        true => start.clone().minus(bound),
    };
    let distance = way.plus_constant(inner.wrapping_neg());
    // How near to the last number the bound may be.
    let near = step - inner;
    let (last, nearest) = match (signed, falls) {
        (false, false) => (IntCC::UnsignedLessThanOrEqual, u32::MAX - near),
        (false, true) => (IntCC::UnsignedGreaterThanOrEqual, near),
        (true, false) => (
            IntCC::SignedLessThanOrEqual,
            (i32::MAX.cast_unsigned()).checked_sub(near)?,
        ),
        (true, true) => (
            IntCC::SignedGreaterThanOrEqual,
            i32::MIN.cast_unsigned().checked_add(near)?,
        ),
    };
    let no_wrap = Condition::new(
        Expression::sum(bound.clone()),
        last,
        Expression::constant(nearest),
    );
    let begins = Condition::new(
        Expression::sum(start),
        comparison,
        Expression::sum(bound.clone()),
    );
    Some((distance, vec![no_wrap, begins]))
}
