//! A value in the iterations of a loop: `start + step·i + [0, spread] + factor·x`, modulo 2^32, where
//! `x` is any value that is [bounded](super::bounded).
//!
//! ```text
//!   loop(p = p0):                       start        step  spread
//!     p                                 p0            4     0
//!     x = iadd p, 70                    p0 + 70       4     0
//!     y = iadd x, (ishl j, 1)           p0 + 2·j + 70 4     0     j from outside
//!     z = iadd y, (uload8 q)            p0 + 2·j + 70 4     255
//!     p' = iadd p, 4; jump loop(p')
//! ```

use cranelift_codegen::ir::{Function, InstructionData, Opcode, Value, types};
use rustc_hash::FxHashMap;

use super::super::range;
use super::super::recognize::{constant, definition};
use super::bounded::{self, Bounded, Place};
use super::shape::{Edges, Loop};

/// `constant + Σ factor·value`, modulo 2^32.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sum {
    /// By value, no factor is 0.
    pub(super) terms: Vec<(Value, u32)>,
    pub(super) constant: u32,
}

/// No address in a loop has more parts than this.
const MAX_TERMS: usize = 3;

impl Sum {
    pub(super) fn constant(constant: u32) -> Sum {
        Sum {
            terms: Vec::new(),
            constant,
        }
    }

    fn value(value: Value) -> Sum {
        Sum {
            terms: vec![(value, 1)],
            constant: 0,
        }
    }

    /// The number, if it is one.
    pub(super) fn exact(&self) -> Option<u32> {
        self.terms.is_empty().then_some(self.constant)
    }

    pub(super) fn plus(mut self, other: &Sum) -> Sum {
        self.constant = self.constant.wrapping_add(other.constant);
        for &(value, factor) in &other.terms {
            match self.terms.binary_search_by_key(&value, |term| term.0) {
                Ok(at) => self.terms[at].1 = self.terms[at].1.wrapping_add(factor),
                Err(at) => self.terms.insert(at, (value, factor)),
            }
        }
        self.terms.retain(|term| term.1 != 0);
        self
    }

    pub(super) fn plus_constant(mut self, constant: u32) -> Sum {
        self.constant = self.constant.wrapping_add(constant);
        self
    }

    pub(super) fn minus(self, other: &Sum) -> Sum {
        self.plus(&other.clone().times(u32::MAX))
    }

    fn times(mut self, factor: u32) -> Sum {
        self.constant = self.constant.wrapping_mul(factor);
        for term in &mut self.terms {
            term.1 = term.1.wrapping_mul(factor);
        }
        self.terms.retain(|term| term.1 != 0);
        self
    }
}

/// A value in iteration `i`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Affine {
    /// The least that it can be in iteration 0.
    pub(super) start: Sum,
    /// What an iteration adds, modulo 2^32.
    pub(super) step: u32,
    /// How much more it can be.
    pub(super) spread: u32,
    /// What else it contains: that many times a bounded value.
    pub(super) bounded: Option<(u32, Bounded)>,
}

impl Affine {
    fn fixed(start: Sum) -> Affine {
        Affine {
            start,
            step: 0,
            spread: 0,
            bounded: None,
        }
    }

    fn plus(self, other: &Affine) -> Option<Affine> {
        let sum = Affine {
            start: self.start.plus(&other.start),
            step: self.step.wrapping_add(other.step),
            spread: self.spread.checked_add(other.spread)?,
            bounded: match (self.bounded, &other.bounded) {
                (Some(_), Some(_)) => return None,
                (one, another) => one.or_else(|| another.clone()),
            },
        };
        (sum.start.terms.len() <= MAX_TERMS).then_some(sum)
    }

    fn times(self, factor: u32) -> Option<Affine> {
        if factor == 0 {
            return Some(Affine::fixed(Sum::default()));
        }
        if self.spread > 0 || self.bounded.is_some() {
            // What is subtracted has another least value.
            i32::try_from(factor).ok()?;
        }
        Some(Affine {
            start: self.start.times(factor),
            step: self.step.wrapping_mul(factor),
            spread: self.spread.checked_mul(factor)?,
            bounded: match self.bounded {
                Some((times, bounded)) => Some((times.checked_mul(factor)?, bounded)),
                None => None,
            },
        })
    }

    /// The same value in every iteration.
    pub(super) fn invariant(&self) -> Option<&Sum> {
        (self.step == 0 && self.spread == 0 && self.bounded.is_none()).then_some(&self.start)
    }
}

/// How deep the operands of a value are looked at.
const DEPTH: u32 = 8;

/// Spreads up to this are worth a check before the loop: tables, not the whole memory.
const MAX_SPREAD: u64 = 0xffff;

/// The parameters of a loop's header that grow by a constant in each iteration.
pub(super) struct Counters {
    /// For each its value in iteration 0 and its step.
    starts: FxHashMap<Value, (Value, u32)>,
}

