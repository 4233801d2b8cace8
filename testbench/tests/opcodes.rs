//! Every opcode that the mid-end can create, in every width that fits a word: selected, allocated,
//! emitted and executed, against a definition of the opcode in Rust.
//!
//! The mid-end makes more than the translator does, narrow types above all, and no module of a
//! test suite leads to all of it. Here each opcode is built as CLIF directly, with registers,
//! constants and foldable operands in every position, so that every rule of selection is met.
//! Parameters are words whose upper bits are noise where the type is narrow.

use std::cmp::Ordering;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::Ieee32;
use cranelift_codegen::ir::types::{F32, I8, I16, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, BlockArg, Function, InstBuilder, MemFlagsData, Signature, Type, UserFuncName, Value,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm2mcu::image::{self, Export, ExportItem, FunctionType, Parts};
use wasm2mcu::isa::riscv32::Riscv32;
use wasm2mcu::isa::thumb2::Thumb2;
use wasm2mcu::link::{Linker, Piece};
use wasm2mcu::mach::buffer::Symbol;
use wasm2mcu::mach::choices::Registers;
use wasm2mcu::mach::lower::MemoryBase;
use wasm2mcu::mach::regalloc::{Allocator, Effort};
use wasm2mcu::mach::{BorderNeeds, FrameNeeds, Isa, Prepared, emit, lower};
use wasm2mcu::wasm::contract;
use wasm2mcu::wasm::module::Signature as WasmSignature;
use wasm2mcu::{Passes, Target, TrapInfo};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_testbench::board::{self, boards};
use wasm2mcu_testbench::{qemu, rv32};

/// Parameters of every function here.
const PARAMS: usize = 3;
/// The trap of those that trap.
const TRAP: TrapCode = TrapCode::Unreachable;

/// A function and what it should compute; `None` is a trap.
struct Case {
    name: String,
    clif: Function,
    meaning: Box<dyn Fn([u32; PARAMS]) -> Option<u32>>,
}

type Builder<'a> = FunctionBuilder<'a>;
type Args = [u32; PARAMS];

/// A function of three words; `body` gets their values and returns a word.
fn function(body: impl FnOnce(&mut Builder<'_>, [Value; PARAMS]) -> Value) -> Function {
    let mut signature = Signature::new(contract::CALL_CONV);
    signature.params = vec![AbiParam::new(I32); PARAMS];
    signature.returns = vec![AbiParam::new(I32)];
    let mut clif = Function::with_name_signature(UserFuncName::default(), signature);
    let mut scratch = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut clif, &mut scratch);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let params = [0, 1, 2].map(|index| b.block_params(entry)[index]);
    let result = body(&mut b, params);
    b.ins().return_(&[result]);
    b.seal_all_blocks();
    b.finalize(contract::frontend_config());
    clif
}

fn narrow(b: &mut Builder<'_>, ty: Type, word: Value) -> Value {
    if ty == I32 {
        word
    } else {
        b.ins().ireduce(ty, word)
    }
}

fn widen(b: &mut Builder<'_>, value: Value) -> Value {
    if b.func.dfg.value_type(value) == I32 {
        value
    } else {
        b.ins().uextend(I32, value)
    }
}

fn mask(ty: Type, word: u32) -> u32 {
    word & (u32::MAX >> (32 - ty.bits()))
}

fn signed(ty: Type, word: u32) -> i32 {
    let unused = 32 - ty.bits();
    ((word << unused) as i32) >> unused
}

/// How an operand is made from a parameter, and what it then is.
#[derive(Clone, Copy, Debug)]
enum Operand {
    Param(usize),
    Const(u32),
    Shl(usize, u32),
    Shr(usize, u32),
    Sar(usize, u32),
    Rotr(usize, u32),
    Rotl(usize, u32),
    Not(usize),
    Neg(usize),
    Product(usize, usize),
    And(usize, u32),
    /// 1 shifted to the left, its complement, a value masked with it, and a value shifted down.
    Bit(usize),
    NotBit(usize),
    AndBit(usize, usize),
    ShrBy(usize, usize),
}

use Operand::{
    And, AndBit, Bit, Const, Neg, Not, NotBit, Param, Product, Rotl, Rotr, Sar, Shl, Shr, ShrBy,
};

impl Operand {
    fn build(self, b: &mut Builder<'_>, ty: Type, params: [Value; PARAMS]) -> Value {
        let mut param = |index: usize| narrow(b, ty, params[index]);
        match self {
            Param(index) => param(index),
            Const(value) => b.ins().iconst(ty, i64::from(mask(ty, value))),
            Shl(index, amount) => {
                let x = param(index);
                b.ins().ishl_imm_u(x, i64::from(amount))
            }
            Shr(index, amount) => {
                let x = param(index);
                b.ins().ushr_imm_u(x, i64::from(amount))
            }
            Sar(index, amount) => {
                let x = param(index);
                b.ins().sshr_imm_u(x, i64::from(amount))
            }
            Rotr(index, amount) => {
                let x = param(index);
                b.ins().rotr_imm_u(x, i64::from(amount))
            }
            Rotl(index, amount) => {
                let x = param(index);
                b.ins().rotl_imm_u(x, i64::from(amount))
            }
            Not(index) => {
                let x = param(index);
                b.ins().bnot(x)
            }
            Neg(index) => {
                let x = param(index);
                b.ins().ineg(x)
            }
            Product(x, y) => {
                let (x, y) = (param(x), param(y));
                b.ins().imul(x, y)
            }
            And(index, value) => {
                let x = param(index);
                let y = b.ins().iconst(ty, i64::from(mask(ty, value)));
                b.ins().band(x, y)
            }
            Bit(index) => {
                let n = param(index);
                let one = b.ins().iconst(ty, 1);
                b.ins().ishl(one, n)
            }
            NotBit(index) => {
                let bit = Bit(index).build(b, ty, params);
                b.ins().bnot(bit)
            }
            AndBit(index, number) => {
                let x = param(index);
                let bit = Bit(number).build(b, ty, params);
                b.ins().band(x, bit)
            }
            ShrBy(index, amount) => {
                let (x, n) = (param(index), param(amount));
                b.ins().ushr(x, n)
            }
        }
    }

    fn value(self, ty: Type, args: Args) -> u32 {
        let arg = |index: usize| mask(ty, args[index]);
        let bits = ty.bits();
        let rotr = |x: u32, n: u32| match n % bits {
            0 => x,
            n => x >> n | x << (bits - n),
        };
        let value = match self {
            Param(index) => arg(index),
            Const(value) => value,
            Shl(index, n) => arg(index) << (n % bits),
            Shr(index, n) => arg(index) >> (n % bits),
            Sar(index, n) => (signed(ty, arg(index)) >> (n % bits)) as u32,
            Rotr(index, n) => rotr(arg(index), n),
            Rotl(index, n) => rotr(arg(index), bits - n % bits),
            Not(index) => !arg(index),
            Neg(index) => arg(index).wrapping_neg(),
            Product(x, y) => arg(x).wrapping_mul(arg(y)),
            And(index, value) => arg(index) & value,
            Bit(index) => 1 << (arg(index) % bits),
            NotBit(index) => !(1 << (arg(index) % bits)),
            AndBit(index, number) => arg(index) & 1 << (arg(number) % bits),
            ShrBy(index, amount) => arg(index) >> (arg(amount) % bits),
        };
        mask(ty, value)
    }
}

/// Constants at the borders of types and of immediate encodings.
const CONSTANTS: [u32; 30] = [
    0,
    1,
    2,
    3,
    5,
    7,
    8,
    9,
    31,
    32,
    0x7f,
    0x80,
    0xff,
    0x100,
    0xfff,
    0x1000,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x00ff_00ff,
    0x1234_5678,
    0x4000_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xbfff_ffff,
    0xffff_0000,
    0xffff_ff00,
    0xffff_fffe,
    0xffff_ffff,
];

/// Words for the parameters: borders of every width, and noise.
fn words() -> Vec<u32> {
    let mut state = 0x2545_f491_u32;
    let noise = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    });
    CONSTANTS.into_iter().chain(noise.take(10)).collect()
}

