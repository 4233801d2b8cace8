//! The terms of `prelude.isle` in Rust.
//!
//! ISLE makes a trait of the terms for each instruction set, so what all of them share is text:
//! [`prelude_terms`] stands in each implementation.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{BlockCall, Value, ValueList};

use smallvec::SmallVec;

use super::lower::ValueRegs;

/// The results of an instruction.
pub(crate) type Results = SmallVec<[ValueRegs; 2]>;
/// Quotient and remainder of a division of double words.
pub(crate) type Quotient = (ValueRegs, ValueRegs);
/// The values of a list from a position on.
pub(crate) type ValueSlice = (ValueList, usize);
/// The arguments of CLIF's instructions with two operands.
pub(crate) type ValueArray2 = [Value; 2];
/// The arguments of those with three.
pub(crate) type ValueArray3 = [Value; 3];
/// The destinations of a conditional branch.
pub(crate) type BlockArray2 = [BlockCall; 2];

/// How a condition on two floats compares the number that the runtime compares them to, and with what:
/// -1, 0, 1, 2 mean less, equal, greater, unordered. The two that are no order look at the lowest bit.
pub(crate) const fn order(cc: FloatCC) -> (IntCC, u32) {
    match cc {
        FloatCC::Equal => (IntCC::Equal, 0),
        FloatCC::NotEqual => (IntCC::NotEqual, 0),
        FloatCC::LessThan => (IntCC::SignedLessThan, 0),
        FloatCC::LessThanOrEqual => (IntCC::SignedLessThanOrEqual, 0),
        FloatCC::GreaterThan => (IntCC::Equal, 1),
        FloatCC::GreaterThanOrEqual => (IntCC::UnsignedLessThanOrEqual, 1),
        FloatCC::Ordered => (IntCC::NotEqual, 2),
        FloatCC::Unordered => (IntCC::Equal, 2),
        FloatCC::UnorderedOrLessThan => (IntCC::UnsignedGreaterThanOrEqual, 2),
        FloatCC::UnorderedOrLessThanOrEqual => (IntCC::NotEqual, 1),
        FloatCC::UnorderedOrGreaterThan => (IntCC::SignedGreaterThan, 0),
        FloatCC::UnorderedOrGreaterThanOrEqual => (IntCC::SignedGreaterThanOrEqual, 0),
        FloatCC::OrderedNotEqual | FloatCC::UnorderedOrEqual => (IntCC::NotEqual, 0),
    }
}

/// What an order relative to a constant is on the high words, if the low ones do not matter: those
/// of the constant or of its successor are zero.
pub(crate) fn by_high_words(cc: IntCC, constant: u64) -> Option<(IntCC, u32)> {
    use IntCC::*;
    let (cc, bound) = match cc {
        SignedLessThan | SignedGreaterThanOrEqual => (cc, Some(constant)),
        UnsignedLessThan | UnsignedGreaterThanOrEqual => (cc, Some(constant)),
        UnsignedGreaterThan => (UnsignedGreaterThanOrEqual, constant.checked_add(1)),
        UnsignedLessThanOrEqual => (UnsignedLessThan, constant.checked_add(1)),
        SignedGreaterThan => (SignedGreaterThanOrEqual, signed_successor(constant)),
        SignedLessThanOrEqual => (SignedLessThan, signed_successor(constant)),
        Equal | NotEqual => return None,
    };
    let bound = bound.filter(|&bound| bound as u32 == 0)?;
    Some((cc, (bound >> 32) as u32))
}

fn signed_successor(constant: u64) -> Option<u64> {
    (constant as i64).checked_add(1).map(|next| next as u64)
}

