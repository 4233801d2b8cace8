//! Division of 64-bit integers on cores that divide 32 bits.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, UserExternalName, Value, types};
use cranelift_frontend::FunctionBuilder;

use super::super::contract::{BUILTINS, Builtin};
use super::super::function::declare;

/// `(n, d) -> (n / d, n % d)` for a divisor that is not 0.
///
/// ```text
///   both fit 32 bits   the core's own division
///   n < d              0, n
///   else               shift d up to the leading bit of n, then subtract and shift down
/// ```
pub(super) fn unsigned(builder: &mut FunctionBuilder<'_>) {
    let (n, d) = parameters(builder);
    let either = builder.ins().bor(n, d);
    let amount = builder.ins().iconst(types::I32, 32);
    let high = builder.ins().ushr(either, amount);
    let (small, large) = (builder.create_block(), builder.create_block());
    builder.ins().brif(high, large, &[], small, &[]);

    builder.switch_to_block(small);
    let n32 = builder.ins().ireduce(types::I32, n);
    let d32 = builder.ins().ireduce(types::I32, d);
    let q = builder.ins().udiv(n32, d32);
    let r = builder.ins().urem(n32, d32);
    let q = builder.ins().uextend(types::I64, q);
    let r = builder.ins().uextend(types::I64, r);
    builder.ins().return_(&[q, r]);

    builder.switch_to_block(large);
    let zero = builder.ins().iconst(types::I64, 0);
    let below = builder.ins().icmp(IntCC::UnsignedLessThan, n, d);
    let (trivial, align) = (builder.create_block(), builder.create_block());
    builder.ins().brif(below, trivial, &[], align, &[]);
    builder.switch_to_block(trivial);
    builder.ins().return_(&[zero, n]);

    // n >= d, so d has at least as many leading zeros.
    builder.switch_to_block(align);
    let n_zeros = builder.ins().clz(n);
    let d_zeros = builder.ins().clz(d);
    let distance = builder.ins().isub(d_zeros, n_zeros);
    let distance = builder.ins().ireduce(types::I32, distance);
    let aligned = builder.ins().ishl(d, distance);

    // Each round settles one bit of the quotient, from the top.
    let round = builder.create_block();
    let [rest, divisor, quotient] = [(); 3].map(|()| builder.append_block_param(round, types::I64));
    let left = builder.append_block_param(round, types::I32);
    let first = [n, aligned, zero, distance].map(BlockArg::Value);
    builder.ins().jump(round, &first);
    builder.switch_to_block(round);
    let fits = builder
        .ins()
        .icmp(IntCC::UnsignedGreaterThanOrEqual, rest, divisor);
    let less = builder.ins().isub(rest, divisor);
    let rest = builder.ins().select(fits, less, rest);
    let bit = builder.ins().uextend(types::I64, fits);
    let one = builder.ins().iconst(types::I32, 1);
    let doubled = builder.ins().ishl(quotient, one);
    let quotient = builder.ins().bor(doubled, bit);
    let divisor = builder.ins().ushr(divisor, one);
    let done = builder.create_block();
    let next = builder.ins().isub(left, one);
    let again = [rest, divisor, quotient, next].map(BlockArg::Value);
    builder.ins().brif(left, round, &again, done, &[]);

    builder.switch_to_block(done);
    builder.ins().return_(&[quotient, rest]);
}

/// The same for signed numbers, by their magnitudes: the remainder has the dividend's sign, the
/// quotient is negative where the signs differ.
pub(super) fn signed(builder: &mut FunctionBuilder<'_>) {
    let (n, d) = parameters(builder);
    let n_sign = sign(builder, n);
    let d_sign = sign(builder, d);
    let magnitudes = [with_sign(builder, n, n_sign), with_sign(builder, d, d_sign)];
    let signature = builder.import_signature(Builtin::DivideUnsigned.signature());
    let name = UserExternalName::new(BUILTINS, Builtin::DivideUnsigned as u32);
    let callee = declare(builder, name, signature);
    let call = builder.ins().call(callee, &magnitudes);
    let [q, r] = *builder.inst_results(call) else {
        unreachable!("the builtin returns two values")
    };
    let q_sign = builder.ins().bxor(n_sign, d_sign);
    let q = with_sign(builder, q, q_sign);
    let r = with_sign(builder, r, n_sign);
    builder.ins().return_(&[q, r]);
}

fn parameters(builder: &mut FunctionBuilder<'_>) -> (Value, Value) {
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let parameters = builder.block_params(entry);
    (parameters[0], parameters[1])
}

/// All bits the sign.
fn sign(builder: &mut FunctionBuilder<'_>, value: Value) -> Value {
    let amount = builder.ins().iconst(types::I32, 63);
    builder.ins().sshr(value, amount)
}

/// The value, or its negation where `sign` is all ones.
fn with_sign(builder: &mut FunctionBuilder<'_>, value: Value, sign: Value) -> Value {
    let flipped = builder.ins().bxor(value, sign);
    builder.ins().isub(flipped, sign)
}
