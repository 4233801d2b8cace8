//! The terms of the rules in Rust, and the rules as compiled code.

use cranelift_codegen::ir::condcodes::{CondCode, FloatCC, IntCC};
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{
    self, BlockCall, Inst, InstructionData, MemFlags, Opcode, TrapCode, Type, Value, ValueList,
};

use regalloc2::RegClass;
use smallvec::smallvec;

use generated::Context as _;
pub(super) use generated::{constructor_lower, constructor_test_of};

use super::Riscv32;
use super::imm::{Amount, Imm12, Parts};
use super::inst::{
    AluImmOp, AluOp, Amode, Cond, FpuCompareOp, FpuOp, Inst as MInst, LoadOp, Rounding, ShiftOp,
    Sign, StoreOp, Test, UnaryOp,
};
use super::regs::ZERO;
use crate::mach::context::Context;
use crate::mach::isle::{
    BlockArray2, Quotient, Results, ValueArray2, ValueArray3, ValueSlice, generated_rules, order,
    prelude_terms,
};
use crate::mach::lower::ValueRegs;
use crate::mach::reg::Reg;
use crate::wasm::contract::{self, Builtin};
use wasm2mcu_abi::image::Features;
use wasm2mcu_abi::trap::TrapCode as AbiTrap;

/// What a rule finds that asks for an extension and nothing else.
type Unit = ();

generated_rules!("/isle_riscv32.rs");

impl generated::Context for Context<'_, '_, Riscv32> {
    prelude_terms!();

    // Registers.

    fn put_zext(&mut self, value: Value) -> Reg {
        let bits = self.value_type(value).bits();
        let reg = self.word(value);
        if bits == 32 || self.word_constant(value).is_some() || self.is_zero_extended(value) {
            reg
        } else if bits == 8 {
            self.alu_imm(&AluImmOp::Andi, reg, 0xff)
        } else if bits == 16 && self.zbb().is_some() {
            self.unary(&UnaryOp::ZextH, reg)
        } else {
            self.shifted_twice(ShiftOp::Srli, reg, 32 - bits)
        }
    }

    fn put_sext(&mut self, value: Value) -> Reg {
        let bits = self.value_type(value).bits();
        if let Some(constant) = self.word_constant(value) {
            let unused = 32 - bits;
            return self.immediate(((constant << unused) as i32 >> unused) as u32);
        }
        let reg = self.word(value);
        match (bits, self.zbb()) {
            (32, _) => reg,
            (16, Some(())) => self.unary(&UnaryOp::SextH, reg),
            (8, Some(())) => self.unary(&UnaryOp::SextB, reg),
            _ => self.shifted_twice(ShiftOp::Srai, reg, 32 - bits),
        }
    }

    // Machine instructions.

    fn alu(&mut self, op: &AluOp, rs1: Reg, rs2: Reg) -> Reg {
        let op = *op;
        self.define(|rd| MInst::Alu { op, rd, rs1, rs2 })
    }

    fn alu_imm(&mut self, op: &AluImmOp, rs1: Reg, value: i32) -> Reg {
        let op = *op;
        let imm = Imm12::new(value).expect("extracted as a constant of 12 bits");
        self.define(|rd| MInst::AluImm { op, rd, rs1, imm })
    }

    fn unary(&mut self, op: &UnaryOp, rs1: Reg) -> Reg {
        let op = *op;
        self.define(|rd| MInst::Unary { op, rd, rs1 })
    }

    fn shift_imm(&mut self, op: &ShiftOp, rs1: Reg, amount: u32) -> Reg {
        let op = *op;
        let amount = Amount::new(amount).expect("an amount within the word");
        self.define(|rd| MInst::Shift {
            op,
            rd,
            rs1,
            amount,
        })
    }

    fn fpu(&mut self, op: &FpuOp, rs1: Reg, rs2: Reg) -> Reg {
        let op = *op;
        self.define_float(|rd| MInst::Fpu { op, rd, rs1, rs2 })
    }

    fn fsqrt(&mut self, rs1: Reg) -> Reg {
        self.define_float(|rd| MInst::Fsqrt { rd, rs1 })
    }