/// The methods of a rules' context that are the same for every instruction set.
macro_rules! prelude_terms {
    () => {
        // CLIF.

        fn inst_data_value(&mut self, inst: Inst) -> (Type, InstructionData) {
            let dfg = &self.lower.func.dfg;
            (dfg.ctrl_typevar(inst), dfg.insts[inst])
        }

        fn value_list_slice(&mut self, list: ValueList) -> ValueSlice {
            (list, 0)
        }

        fn value_slice_unwrap(&mut self, (list, from): ValueSlice) -> Option<(Value, ValueSlice)> {
            let value = list.get(from, &self.lower.func.dfg.value_lists)?;
            Some((value, (list, from + 1)))
        }

        fn unpack_value_array_2(&mut self, array: &ValueArray2) -> (Value, Value) {
            (array[0], array[1])
        }

        fn pack_value_array_2(&mut self, a: Value, b: Value) -> ValueArray2 {
            [a, b]
        }

        fn unpack_value_array_3(&mut self, array: &ValueArray3) -> (Value, Value, Value) {
            (array[0], array[1], array[2])
        }

        fn pack_value_array_3(&mut self, a: Value, b: Value, c: Value) -> ValueArray3 {
            [a, b, c]
        }

        fn unpack_block_array_2(&mut self, array: &BlockArray2) -> (BlockCall, BlockCall) {
            (array[0], array[1])
        }

        fn pack_block_array_2(&mut self, a: BlockCall, b: BlockCall) -> BlockArray2 {
            [a, b]
        }

        fn def_inst(&mut self, value: Value) -> Option<Inst> {
            self.lower.def_inst(value)
        }

        fn single_use(&mut self, value: Value) -> Option<Inst> {
            self.lower.single_use_inst(value)
        }

        fn value_type(&mut self, value: Value) -> Type {
            self.lower.func.dfg.value_type(value)
        }

        fn fits_word(&mut self, ty: Type) -> Option<Type> {
            (ty.is_int() && ty.bits() <= 32).then_some(ty)
        }

        fn narrow(&mut self, ty: Type) -> Option<Type> {
            (ty.is_int() && ty.bits() < 32).then_some(ty)
        }

        fn one_word(&mut self, ty: Type) -> Option<Type> {
            matches!(ty, ir::types::I32 | ir::types::F32).then_some(ty)
        }

        fn two_words(&mut self, ty: Type) -> Option<Type> {
            matches!(ty, ir::types::I64 | ir::types::F64).then_some(ty)
        }

        fn hard_f32(&mut self, ty: Type) -> Option<()> {
            let hard = self.in_float_register(ty);
            (ty == ir::types::F32 && hard).then_some(())
        }

        fn soft_f32(&mut self, ty: Type) -> Option<()> {
            (ty == ir::types::F32 && self.hard_f32(ty).is_none()).then_some(())
        }

        fn type_bits(&mut self, ty: Type) -> u32 {
            ty.bits()
        }

        fn type_bits_minus_1(&mut self, ty: Type) -> u32 {
            ty.bits() - 1
        }

        fn minus(&mut self, a: u32, b: u32) -> u32 {
            a - b
        }

        fn offset32(&mut self, offset: Offset32) -> i32 {
            offset.into()
        }

        fn offset_sum(&mut self, offset: i32, addend: u32) -> i32 {
            offset.wrapping_add(addend as i32)
        }

        fn swapped(&mut self, cc: &IntCC) -> IntCC {
            cc.swap_args()
        }

        fn signed(&mut self, cc: &IntCC) -> Option<IntCC> {
            (cc.unsigned() != *cc).then_some(*cc)
        }

        fn equality(&mut self, cc: &IntCC) -> Option<IntCC> {
            matches!(cc, IntCC::Equal | IntCC::NotEqual).then_some(*cc)
        }

        fn order_of(&mut self, cc: &FloatCC) -> IntCC {
            order(*cc).0
        }

        fn order_bound(&mut self, cc: &FloatCC) -> u32 {
            order(*cc).1
        }

        fn one_or_the_other(&mut self, cc: &FloatCC) -> Option<IntCC> {
            match cc {
                FloatCC::OrderedNotEqual => Some(IntCC::NotEqual),
                FloatCC::UnorderedOrEqual => Some(IntCC::Equal),
                _ => None,
            }
        }

        // Constants.

        fn word_const(&mut self, value: Value) -> Option<u32> {
            self.word_constant(value)
        }

        fn wide_const(&mut self, value: Value) -> Option<u64> {
            let wide = self.value_type(value) == ir::types::I64;
            self.lower.constant(value).filter(|_| wide)
        }

        fn high_condition(&mut self, cc: &IntCC, value: Value) -> Option<IntCC> {
            let bound = self.wide_const(value)?;
            $crate::mach::isle::by_high_words(*cc, bound).map(|(cc, _)| cc)
        }

        fn high_bound(&mut self, cc: &IntCC, value: Value) -> Option<u32> {
            let bound = self.wide_const(value)?;
            $crate::mach::isle::by_high_words(*cc, bound).map(|(_, high)| high)
        }

        fn low_zero(&mut self, value: Value) -> Option<Value> {
            (self.lower.constant_words(value).0 == Some(0)).then_some(value)
        }

        fn all_ones(&mut self, value: Value) -> Option<()> {
            let bits = self.value_type(value).bits();
            (self.word_constant(value)? == u32::MAX >> (32 - bits)).then_some(())
        }

        fn never_zero(&mut self, value: Value) -> Option<()> {
            let or_with_constant =
                self.lower
                    .def_inst(value)
                    .and_then(|inst| match self.lower.func.dfg.insts[inst] {
                        InstructionData::Binary {
                            opcode: Opcode::Bor,
                            args,
                        } => self.lower.constant(args[1]),
                        _ => None,
                    });
            let bits = self.lower.constant(value).or(or_with_constant)?;
            (bits != 0).then_some(())
        }

        fn not_minus_one(&mut self, value: Value) -> Option<()> {
            let bits = self.value_type(value).bits();
            (self.lower.constant(value)? != u64::MAX >> (64 - bits)).then_some(())
        }

        fn shift_amount(&mut self, value: Value) -> Option<u32> {
            self.const_amount(ir::types::I32, value)
        }

        fn const_amount(&mut self, ty: Type, value: Value) -> Option<u32> {
            let amount = self.lower.constant(value)? as u32 % ty.bits();
            (amount != 0).then_some(amount)
        }

        fn zero_amount(&mut self, ty: Type, value: Value) -> Option<u32> {
            let amount = self.lower.constant(value)? as u32 % ty.bits();
            (amount == 0).then_some(amount)
        }

        fn below_width(&mut self, value: Value) -> Option<()> {
            let dfg = &self.lower.func.dfg;
            let InstructionData::Binary { opcode, args } = dfg.insts[self.lower.def_inst(value)?]
            else {
                return None;
            };
            if self.value_type(value) != ir::types::I32 {
                return None;
            }
            let small = self.lower.constant(args[1])? < 32;
            match opcode {
                Opcode::Band => small.then_some(()),
                Opcode::Bxor if small => self.below_width(args[0]),
                _ => None,
            }
        }

        fn below_32(&mut self, value: Value) -> Option<u32> {
            self.wide_amount_of(value).filter(|n| (1..32).contains(n))
        }

        fn exactly_32(&mut self, value: Value) -> Option<()> {
            self.wide_amount_of(value).filter(|&n| n == 32).map(|_| ())
        }

        fn above_32(&mut self, value: Value) -> Option<u32> {
            self.wide_amount_of(value).filter(|&n| n > 32)
        }

        fn exactly_0(&mut self, value: Value) -> Option<()> {
            self.wide_amount_of(value).filter(|&n| n == 0).map(|_| ())
        }

        // Registers.

        fn put(&mut self, value: Value) -> Reg {
            self.word(value)
        }

        fn lo(&mut self, value: Value) -> Reg {
            match self.lower.constant_words(value).0 {
                Some(bits) => self.immediate(bits),
                None => self.word(value),
            }
        }

        fn hi(&mut self, value: Value) -> Reg {
            match self.lower.constant_words(value).1 {
                Some(bits) => self.immediate(bits),
                None => {
                    let regs = self.lower.use_value(value);
                    regs.hi.expect("a value of two words")
                }
            }
        }

        fn bits(&mut self, value: Value) -> Reg {
            // A float need not come from a register of its class.
            let is_float = self.lower.func.dfg.value_type(value).is_float();
            match self.word_constant(value).filter(|_| is_float) {
                Some(bits) => self.immediate(bits),
                None => self.integer_words(&[value])[0],
            }
        }

        fn mov_imm(&mut self, value: u32) -> Reg {
            self.immediate(value)
        }

        fn result(&mut self, reg: Reg) -> Results {
            smallvec![ValueRegs::one(reg)]
        }

        fn no_result(&mut self) -> Results {
            Results::new()
        }

        fn pair(&mut self, lo: Reg, hi: Reg) -> Results {
            smallvec![ValueRegs::two(lo, hi)]
        }

        fn low_word(&mut self, results: Results) -> Reg {
            results[0].lo
        }

        fn high_word(&mut self, results: Results) -> Reg {
            results[0].hi.expect("a result of two words")
        }

        // Traps and builtins.

        fn division_by_zero(&mut self) -> TrapCode {
            contract::trap(AbiTrap::IntegerDivideByZero)
        }

        fn integer_overflow(&mut self) -> TrapCode {
            contract::trap(AbiTrap::IntegerOverflow)
        }

        fn bad_conversion(&mut self) -> TrapCode {
            contract::trap(AbiTrap::InvalidConversionToInteger)
        }

        fn routine1(&mut self, builtin: &Builtin, x: Value) -> Results {
            self.call_runtime(*builtin, &[x])
        }

        fn routine1_word(&mut self, builtin: &Builtin, x: Reg) -> Results {
            self.call_runtime_with(*builtin, vec![x])
        }

        fn routine2(&mut self, builtin: &Builtin, x: Value, y: Value) -> Results {
            self.call_runtime(*builtin, &[x, y])
        }

        fn divide_unsigned(&mut self, x: Value, y: Value) -> Quotient {
            let words = self.integer_words(&[x, y]);
            let [q_lo, q_hi, r_lo, r_hi] = self.call_builtin(Builtin::DivideUnsigned, words);
            (ValueRegs::two(q_lo, q_hi), ValueRegs::two(r_lo, r_hi))
        }

        fn divide_signed(&mut self, x: Value, y: Value) -> Quotient {
            let words = self.integer_words(&[x, y]);
            let [q_lo, q_hi, r_lo, r_hi] = self.call_builtin(Builtin::DivideSigned, words);
            (ValueRegs::two(q_lo, q_hi), ValueRegs::two(r_lo, r_hi))
        }

        fn quotient(&mut self, (quotient, _): Quotient) -> Results {
            smallvec![quotient]
        }

        fn remainder(&mut self, (_, remainder): Quotient) -> Results {
            smallvec![remainder]
        }
    };
}
pub(crate) use prelude_terms;

