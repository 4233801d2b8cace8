//! The terms of `prelude.isle` and `lower.isle` in Rust, and the rules as compiled code.

use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{
    self, BlockCall, Inst, InstructionData, Opcode, TrapCode, Type, Value, ValueList,
};

pub(super) use generated::{constructor_lower, constructor_test_of};

use super::imm::{AddImm, BitRange, Scale, Shift, ShiftKind};
use super::inst::{
    AluOp, Amode, CarryOp, Compare, CompareOp, Cond, ExtendOp, ExtractOp, Inst as MInst, LoadOp,
    MulAccOp, Operand2, SelectValue, Sign, StoreOp, UnaryOp,
};
use super::lower::Context;
use crate::mach::lower::ValueRegs;
use crate::mach::reg::Reg;
use crate::wasm::contract::{self, Builtin};
use wasm2mcu_abi::trap::TrapCode as AbiTrap;

/// The results of an instruction.
type Results = Vec<ValueRegs>;
/// Quotient and remainder of a division of double words.
type Quotient = (ValueRegs, ValueRegs);
type ValueSlice = (ValueList, usize);
type ValueArray2 = [Value; 2];
type ValueArray3 = [Value; 3];
type BlockArray2 = [BlockCall; 2];

/// A comparison and the condition on its flags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    /// The condition.
    pub cond: Cond,
    /// What sets the flags.
    pub cmp: Compare,
}

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

    include!(concat!(env!("OUT_DIR"), "/isle_thumb2.rs"));
}

impl generated::Context for Context<'_, '_> {
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

    fn type_bits(&mut self, ty: Type) -> u32 {
        ty.bits()
    }

    fn word_const(&mut self, value: Value) -> Option<u32> {
        self.word_constant(value)
    }

    fn offset32(&mut self, offset: Offset32) -> i32 {
        offset.into()
    }

    // Registers.

    fn put(&mut self, value: Value) -> Reg {
        self.word(value)
    }

    fn put_zext(&mut self, value: Value) -> Reg {
        let ty = self.value_type(value);
        if ty.bits() == 32 || self.word_const(value).is_some() || self.is_zero_extended(value) {
            return self.word(value);
        }
        let op = match ty.bits() {
            8 => ExtendOp::Uxtb,
            _ => ExtendOp::Uxth,
        };
        let rm = self.word(value);
        self.extend(&op, rm)
    }

    fn put_sext(&mut self, value: Value) -> Reg {
        let ty = self.value_type(value);
        let op = match ty.bits() {
            32 => return self.word(value),
            8 => ExtendOp::Sxtb,
            _ => ExtendOp::Sxth,
        };
        let rm = self.word(value);
        self.extend(&op, rm)
    }

    fn result(&mut self, reg: Reg) -> Results {
        vec![ValueRegs::one(reg)]
    }

    fn no_result(&mut self) -> Results {
        Vec::new()
    }

    // Machine instructions.

    fn alu(&mut self, op: &AluOp, rn: Reg, rhs: Operand2) -> Reg {
        let op = *op;
        self.define(|rd| match rhs {
            Operand2::Reg { rm, shift } => MInst::AluRRR {
                op,
                rd,
                rn,
                rm,
                shift,
            },
            Operand2::Imm(imm) => MInst::AluRRI { op, rd, rn, imm },
        })
    }

    fn add_imm(&mut self, rn: Reg, value: i32) -> Reg {
        let imm = AddImm::new(value).expect("extracted as an addend");
        self.define(|rd| MInst::AddImm { rd, rn, imm })
    }

    fn mvn(&mut self, rhs: Operand2) -> Reg {
        self.define(|rd| match rhs {
            Operand2::Reg { rm, shift } => MInst::Mvn { rd, rm, shift },
            Operand2::Imm(imm) => MInst::MovImm {
                rd,
                value: !imm.value(),
            },
        })
    }