    fn fpu_compare(&mut self, op: &FpuCompareOp, rs1: Reg, rs2: Reg) -> Reg {
        let op = *op;
        self.define(|rd| MInst::FpuCompare { op, rd, rs1, rs2 })
    }

    fn to_int(&mut self, sign: &Sign, rounding: &Rounding, rs1: Reg) -> Reg {
        let (sign, rounding) = (*sign, *rounding);
        self.define(|rd| MInst::FpuToInt {
            sign,
            rounding,
            rd,
            rs1,
        })
    }

    fn from_int(&mut self, sign: &Sign, rs1: Reg) -> Reg {
        let sign = *sign;
        self.define_float(|rd| MInst::IntToFpu { sign, rd, rs1 })
    }

    fn float_const(&mut self, bits: u32) -> Reg {
        let word = self.immediate(bits);
        self.lower.in_class(word, RegClass::Float)
    }

    fn load_op(&mut self, op: &LoadOp, mem: Amode) -> Reg {
        let op = *op;
        self.define(|rd| MInst::Load { op, rd, mem })
    }

    fn store_op(&mut self, op: &StoreOp, rs: Reg, mem: Amode) -> Results {
        let op = *op;
        self.lower.emit(MInst::Store { op, rs, mem });
        Results::new()
    }

    fn select_op(&mut self, test: Test, if_true: Reg, if_false: Reg) -> Reg {
        let if_false = self.lower.virtual_copy(if_false);
        let rd = self.lower.new_reg(if_false.class());
        self.lower.emit(MInst::Select {
            rd,
            test,
            if_true,
            if_false,
        });
        rd
    }

    fn trap_if(&mut self, test: Test, code: &TrapCode) -> Results {
        let code = contract::abi_trap(*code);
        self.lower.emit(MInst::TrapIf { test, code });
        Results::new()
    }

    fn trap_always(&mut self, code: &TrapCode) -> Results {
        let code = contract::abi_trap(*code);
        self.lower.emit(MInst::Trap { code });
        Results::new()
    }

    // Operands.

    fn imm12(&mut self, value: Value) -> Option<i32> {
        imm12(self.word_constant(value)?)
    }

    fn imm12_neg(&mut self, value: Value) -> Option<i32> {
        imm12(self.word_constant(value)?.wrapping_neg())
    }

    fn imm12_successor(&mut self, value: Value) -> Option<i32> {
        // Neither order has a successor of its greatest value.
        let value = self.word_constant(value)?;
        (value != u32::MAX && value != i32::MAX as u32)
            .then(|| imm12(value + 1))
            .flatten()
    }

    fn long_mask(&mut self, value: Value) -> Option<u32> {
        let mask = self.word_constant(value)?;
        let ones = mask & mask.wrapping_add(1) == 0;
        (ones && mask > 0x7ff && mask != u32::MAX).then(|| mask.leading_zeros())
    }

    fn high_bit(&mut self, value: Value) -> Option<u32> {
        let mask = self.word_constant(value)?;
        (mask.is_power_of_two() && mask > 0x7ff).then(|| mask.leading_zeros())
    }

    // Extensions.

    fn zba(&mut self) -> Option<Unit> {
        self.lower.isa.has(Features::RISCV_ZBA)
    }

    fn zbb(&mut self) -> Option<Unit> {
        self.lower.isa.has(Features::RISCV_ZBB)
    }

    fn zbs(&mut self) -> Option<Unit> {
        self.lower.isa.has(Features::RISCV_ZBS)
    }

    fn shift_and_add(&mut self, amount: Value) -> Option<AluOp> {
        match self.lower.constant(amount)? {
            1 => Some(AluOp::Sh1add),
            2 => Some(AluOp::Sh2add),
            3 => Some(AluOp::Sh3add),
            _ => None,
        }
    }

    fn one_more_than_power(&mut self, factor: Value) -> Option<AluOp> {
        match self.word_constant(factor)? {
            3 => Some(AluOp::Sh1add),
            5 => Some(AluOp::Sh2add),
            9 => Some(AluOp::Sh3add),
            _ => None,
        }
    }