/// The module `generated` with an instruction set's rules as compiled code, from this file of the
/// build script's.
macro_rules! generated_rules {
    ($file:literal) => {
        #[allow(
            dead_code,
            unused_imports,
            unused_variables,
            unreachable_code,
            unreachable_patterns,
            unreachable_pub,
            missing_docs,
            non_snake_case,
            irrefutable_let_patterns,
            clippy::all,
            reason = "generated from the rules"
        )]
        mod generated {
            extern crate alloc;
            use super::*;
            use cranelift_codegen::ir::condcodes::*;
            use cranelift_codegen::ir::immediates::*;
            use cranelift_codegen::ir::types::*;
            use cranelift_codegen::ir::*;

            include!(concat!(env!("OUT_DIR"), $file));
        }
    };
}
pub(crate) use generated_rules;

#[cfg(test)]
mod tests {
    use super::*;

    fn holds<T: Ord>(cc: IntCC, unsigned: (T, T), signed: (T, T)) -> bool {
        match cc {
            IntCC::UnsignedLessThan => unsigned.0 < unsigned.1,
            IntCC::UnsignedLessThanOrEqual => unsigned.0 <= unsigned.1,
            IntCC::UnsignedGreaterThan => unsigned.0 > unsigned.1,
            IntCC::UnsignedGreaterThanOrEqual => unsigned.0 >= unsigned.1,
            IntCC::SignedLessThan => signed.0 < signed.1,
            IntCC::SignedLessThanOrEqual => signed.0 <= signed.1,
            IntCC::SignedGreaterThan => signed.0 > signed.1,
            IntCC::SignedGreaterThanOrEqual => signed.0 >= signed.1,
            IntCC::Equal | IntCC::NotEqual => unreachable!("no order"),
        }
    }

