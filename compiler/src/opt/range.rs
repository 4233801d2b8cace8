//! Unsigned ranges of integer values, from what computes them.
//!
//! Every rule holds for all inputs in the operands' ranges; where a result could wrap, the range
//! is the whole type. Block parameters have no rule: an argument may be an older value of
//! something that a loop has since computed anew, so facts of the present do not bind it.

use cranelift_codegen::ir::{Function, InstructionData, Opcode, Type, Value, ValueDef};

/// All values from `lo` to `hi`, both included, as unsigned numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) lo: u64,
    pub(super) hi: u64,
}

/// Longest chain of operands that a range is computed through. A chain is a tree of at most this
/// depth, so it also bounds the work.
const DEPTH: u32 = 6;

impl Range {
    /// Every value of a type; `None` for types that are no integer of at most 64 bits.
    pub(super) fn full(ty: Type) -> Option<Range> {
        (ty.is_int() && ty.bits() <= 64).then(|| Range {
            lo: 0,
            hi: u64::MAX >> (64 - ty.bits()),
        })
    }

    /// The values in both ranges; `None` if there are none.
    pub(super) fn intersect(self, other: Range) -> Option<Range> {
        let lo = self.lo.max(other.lo);
        let hi = self.hi.min(other.hi);
        (lo <= hi).then_some(Range { lo, hi })
    }

    /// The only value, if there is only one.
    pub(super) fn exact(self) -> Option<u64> {
        (self.lo == self.hi).then_some(self.lo)
    }

    fn union(self, other: Range) -> Range {
        Range {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
        }
    }
}

/// The range of `value`, where `refine` knows more about some values than their definitions say.
pub(super) fn of(
    func: &Function,
    value: Value,
    refine: &dyn Fn(Value) -> Option<Range>,
) -> Option<Range> {
    Ranges { func, refine }.of(value, DEPTH)
}

struct Ranges<'a> {
    func: &'a Function,
    refine: &'a dyn Fn(Value) -> Option<Range>,
}

impl Ranges<'_> {
    fn of(&self, value: Value, depth: u32) -> Option<Range> {
        let dfg = &self.func.dfg;
        let value = dfg.resolve_aliases(value);
        let full = Range::full(dfg.value_type(value))?;
        let mut range = full;
        if let ValueDef::Result(inst, 0) = dfg.value_def(value) {
            let computed = self.computed(&dfg.insts[inst], full, depth);
            range = computed.and_then(|r| r.intersect(full)).unwrap_or(full);
        }
        if let Some(known) = (self.refine)(value) {
            range = range.intersect(known).unwrap_or(range);
        }
        Some(range)
    }

    fn computed(&self, data: &InstructionData, full: Range, depth: u32) -> Option<Range> {
        let depth = depth.checked_sub(1)?;
        match *data {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => {
                let value = imm.bits() as u64 & full.hi;
                Some(Range {
                    lo: value,
                    hi: value,
                })
            }
            InstructionData::Load { opcode, .. } => match opcode {
                Opcode::Uload8 => Some(Range { lo: 0, hi: 0xff }),
                Opcode::Uload16 => Some(Range { lo: 0, hi: 0xffff }),
                Opcode::Uload32 => Some(Range {
                    lo: 0,
                    hi: 0xffff_ffff,
                }),
                _ => None,
            },
            InstructionData::IntCompare { .. } | InstructionData::FloatCompare { .. } => {
                Some(Range { lo: 0, hi: 1 })
            }
            InstructionData::Unary { opcode, arg } => self.unary(opcode, arg, full, depth),
            InstructionData::Binary {
                opcode,
                args: [x, y],
            } => binary(opcode, self.of(x, depth)?, self.of(y, depth)?, full),
            InstructionData::Ternary {
                opcode: Opcode::Select,
                args: [_, x, y],
            } => Some(self.of(x, depth)?.union(self.of(y, depth)?)),
            _ => None,
        }
    }

    fn unary(&self, opcode: Opcode, arg: Value, full: Range, depth: u32) -> Option<Range> {
        let ty = self.func.dfg.value_type(arg);
        let range = self.of(arg, depth)?;
        match opcode {
            Opcode::Uextend => Some(range),
            // Not negative, so the sign adds nothing.
            Opcode::Sextend => (range.hi <= Range::full(ty)?.hi / 2).then_some(range),
            Opcode::Ireduce => (range.hi <= full.hi).then_some(range),
            Opcode::Clz | Opcode::Ctz | Opcode::Popcnt => Some(Range {
                lo: 0,
                hi: u64::from(ty.bits()),
            }),
            _ => None,
        }
    }
}

fn binary(opcode: Opcode, x: Range, y: Range, full: Range) -> Option<Range> {
    let width = u64::from(full.hi.count_ones());
    match opcode {
        Opcode::Band => Some(Range {
            lo: 0,
            hi: x.hi.min(y.hi),
        }),
        Opcode::Bor | Opcode::Bxor => {
            let highest = x.hi | y.hi;
            let hi = match highest.checked_ilog2() {
                Some(bit) => u64::MAX >> (63 - bit),
                None => 0,
            };
            let lo = match opcode {
                Opcode::Bor => x.lo.max(y.lo),
                _ => 0,
            };
            Some(Range { lo, hi })
        }
        Opcode::Ushr => Some(match y.exact() {
            Some(amount) => Range {
                lo: x.lo >> (amount % width),
                hi: x.hi >> (amount % width),
            },
            None => Range { lo: 0, hi: x.hi },
        }),
        Opcode::Ishl => {
            let factor = 1u64 << (y.exact()? % width);
            Some(Range {
                lo: x.lo.checked_mul(factor)?,
                hi: x.hi.checked_mul(factor).filter(|&hi| hi <= full.hi)?,
            })
        }
        Opcode::Imul => Some(Range {
            lo: x.lo.checked_mul(y.lo)?,
            hi: x.hi.checked_mul(y.hi).filter(|&hi| hi <= full.hi)?,
        }),
        Opcode::Iadd => add(x, y, full),
        // The smallest difference must not wrap; then none does.
        Opcode::Isub => Some(Range {
            lo: x.lo.checked_sub(y.hi)?,
            hi: x.hi - y.lo,
        }),
        Opcode::Udiv => {
            let divisor = y.exact().filter(|&divisor| divisor > 0)?;
            Some(Range {
                lo: x.lo / divisor,
                hi: x.hi / divisor,
            })
        }
        Opcode::Urem => Some(Range {
            lo: 0,
            hi: x.hi.min(y.hi.checked_sub(1)?),
        }),
        Opcode::Umin => Some(Range {
            lo: x.lo.min(y.lo),
            hi: x.hi.min(y.hi),
        }),
        Opcode::Umax => Some(Range {
            lo: x.lo.max(y.lo),
            hi: x.hi.max(y.hi),
        }),
        _ => None,
    }
}

/// A sum, if no pair of operands wraps or every pair does.
pub(super) fn add(x: Range, y: Range, full: Range) -> Option<Range> {
    let modulus = u128::from(full.hi) + 1;
    let lo = u128::from(x.lo) + u128::from(y.lo);
    let hi = u128::from(x.hi) + u128::from(y.hi);
    let excess = match (lo < modulus, hi < modulus) {
        (true, true) => 0,
        (false, false) => modulus,
        _ => return None,
    };
    Some(Range {
        lo: (lo - excess) as u64,
        hi: (hi - excess) as u64,
    })
}