    fn one_bit(&mut self, value: Value) -> Option<u32> {
        let bits = self.word_constant(value)?;
        (bits.is_power_of_two() && imm12(bits).is_none()).then(|| bits.trailing_zeros())
    }

    fn all_but_one_bit(&mut self, value: Value) -> Option<u32> {
        let bits = self.word_constant(value)?;
        ((!bits).is_power_of_two() && imm12(bits).is_none()).then(|| bits.trailing_ones())
    }

    fn narrow_amounts(&mut self, ty: Type) -> i32 {
        ty.bits() as i32 - 1
    }

    fn log2(&mut self, value: u32) -> u32 {
        value.ilog2()
    }

    fn bits_less_32(&mut self, ty: Type) -> i32 {
        ty.bits() as i32 - 32
    }

    fn bit_above(&mut self, ty: Type) -> u32 {
        1 << ty.bits()
    }

    // Tests.

    fn test(&mut self, cc: &IntCC, x: Reg, y: Reg) -> Test {
        let (cond, swap) = match cc {
            IntCC::Equal => (Cond::Eq, false),
            IntCC::NotEqual => (Cond::Ne, false),
            IntCC::SignedLessThan => (Cond::Lt, false),
            IntCC::SignedGreaterThanOrEqual => (Cond::Ge, false),
            IntCC::SignedGreaterThan => (Cond::Lt, true),
            IntCC::SignedLessThanOrEqual => (Cond::Ge, true),
            IntCC::UnsignedLessThan => (Cond::Ltu, false),
            IntCC::UnsignedGreaterThanOrEqual => (Cond::Geu, false),
            IntCC::UnsignedGreaterThan => (Cond::Ltu, true),
            IntCC::UnsignedLessThanOrEqual => (Cond::Geu, true),
        };
        let (rs1, rs2) = if swap { (y, x) } else { (x, y) };
        Test { cond, rs1, rs2 }
    }

    fn kept(&mut self, value: Value) -> Option<Unit> {
        self.lower.is_kept(value).then_some(())
    }

    fn test_const(&mut self, cc: &IntCC, x: Reg, constant: u32) -> Test {
        // x > k is x >= k + 1, and so on, unless k is the last of its order.
        let (first, last) = if cc.unsigned() == *cc {
            (0, u32::MAX)
        } else {
            (i32::MIN as u32, i32::MAX as u32)
        };
        let neighbour = match cc {
            IntCC::SignedGreaterThan
            | IntCC::UnsignedGreaterThan
            | IntCC::SignedLessThanOrEqual
            | IntCC::UnsignedLessThanOrEqual
                if constant != last =>
            {
                Some(constant.wrapping_add(1))
            }
            IntCC::SignedLessThan
            | IntCC::UnsignedLessThan
            | IntCC::SignedGreaterThanOrEqual
            | IntCC::UnsignedGreaterThanOrEqual
                if constant != first =>
            {
                Some(constant.wrapping_sub(1))
            }
            _ => None,
        };
        let (cc, constant) = match neighbour {
            Some(other) if cost(other) < cost(constant) => (or_equal_toggled(*cc), other),
            _ => (*cc, constant),
        };
        let y = self.immediate(constant);
        self.test(&cc, x, y)
    }

    fn negated(&mut self, test: Test) -> Test {
        test.invert()
    }

    // Double words.

    fn each_word(&mut self, op: &AluOp, x: Value, y: Value) -> Results {
        let (low, high) = self.lower.constant_words(y);
        let (xl, xh) = (self.lo(x), self.hi(x));
        let low = self.alu_half(*op, xl, y, low, Self::lo);
        let high = self.alu_half(*op, xh, y, high, Self::hi);
        self.pair(low, high)
    }

    fn wide_add(&mut self, x: Value, y: Value) -> Results {
        let (low_constant, high_constant) = self.lower.constant_words(y);
        let (xl, xh) = (self.lo(x), self.hi(x));
        let low = self.alu_half(AluOp::Add, xl, y, low_constant, Self::lo);
        let high = self.alu_half(AluOp::Add, xh, y, high_constant, Self::hi);
        if xl == ZERO || low_constant == Some(0) {
            return self.pair(low, high);
        }
        let carry = self.alu(&AluOp::Sltu, low, xl);
        let high = self.alu(&AluOp::Add, high, carry);
        self.pair(low, high)
    }