    fn holds_64(cc: IntCC, x: u64, y: u64) -> bool {
        let wide = (i128::from(x), i128::from(y));
        holds(cc, wide, (i128::from(x as i64), i128::from(y as i64)))
    }

    fn holds_32(cc: IntCC, x: u32, y: u32) -> bool {
        let wide = (i64::from(x), i64::from(y));
        holds(cc, wide, (i64::from(x as i32), i64::from(y as i32)))
    }

    #[test]
    fn high_words_decide_only_where_low_words_do_not_matter() {
        let words = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, u32::MAX];
        let pairs = words.iter().flat_map(|&high| words.map(|low| (high, low)));
        let values: Vec<u64> = pairs
            .map(|(high, low)| u64::from(high) << 32 | u64::from(low))
            .collect();
        let orders = IntCC::all()
            .iter()
            .filter(|cc| !matches!(cc, IntCC::Equal | IntCC::NotEqual));
        let mut decided = 0;
        for &cc in orders {
            for &constant in &values {
                let Some((on_high, bound)) = by_high_words(cc, constant) else {
                    continue;
                };
                decided += 1;
                for &x in &values {
                    let high = holds_32(on_high, (x >> 32) as u32, bound);
                    assert_eq!(high, holds_64(cc, x, constant), "{x:#x} {cc} {constant:#x}");
                }
            }
        }
        assert_eq!(decided, 4 * 7 + 4 * 6);
    }
}
