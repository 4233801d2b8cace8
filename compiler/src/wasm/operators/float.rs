//! Floating-point constants, arithmetic, comparisons and conversions.
//!
//! CLIF's operators are WebAssembly's: `fmin` and `fmax` propagate NaN and order the zeros, `nearest`
//! rounds to even, truncations to integers trap or saturate as the name says.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, types};
use wasmparser::Operator;

use super::super::function::Translator;

impl Translator<'_> {
    /// Translates `op` if it is an operator on floats.
    pub(super) fn float(&mut self, op: &Operator<'_>) -> bool {
        use FloatCC::{
            Equal, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, NotEqual,
        };
        use types::{F32, F64, I32, I64};
        match *op {
            Operator::F32Const { value } => self.float_constant(F32, value.bits().into()),
            Operator::F64Const { value } => self.float_constant(F64, value.bits()),

            Operator::F32Eq | Operator::F64Eq => self.compare_floats(Equal),
            Operator::F32Ne | Operator::F64Ne => self.compare_floats(NotEqual),
            Operator::F32Lt | Operator::F64Lt => self.compare_floats(LessThan),
            Operator::F32Gt | Operator::F64Gt => self.compare_floats(GreaterThan),
            Operator::F32Le | Operator::F64Le => self.compare_floats(LessThanOrEqual),
            Operator::F32Ge | Operator::F64Ge => self.compare_floats(GreaterThanOrEqual),

            Operator::F32Abs | Operator::F64Abs => self.unary(|ins, x| ins.fabs(x)),
            Operator::F32Neg | Operator::F64Neg => self.unary(|ins, x| ins.fneg(x)),
            Operator::F32Ceil | Operator::F64Ceil => {
                self.unary(|ins, x| ins.ceil(x));
            }
            Operator::F32Floor | Operator::F64Floor => {
                self.unary(|ins, x| ins.floor(x));
            }
            Operator::F32Trunc | Operator::F64Trunc => {
                self.unary(|ins, x| ins.trunc(x));
            }
            Operator::F32Nearest | Operator::F64Nearest => {
                self.unary(|ins, x| ins.nearest(x));
            }
            Operator::F32Sqrt | Operator::F64Sqrt => {
                self.unary(|ins, x| ins.sqrt(x));
            }
            Operator::F32Add | Operator::F64Add => {
                self.binary(|ins, x, y| ins.fadd(x, y));
            }
            Operator::F32Sub | Operator::F64Sub => {
                self.binary(|ins, x, y| ins.fsub(x, y));
            }
            Operator::F32Mul | Operator::F64Mul => {
                self.binary(|ins, x, y| ins.fmul(x, y));
            }
            Operator::F32Div | Operator::F64Div => {
                self.binary(|ins, x, y| ins.fdiv(x, y));
            }
            Operator::F32Min | Operator::F64Min => {
                self.binary(|ins, x, y| ins.fmin(x, y));
            }
            Operator::F32Max | Operator::F64Max => {
                self.binary(|ins, x, y| ins.fmax(x, y));
            }
            Operator::F32Copysign | Operator::F64Copysign => {
                self.binary(|ins, x, y| ins.fcopysign(x, y));
            }

            Operator::I32TruncF32S | Operator::I32TruncF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint(I32, x));
            }
            Operator::I32TruncF32U | Operator::I32TruncF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint(I32, x));
            }
            Operator::I64TruncF32S | Operator::I64TruncF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint(I64, x));
            }
            Operator::I64TruncF32U | Operator::I64TruncF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint(I64, x));
            }
            Operator::I32TruncSatF32S | Operator::I32TruncSatF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint_sat(I32, x));
            }
            Operator::I32TruncSatF32U | Operator::I32TruncSatF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint_sat(I32, x));
            }
            Operator::I64TruncSatF32S | Operator::I64TruncSatF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint_sat(I64, x));
            }
            Operator::I64TruncSatF32U | Operator::I64TruncSatF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint_sat(I64, x));
            }

            Operator::F32ConvertI32S | Operator::F32ConvertI64S => {
                self.unary(|ins, x| ins.fcvt_from_sint(F32, x));
            }
            Operator::F32ConvertI32U | Operator::F32ConvertI64U => {
                self.unary(|ins, x| ins.fcvt_from_uint(F32, x));
            }
            Operator::F64ConvertI32S | Operator::F64ConvertI64S => {
                self.unary(|ins, x| ins.fcvt_from_sint(F64, x));
            }
            Operator::F64ConvertI32U | Operator::F64ConvertI64U => {
                self.unary(|ins, x| ins.fcvt_from_uint(F64, x));
            }
            Operator::F32DemoteF64 => self.unary(|ins, x| ins.fdemote(F32, x)),
            Operator::F64PromoteF32 => self.unary(|ins, x| ins.fpromote(F64, x)),
            Operator::I32ReinterpretF32 => self.reinterpret(I32),
            Operator::I64ReinterpretF64 => self.reinterpret(I64),
            Operator::F32ReinterpretI32 => self.reinterpret(F32),
            Operator::F64ReinterpretI64 => self.reinterpret(F64),
            _ => return false,
        }
        true
    }

    fn float_constant(&mut self, ty: Type, bits: u64) {
        let value = self.constant_of(ty, bits);
        self.stack.push(value);
    }

    fn compare_floats(&mut self, condition: FloatCC) {
        let (x, y) = self.pop2();
        let flag = self.builder.ins().fcmp(condition, x, y);
        let value = self.builder.ins().uextend(types::I32, flag);
        self.stack.push(value);
    }

    fn reinterpret(&mut self, ty: Type) {
        let x = self.pop();
        let flags = MemFlagsData::new();
        let value = self.builder.ins().bitcast(ty, flags, x);
        self.stack.push(value);
    }
}