    fn wide_mul_high(&mut self, xl: Reg, xh: Reg, yl: Reg, yh: Reg) -> Results {
        // Schoolbook: the middle words add up to the carry into the upper ones.
        let carried = self.alu(&AluOp::Mulhu, xl, yl);
        let inner = self.alu(&AluOp::Mul, xl, yh);
        let (middle, carry_1) = self.add_with_carry(carried, inner);
        let outer = self.alu(&AluOp::Mul, xh, yl);
        let (_, carry_2) = self.add_with_carry(middle, outer);
        let low = self.alu(&AluOp::Mul, xh, yh);
        let mut high = self.alu(&AluOp::Mulhu, xh, yh);
        let mut low = low;
        let inner = self.alu(&AluOp::Mulhu, xl, yh);
        let outer = self.alu(&AluOp::Mulhu, xh, yl);
        let carries = self.alu(&AluOp::Add, carry_1, carry_2);
        for summand in [inner, outer, carries] {
            let (sum, carry) = self.add_with_carry(low, summand);
            low = sum;
            high = self.alu(&AluOp::Add, high, carry);
        }
        self.pair(low, high)
    }

    fn less_if_negative(&mut self, sign: Reg, lo: Reg, hi: Reg, from: Results) -> Results {
        let mask = self.shift_imm(&ShiftOp::Srai, sign, 31);
        let low = self.alu(&AluOp::And, lo, mask);
        let high = self.alu(&AluOp::And, hi, mask);
        let (from_low, from_high) = (from[0].lo, from[0].hi.expect("two words"));
        generated::constructor_wide_sub(self, from_low, from_high, low, high)
    }

    fn wide_difference(&mut self, x: Value, y: Value) -> Reg {
        let words = self.each_word(&AluOp::Xor, x, y);
        let (low, high) = (self.low_word(words.clone()), self.high_word(words));
        self.alu(&AluOp::Or, low, high)
    }

    // Memory.

    fn base_offset(&mut self, base: Reg, offset: i32) -> Amode {
        Amode::Base { base, offset }
    }

    fn total_offset(&mut self, sum: Value, offset: i32, addend: u32) -> Option<i32> {
        let total = offset.wrapping_add_unsigned(addend);
        let alone = || {
            let inst = self.lower.single_use_inst(sum)?;
            let kept = self.lower.is_kept(self.lower.func.dfg.inst_args(inst)[1]);
            (!kept).then_some(())
        };
        (Imm12::new(total).is_some() || alone().is_some()).then_some(total)
    }

    fn small(&mut self, value: u32) -> i32 {
        value as i32
    }

    fn next_word(&mut self, offset: i32) -> i32 {
        offset.wrapping_add(4)
    }

    fn load_word(&mut self, flags: MemFlags, address: Value, offset: i32) -> Reg {
        match self.granule(flags, address, offset, 4) {
            4 => {
                let mem = generated::constructor_address(self, address, offset);
                self.load_op(&LoadOp::Lw, mem)
            }
            size => self.load_parts(size, 4, LoadOp::Lhu, address, offset),
        }
    }

    fn load_float(&mut self, flags: MemFlags, address: Value, offset: i32) -> Reg {
        match self.granule(flags, address, offset, 4) {
            4 => {
                let mem = generated::constructor_address(self, address, offset);
                self.define_float(|rd| MInst::Load {
                    op: LoadOp::Flw,
                    rd,
                    mem,
                })
            }
            size => self.load_parts(size, 4, LoadOp::Lhu, address, offset),
        }
    }

    fn load_half(&mut self, op: &LoadOp, flags: MemFlags, address: Value, offset: i32) -> Reg {
        match self.granule(flags, address, offset, 2) {
            2 => {
                let mem = generated::constructor_address(self, address, offset);
                self.load_op(op, mem)
            }
            size => self.load_parts(size, 2, *op, address, offset),
        }
    }

    fn store_word(&mut self, value: Reg, flags: MemFlags, address: Value, offset: i32) -> Results {
        let size = self.granule(flags, address, offset, 4);
        self.store_parts(size, 4, value, address, offset)
    }