fn constants(ty: Type) -> impl Iterator<Item = Operand> {
    let mut seen = Vec::new();
    let all = CONSTANTS.into_iter().map(move |value| mask(ty, value));
    all.filter(move |value| {
        let new = !seen.contains(value);
        seen.push(*value);
        new
    })
    .map(Const)
}

/// Pairs of operands such that each rule that folds something is met.
fn pairs(ty: Type) -> Vec<(Operand, Operand)> {
    let mut pairs = vec![(Param(0), Param(1)), (Param(0), Param(0))];
    pairs.extend(constants(ty).map(|constant| (Param(0), constant)));
    pairs.extend(constants(ty).map(|constant| (constant, Param(0))));
    let n = ty.bits() - 1;
    let foldable = [
        Shl(1, 1),
        Shl(1, 2),
        Shl(1, 3),
        Shl(1, n),
        Shr(1, 1),
        Shr(1, n),
        Sar(1, 5),
        Sar(1, n),
        Rotr(1, 3),
        Rotl(1, 3),
        Not(1),
        Neg(1),
        Product(1, 2),
        And(1, 0xff),
        And(1, 0xf),
        Bit(1),
        NotBit(1),
    ];
    for operand in foldable {
        pairs.push((Param(0), operand));
        pairs.push((operand, Param(0)));
    }
    for mask in [1, 3, 0xf, 0x7f, 0xff, 0xffff] {
        pairs.push((Shr(1, 4), Const(mask)));
        pairs.push((Sar(1, 4), Const(mask)));
        pairs.push((Shr(1, n), Const(mask)));
        pairs.push((ShrBy(1, 2), Const(mask)));
    }
    pairs
}