    fn mov_imm(&mut self, value: u32) -> Reg {
        self.immediate(value)
    }

    fn shift_imm(&mut self, kind: &ShiftKind, rm: Reg, amount: u32) -> Reg {
        let shift = Shift::new(*kind, amount as u8).expect("an amount within the word");
        self.define(|rd| MInst::ShiftImm { rd, rm, shift })
    }

    fn shift_reg(&mut self, kind: &ShiftKind, rn: Reg, rm: Reg) -> Reg {
        let kind = *kind;
        self.define(|rd| MInst::ShiftReg { kind, rd, rn, rm })
    }

    fn extend(&mut self, op: &ExtendOp, rm: Reg) -> Reg {
        let op = *op;
        self.define(|rd| MInst::Extend { op, rd, rm })
    }

    fn unary(&mut self, op: &UnaryOp, rm: Reg) -> Reg {
        let op = *op;
        self.define(|rd| MInst::Unary { op, rd, rm })
    }

    fn extract(&mut self, op: &ExtractOp, rn: Reg, lsb: u32, width: u32) -> Reg {
        let op = *op;
        let bits = BitRange::new(lsb as u8, width as u8).expect("a field within the word");
        self.define(|rd| MInst::Extract { op, rd, rn, bits })
    }

    fn mul(&mut self, rn: Reg, rm: Reg) -> Reg {
        self.define(|rd| MInst::Mul { rd, rn, rm })
    }

    fn mla(&mut self, rn: Reg, rm: Reg, ra: Reg) -> Reg {
        let op = MulAccOp::Mla;
        self.define(|rd| MInst::MulAcc { op, rd, rn, rm, ra })
    }

    fn mls(&mut self, rn: Reg, rm: Reg, ra: Reg) -> Reg {
        let op = MulAccOp::Mls;
        self.define(|rd| MInst::MulAcc { op, rd, rn, rm, ra })
    }

    fn mul_high(&mut self, sign: &Sign, rn: Reg, rm: Reg) -> Reg {
        let sign = *sign;
        let rd_lo = self.new_int();
        self.define(|rd_hi| MInst::MulLong {
            sign,
            rd_lo,
            rd_hi,
            rn,
            rm,
        })
    }

    fn div(&mut self, sign: &Sign, rn: Reg, rm: Reg) -> Reg {
        let sign = *sign;
        self.define(|rd| MInst::Div { sign, rd, rn, rm })
    }

    fn load_op(&mut self, op: &LoadOp, mem: Amode) -> Reg {
        let op = *op;
        self.define(|rt| MInst::Load { op, rt, mem })
    }

    fn store_op(&mut self, op: &StoreOp, rt: Reg, mem: Amode) -> Results {
        let op = *op;
        self.lower.emit(MInst::Store { op, rt, mem });
        Vec::new()
    }

    fn set(&mut self, test: Test) -> Reg {
        self.define(|rd| MInst::set_if(rd, test.cond, test.cmp))
    }

    fn select_op(&mut self, test: Test, if_true: Reg, if_false: Reg) -> Reg {
        self.define(|rd| MInst::Select {
            rd,
            cond: test.cond,
            cmp: test.cmp,
            if_true: SelectValue::Reg(if_true),
            if_false: SelectValue::Reg(if_false),
        })
    }

    fn trap_if(&mut self, test: Test, code: &TrapCode) -> Results {
        self.lower.emit(MInst::TrapIf {
            cond: test.cond,
            cmp: test.cmp,
            code: contract::abi_trap(*code),
        });
        Vec::new()
    }

    fn trap_always(&mut self, code: &TrapCode) -> Results {
        let code = contract::abi_trap(*code);
        self.lower.emit(MInst::Trap { code });
        Vec::new()
    }

    // Operands.

    fn reg_operand(&mut self, reg: Reg) -> Operand2 {
        Operand2::reg(reg)
    }