impl Counters {
    /// The counters of a loop that is entered by one edge only.
    pub(super) fn of(func: &Function, edges: &Edges, lp: &Loop) -> Counters {
        let mut starts = FxHashMap::default();
        let (latches, entries) = (lp.latches(edges), lp.entries(edges));
        for (number, &param) in func.dfg.block_params(lp.header).iter().enumerate() {
            if func.dfg.value_type(param) != types::I32 {
                continue;
            }
            let mut initial = entries.iter().map(|edge| edge.argument(func, number));
            let Some(Some(start)) = initial.next() else {
                continue;
            };
            let mut steps = latches
                .iter()
                .map(|edge| step(func, edge.argument(func, number)?, param));
            let Some(Some(step)) = steps.next() else {
                continue;
            };
            if steps.all(|other| other == Some(step)) && initial.all(|other| other == Some(start)) {
                starts.insert(param, (start, step));
            }
        }
        Counters { starts }
    }
}

/// `step`, if `next = param + step`.
fn step(func: &Function, next: Value, param: Value) -> Option<u32> {
    let InstructionData::Binary { opcode, args } = *definition(func, next)? else {
        return None;
    };
    let [x, y] = args.map(|arg| func.dfg.resolve_aliases(arg));
    match opcode {
        Opcode::Iadd if x == param => constant(func, y),
        Opcode::Iadd if y == param => constant(func, x),
        Opcode::Isub if x == param => constant(func, y).map(u32::wrapping_neg),
        _ => None,
    }
}

/// Values in the iterations of one loop.
pub(super) struct Values<'f> {
    pub(super) func: &'f Function,
    pub(super) lp: &'f Loop,
    pub(super) counters: &'f Counters,
    /// Where bounds of values that nothing else is known of are looked for.
    pub(super) place: Option<Place<'f>>,
}

impl Values<'_> {
    /// What a value is in iteration `i`, if it is anything like that.
    pub(super) fn affine(&self, value: Value) -> Option<Affine> {
        self.of(value, DEPTH)
    }

    fn of(&self, value: Value, depth: u32) -> Option<Affine> {
        let value = self.func.dfg.resolve_aliases(value);
        if self.func.dfg.value_type(value) != types::I32 {
            return None;
        }
        if let Some(constant) = constant(self.func, value) {
            return Some(Affine::fixed(Sum::constant(constant)));
        }
        if let Some(&(start, step)) = self.counters.starts.get(&value) {
            return Some(Affine {
                start: self.outside(start, depth),
                step,
                spread: 0,
                bounded: None,
            });
        }
        if !self.lp.computes(self.func, value) {
            return Some(Affine::fixed(self.outside(value, depth)));
        }
        self.combined(value, depth)
            .or_else(|| self.ranged(value))
            .or_else(|| self.bounded(value))
    }

    /// A value that is the same in all iterations, and there before them.
    pub(super) fn invariant(&self, value: Value) -> Option<Sum> {
        let value = self.func.dfg.resolve_aliases(value);
        if let Some(constant) = constant(self.func, value) {
            return Some(Sum::constant(constant));
        }
        (!self.lp.computes(self.func, value)).then(|| self.outside(value, DEPTH))
    }

    /// A value of which a bound is known only.
    fn bounded(&self, value: Value) -> Option<Affine> {
        let bounded = bounded::bounded(self, self.place?, value)?;
        Some(Affine {
            bounded: Some((1, bounded)),
            ..Affine::fixed(Sum::default())
        })
    }

    /// A value from outside the loop, as what it was computed from if that differs by a constant.
    fn outside(&self, value: Value, depth: u32) -> Sum {
        let value = self.func.dfg.resolve_aliases(value);
        if let Some(constant) = constant(self.func, value) {
            return Sum::constant(constant);
        }
        let parts = match definition(self.func, value) {
            Some(&InstructionData::Binary {
                opcode: Opcode::Iadd,
                args: [x, y],
            }) if depth > 0 => constant(self.func, y)
                .map(|c| (x, c))
                .or_else(|| constant(self.func, x).map(|c| (y, c))),
            _ => None,
        };
        match parts {
            Some((base, constant)) => self.outside(base, depth - 1).plus_constant(constant),
            None => Sum::value(value),
        }
    }

    fn combined(&self, value: Value, depth: u32) -> Option<Affine> {
        let depth = depth.checked_sub(1)?;
        let InstructionData::Binary {
            opcode,
            args: [x, y],
        } = *definition(self.func, value)?
        else {
            return None;
        };
        match opcode {
            Opcode::Iadd => self.of(x, depth)?.plus(&self.of(y, depth)?),
            Opcode::Isub => {
                let subtrahend = self.of(y, depth)?;
                let exact = subtrahend.spread == 0 && subtrahend.bounded.is_none();
                let negated = exact.then(|| subtrahend.times(u32::MAX))??;
                self.of(x, depth)?.plus(&negated)
            }
            Opcode::Ishl => {
                let factor = 1 << (constant(self.func, y)? % 32);
                self.of(x, depth)?.times(factor)
            }
            Opcode::Imul => match (constant(self.func, x), constant(self.func, y)) {
                (_, Some(factor)) => self.of(x, depth)?.times(factor),
                (Some(factor), _) => self.of(y, depth)?.times(factor),
                _ => None,
            },
            _ => None,
        }
    }

    /// A value of which the range is known only.
    fn ranged(&self, value: Value) -> Option<Affine> {
        let range = range::of(self.func, value, &|_| None)?;
        let spread = range.hi - range.lo;
        (spread <= MAX_SPREAD).then(|| Affine {
            start: Sum::constant(range.lo as u32),
            step: 0,
            spread: spread as u32,
            bounded: None,
        })
    }
}
