//! The terms of the `.isle` files in Rust, and the rules as compiled code.

use cranelift_codegen::ir::condcodes::{CondCode, FloatCC, IntCC};
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{
    self, BlockCall, Inst, InstructionData, Opcode, TrapCode, Type, Value, ValueList,
};
use regalloc2::RegClass;
use smallvec::smallvec;
use wasm2mcu_abi::trap::TrapCode as AbiTrap;

pub(super) use generated::{constructor_lower, constructor_test_of};

use super::Thumb2;
use super::imm::{AddImm, BitRange, MovImm, Scale, Shift, ShiftKind};
use super::inst::{
    AluOp, Amode, CarryOp, Compare, CompareOp, Cond, ExtendOp, ExtractOp, FloatOp, FloatUnaryOp,
    Inst as MInst, LoadOp, MulAccOp, Operand2, SelectValue, Sign, StoreOp, UnaryOp,
};
use crate::mach::Isa;
use crate::mach::context::Context;
use crate::mach::isle::{
    BlockArray2, Quotient, Results, ValueArray2, ValueArray3, ValueSlice, generated_rules, order,
    prelude_terms,
};
use crate::mach::lower::ValueRegs;
use crate::mach::reg::Reg;
use crate::wasm::contract::{self, Builtin};

/// A comparison and the condition on its flags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    /// The condition.
    pub cond: Cond,
    /// What sets the flags.
    pub cmp: Compare,
}

generated_rules!("/isle_thumb2.rs");

impl generated::Context for Context<'_, '_, Thumb2> {
    prelude_terms!();