    fn shifted(&mut self, kind: &ShiftKind, rm: Reg, amount: u32) -> Operand2 {
        let shift = Shift::new(*kind, amount as u8).expect("an amount within the word");
        Operand2::Reg { rm, shift }
    }

    fn small_imm(&mut self, value: u32) -> Operand2 {
        Operand2::imm(value).expect("the rules name encodable constants")
    }

    fn mod_imm(&mut self, value: Value) -> Option<Operand2> {
        Operand2::imm(self.word_constant(value)?)
    }

    fn mod_imm_neg(&mut self, value: Value) -> Option<Operand2> {
        Operand2::imm(self.word_constant(value)?.wrapping_neg())
    }

    fn mod_imm_not(&mut self, value: Value) -> Option<Operand2> {
        Operand2::imm(!self.word_constant(value)?)
    }

    fn mod_imm_successor(&mut self, value: Value) -> Option<Operand2> {
        Operand2::imm(self.word_constant(value)?.checked_add(1)?)
    }

    fn addend(&mut self, value: Value) -> Option<i32> {
        let value = self.word_constant(value)? as i32;
        AddImm::new(value).map(AddImm::value)
    }

    fn subtrahend(&mut self, value: Value) -> Option<i32> {
        let value = (self.word_constant(value)? as i32).wrapping_neg();
        AddImm::new(value).map(AddImm::value)
    }

    fn shift_amount(&mut self, value: Value) -> Option<u32> {
        self.const_amount(ir::types::I32, value)
    }

    fn shift_of(&mut self, value: Value) -> Option<(ShiftKind, Value, u32)> {
        let inst = self.lower.single_use_inst(value)?;
        let dfg = &self.lower.func.dfg;
        let InstructionData::Binary { opcode, args } = dfg.insts[inst] else {
            return None;
        };
        if dfg.ctrl_typevar(inst) != ir::types::I32 {
            return None;
        }
        let amount = self.shift_amount(args[1])?;
        let (kind, amount) = match opcode {
            Opcode::Ishl => (ShiftKind::Lsl, amount),
            Opcode::Ushr => (ShiftKind::Lsr, amount),
            Opcode::Sshr => (ShiftKind::Asr, amount),
            Opcode::Rotr => (ShiftKind::Ror, amount),
            Opcode::Rotl => (ShiftKind::Ror, 32 - amount),
            _ => return None,
        };
        Some((kind, args[0], amount))
    }

    fn low_mask(&mut self, value: Value) -> Option<u32> {
        let mask = self.word_constant(value)?;
        (mask != 0 && mask & mask.wrapping_add(1) == 0).then(|| mask.trailing_ones())
    }

    fn field_width(&mut self, lsb: u32, width: u32) -> Option<u32> {
        (lsb + width <= 32).then_some(width)
    }

    fn all_ones(&mut self, value: Value) -> Option<()> {
        let bits = self.value_type(value).bits();
        (self.word_constant(value)? == u32::MAX >> (32 - bits)).then_some(())
    }

    fn nonzero_const(&mut self, value: Value) -> Option<()> {
        (self.word_constant(value)? != 0).then_some(())
    }

    fn not_minus_one(&mut self, value: Value) -> Option<()> {
        (self.word_constant(value)? != u32::MAX).then_some(())
    }

    // Shifts.

    fn type_bits_minus_1(&mut self, ty: Type) -> u32 {
        ty.bits() - 1
    }

    fn const_amount(&mut self, ty: Type, value: Value) -> Option<u32> {
        let amount = self.lower.constant(value)? as u32 % ty.bits();
        (amount != 0).then_some(amount)
    }

    fn zero_amount(&mut self, ty: Type, value: Value) -> Option<u32> {
        let amount = self.lower.constant(value)? as u32 % ty.bits();
        (amount == 0).then_some(amount)
    }

    fn minus(&mut self, a: u32, b: u32) -> u32 {
        a - b
    }

    fn stop_above(&mut self, ty: Type) -> Operand2 {
        self.small_imm(1 << ty.bits())
    }