type Build2 = fn(&mut Builder<'_>, Value, Value) -> Value;
type Mean2 = fn(Type, u32, u32) -> u32;

macro_rules! binary {
    ($($name:ident: $mean:expr,)*) => {
        [$((
            stringify!($name),
            (|b, x, y| b.ins().$name(x, y)) as Build2,
            $mean as Mean2,
        )),*]
    };
}

fn rotate_right(ty: Type, x: u32, n: u32) -> u32 {
    let n = n % ty.bits();
    if n == 0 {
        x
    } else {
        x >> n | x << (ty.bits() - n)
    }
}

/// Arguments and results are masked to the type by the caller.
fn binary() -> Vec<(&'static str, Build2, Mean2)> {
    Vec::from(binary! {
        iadd: |_, x, y| x.wrapping_add(y),
        isub: |_, x, y| x.wrapping_sub(y),
        imul: |_, x, y| x.wrapping_mul(y),
        umulhi: |ty, x, y| ((u64::from(x) * u64::from(y)) >> ty.bits()) as u32,
        smulhi: |ty, x, y| {
            ((i64::from(signed(ty, x)) * i64::from(signed(ty, y))) >> ty.bits()) as u32
        },
        band: |_, x, y| x & y,
        bor: |_, x, y| x | y,
        bxor: |_, x, y| x ^ y,
        ishl: |ty, x, n| x << (n % ty.bits()),
        ushr: |ty, x, n| x >> (n % ty.bits()),
        sshr: |ty, x, n| (signed(ty, x) >> (n % ty.bits())) as u32,
        rotr: |ty, x, n| rotate_right(ty, x, n),
        rotl: |ty, x, n| rotate_right(ty, x, ty.bits() - n % ty.bits()),
        smin: |ty, x, y| signed(ty, x).min(signed(ty, y)) as u32,
        smax: |ty, x, y| signed(ty, x).max(signed(ty, y)) as u32,
        umin: |_, x, y| x.min(y),
        umax: |_, x, y| x.max(y),
    })
}

type Build1 = fn(&mut Builder<'_>, Value) -> Value;
type Mean1 = fn(Type, u32) -> u32;

fn unary() -> Vec<(&'static str, &'static [Type], Build1, Mean1)> {
    const ALL: &[Type] = &[I8, I16, I32];
    const NOT_BYTES: &[Type] = &[I16, I32];
    vec![
        ("bnot", ALL, |b, x| b.ins().bnot(x), |_, x| !x),
        ("ineg", ALL, |b, x| b.ins().ineg(x), |_, x| x.wrapping_neg()),
        (
            "iabs",
            ALL,
            |b, x| b.ins().iabs(x),
            |ty, x| signed(ty, x).wrapping_abs() as u32,
        ),
        (
            "popcnt",
            ALL,
            |b, x| b.ins().popcnt(x),
            |_, x| x.count_ones(),
        ),
        (
            "clz",
            ALL,
            |b, x| b.ins().clz(x),
            |ty, x| x.leading_zeros() - (32 - ty.bits()),
        ),
        (
            "ctz",
            ALL,
            |b, x| b.ins().ctz(x),
            |ty, x| x.trailing_zeros().min(ty.bits()),
        ),
        (
            "bitrev",
            ALL,
            |b, x| b.ins().bitrev(x),
            |ty, x| x.reverse_bits() >> (32 - ty.bits()),
        ),
        (
            "bswap",
            NOT_BYTES,
            |b, x| b.ins().bswap(x),
            |ty, x| x.swap_bytes() >> (32 - ty.bits()),
        ),
    ]
}

/// What makes a result of `ty` into the word of the function.
fn case(
    name: String,
    ty: Type,
    build: impl FnOnce(&mut Builder<'_>, [Value; PARAMS]) -> Value,
    meaning: impl Fn(Args) -> u32 + 'static,
) -> Case {
    Case {
        name,
        clif: function(|b, params| {
            let value = build(b, params);
            widen(b, value)
        }),
        meaning: Box::new(move |args| Some(mask(ty, meaning(args)))),
    }
}

fn arithmetic() -> Vec<Case> {
    let mut cases = Vec::new();
    for ty in [I8, I16, I32] {
        for (name, build, mean) in binary() {
            for (x, y) in pairs(ty) {
                cases.push(case(
                    format!("{name}.{ty} {x:?} {y:?}"),
                    ty,
                    |b, params| {
                        let (x, y) = (x.build(b, ty, params), y.build(b, ty, params));
                        build(b, x, y)
                    },
                    move |args| mean(ty, x.value(ty, args), y.value(ty, args)),
                ));
            }
        }
    }
    for (name, types, build, mean) in unary() {
        for &ty in types {
            for x in [Param(0), Shl(0, 3), Product(0, 1), Const(0x5a)] {
                cases.push(case(
                    format!("{name}.{ty} {x:?}"),
                    ty,
                    |b, params| {
                        let x = x.build(b, ty, params);
                        build(b, x)
                    },
                    move |args| mean(ty, x.value(ty, args)),
                ));
            }
        }
    }
    cases
}

/// Shifts whose amount has another type than the value.
fn mixed_shifts() -> Vec<Case> {
    let mut cases = Vec::new();
    let shifts = binary();
    let shifts = shifts
        .into_iter()
        .filter(|(name, ..)| ["ishl", "ushr", "sshr", "rotl", "rotr"].contains(name));
    for (name, build, mean) in shifts {
        for ty in [I8, I16, I32] {
            for amount in [I8, I16, I32, I64] {
                let operands = [
                    Param(1),
                    Const(0),
                    Const(5),
                    Const(9),
                    Const(33),
                    Const(200),
                ];
                for operand in operands.into_iter().filter(|_| ty != amount) {
                    cases.push(case(
                        format!("{name}.{ty} by {amount} {operand:?}"),
                        ty,
                        |b, params| {
                            let x = narrow(b, ty, params[0]);
                            let n = if amount == I64 {
                                let n = operand.build(b, I32, params);
                                b.ins().uextend(I64, n)
                            } else {
                                operand.build(b, amount, params)
                            };
                            build(b, x, n)
                        },
                        move |args| {
                            let amount = if amount == I64 { I32 } else { amount };
                            mean(ty, mask(ty, args[0]), operand.value(amount, args))
                        },
                    ));
                }
            }
        }
    }
    cases
}

fn holds(cc: IntCC, ty: Type, x: u32, y: u32) -> bool {
    let (sx, sy) = (signed(ty, x), signed(ty, y));
    match cc {
        IntCC::Equal => x == y,
        IntCC::NotEqual => x != y,
        IntCC::SignedLessThan => sx < sy,
        IntCC::SignedGreaterThanOrEqual => sx >= sy,
        IntCC::SignedGreaterThan => sx > sy,
        IntCC::SignedLessThanOrEqual => sx <= sy,
        IntCC::UnsignedLessThan => x < y,
        IntCC::UnsignedGreaterThanOrEqual => x >= y,
        IntCC::UnsignedGreaterThan => x > y,
        IntCC::UnsignedLessThanOrEqual => x <= y,
    }
}

/// Who uses a condition.
#[derive(Clone, Copy, Debug)]
enum User {
    Value,
    Select,
    ZeroOne,
    Branch,
    TrapIf,
    TrapUnless,
    Mask,
}

const USERS: [User; 7] = [
    User::Value,
    User::Select,
    User::ZeroOne,
    User::Branch,
    User::TrapIf,
    User::TrapUnless,
    User::Mask,
];

impl User {
    fn build(self, b: &mut Builder<'_>, c: Value, params: [Value; PARAMS]) -> Value {
        match self {
            User::Value => widen(b, c),
            User::Select => b.ins().select(c, params[2], params[1]),
            User::ZeroOne => {
                let (one, zero) = (b.ins().iconst(I32, 1), b.ins().iconst(I32, 0));
                b.ins().select(c, one, zero)
            }
            User::Branch => {
                let join = b.create_block();
                let result = b.append_block_param(join, I32);
                let (yes, no) = (params[2], params[1]);
                b.ins().brif(
                    c,
                    join,
                    &[BlockArg::Value(yes)],
                    join,
                    &[BlockArg::Value(no)],
                );
                b.switch_to_block(join);
                result
            }
            User::TrapIf => {
                b.ins().trapnz(c, contract::trap(TRAP));
                params[2]
            }
            User::TrapUnless => {
                b.ins().trapz(c, contract::trap(TRAP));
                params[2]
            }
            User::Mask => b.ins().bmask(I32, c),
        }
    }

    /// `c` is the whole value of the condition.
    fn mean(self, c: u32, args: Args) -> Option<u32> {
        let holds = c != 0;
        match self {
            User::Value => Some(c),
            User::Select | User::Branch => Some(if holds { args[2] } else { args[1] }),
            User::ZeroOne => Some(holds.into()),
            User::TrapIf => (!holds).then_some(args[2]),
            User::TrapUnless => holds.then_some(args[2]),
            User::Mask => Some(if holds { u32::MAX } else { 0 }),
        }
    }
}

fn conditions() -> Vec<Case> {
    let mut cases = Vec::new();
    for ty in [I8, I16, I32] {
        for cc in IntCC::all() {
            for (number, (x, y)) in pairs(ty).into_iter().enumerate() {
                // Every user meets every condition and every pair, not every combination.
                let user = USERS[number % USERS.len()];
                let users = if number < 2 { &USERS[..] } else { &[user] };
                for &user in users {
                    cases.push(Case {
                        name: format!("icmp.{ty} {cc} {x:?} {y:?} for {user:?}"),
                        clif: function(|b, params| {
                            let (x, y) = (x.build(b, ty, params), y.build(b, ty, params));
                            let c = b.ins().icmp(*cc, x, y);
                            user.build(b, c, params)
                        }),
                        meaning: Box::new(move |args| {
                            let c = holds(*cc, ty, x.value(ty, args), y.value(ty, args));
                            user.mean(c.into(), args)
                        }),
                    });
                }
            }
        }
        // A condition that is any value, a part of one, or a test of bits.
        for x in [
            Param(0),
            And(0, 4),
            And(0, 0x101),
            Shl(0, 3),
            Product(0, 1),
            Not(0),
            AndBit(0, 1),
        ] {
            for user in USERS {
                cases.push(Case {
                    name: format!("{ty} {x:?} for {user:?}"),
                    clif: function(|b, params| {
                        let c = x.build(b, ty, params);
                        user.build(b, c, params)
                    }),
                    meaning: Box::new(move |args| user.mean(x.value(ty, args), args)),
                });
            }
        }
        for value in [0, 4, 0x80] {
            for cc in [IntCC::Equal, IntCC::NotEqual] {
                for user in USERS {
                    let x = And(0, value | 1);
                    cases.push(Case {
                        name: format!("icmp.{ty} {cc} {x:?} 0 for {user:?}"),
                        clif: function(|b, params| {
                            let x = x.build(b, ty, params);
                            let c = b.ins().icmp_imm_u(cc, x, 0);
                            user.build(b, c, params)
                        }),
                        meaning: Box::new(move |args| {
                            user.mean(holds(cc, ty, x.value(ty, args), 0).into(), args)
                        }),
                    });
                }
            }
        }
    }
    cases
}

fn holds_for_floats(cc: FloatCC, x: u32, y: u32) -> bool {
    let order = f32::from_bits(x).partial_cmp(&f32::from_bits(y));
    let (less, equal, greater, unordered) = (
        order == Some(Ordering::Less),
        order == Some(Ordering::Equal),
        order == Some(Ordering::Greater),
        order.is_none(),
    );
    match cc {
        FloatCC::Ordered => !unordered,
        FloatCC::Unordered => unordered,
        FloatCC::Equal => equal,
        FloatCC::NotEqual => !equal,
        FloatCC::OrderedNotEqual => less || greater,
        FloatCC::UnorderedOrEqual => unordered || equal,
        FloatCC::LessThan => less,
        FloatCC::LessThanOrEqual => less || equal,
        FloatCC::GreaterThan => greater,
        FloatCC::GreaterThanOrEqual => greater || equal,
        FloatCC::UnorderedOrLessThan => unordered || less,
        FloatCC::UnorderedOrLessThanOrEqual => unordered || less || equal,
        FloatCC::UnorderedOrGreaterThan => unordered || greater,
        FloatCC::UnorderedOrGreaterThanOrEqual => unordered || greater || equal,
    }
}

/// Every condition on two floats, most of which no WebAssembly operator is, for every user.
fn float_conditions() -> Vec<Case> {
    const ZERO: u32 = 0;
    const NEGATIVE_ZERO: u32 = 0x8000_0000;
    /// One that an immediate holds, and one that none does.
    const ONE: u32 = 0x3f80_0000;
    const TINY: u32 = 0x1234_5678;
    let operands = [
        (Param(0), Param(1)),
        (Param(0), Param(0)),
        (Param(0), Const(ZERO)),
        (Const(ZERO), Param(0)),
        (Param(0), Const(NEGATIVE_ZERO)),
        (Const(NEGATIVE_ZERO), Param(0)),
        (Param(0), Const(ONE)),
        (Const(ONE), Param(0)),
        (Param(0), Const(TINY)),
        (Const(TINY), Param(0)),
    ];
    let float = |b: &mut Builder<'_>, operand: Operand, params| match operand {
        Const(bits) => b.ins().f32const(Ieee32::with_bits(bits)),
        operand => {
            let word = operand.build(b, I32, params);
            b.ins().bitcast(F32, MemFlagsData::new(), word)
        }
    };
    let mut cases = Vec::new();
    for &cc in FloatCC::all() {
        for (x, y) in operands {
            for user in USERS {
                cases.push(Case {
                    name: format!("fcmp.f32 {cc} {x:?} {y:?} for {user:?}"),
                    clif: function(|b, params| {
                        let (x, y) = (float(b, x, params), float(b, y, params));
                        let c = b.ins().fcmp(cc, x, y);
                        user.build(b, c, params)
                    }),
                    meaning: Box::new(move |args| {
                        let c = holds_for_floats(cc, x.value(I32, args), y.value(I32, args));
                        user.mean(c.into(), args)
                    }),
                });
            }
            cases.push(Case {
                name: format!("select.f32 by fcmp.f32 {cc} {x:?} {y:?}"),
                clif: function(|b, params| {
                    let (x, y) = (float(b, x, params), float(b, y, params));
                    let c = b.ins().fcmp(cc, x, y);
                    let (yes, no) = (float(b, Param(2), params), float(b, Param(1), params));
                    let chosen = b.ins().select(c, yes, no);
                    b.ins().bitcast(I32, MemFlagsData::new(), chosen)
                }),
                meaning: Box::new(move |args| {
                    let c = holds_for_floats(cc, x.value(I32, args), y.value(I32, args));
                    Some(if c { args[2] } else { args[1] })
                }),
            });
        }
    }
    for &cc in IntCC::all() {
        cases.push(Case {
            name: format!("select.f32 by icmp.i64 {cc}"),
            clif: function(|b, params| {
                let mut wide = |low: Value, high: Value| {
                    let (low, high) = (b.ins().uextend(I64, low), b.ins().uextend(I64, high));
                    let high = b.ins().ishl_imm_u(high, 32);
                    b.ins().bor(high, low)
                };
                let x = wide(params[0], params[1]);
                let y = wide(params[1], params[2]);
                let c = b.ins().icmp(cc, x, y);
                let (yes, no) = (float(b, Param(2), params), float(b, Param(1), params));
                let chosen = b.ins().select(c, yes, no);
                b.ins().bitcast(I32, MemFlagsData::new(), chosen)
            }),
            meaning: Box::new(move |args| {
                let wide = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
                let (x, y) = (wide(args[0], args[1]), wide(args[1], args[2]));
                Some(args[if holds_wide(cc, x, y) { 2 } else { 1 }])
            }),
        });
    }
    for ty in [I8, I16, I32] {
        for sign in [false, true] {
            cases.push(Case {
                name: format!("fcvt_from_int.f32 {ty}, signed {sign}"),
                clif: function(|b, params| {
                    let x = narrow(b, ty, params[0]);
                    let float = if sign {
                        b.ins().fcvt_from_sint(F32, x)
                    } else {
                        b.ins().fcvt_from_uint(F32, x)
                    };
                    b.ins().bitcast(I32, MemFlagsData::new(), float)
                }),
                meaning: Box::new(move |args| {
                    let float = if sign {
                        signed(ty, args[0]) as f32
                    } else {
                        mask(ty, args[0]) as f32
                    };
                    Some(float.to_bits())
                }),
            });
        }
    }
    cases
}

fn holds_wide(cc: IntCC, x: u64, y: u64) -> bool {
    let (sx, sy) = (x as i64, y as i64);
    match cc {
        IntCC::Equal => x == y,
        IntCC::NotEqual => x != y,
        IntCC::SignedLessThan => sx < sy,
        IntCC::SignedGreaterThanOrEqual => sx >= sy,
        IntCC::SignedGreaterThan => sx > sy,
        IntCC::SignedLessThanOrEqual => sx <= sy,
        IntCC::UnsignedLessThan => x < y,
        IntCC::UnsignedGreaterThanOrEqual => x >= y,
        IntCC::UnsignedGreaterThan => x > y,
        IntCC::UnsignedLessThanOrEqual => x <= y,
    }
}

/// Narrow selects, extensions and reductions, `bmask` from and to every width.
fn widths() -> Vec<Case> {
    let mut cases = Vec::new();
    for ty in [I8, I16, I32] {
        for condition in [I8, I16, I32] {
            cases.push(case(
                format!("select.{ty} by {condition}"),
                ty,
                |b, params| {
                    let c = narrow(b, condition, params[0]);
                    let (x, y) = (narrow(b, ty, params[1]), narrow(b, ty, params[2]));
                    b.ins().select(c, x, y)
                },
                move |args| {
                    if mask(condition, args[0]) != 0 {
                        args[1]
                    } else {
                        args[2]
                    }
                },
            ));
            cases.push(case(
                format!("bmask.{ty} of {condition}"),
                ty,
                |b, params| {
                    let c = narrow(b, condition, params[0]);
                    b.ins().bmask(ty, c)
                },
                move |args| {
                    if mask(condition, args[0]) != 0 {
                        u32::MAX
                    } else {
                        0
                    }
                },
            ));
        }
        for to in [I16, I32, I64]
            .into_iter()
            .filter(|to| to.bits() > ty.bits())
        {
            // An operation before it leaves noise above the narrow value.
            for x in [Param(0), Product(0, 1), Shl(0, 3), Const(0x80), Const(0x7f)] {
                for high in [false, true].into_iter().filter(|&high| to == I64 || !high) {
                    for sign in [false, true] {
                        cases.push(case(
                            format!("extend {sign} {ty} to {to} {x:?}, high {high}"),
                            if to == I16 { I16 } else { I32 },
                            |b, params| {
                                let x = x.build(b, ty, params);
                                let wide = if sign {
                                    b.ins().sextend(to, x)
                                } else {
                                    b.ins().uextend(to, x)
                                };
                                match (to, high) {
                                    (I64, true) => {
                                        let high = b.ins().ushr_imm_u(wide, 32);
                                        b.ins().ireduce(I32, high)
                                    }
                                    (I64, false) => b.ins().ireduce(I32, wide),
                                    _ => wide,
                                }
                            },
                            move |args| {
                                let value = x.value(ty, args);
                                let word = if sign {
                                    signed(ty, value) as u32
                                } else {
                                    value
                                };
                                match (high, sign) {
                                    (false, _) => word,
                                    (true, false) => 0,
                                    (true, true) => ((word as i32) >> 31) as u32,
                                }
                            },
                        ));
                    }
                }
            }
        }
    }
    cases
}

/// An image with every case as an export, by number.
fn link<I: Isa>(isa: &I, cases: &[Case], effort: Effort) -> Vec<u8> {
    let signature = WasmSignature {
        params: vec![ValueType::I32; PARAMS],
        results: vec![ValueType::I32],
    };
    let mut linker = Linker::<I>::default();
    let needs = BorderNeeds {
        traps: vec![TRAP],
        imports: false,
        entries: vec![(0, &signature)],
        tail_area: 0,
        small: false,
    };
    for border in isa.border(&needs) {
        linker.add_border(border);
    }
    let mut allocator = Allocator::new(true, true);
    let emission = emit::Options {
        small: false,
        stubs: TrapInfo::PerFunction,
        passes: Passes::ALL,
    };
    for (index, case) in (0..).zip(cases) {
        let code = lower::lower(
            isa,
            &case.clif,
            &Prepared::as_it_is(&case.clif),
            MemoryBase::Pinned,
        )
        .unwrap_or_else(|missing| panic!("{}: {missing:?}\n{}", case.name, case.clif));
        let allocated = allocator
            .run(isa, code, effort, Registers::All)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", case.name, case.clif));
        let frame = isa.frame(&FrameNeeds::of(&allocated));
        let code = emit::emit(&allocated, &frame, None, emit::Reach::Near, emission)
            .expect("a small function");
        linker.add(Piece::Symbol(Symbol::Function(index)), code, None);
    }
    let text = linker.finish().expect("a small text");
    let symbol = |index: u32| text.offset(Piece::Symbol(Symbol::Function(index)));
    let indices = 0..cases.len() as u32;
    let mut parts = Parts::new(I::ARCHITECTURE);
    parts.functions = indices.clone().map(symbol).collect();
    parts.functions_end = text.bytes.len() as u32;
    parts.types = vec![FunctionType {
        params: signature.params,
        results: signature.results,
        entry: text.offset(Piece::Entry(0)) | I::ARCHITECTURE.code_bit(),
    }];
    parts.exports = indices
        .map(|index| Export {
            name: index.to_string(),
            item: ExportItem::Function {
                code: symbol(index) | I::ARCHITECTURE.code_bit(),
                function_type: 0,
                stack_bytes: 256,
            },
        })
        .collect();
    parts.stack_bytes = 256;
    parts.context_bytes = Context::BYTES.next_multiple_of(8);
    parts.globals_offset = Context::BYTES;
    parts.text = text.bytes;
    image::write(&parts).expect("an image")
}

/// Cases of one image: a call looks its export up by name, one after the other.
const PER_IMAGE: usize = 100;

/// Both algorithms of register allocation meet every form of machine instruction here.
const EFFORTS: [Effort; 2] = [Effort::Full, Effort::Linear];

/// Executes every case with combinations of words, and reports what differs.
fn run(cases: Vec<Case>) {
    run_on(&thumb("m33"), "m33", &cases);
    run_on(&Riscv32::new(rv32::INFO.features), "rv32", &cases);
    run_on(
        &Riscv32::new(rv32::ALIGNED_INFO.features),
        "rv32-aligned",
        &cases,
    );
    run_on(
        &Riscv32::new(qemu::RV32ZB.info.features),
        "qemu-rv32zb",
        &cases,
    );
}

/// The instruction set of a board's core.
fn thumb(board: &str) -> Thumb2 {
    let info = boards().iter().find(|info| info.name == board);
    let target: Target = info.expect("a board").target.parse().expect("its target");
    Thumb2::new(target.features())
}

fn run_on<I: Isa>(isa: &I, board: &str, cases: &[Case]) {
    let images = cases.chunks(PER_IMAGE);
    let wrong: Vec<String> = images
        .flat_map(|cases| EFFORTS.map(|effort| differences(isa, board, cases, effort)))
        .flatten()
        .collect();
    assert!(
        wrong.is_empty(),
        "{board}: {} of {} are wrong:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// The first wrong result of each case that has one.
fn differences<I: Isa>(isa: &I, board: &str, cases: &[Case], effort: Effort) -> Vec<String> {
    let image = link(isa, cases, effort);
    let board = board::open(board).unwrap();
    let mut instance = board.load(&image, Vec::new()).unwrap();
    let words = words();
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let name = index.to_string();
        let difference = words.iter().enumerate().find_map(|(round, &first)| {
            let pick = |step: usize| words[(round * step + index + step) % words.len()];
            let args = [first, pick(7), pick(11)];
            let outcome = instance.invoke(&name, &args).unwrap();
            if outcome.end.is_err() {
                instance.clear_trap().unwrap();
            }
            let computed = outcome.end.ok().map(|words| words[0]);
            let expected = (case.meaning)(args);
            (computed != expected).then(|| {
                let name = &case.name;
                format!("{name}, {effort:?}: {args:x?} gave {computed:x?}, not {expected:x?}")
            })
        });
        wrong.extend(difference);
    }
    wrong
}

#[test]
fn arithmetic_in_every_width() {
    run(arithmetic());
}

#[test]
fn shifts_by_amounts_of_other_types() {
    run(mixed_shifts());
}

#[test]
fn conditions_for_every_user() {
    run(conditions());
}

#[test]
fn conversions_between_widths() {
    run(widths());
}

#[test]
fn conditions_on_floats_for_every_user() {
    for board in ["m33", "m4f"] {
        run_on(&thumb(board), board, &float_conditions());
    }
}