    // Registers.

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
        Results::new()
    }

    fn set(&mut self, test: Test) -> Reg {
        self.define(|rd| MInst::set_if(rd, test.cond, test.cmp))
    }

    fn select_reg(&mut self, reg: Reg) -> SelectValue {
        SelectValue::Reg(reg)
    }

    fn select_value(&mut self, value: Value) -> SelectValue {
        let constant = self.word_constant(value).and_then(MovImm::new);
        constant.map_or_else(|| SelectValue::Reg(self.word(value)), SelectValue::Imm)
    }

    fn select_lo(&mut self, value: Value) -> SelectValue {
        let constant = self.lower.constant_words(value).0.and_then(MovImm::new);
        constant.map_or_else(|| SelectValue::Reg(self.lo(value)), SelectValue::Imm)
    }

    fn select_hi(&mut self, value: Value) -> SelectValue {
        let constant = self.lower.constant_words(value).1.and_then(MovImm::new);
        constant.map_or_else(|| SelectValue::Reg(self.hi(value)), SelectValue::Imm)
    }

    fn select_op(&mut self, test: Test, if_true: SelectValue, if_false: SelectValue) -> Reg {
        let Test { cond, cmp } = test;
        // The result takes the register of the second value, best of one that nobody reads later.
        let later = |value| matches!(value, SelectValue::Reg(reg) if self.lower.is_read_later(reg));
        let swap = matches!(if_false, SelectValue::Imm(_)) || later(if_false) && !later(if_true);
        let (cond, if_true, if_false) = match (swap, if_true) {
            (true, SelectValue::Reg(_)) => (cond.invert(), if_false, if_true),
            _ => (cond, if_true, if_false),
        };
        self.define(|rd| MInst::Select {
            rd,
            cond,
            cmp,
            if_true,
            if_false,
        })
    }

    fn trap_if(&mut self, test: Test, code: &TrapCode) -> Results {
        self.lower.emit(MInst::TrapIf {
            cond: test.cond,
            cmp: test.cmp,
            code: contract::abi_trap(*code),
        });
        Results::new()
    }

    fn trap_always(&mut self, code: &TrapCode) -> Results {
        let code = contract::abi_trap(*code);
        self.lower.emit(MInst::Trap { code });
        Results::new()
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

    // Shifts.

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

    // Double words.

    fn lo_operand(&mut self, value: Value) -> Operand2 {
        let constant = self.lower.constant_words(value).0;
        let operand = constant.and_then(Operand2::imm);
        operand.unwrap_or_else(|| Operand2::reg(self.lo(value)))
    }

    fn hi_operand(&mut self, value: Value) -> Operand2 {
        let constant = self.lower.constant_words(value).1;
        let operand = constant.and_then(Operand2::imm);
        operand.unwrap_or_else(|| Operand2::reg(self.hi(value)))
    }

    fn word_operand(&mut self, value: u32) -> Operand2 {
        Operand2::imm(value).unwrap_or_else(|| Operand2::reg(self.immediate(value)))
    }

    fn each_word(&mut self, op: &AluOp, x: Value, y: Value) -> Results {
        let (xl, xh) = self.lower.constant_words(x);
        let (yl, yh) = self.lower.constant_words(y);
        let low = match unchanged(*op, xl, yl) {
            Some(Word::Left) => self.lo(x),
            Some(Word::Right) => self.lo(y),
            None => {
                let (left, right) = (self.lo(x), self.lo_operand(y));
                self.alu(op, left, right)
            }
        };
        let high = match unchanged(*op, xh, yh) {
            Some(Word::Left) => self.hi(x),
            Some(Word::Right) => self.hi(y),
            None => {
                let (left, right) = (self.hi(x), self.hi_operand(y));
                self.alu(op, left, right)
            }
        };
        self.pair(low, high)
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

    fn with_product(&mut self, sum: Results, x: Reg, y: Reg) -> Results {
        let ValueRegs { lo, hi } = sum[0];
        let high = self.mla(x, y, hi.expect("two words"));
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

    fn equal_words(&mut self, value: Value) -> Option<u32> {
        let bits = self.lower.constant(value)?;
        let wide = self.value_type(value).bits() == 64;
        (wide && bits as u32 == (bits >> 32) as u32).then_some(bits as u32)
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

    // Floats.

    fn fpv5_f32(&mut self, ty: Type) -> Option<()> {
        self.hard_f32(ty).filter(|()| self.lower.isa.has_fpv5())
    }

    fn float(&mut self, op: &FloatOp, rn: Reg, rm: Reg) -> Reg {
        let op = *op;
        self.define_float(|rd| MInst::Float { op, rd, rn, rm })
    }

    fn float_unary(&mut self, op: &FloatUnaryOp, rm: Reg) -> Reg {
        let op = *op;
        self.define_float(|rd| MInst::FloatUnary { op, rd, rm })
    }

    fn float_imm(&mut self, bits: u32) -> Reg {
        Thumb2::float_constant(self.lower, bits)
    }

    fn to_float(&mut self, reg: Reg) -> Reg {
        self.lower.in_class(reg, RegClass::Float)
    }

    fn to_integer(&mut self, reg: Reg) -> Reg {
        self.lower.in_class(reg, RegClass::Int)
    }

    fn float_cmp(&mut self, cond: &Cond, rn: Reg, rm: Reg) -> Test {
        Test {
            cond: *cond,
            cmp: Compare::Float { rn, rm },
        }
    }

    fn float_cmp_zero(&mut self, cond: &Cond, rn: Reg) -> Test {
        Test {
            cond: *cond,
            cmp: Compare::FloatZero { rn },
        }
    }

    fn float_zero(&mut self, value: Value) -> Option<()> {
        let bits = self.word_constant(value)?;
        (bits << 1 == 0).then_some(())
    }

    fn float_cond(&mut self, cc: &FloatCC) -> Cond {
        match cc {
            FloatCC::Ordered => Cond::Vc,
            FloatCC::Unordered => Cond::Vs,
            FloatCC::Equal => Cond::Eq,
            FloatCC::NotEqual => Cond::Ne,
            FloatCC::LessThan => Cond::Mi,
            FloatCC::LessThanOrEqual => Cond::Ls,
            FloatCC::GreaterThan => Cond::Gt,
            FloatCC::GreaterThanOrEqual => Cond::Ge,
            FloatCC::UnorderedOrLessThan => Cond::Lt,
            FloatCC::UnorderedOrLessThanOrEqual => Cond::Le,
            FloatCC::UnorderedOrGreaterThan => Cond::Hi,
            FloatCC::UnorderedOrGreaterThanOrEqual => Cond::Pl,
            FloatCC::OrderedNotEqual | FloatCC::UnorderedOrEqual => {
                unreachable!("two conditions, which have a rule of their own")
            }
        }
    }

    fn float_swapped(&mut self, cc: &FloatCC) -> FloatCC {
        cc.swap_args()
    }

    fn better_swapped(&mut self, cc: &FloatCC) -> Option<FloatCC> {
        matches!(
            cc,
            FloatCC::LessThan
                | FloatCC::LessThanOrEqual
                | FloatCC::UnorderedOrGreaterThan
                | FloatCC::UnorderedOrGreaterThanOrEqual
        )
        .then(|| cc.swap_args())
    }

    fn float_select(&mut self, test: Test, if_true: Reg, if_false: Reg) -> Reg {
        let Test { cond, cmp } = test;
        let fpv5 = self.lower.isa.has_fpv5();
        self.define_float(|rd| {
            MInst::float_select(rd, cond, cmp, if_true, if_false)
                .filter(|_| fpv5)
                .unwrap_or(MInst::Select {
                    rd,
                    cond,
                    cmp,
                    if_true: SelectValue::Reg(if_true),
                    if_false: SelectValue::Reg(if_false),
                })
        })
    }

    // Memory.

    fn base_offset(&mut self, base: Reg, offset: i32) -> Amode {
        Amode::Base { base, offset }
    }

    fn near_offset(&mut self, offset: i32, more: u32) -> Option<i32> {
        // The second word of a double word is four bytes further.
        let sum = offset.wrapping_add(more as i32);
        (-255..=4095 - 4).contains(&sum).then_some(sum)
    }

    fn base_index(&mut self, base: Reg, index: Reg, scale: u32) -> Amode {
        let scale = Scale::new(scale as u8).expect("extracted as a scale");
        Amode::Index { base, index, scale }
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

impl Context<'_, '_, Thumb2> {
    /// Emits an instruction with a float as its result, which `make` is told the register of.
    fn define_float(&mut self, make: impl FnOnce(Reg) -> MInst) -> Reg {
        let rd = self.lower.new_reg(RegClass::Float);
        self.lower.emit(make(rd));
        rd
    }

    /// The product of two words plus one word.
    fn mul_add_word(&mut self, addend: Reg, rn: Reg, rm: Reg) -> ValueRegs {
        let zero = self.immediate(0);
        generated::Context::mul_add_long(self, addend, zero, rn, rm)[0]
    }
}

/// One of the operands of an operation on words.
enum Word {
    Left,
    Right,
}

/// The operand that is the result, if one is constant and leaves the other as it is, or leaves
/// nothing of it.
fn unchanged(op: AluOp, left: Option<u32>, right: Option<u32>) -> Option<Word> {
    match (op, left, right) {
        (AluOp::And, _, Some(u32::MAX)) | (AluOp::And, Some(0), _) => Some(Word::Left),
        (AluOp::And, Some(u32::MAX), _) | (AluOp::And, _, Some(0)) => Some(Word::Right),
        (AluOp::Orr | AluOp::Eor, _, Some(0)) => Some(Word::Left),
        (AluOp::Orr | AluOp::Eor, Some(0), _) => Some(Word::Right),
        _ => None,
    }
}
