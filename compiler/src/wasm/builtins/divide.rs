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
///   d fits 32 bits     high / d, then (rest : low) / d, both shifted until d has its leading bit
///   else               (n / 2) / (leading word of d) is the quotient or one more
/// ```
///
/// The division of a double word by a word with its leading bit set, whose quotient fits a word, is
/// Knuth's algorithm D (The Art of Computer Programming, volume 2, 4.3.1) with two digits of 16 bits:
/// a digit that is estimated by the upper half of the divisor is at most two too large. For long divisors
/// see Warren, Hacker's Delight, 9-5.
pub(super) fn unsigned(builder: &mut FunctionBuilder<'_>) {
    let (n, d) = parameters(builder);
    let [n_low, n_high] = words(builder, n);
    let [d_low, d_high] = words(builder, d);
    let zero = builder.ins().iconst(types::I32, 0);
    let one = builder.ins().iconst(types::I32, 1);
    let either = builder.ins().bor(n_high, d_high);
    let (small, large) = (builder.create_block(), builder.create_block());
    builder.ins().brif(either, large, &[], small, &[]);

    builder.switch_to_block(small);
    let q = builder.ins().udiv(n_low, d_low);
    let r = rest_of(builder, n_low, d_low, q);
    return_wide(builder, [q, zero], [r, zero]);

    builder.switch_to_block(large);
    let digits = builder.create_block();
    // The last one is what only one of the ways needs later: the quotient's high word or the scale.
    let [above, below, divisor, kept] =
        [(); 4].map(|()| builder.append_block_param(digits, types::I32));
    let (long, short) = (builder.create_block(), builder.create_block());
    builder.ins().brif(d_high, long, &[], short, &[]);

    builder.switch_to_block(short);
    let leading = builder.ins().clz(d_low);
    let scale = builder.ins().rotl(one, leading);
    let q = builder.ins().udiv(n_high, d_low);
    let rest = rest_of(builder, n_high, d_low, q);
    let rest = builder.ins().iconcat(n_low, rest);
    let rest = times(builder, rest, scale);
    let [low, high_word] = words(builder, rest);
    let scaled = builder.ins().imul(d_low, scale);
    let args = [high_word, low, scaled, q].map(BlockArg::Value);
    builder.ins().jump(digits, &args);

    builder.switch_to_block(long);
    let leading = builder.ins().clz(d_high);
    let scale = builder.ins().rotl(one, leading);
    let scaled = times(builder, d, scale);
    let [_, scaled] = words(builder, scaled);
    let half = builder.ins().ushr(n, one);
    let [low, high_word] = words(builder, half);
    let args = [high_word, low, scaled, scale].map(BlockArg::Value);
    builder.ins().jump(digits, &args);

    builder.switch_to_block(digits);
    let quotient = two_digits(builder, [above, below], divisor);
    let (long, short) = (builder.create_block(), builder.create_block());
    builder.ins().brif(d_high, long, &[], short, &[]);

    builder.switch_to_block(short);
    let rest = rest_of(builder, n_low, d_low, quotient);
    return_wide(builder, [quotient, kept], [rest, zero]);

    // What the scaled divisor lost makes the estimate one too large at most; one less is at most one
    // too small.
    builder.switch_to_block(long);
    let quotient = builder.ins().uextend(types::I64, quotient);
    let estimate = times(builder, quotient, kept);
    let amount = builder.ins().iconst(types::I32, 31);
    let estimate = builder.ins().ushr(estimate, amount);
    let estimate = builder.ins().ireduce(types::I32, estimate);
    let positive = builder.ins().icmp(IntCC::NotEqual, estimate, zero);
    let positive = builder.ins().uextend(types::I32, positive);
    let estimate = builder.ins().isub(estimate, positive);
    let taken = times(builder, d, estimate);
    let rest = builder.ins().isub(n, taken);
    let (more, done) = (builder.create_block(), builder.create_block());
    let fits = builder
        .ins()
        .icmp(IntCC::UnsignedGreaterThanOrEqual, rest, d);
    builder.ins().brif(fits, more, &[], done, &[]);
    builder.switch_to_block(done);
    let quotient = builder.ins().iconcat(estimate, zero);
    builder.ins().return_(&[quotient, rest]);
    builder.switch_to_block(more);
    let next = builder.ins().iadd(estimate, one);
    let quotient = builder.ins().iconcat(next, zero);
    let rest = builder.ins().isub(rest, d);
    builder.ins().return_(&[quotient, rest]);
}

