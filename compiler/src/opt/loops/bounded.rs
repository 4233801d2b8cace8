//! Values of a loop that stay below one from outside, whatever way they take to get there.
//!
//! ```text
//!   loop(root = r0):
//!     child = root << 1 | 1
//!     brif (icmp ult child, n), body, out
//!   body:                                child < n
//!     next = child + 1
//!     brif (icmp ult next, n), right, join(child)
//!   right:                               next < n
//!     jump join(select(c, next, child))
//!   join(x):                             x < n, for so is what comes in on both ways
//!     load (base + x << 2)
//!     jump loop(x)                       root < n, if r0 < n
//! ```
//!
//! A value is bounded where a branch on the way says so; where every value that it may be is; or where
//! it is computed from a bounded one by what makes no number larger. A parameter may be taken for
//! bounded while what comes round to it is looked at: that is induction over the iterations. What
//! comes from outside is compared before the loop.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{Block, InstructionData, Opcode, Value, ValueDef, types};

use super::super::recognize::{base_and_offset, definition};
use super::affine::{Sum, Values};
use super::condition::{Condition, Expression};
use super::shape::{Edge, Edges, out_of};

/// `value <= most`, if all premises hold before the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bounded {
    pub(super) most: Sum,
    pub(super) premises: Vec<Condition>,
}

/// How many steps a search takes before it gives up.
const STEPS: u32 = 64;

/// Bounds that are tried for one value.
const MAX_CANDIDATES: usize = 4;

/// Where values of a loop are looked at.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    pub(super) edges: &'f Edges,
    pub(super) domtree: &'f DominatorTree,
    pub(super) block: Block,
}

/// What `value` stays below in the block, if there is such a thing.
pub(super) fn bounded(values: &Values<'_>, place: Place<'_>, value: Value) -> Option<Bounded> {
    candidates(values).into_iter().find_map(|limit| {
        let mut search = Search {
            values,
            place,
            limit,
            assumed: Vec::new(),
            from_outside: Vec::new(),
            steps: STEPS,
        };
        search.holds(value, place.block).then(|| search.outcome())
    })
}

/// `value < bound`, or `<=`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Limit {
    bound: Sum,
    or_equal: bool,
}

/// What branches of the loop compare with.
fn candidates(values: &Values<'_>) -> Vec<Limit> {
    let mut found = Vec::new();
    for &block in &values.lp.blocks {
        for edge in out_of(values.func, block) {
            let limit = condition(values, edge).map(|(_, limit)| limit);
            if let Some(limit) = limit
                && !found.contains(&limit)
                && found.len() < MAX_CANDIDATES
            {
                found.push(limit);
            }
        }
    }
    found
}

/// The value that is limited where control goes along an edge.
fn condition(values: &Values<'_>, edge: Edge) -> Option<(Value, Limit)> {
    let func = values.func;
    let InstructionData::Brif { arg, .. } = func.dfg.insts[edge.branch] else {
        return None;
    };
    let &InstructionData::IntCompare { cond, args, .. } = definition(func, arg)? else {
        return None;
    };
    if func.dfg.value_type(args[0]) != types::I32 {
        return None;
    }
    let [x, y] = args.map(|arg| func.dfg.resolve_aliases(arg));
    let holds = match edge.destination {
        0 => cond,
        _ => cond.complement(),
    };
    let (small, large, or_equal) = match holds {
        IntCC::UnsignedLessThan => (x, y, false),
        IntCC::UnsignedLessThanOrEqual => (x, y, true),
        IntCC::UnsignedGreaterThan => (y, x, false),
        IntCC::UnsignedGreaterThanOrEqual => (y, x, true),
        _ => return None,
    };
    let bound = values.invariant(large)?;
    Some((small, Limit { bound, or_equal }))
}

struct Search<'a, 'f> {
    values: &'a Values<'f>,
    place: Place<'a>,
    limit: Limit,
    /// Parameters that are being looked at.
    assumed: Vec<Value>,
    /// What has to be compared before the loop.
    from_outside: Vec<Sum>,
    steps: u32,
}