    fn store_float(
        &mut self,
        value: Value,
        flags: MemFlags,
        address: Value,
        offset: i32,
    ) -> Results {
        match self.granule(flags, address, offset, 4) {
            4 if self.word_constant(value).is_none() => {
                let value = self.word(value);
                let mem = generated::constructor_address(self, address, offset);
                self.store_op(&StoreOp::Fsw, value, mem)
            }
            size => {
                let bits = self.bits(value);
                self.store_parts(size, 4, bits, address, offset)
            }
        }
    }

    fn store_half(&mut self, value: Reg, flags: MemFlags, address: Value, offset: i32) -> Results {
        let size = self.granule(flags, address, offset, 2);
        self.store_parts(size, 2, value, address, offset)
    }
}

impl Context<'_, '_, Riscv32> {
    /// Emits an instruction with its result in a floating-point register.
    fn define_float(&mut self, make: impl FnOnce(Reg) -> MInst) -> Reg {
        let rd = self.lower.new_reg(RegClass::Float);
        self.lower.emit(make(rd));
        rd
    }

    /// Shifts to the left, then to the right by the same amount.
    fn shifted_twice(&mut self, op: ShiftOp, reg: Reg, amount: u32) -> Reg {
        let left = self.shift_imm(&ShiftOp::Slli, reg, amount);
        self.shift_imm(&op, left, amount)
    }

    /// An operation on one word of a double word and of `y`, whose word is `constant` or else the
    /// one that `half` gives.
    fn alu_half(
        &mut self,
        op: AluOp,
        x: Reg,
        y: Value,
        constant: Option<u32>,
        half: fn(&mut Self, Value) -> Reg,
    ) -> Reg {
        match (op, constant) {
            (AluOp::And, Some(u32::MAX)) | (AluOp::Add | AluOp::Or | AluOp::Xor, Some(0)) => {
                return x;
            }
            (AluOp::And, Some(0)) => return ZERO,
            (AluOp::And, _) if x == ZERO => return ZERO,
            (_, None) if x == ZERO => return half(self, y),
            _ => {}
        }
        let op_imm = match op {
            AluOp::Add => AluImmOp::Addi,
            AluOp::And => AluImmOp::Andi,
            AluOp::Or => AluImmOp::Ori,
            AluOp::Xor => AluImmOp::Xori,
            _ => unreachable!("rules do nothing else to each word"),
        };
        match constant.and_then(imm12) {
            Some(value) => self.alu_imm(&op_imm, x, value),
            None => {
                let y = half(self, y);
                self.alu(&op, x, y)
            }
        }
    }

    /// The sum of two words, and 1 if it wraps.
    fn add_with_carry(&mut self, x: Reg, y: Reg) -> (Reg, Reg) {
        let sum = self.alu(&AluOp::Add, x, y);
        (sum, self.alu(&AluOp::Sltu, sum, y))
    }

    /// How many bytes one instruction may access of `size` bytes at an address.
    fn granule(&self, flags: MemFlags, address: Value, offset: i32, size: u32) -> u32 {
        let func = self.lower.func;
        if self.lower.isa.misaligned() || func.dfg.mem_flags[flags].aligned() {
            return size;
        }
        let zeros = self.trailing_zeros(address, 4).min(offset.trailing_zeros());
        size.min(1 << zeros.min(2))
    }

    /// How many low bits of a value are known to be zero, looking at most `depth` definitions deep.
    fn trailing_zeros(&self, value: Value, depth: u32) -> u32 {
        if let Some(constant) = self.lower.constant(value) {
            return (constant as u32).trailing_zeros();
        }
        let Some(inst) = self.lower.def_inst(value).filter(|_| depth > 0) else {
            return 0;
        };
        let of = |value| self.trailing_zeros(value, depth - 1);
        match self.lower.func.dfg.insts[inst] {
            // The context and the memory begin at multiples of 8.
            InstructionData::UnaryGlobalValue { .. } => 3,
            InstructionData::Binary { opcode, args } => match opcode {
                Opcode::Iadd | Opcode::Isub | Opcode::Bor | Opcode::Bxor => {
                    of(args[0]).min(of(args[1]))
                }
                Opcode::Band => of(args[0]).max(of(args[1])),
                Opcode::Imul => (of(args[0]) + of(args[1])).min(32),
                Opcode::Ishl => match self.lower.constant(args[1]) {
                    Some(amount) => (of(args[0]) + amount as u32 % 32).min(32),
                    None => of(args[0]),
                },
                _ => 0,
            },
            _ => 0,
        }
    }