    fn stop_below(&mut self, ty: Type) -> Operand2 {
        self.small_imm(1 << (31 - ty.bits()))
    }

    // Tests.

    fn cond_of(&mut self, cc: &IntCC) -> Cond {
        match cc {
            IntCC::Equal => Cond::Eq,
            IntCC::NotEqual => Cond::Ne,
            IntCC::SignedLessThan => Cond::Lt,
            IntCC::SignedGreaterThanOrEqual => Cond::Ge,
            IntCC::SignedGreaterThan => Cond::Gt,
            IntCC::SignedLessThanOrEqual => Cond::Le,
            IntCC::UnsignedLessThan => Cond::Lo,
            IntCC::UnsignedGreaterThanOrEqual => Cond::Hs,
            IntCC::UnsignedGreaterThan => Cond::Hi,
            IntCC::UnsignedLessThanOrEqual => Cond::Ls,
        }
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

    fn cond_of_successor(&mut self, cc: &IntCC) -> Option<Cond> {
        match cc {
            IntCC::UnsignedGreaterThan => Some(Cond::Hs),
            IntCC::UnsignedLessThanOrEqual => Some(Cond::Lo),
            _ => None,
        }
    }

    fn cmp(&mut self, cond: &Cond, rn: Reg, rhs: Operand2) -> Test {
        Test::new(*cond, CompareOp::Cmp, rn, rhs)
    }

    fn cmn(&mut self, cond: &Cond, rn: Reg, rhs: Operand2) -> Test {
        Test::new(*cond, CompareOp::Cmn, rn, rhs)
    }

    fn tst(&mut self, cond: &Cond, rn: Reg, rhs: Operand2) -> Test {
        Test::new(*cond, CompareOp::Tst, rn, rhs)
    }

    fn negated(&mut self, test: Test) -> Test {
        Test {
            cond: test.cond.invert(),
            ..test
        }
    }

    // Traps.

    fn division_by_zero(&mut self) -> TrapCode {
        contract::trap(AbiTrap::IntegerDivideByZero)
    }

    fn integer_overflow(&mut self) -> TrapCode {
        contract::trap(AbiTrap::IntegerOverflow)
    }

    // Double words.

    fn lo(&mut self, value: Value) -> Reg {
        self.word(value)
    }

    fn hi(&mut self, value: Value) -> Reg {
        match self.lower.constant(value) {
            Some(bits) => self.immediate((bits >> 32) as u32),
            None => self.high_word_of(value),
        }
    }

    fn lo_operand(&mut self, value: Value) -> Operand2 {
        let constant = self.lower.constant(value);
        let operand = constant.and_then(|bits| Operand2::imm(bits as u32));
        operand.unwrap_or_else(|| Operand2::reg(self.lo(value)))
    }

    fn hi_operand(&mut self, value: Value) -> Operand2 {
        let constant = self.lower.constant(value);
        let operand = constant.and_then(|bits| Operand2::imm((bits >> 32) as u32));
        operand.unwrap_or_else(|| Operand2::reg(self.hi(value)))
    }

    fn pair(&mut self, lo: Reg, hi: Reg) -> Results {
        vec![ValueRegs::two(lo, hi)]
    }

    fn wide_const(&mut self, value: Value) -> Option<u64> {
        let wide = self.value_type(value) == ir::types::I64;
        self.lower.constant(value).filter(|_| wide)
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

    fn const_not_minus_one(&mut self, value: Value) -> Option<u64> {
        self.lower.constant(value).filter(|&bits| bits != u64::MAX)
    }

    fn carry_chain(
        &mut self,
        first: &CarryOp,
        then: &CarryOp,
        lo: Reg,
        hi: Reg,
        rhs_lo: Operand2,
        rhs_hi: Operand2,
    ) -> Results {
        let low = self.define(|rd| MInst::Carry {
            op: *first,
            rd,
            rn: lo,
            rhs: rhs_lo,
        });
        let high = self.define(|rd| MInst::Carry {
            op: *then,
            rd,
            rn: hi,
            rhs: rhs_hi,
        });
        self.pair(low, high)
    }

    fn mul_long(&mut self, sign: &Sign, rn: Reg, rm: Reg) -> Results {
        let (rd_lo, rd_hi) = (self.new_int(), self.new_int());
        self.lower.emit(MInst::MulLong {
            sign: *sign,
            rd_lo,
            rd_hi,
            rn,
            rm,
        });
        self.pair(rd_lo, rd_hi)
    }

    fn mul_add_long(&mut self, ra_lo: Reg, ra_hi: Reg, rn: Reg, rm: Reg) -> Results {
        let (rd_lo, rd_hi) = (self.new_int(), self.new_int());
        self.lower.emit(MInst::MulAccLong {
            sign: Sign::Unsigned,
            rd_lo,
            rd_hi,
            ra_lo,
            ra_hi,
            rn,
            rm,
        });
        self.pair(rd_lo, rd_hi)
    }

    fn low_word(&mut self, results: Results) -> Reg {
        results[0].lo
    }

    fn high_word(&mut self, results: Results) -> Reg {
        results[0].hi.expect("a result of two words")
    }

    fn cross_products(&mut self, product: Results, xl: Reg, xh: Reg, yl: Reg, yh: Reg) -> Results {
        let ValueRegs { lo, hi } = product[0];
        let high = self.mla(xl, yh, hi.expect("a product of two words"));
        let high = self.mla(xh, yl, high);
        self.pair(lo, high)
    }

    fn wide_mul_high(&mut self, xl: Reg, xh: Reg, yl: Reg, yh: Reg) -> Results {
        // Schoolbook: each step adds one product of two words to what the last one carries over,
        // which never exceeds two words.
        let lowest = self.mul_long(&Sign::Unsigned, xl, yl);
        let carried = self.high_word(lowest);
        let middle = self.mul_add_word(carried, xl, yh);
        let carried = middle.lo;
        let other = self.mul_add_word(carried, xh, yl);
        let upper = self.mul_add_word(middle.hi.expect("two words"), xh, yh);
        let none = self.small_imm(0);
        let carry = Operand2::reg(other.hi.expect("two words"));
        let upper_hi = upper.hi.expect("two words");
        self.carry_chain(
            &CarryOp::Adds,
            &CarryOp::Adcs,
            upper.lo,
            upper_hi,
            carry,
            none,
        )
    }

    fn less_if_negative(&mut self, sign: Reg, lo: Reg, hi: Reg, from: Results) -> Results {
        let mask = self.shift_imm(&ShiftKind::Asr, sign, 31);
        let lo = self.alu(&AluOp::And, lo, Operand2::reg(mask));
        let hi = self.alu(&AluOp::And, hi, Operand2::reg(mask));
        let (from_lo, from_hi) = (from[0].lo, from[0].hi.expect("two words"));
        let (lo, hi) = (Operand2::reg(lo), Operand2::reg(hi));
        self.carry_chain(&CarryOp::Subs, &CarryOp::Sbcs, from_lo, from_hi, lo, hi)
    }

    fn wide_test(&mut self, cc: &IntCC, x: Value, y: Value) -> Test {
        // What the carry chain answers is below, and not below; the others are these with the
        // operands exchanged.
        let swap = matches!(
            cc,
            IntCC::SignedGreaterThan
                | IntCC::UnsignedGreaterThan
                | IntCC::SignedLessThanOrEqual
                | IntCC::UnsignedLessThanOrEqual
        );
        let (cc, x, y) = if swap {
            (cc.swap_args(), y, x)
        } else {
            (*cc, x, y)
        };
        let (rn_lo, rn_hi) = (self.lo(x), self.hi(x));
        let (rhs_lo, rhs_hi) = (self.lo_operand(y), self.hi_operand(y));
        let cmp = match cc {
            IntCC::Equal | IntCC::NotEqual => Compare::WideEqual {
                rn_lo,
                rn_hi,
                rhs_lo,
                rhs_hi,
            },
            _ => Compare::WideOrder {
                rn_lo,
                rn_hi,
                rhs_lo,
                rhs_hi,
            },
        };
        Test {
            cond: self.cond_of(&cc),
            cmp,
        }
    }

    fn wide_zero(&mut self, cond: &Cond, rn: Reg, rm: Reg) -> Test {
        Test {
            cond: *cond,
            cmp: Compare::WideZero { rn, rm },
        }
    }

    fn wide_division(&mut self, sign: &Sign, x: Value, y: Value) -> Quotient {
        let (x_lo, x_hi) = (self.lo(x), self.hi(x));
        let (y_lo, y_hi) = (self.lo(y), self.hi(y));
        if self.lower.constant(y).is_none_or(|divisor| divisor == 0) {
            let test = self.wide_zero(&Cond::Eq, y_lo, y_hi);
            let code = self.division_by_zero();
            self.trap_if(test, &code);
        }
        let builtin = match sign {
            Sign::Unsigned => Builtin::DivideUnsigned,
            Sign::Signed => Builtin::DivideSigned,
        };
        self.call_builtin(builtin, [x_lo, x_hi, y_lo, y_hi])
    }

    fn quotient(&mut self, (quotient, _): Quotient) -> Results {
        vec![quotient]
    }

    fn remainder(&mut self, (_, remainder): Quotient) -> Results {
        vec![remainder]
    }

    fn word_after(&mut self, address: Amode) -> Amode {
        match address {
            Amode::Base { base, offset } => Amode::Base {
                base,
                offset: offset.wrapping_add(4),
            },
            _ => unreachable!("wide addresses are a base and an offset"),
        }
    }

    // Memory.

    fn base_offset(&mut self, base: Reg, offset: i32) -> Amode {
        Amode::Base { base, offset }
    }

    fn base_index(&mut self, base: Reg, index: Reg, scale: u32) -> Amode {
        let scale = Scale::new(scale as u8).expect("extracted as a scale");
        Amode::Index { base, index, scale }
    }

    fn offset_sum(&mut self, offset: i32, addend: u32) -> i32 {
        offset.wrapping_add(addend as i32)
    }

    fn scale(&mut self, value: Value) -> Option<u32> {
        self.shift_amount(value).filter(|&amount| amount <= 3)
    }
}

impl Test {
    fn new(cond: Cond, op: CompareOp, rn: Reg, rhs: Operand2) -> Test {
        Test {
            cond,
            cmp: Compare::Word { op, rn, rhs },
        }
    }
}

impl Context<'_, '_> {
    /// The value of a constant of at most 32 bits, zero-extended from its type.
    fn word_constant(&self, value: Value) -> Option<u32> {
        let fits = self.lower.func.dfg.value_type(value).bits() <= 32;
        self.lower
            .constant(value)
            .filter(|_| fits)
            .map(|k| k as u32)
    }

    /// A constant shift amount, taken modulo 64.
    fn wide_amount_of(&self, value: Value) -> Option<u32> {
        self.lower.constant(value).map(|amount| amount as u32 % 64)
    }

    /// The product of two words plus one word.
    fn mul_add_word(&mut self, addend: Reg, rn: Reg, rm: Reg) -> ValueRegs {
        let zero = self.immediate(0);
        generated::Context::mul_add_long(self, addend, zero, rn, rm)[0]
    }

    /// Whether the instruction that defines a narrow value leaves zeros above it.
    fn is_zero_extended(&self, value: Value) -> bool {
        self.lower.def_inst(value).is_some_and(|inst| {
            matches!(
                self.lower.func.dfg.insts[inst].opcode(),
                Opcode::Icmp | Opcode::Load
            )
        })
    }
}