impl Search<'_, '_> {
    /// Whether `value` is within the limit wherever `block` runs.
    fn holds(&mut self, value: Value, block: Block) -> bool {
        let Some(steps) = self.steps.checked_sub(1) else {
            return false;
        };
        self.steps = steps;
        let func = self.values.func;
        let value = func.dfg.resolve_aliases(value);
        if func.dfg.value_type(value) != types::I32 {
            return false;
        }
        if self.assumed.contains(&value) || self.is_said(value, block) {
            return true;
        }
        if let Some(sum) = self.values.invariant(value) {
            if !self.from_outside.contains(&sum) {
                self.from_outside.push(sum);
            }
            return true;
        }
        match func.dfg.value_def(value) {
            ValueDef::Param(block, number) => {
                self.assumed.push(value);
                let edges = self.place.edges.to(block).to_vec();
                edges.into_iter().all(|edge| {
                    edge.argument(func, number)
                        .is_some_and(|argument| self.holds_along(argument, edge))
                })
            }
            ValueDef::Result(inst, 0) => {
                let Some(here) = func.layout.inst_block(inst) else {
                    return false;
                };
                match func.dfg.insts[inst] {
                    InstructionData::Ternary {
                        opcode: Opcode::Select,
                        args: [_, x, y],
                    } => self.holds(x, here) && self.holds(y, here),
                    InstructionData::Binary {
                        opcode: Opcode::Ushr | Opcode::Udiv | Opcode::Urem,
                        args: [x, _],
                    } => self.holds(x, here),
                    InstructionData::Binary {
                        opcode: Opcode::Band | Opcode::Umin,
                        args: [x, y],
                    } => self.either(x, y, here),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// One of two values is enough.
    fn either(&mut self, x: Value, y: Value, block: Block) -> bool {
        let (assumed, outside) = (self.assumed.len(), self.from_outside.len());
        let computed = |value| self.values.invariant(value).is_none();
        if computed(x) && self.holds(x, block) {
            return true;
        }
        self.assumed.truncate(assumed);
        self.from_outside.truncate(outside);
        computed(y) && self.holds(y, block)
    }

    /// Whether a value is within the limit where control goes along an edge.
    fn holds_along(&mut self, value: Value, edge: Edge) -> bool {
        if !self.values.lp.contains(edge.from) {
            return match self.values.invariant(value) {
                Some(sum) => {
                    if !self.from_outside.contains(&sum) {
                        self.from_outside.push(sum);
                    }
                    true
                }
                None => false,
            };
        }
        self.says(edge, value) || self.holds(value, edge.from)
    }

    /// Whether a branch of the loop that control must have passed says so.
    fn is_said(&self, value: Value, block: Block) -> bool {
        let lp = self.values.lp;
        let mut at = block;
        while at != lp.header && lp.contains(at) {
            match self.place.edges.to(at) {
                &[edge] => {
                    if self.says(edge, value) {
                        return true;
                    }
                    at = edge.from;
                }
                _ => match self.place.domtree.idom(at) {
                    Some(above) => at = above,
                    None => return false,
                },
            }
        }
        false
    }

    fn says(&self, edge: Edge, value: Value) -> bool {
        // The egraph repeats cheap sums.
        let sum = |value| base_and_offset(self.values.func, value);
        condition(self.values, edge).is_some_and(|(small, limit)| {
            sum(small) == sum(value)
                && limit.bound == self.limit.bound
                && (self.limit.or_equal || !limit.or_equal)
        })
    }

    fn outcome(self) -> Bounded {
        let Limit { bound, or_equal } = self.limit;
        let relation = match or_equal {
            true => IntCC::UnsignedLessThanOrEqual,
            false => IntCC::UnsignedLessThan,
        };
        let within = |sum: Sum| {
            let (value, bound) = (Expression::sum(sum), Expression::sum(bound.clone()));
            Condition::new(value, relation, bound)
        };
        let premises = self.from_outside.into_iter().map(within).collect();
        let most = match or_equal {
            true => bound,
            // 0 is above nothing: the wrapped number is too large for every memory.
            false => bound.plus_constant(u32::MAX),
        };
        Bounded { most, premises }
    }
}