/// The quotient of `above : below` and `divisor`, where `above < divisor` and the leading bit of
/// `divisor` is set.
fn two_digits(
    builder: &mut FunctionBuilder<'_>,
    [above, below]: [Value; 2],
    divisor: Value,
) -> Value {
    let zero = builder.ins().iconst(types::I32, 0);
    let one = builder.ins().iconst(types::I32, 1);
    let half = builder.ins().iconst(types::I32, 16);
    let upper = builder.ins().ushr(divisor, half);
    // It is set anyway: now nobody tests for zero.
    let leading = builder.ins().iconst(types::I32, 1 << 15);
    let upper = builder.ins().bor(upper, leading);
    let lower = builder.ins().ireduce(types::I16, divisor);
    let lower = builder.ins().uextend(types::I32, lower);

    let digit = builder.create_block();
    let [above_now, below_now, quotient, left] =
        [(); 4].map(|()| builder.append_block_param(digit, types::I32));
    let first = [above, below, zero, one].map(BlockArg::Value);
    builder.ins().jump(digit, &first);
    builder.switch_to_block(digit);
    let estimate = builder.ins().udiv(above_now, upper);
    let rest = rest_of(builder, above_now, upper, estimate);
    let taken = builder.ins().imul(estimate, lower);
    let rest = builder.ins().ishl(rest, half);
    let next = builder.ins().ushr(below_now, half);
    let rest = builder.ins().bor(rest, next);

    // A rest that does not wrap may still be too small.
    let (correct, too_large, done) = (
        builder.create_block(),
        builder.create_block(),
        builder.create_block(),
    );
    let [estimate_now, rest_now] =
        [(); 2].map(|()| builder.append_block_param(correct, types::I32));
    let [settled, rest_left] = [(); 2].map(|()| builder.append_block_param(done, types::I32));
    let args = [estimate, rest].map(BlockArg::Value);
    builder.ins().jump(correct, &args);
    builder.switch_to_block(correct);
    let over = builder
        .ins()
        .icmp(IntCC::UnsignedGreaterThan, taken, rest_now);
    let args = [estimate_now, rest_now].map(BlockArg::Value);
    builder.ins().brif(over, too_large, &[], done, &args);
    builder.switch_to_block(too_large);
    let less = builder.ins().isub(estimate_now, one);
    let more = builder.ins().iadd(rest_now, divisor);
    let wraps = builder.ins().icmp(IntCC::UnsignedLessThan, more, divisor);
    let args = [less, more].map(BlockArg::Value);
    builder.ins().brif(wraps, done, &args, correct, &args);

    builder.switch_to_block(done);
    let rest = builder.ins().isub(rest_left, taken);
    let quotient = builder.ins().ishl(quotient, half);
    let quotient = builder.ins().bor(quotient, settled);
    let below = builder.ins().ishl(below_now, half);
    let after = builder.create_block();
    let args = [rest, below, quotient, zero].map(BlockArg::Value);
    builder.ins().brif(left, digit, &args, after, &[]);
    builder.switch_to_block(after);
    quotient
}

/// What `n` has left behind `q` times `d`.
fn rest_of(builder: &mut FunctionBuilder<'_>, n: Value, d: Value, q: Value) -> Value {
    let taken = builder.ins().imul(q, d);
    builder.ins().isub(n, taken)
}

/// The low and the high word.
fn words(builder: &mut FunctionBuilder<'_>, value: Value) -> [Value; 2] {
    let low = builder.ins().ireduce(types::I32, value);
    let amount = builder.ins().iconst(types::I32, 32);
    let high = builder.ins().ushr(value, amount);
    let high = builder.ins().ireduce(types::I32, high);
    [low, high]
}

/// A double word times a word.
fn times(builder: &mut FunctionBuilder<'_>, value: Value, by: Value) -> Value {
    let by = builder.ins().uextend(types::I64, by);
    builder.ins().imul(value, by)
}

/// Returns two values by their low and high words.
fn return_wide(builder: &mut FunctionBuilder<'_>, quotient: [Value; 2], rest: [Value; 2]) {
    let values = [quotient, rest].map(|[low, high]| builder.ins().iconcat(low, high));
    builder.ins().return_(&values);
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