    /// The address of the first of `size` bytes, such that the offset of the last one is in reach
    /// too.
    fn address_of_parts(&mut self, address: Value, offset: i32, size: u32) -> (Reg, i32) {
        let mem = generated::constructor_address(self, address, offset);
        let Amode::Base { base, offset } = mem else {
            unreachable!("values are not in the frame");
        };
        let last = offset.wrapping_add(size as i32 - 1);
        if Imm12::new(offset).is_some() && Imm12::new(last).is_some() {
            return (base, offset);
        }
        let distance = self.immediate(offset as u32);
        (self.alu(&AluOp::Add, base, distance), 0)
    }

    /// Loads `size` bytes by parts of `part` bytes; `op` says how the last one is extended.
    fn load_parts(&mut self, part: u32, size: u32, op: LoadOp, address: Value, offset: i32) -> Reg {
        let (base, offset) = self.address_of_parts(address, offset, size);
        let mut value = ZERO;
        for at in (0..size).step_by(part as usize) {
            let last = at + part == size;
            let op = match (part, op) {
                (2, _) => LoadOp::Lhu,
                (_, LoadOp::Lh) if last => LoadOp::Lb,
                _ => LoadOp::Lbu,
            };
            let mem = self.base_offset(base, offset + at as i32);
            let bits = self.load_op(&op, mem);
            value = if at == 0 {
                bits
            } else {
                let bits = self.shift_imm(&ShiftOp::Slli, bits, 8 * at);
                self.alu(&AluOp::Or, value, bits)
            };
        }
        value
    }

    /// Stores `size` bytes by parts of `part` bytes.
    fn store_parts(
        &mut self,
        part: u32,
        size: u32,
        value: Reg,
        address: Value,
        offset: i32,
    ) -> Results {
        let op = match part {
            4 => StoreOp::Sw,
            2 => StoreOp::Sh,
            _ => StoreOp::Sb,
        };
        if part == size {
            let mem = generated::constructor_address(self, address, offset);
            return self.store_op(&op, value, mem);
        }
        let (base, offset) = self.address_of_parts(address, offset, size);
        for at in (0..size).step_by(part as usize) {
            let bits = if at == 0 {
                value
            } else {
                self.shift_imm(&ShiftOp::Srli, value, 8 * at)
            };
            let mem = self.base_offset(base, offset + at as i32);
            self.store_op(&op, bits, mem);
        }
        Results::new()
    }
}

/// A word as a constant of 12 bits.
fn imm12(value: u32) -> Option<i32> {
    Imm12::new(value as i32).map(Imm12::value)
}

/// How many instructions load a constant.
fn cost(value: u32) -> u32 {
    match Parts::of(value) {
        Parts { high: 0, low } => u32::from(low.value() != 0),
        Parts { low, .. } => 1 + u32::from(low.value() != 0),
    }
}

/// The same order with equality taken in, or out.
fn or_equal_toggled(cc: IntCC) -> IntCC {
    match cc {
        IntCC::SignedGreaterThan => IntCC::SignedGreaterThanOrEqual,
        IntCC::SignedGreaterThanOrEqual => IntCC::SignedGreaterThan,
        IntCC::SignedLessThan => IntCC::SignedLessThanOrEqual,
        IntCC::SignedLessThanOrEqual => IntCC::SignedLessThan,
        IntCC::UnsignedGreaterThan => IntCC::UnsignedGreaterThanOrEqual,
        IntCC::UnsignedGreaterThanOrEqual => IntCC::UnsignedGreaterThan,
        IntCC::UnsignedLessThan => IntCC::UnsignedLessThanOrEqual,
        IntCC::UnsignedLessThanOrEqual => IntCC::UnsignedLessThan,
        IntCC::Equal | IntCC::NotEqual => cc,
    }
}
