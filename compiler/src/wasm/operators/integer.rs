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
            Operator::I32Const { value } => {
                let value = self.word(value as u32);
                self.stack.push(value);
            }

            Operator::I32Add => self.binary(|ins, x, y| ins.iadd(x, y)),
            Operator::I32Sub => self.binary(|ins, x, y| ins.isub(x, y)),
            Operator::I32Mul => self.binary(|ins, x, y| ins.imul(x, y)),
            Operator::I32DivS => self.binary(|ins, x, y| ins.sdiv(x, y)),
            Operator::I32DivU => self.binary(|ins, x, y| ins.udiv(x, y)),
            Operator::I32RemS => self.binary(|ins, x, y| ins.srem(x, y)),
            Operator::I32RemU => self.binary(|ins, x, y| ins.urem(x, y)),

            Operator::I32And => self.binary(|ins, x, y| ins.band(x, y)),
            Operator::I32Or => self.binary(|ins, x, y| ins.bor(x, y)),
            Operator::I32Xor => self.binary(|ins, x, y| ins.bxor(x, y)),
            Operator::I32Shl => self.binary(|ins, x, y| ins.ishl(x, y)),
            Operator::I32ShrS => self.binary(|ins, x, y| ins.sshr(x, y)),
            Operator::I32ShrU => self.binary(|ins, x, y| ins.ushr(x, y)),
            Operator::I32Rotl => self.binary(|ins, x, y| ins.rotl(x, y)),
            Operator::I32Rotr => self.binary(|ins, x, y| ins.rotr(x, y)),
            Operator::I32Clz => self.unary(|ins, x| ins.clz(x)),
            Operator::I32Ctz => self.unary(|ins, x| ins.ctz(x)),
            Operator::I32Popcnt => self.unary(|ins, x| ins.popcnt(x)),
            Operator::I32Extend8S => self.extend(types::I8, types::I32),
            Operator::I32Extend16S => self.extend(types::I16, types::I32),

            Operator::I32Eqz => {
                let zero = self.word(0);
                self.stack.push(zero);
                self.compare(IntCC::Equal);
            }
            Operator::I32Eq => self.compare(IntCC::Equal),
            Operator::I32Ne => self.compare(IntCC::NotEqual),
            Operator::I32LtS => self.compare(IntCC::SignedLessThan),
            Operator::I32LtU => self.compare(IntCC::UnsignedLessThan),
            Operator::I32GtS => self.compare(IntCC::SignedGreaterThan),
            Operator::I32GtU => self.compare(IntCC::UnsignedGreaterThan),
            Operator::I32LeS => self.compare(IntCC::SignedLessThanOrEqual),
            Operator::I32LeU => self.compare(IntCC::UnsignedLessThanOrEqual),
            Operator::I32GeS => self.compare(IntCC::SignedGreaterThanOrEqual),
            Operator::I32GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual),

            _ => return false,
        }
        true
    }

    fn unary(&mut self, build: fn(Ins<'_, '_>, Value) -> Value) {
        let x = self.pop();
        let result = build(self.builder.ins(), x);
        self.stack.push(result);
    }

    fn binary(&mut self, build: fn(Ins<'_, '_>, Value, Value) -> Value) {
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
