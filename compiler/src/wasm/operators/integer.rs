//! Integer constants, arithmetic, bit operations and comparisons.
//!
//! CLIF agrees with WebAssembly in every case that other languages leave open: shift and rotate
//! amounts are taken modulo the width, `clz` and `ctz` of 0 give the width, `srem` of the smallest
//! number by -1 gives 0, and division traps where WebAssembly says so.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use wasmparser::Operator;

use super::super::function::Translator;

impl Translator<'_> {
    /// Translates `op` if it is an integer operator.
    pub(super) fn integer(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::I32Const { value } => self.number(types::I32, value.into()),
            Operator::I64Const { value } => self.number(types::I64, value),

            Operator::I32Add | Operator::I64Add => self.binary(|ins, x, y| ins.iadd(x, y)),
            Operator::I32Sub | Operator::I64Sub => self.binary(|ins, x, y| ins.isub(x, y)),
            Operator::I32Mul | Operator::I64Mul => self.binary(|ins, x, y| ins.imul(x, y)),
            Operator::I32DivS | Operator::I64DivS => self.binary(|ins, x, y| ins.sdiv(x, y)),
            Operator::I32DivU | Operator::I64DivU => self.binary(|ins, x, y| ins.udiv(x, y)),
            Operator::I32RemS | Operator::I64RemS => self.binary(|ins, x, y| ins.srem(x, y)),
            Operator::I32RemU | Operator::I64RemU => self.binary(|ins, x, y| ins.urem(x, y)),

            Operator::I32And | Operator::I64And => self.binary(|ins, x, y| ins.band(x, y)),
            Operator::I32Or | Operator::I64Or => self.binary(|ins, x, y| ins.bor(x, y)),
            Operator::I32Xor | Operator::I64Xor => self.binary(|ins, x, y| ins.bxor(x, y)),
            Operator::I32Shl | Operator::I64Shl => self.binary(|ins, x, y| ins.ishl(x, y)),
            Operator::I32ShrS | Operator::I64ShrS => self.binary(|ins, x, y| ins.sshr(x, y)),
            Operator::I32ShrU | Operator::I64ShrU => self.binary(|ins, x, y| ins.ushr(x, y)),
            Operator::I32Rotl | Operator::I64Rotl => self.binary(|ins, x, y| ins.rotl(x, y)),
            Operator::I32Rotr | Operator::I64Rotr => self.binary(|ins, x, y| ins.rotr(x, y)),
            Operator::I32Clz | Operator::I64Clz => self.unary(|ins, x| ins.clz(x)),
            Operator::I32Ctz | Operator::I64Ctz => self.unary(|ins, x| ins.ctz(x)),
            Operator::I32Popcnt | Operator::I64Popcnt => self.unary(|ins, x| ins.popcnt(x)),

            Operator::I32Extend8S => self.extend(types::I8, types::I32),
            Operator::I32Extend16S => self.extend(types::I16, types::I32),
            Operator::I64Extend8S => self.extend(types::I8, types::I64),
            Operator::I64Extend16S => self.extend(types::I16, types::I64),
            Operator::I64Extend32S => self.extend(types::I32, types::I64),
            Operator::I64ExtendI32S => self.unary(|ins, x| ins.sextend(types::I64, x)),
            Operator::I64ExtendI32U => self.unary(|ins, x| ins.uextend(types::I64, x)),
            Operator::I32WrapI64 => self.unary(|ins, x| ins.ireduce(types::I32, x)),

            Operator::I32Eqz => self.is_zero(types::I32),
            Operator::I64Eqz => self.is_zero(types::I64),
            Operator::I32Eq | Operator::I64Eq => self.compare(IntCC::Equal),
            Operator::I32Ne | Operator::I64Ne => self.compare(IntCC::NotEqual),
            Operator::I32LtS | Operator::I64LtS => self.compare(IntCC::SignedLessThan),
            Operator::I32LtU | Operator::I64LtU => self.compare(IntCC::UnsignedLessThan),
            Operator::I32GtS | Operator::I64GtS => self.compare(IntCC::SignedGreaterThan),
            Operator::I32GtU | Operator::I64GtU => self.compare(IntCC::UnsignedGreaterThan),
            Operator::I32LeS | Operator::I64LeS => self.compare(IntCC::SignedLessThanOrEqual),
            Operator::I32LeU | Operator::I64LeU => self.compare(IntCC::UnsignedLessThanOrEqual),
            Operator::I32GeS | Operator::I64GeS => self.compare(IntCC::SignedGreaterThanOrEqual),
            Operator::I32GeU | Operator::I64GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual),

            _ => return false,
        }
        true
    }

    fn number(&mut self, ty: Type, value: i64) {
        let bits = value as u64 & u64::MAX >> (64 - ty.bits());
        let value = self.builder.ins().iconst(ty, bits as i64);
        self.stack.push(value);
    }

    fn is_zero(&mut self, ty: Type) {
        self.number(ty, 0);
        self.compare(IntCC::Equal);
    }

    pub(super) fn unary(&mut self, build: fn(Ins<'_, '_>, Value) -> Value) {
        let x = self.pop();
        let result = build(self.builder.ins(), x);
        self.stack.push(result);
    }

    pub(super) fn binary(&mut self, build: fn(Ins<'_, '_>, Value, Value) -> Value) {
        let (x, y) = self.pop2();
        let result = build(self.builder.ins(), x, y);
        self.stack.push(result);
    }

    /// Comparisons yield an i32; CLIF's yield an i8, which [`Translator::pop_condition`] finds again.
    fn compare(&mut self, condition: IntCC) {
        let (x, y) = self.pop2();
        let flag = self.builder.ins().icmp(condition, x, y);
        let result = self.builder.ins().uextend(types::I32, flag);
        self.stack.push(result);
    }

    fn extend(&mut self, from: Type, to: Type) {
        let x = self.pop();
        let narrow = self.builder.ins().ireduce(from, x);
        let result = self.builder.ins().sextend(to, narrow);
        self.stack.push(result);
    }
}

type Ins<'short, 'long> = cranelift_frontend::FuncInstBuilder<'short, 'long>;
