//! The float arithmetic that the compiler embeds, run by an interpreter, against the host's own:
//! every pair of special values, then random ones. All give the same bits, where whatever is not a
//! number is the one canonical NaN; only promotion and demotion keep what a NaN carries.
//!
//! `RUNTIME_OPERANDS=10000000 cargo test -p wasm2mcu --test runtime` looks longer.

use std::collections::BTreeMap;
use std::ops::Range;

use wasmi::{Engine, Linker, Memory, Module, Store};
use wasmparser::{ExternalKind, Operator, Parser, Payload};

const RUNTIME: &[u8] = include_bytes!("../runtime/float.wasm");

/// Random operands, or pairs of them, that each function gets.
const OPERANDS: usize = 200_000;

/// Operands that the interpreter gets at once.
const BATCH: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    I32,
    I64,
    F32,
    F64,
}

/// A function, and what it must give; values by their bits, and 0 for the second operand of one
/// that has none.
struct Function {
    name: String,
    operands: Vec<Type>,
    result: Type,
    expected: Box<dyn Fn(u64, u64) -> u64>,
}

#[test]
fn f32_arithmetic_is_the_hosts() {
    check_all(&f32_arithmetic());
}

#[test]
fn f64_arithmetic_is_the_hosts() {
    check_all(&f64_arithmetic());
}

#[test]
fn conversions_are_the_hosts() {
    check_all(&conversions());
}

/// What lets a back end add one function to an image: it does nothing but compute with integers and
/// call others that are exported. And what is exported is what is tested here.
#[test]
fn functions_are_closed_and_compute_with_integers() {
    let mut exported = BTreeMap::new();
    let mut bodies = 0;
    for payload in Parser::new(0).parse_all(RUNTIME) {
        match payload.expect("the module is well formed") {
            Payload::ImportSection(_)
            | Payload::TableSection(_)
            | Payload::ElementSection(_)
            | Payload::DataSection(_)
            | Payload::StartSection { .. } => panic!("a section that no function needs"),
            Payload::MemorySection(memories) => {
                for memory in memories {
                    assert_eq!(memory.expect("a memory").initial, 0);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.expect("an export");
                    if export.kind == ExternalKind::Func {
                        exported.insert(export.index, export.name);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let name = exported.get(&bodies);
                let name = name.unwrap_or_else(|| panic!("function {bodies} is not exported"));
                for operator in body.get_operators_reader().expect("a body") {
                    let operator = operator.expect("an operator");
                    assert!(is_plain(&operator), "{name}: {operator:?}");
                }
                bodies += 1;
            }
            _ => {}
        }
    }
    let functions = [f32_arithmetic(), f64_arithmetic(), conversions()];
    let functions = functions.iter().flatten();
    let mut tested: Vec<&str> = functions.map(|function| function.name.as_str()).collect();
    let mut names: Vec<&str> = exported.into_values().collect();
    tested.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, tested);
}

/// Control flow, locals, and what has integers as operands and result. Since every function is
/// exported, every call is one of an exported function.
fn is_plain(operator: &Operator<'_>) -> bool {
    let text = format!("{operator:?}");
    let name = text.split(' ').next().expect("operators have names");
    let integer = name.starts_with("I32") || name.starts_with("I64");
    let foreign = ["F32", "F64", "Load", "Store"];
    let control = [
        "Block", "Loop", "If", "Else", "End", "Br", "BrIf", "BrTable", "Return", "Call", "Drop",
        "Select", "LocalGet", "LocalSet", "LocalTee",
    ];
    control.contains(&name) || integer && !foreign.iter().any(|part| name.contains(part))
}

fn f32_arithmetic() -> Vec<Function> {
    let unary = |name, of: fn(f32) -> f32| {
        let expected = move |a, _| bits32(of(float32(a)));
        function(name, &[Type::F32], Type::F32, expected)
    };
    let binary = |name, of: fn(f32, f32) -> f32| {
        let expected = move |a, b| bits32(of(float32(a), float32(b)));
        function(name, &[Type::F32, Type::F32], Type::F32, expected)
    };
    vec![
        binary("f32_add", |a, b| a + b),
        binary("f32_sub", |a, b| a - b),
        binary("f32_mul", |a, b| a * b),
        binary("f32_div", |a, b| a / b),
        binary("f32_min", |a, b| least(a.into(), b.into()) as f32),
        binary("f32_max", |a, b| {
            -least(-f64::from(a), -f64::from(b)) as f32
        }),
        unary("f32_sqrt", f32::sqrt),
        unary("f32_ceil", f32::ceil),
        unary("f32_floor", f32::floor),
        unary("f32_trunc", f32::trunc),
        unary("f32_nearest", f32::round_ties_even),
        function("f32_compare", &[Type::F32; 2], Type::I32, |a, b| {
            order(float32(a).into(), float32(b).into())
        }),
    ]
}

fn f64_arithmetic() -> Vec<Function> {
    let unary = |name, of: fn(f64) -> f64| {
        let expected = move |a, _| bits64(of(f64::from_bits(a)));
        function(name, &[Type::F64], Type::F64, expected)
    };
    let binary = |name, of: fn(f64, f64) -> f64| {
        let expected = move |a, b| bits64(of(f64::from_bits(a), f64::from_bits(b)));
        function(name, &[Type::F64, Type::F64], Type::F64, expected)
    };
    vec![
        binary("f64_add", |a, b| a + b),
        binary("f64_sub", |a, b| a - b),
        binary("f64_mul", |a, b| a * b),
        binary("f64_div", |a, b| a / b),
        binary("f64_min", least),
        binary("f64_max", |a, b| -least(-a, -b)),
        unary("f64_sqrt", f64::sqrt),
        unary("f64_ceil", f64::ceil),
        unary("f64_floor", f64::floor),
        unary("f64_trunc", f64::trunc),
        unary("f64_nearest", f64::round_ties_even),
        function("f64_compare", &[Type::F64; 2], Type::I32, |a, b| {
            order(f64::from_bits(a), f64::from_bits(b))
        }),
    ]
}

fn conversions() -> Vec<Function> {
    let mut all = vec![
        function(
            "f64_promote",
            &[Type::F32],
            Type::F64,
            |a, _| match float32(a) {
                x if x.is_nan() => {
                    (a & 0x8000_0000) << 32 | 0x7ff8_0000_0000_0000 | (a & 0x7f_ffff) << 29
                }
                x => f64::from(x).to_bits(),
            },
        ),
        function(
            "f32_demote",
            &[Type::F64],
            Type::F32,
            |a, _| match f64::from_bits(a) {
                x if x.is_nan() => a >> 32 & 0x8000_0000 | 0x7fc0_0000 | a >> 29 & 0x7f_ffff,
                x => (x as f32).to_bits().into(),
            },
        ),
    ];
    for conversions in [
        from("i32", Type::I32, |x| x as i32 as f32, |x| x as i32 as f64),
        from("u32", Type::I32, |x| x as u32 as f32, |x| x as u32 as f64),
        from("i64", Type::I64, |x| x as i64 as f32, |x| x as i64 as f64),
        from("u64", Type::I64, |x| x as f32, |x| x as f64),
    ] {
        all.extend(conversions);
    }
    for (float, ty) in [("f32", Type::F32), ("f64", Type::F64)] {
        for conversions in [
            to(
                "i32",
                float,
                ty,
                |x| x as i32 as u32 as u64,
                -2f64.powi(31)..2f64.powi(31),
            ),
            to("u32", float, ty, |x| x as u32 as u64, 0.0..2f64.powi(32)),
            to(
                "i64",
                float,
                ty,
                |x| x as i64 as u64,
                -2f64.powi(63)..2f64.powi(63),
            ),
            to("u64", float, ty, |x| x as u64, 0.0..2f64.powi(64)),
        ] {
            all.extend(conversions);
        }
    }
    all
}

fn from(integer: &str, ty: Type, to_f32: fn(u64) -> f32, to_f64: fn(u64) -> f64) -> [Function; 2] {
    let f32 = format!("f32_from_{integer}");
    let f64 = format!("f64_from_{integer}");
    [
        function(&f32, &[ty], Type::F32, move |x, _| bits32(to_f32(x))),
        function(&f64, &[ty], Type::F64, move |x, _| bits64(to_f64(x))),
    ]
}

/// The conversion, and the check whether what it leaves of the fraction is in range.
fn to(
    integer: &str,
    float: &str,
    ty: Type,
    of: fn(f64) -> u64,
    range: Range<f64>,
) -> [Function; 2] {
    let value = move |bits| match ty {
        Type::F32 => float32(bits).into(),
        _ => f64::from_bits(bits),
    };
    let check = move |x: f64| match x.trunc() {
        whole if whole.is_nan() => 1,
        whole if range.contains(&whole) => 0,
        _ => 2,
    };
    let result = match integer {
        "i32" | "u32" => Type::I32,
        _ => Type::I64,
    };
    let conversion = format!("{integer}_from_{float}");
    let checked = format!("{integer}_check_{float}");
    [
        function(&conversion, &[ty], result, move |x, _| of(value(x))),
        function(&checked, &[ty], Type::I32, move |x, _| check(value(x))),
    ]
}

fn function(
    name: &str,
    operands: &[Type],
    result: Type,
    expected: impl Fn(u64, u64) -> u64 + 'static,
) -> Function {
    Function {
        name: name.to_owned(),
        operands: operands.to_owned(),
        result,
        expected: Box::new(expected),
    }
}

fn float32(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn bits32(x: f32) -> u64 {
    if x.is_nan() {
        0x7fc0_0000
    } else {
        x.to_bits().into()
    }
}

fn bits64(x: f64) -> u64 {
    if x.is_nan() {
        0x7ff8_0000_0000_0000
    } else {
        x.to_bits()
    }
}

/// As WebAssembly has it: -0 before 0, and no number of no number.
fn least(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { a } else { b }
    } else if a < b {
        a
    } else {
        b
    }
}

fn order(a: f64, b: f64) -> u64 {
    let order = a.partial_cmp(&b).map_or(2, |order| order as i32);
    u64::from(order as u32)
}

fn check_all(functions: &[Function]) {
    let count = std::env::var("RUNTIME_OPERANDS").map_or(OPERANDS, |count| {
        count.parse().expect("RUNTIME_OPERANDS is a number")
    });
    for function in functions {
        let mut interpreter = Interpreter::new(function);
        let mut operands = special_operands(function);
        let specials = operands.len();
        let mut random = Random::new(function.name.bytes().map(u64::from).sum());
        operands.extend((0..count).map(|_| random.operands(function)));
        for batch in operands.chunks(BATCH) {
            let results = interpreter.apply(batch);
            for (&[a, b], result) in batch.iter().zip(results) {
                let expected = (function.expected)(a, b);
                let name = &function.name;
                assert_eq!(
                    result, expected,
                    "{name}({a:#x}, {b:#x}) is {result:#x}, not {expected:#x}"
                );
            }
        }
        println!(
            "{}: {specials} special, {count} random operands",
            function.name
        );
    }
}

/// A function of the runtime under a loop that applies it to operands in memory, 16 bytes each, and
/// puts the result in place of the first.
struct Interpreter {
    store: Store<()>,
    run: wasmi::TypedFunc<i32, ()>,
    memory: Memory,
}

impl Interpreter {
    fn new(function: &Function) -> Interpreter {
        let word = |ty: Type| match ty {
            Type::I32 | Type::F32 => "i32",
            Type::I64 | Type::F64 => "i64",
        };
        let (mut types, mut loads) = (String::new(), String::new());
        for (index, &ty) in function.operands.iter().enumerate() {
            types += &format!("(param {})", word(ty));
            loads += &format!("({}.load offset={} (local.get $at))", word(ty), 8 * index);
        }
        let name = &function.name;
        let result = word(function.result);
        let extend = match result {
            "i32" => "i64.extend_i32_u",
            _ => "",
        };
        let text = format!(
            r#"(module
                (import "runtime" "{name}" (func $of {types} (result {result})))
                (memory (export "memory") 1)
                (func (export "run") (param $end i32) (local $at i32)
                    loop $next
                        local.get $at
                        (call $of {loads})
                        {extend}
                        i64.store
                        (local.tee $at (i32.add (local.get $at) (i32.const 16)))
                        local.get $end
                        i32.ne
                        br_if $next
                    end))"#
        );
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let module = Module::new(&engine, RUNTIME).expect("the runtime is valid");
        let runtime = linker
            .instantiate_and_start(&mut store, &module)
            .expect("the runtime imports nothing");
        linker
            .instance(&mut store, "runtime", runtime)
            .expect("names are there once");
        let text = wat::parse_str(text).expect("the loop is well formed");
        let module = Module::new(&engine, text).expect("the loop is valid");
        let instance = linker
            .instantiate_and_start(&mut store, &module)
            .expect("the runtime has the function, of this type");
        let run = instance.get_typed_func(&store, "run").expect("exported");
        let memory = instance.get_memory(&store, "memory").expect("exported");
        Interpreter { store, run, memory }
    }
    /// What the function gives for these operands.
    fn apply(&mut self, operands: &[[u64; 2]]) -> Vec<u64> {
        let bytes: Vec<u8> = operands
            .iter()
            .flatten()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        self.memory
            .write(&mut self.store, 0, &bytes)
            .expect("a batch fits the memory");
        self.run
            .call(&mut self.store, bytes.len() as i32)
            .expect("the functions do not trap");
        let results = self.memory.data(&self.store).chunks_exact(16);
        let words = results.map(|slot| slot[..8].try_into().expect("eight bytes"));
        words.take(operands.len()).map(u64::from_le_bytes).collect()
    }
}

/// All pairs of special values, or all of them.
fn special_operands(function: &Function) -> Vec<[u64; 2]> {
    let first = specials(function.operands[0]);
    let second = match function.operands.get(1) {
        Some(&ty) => specials(ty),
        None => vec![0],
    };
    let pairs = first.iter().map(|&a| second.iter().map(move |&b| [a, b]));
    pairs.flatten().collect()
}

/// Where things change: both signs, and the neighbours.
fn specials(ty: Type) -> Vec<u64> {
    let powers = [-1, 0, 1, 2, 23, 24, 31, 32, 52, 53, 63, 64];
    let numbers = powers.iter().map(|&power| 2f64.powi(power));
    let numbers = numbers.chain([1.5, 2.5, 3.0, 0.1, 1e10, f64::INFINITY]);
    match ty {
        Type::F32 => {
            let more = [0, 1, 0x0080_0000, 0x7f7f_ffff, 0x7fa0_0000, 0x7fc0_0000];
            let all = numbers.map(|number| (number as f32).to_bits()).chain(more);
            let all = all.flat_map(|bits| [bits.wrapping_sub(1), bits, bits + 1]);
            let all = all.flat_map(|bits| [bits, bits ^ 1 << 31]);
            all.map(u64::from).collect()
        }
        Type::F64 => {
            let more = [
                0,
                1,
                1 << 52,
                f64::MAX.to_bits(),
                0x7ff4 << 48,
                0x7ff8 << 48,
            ];
            let single = [f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)];
            let single = single.map(|number| f64::from(number).to_bits());
            let all = numbers.map(f64::to_bits).chain(more).chain(single);
            let all = all.flat_map(|bits| [bits.wrapping_sub(1), bits, bits + 1]);
            all.flat_map(|bits| [bits, bits ^ 1 << 63]).collect()
        }
        Type::I32 | Type::I64 => {
            let powers = (0..64).map(|power| 1u64 << power);
            let all = powers.flat_map(|bits| [bits - 1, bits, bits + 1, bits.wrapping_neg()]);
            all.chain((0..64).map(|power| u64::MAX << power)).collect()
        }
    }
}

/// Xorshift, so that a seed names its operands.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.bits() >> 32) % limit
    }

    fn operands(&mut self, function: &Function) -> [u64; 2] {
        let a = self.value(function.operands[0]);
        let b = match function.operands.get(1) {
            Some(&ty) if self.below(3) == 0 => self.near(ty, a),
            Some(&ty) => self.value(ty),
            None => 0,
        };
        [a, b]
    }

    fn value(&mut self, ty: Type) -> u64 {
        match ty {
            Type::F32 => self.float(8, 23),
            Type::F64 => self.float(11, 52),
            // As many bits as it comes, and then maybe some zeros or ones.
            Type::I32 | Type::I64 => {
                let bits = self.bits() >> self.below(64);
                let ones = self.below(2).wrapping_neg();
                let low = ones.checked_shr(self.below(65) as u32).unwrap_or(0);
                let bits = bits ^ low;
                if ty == Type::I32 {
                    bits & 0xffff_ffff
                } else {
                    bits
                }
            }
        }
    }

    /// A value of which every part may be anything or something that matters.
    fn float(&mut self, exponent_bits: u32, fraction_bits: u32) -> u64 {
        let top = (1 << exponent_bits) - 1;
        let bias = top / 2;
        let exponent = match self.below(8) {
            0 => 0,
            1 => top - self.below(2),
            2 => self.below(u64::from(fraction_bits) + 2),
            3 | 4 => bias - 4 + self.below(8),
            5 => bias - 2 + self.below(68),
            _ => self.below(top),
        };
        let all = (1u64 << fraction_bits) - 1;
        let edge = self.below(u64::from(fraction_bits) + 1);
        let fraction = match self.below(8) {
            0 => all >> edge,
            1 => all & all << edge,
            2 => self.bits() & all << edge,
            3 => (self.bits() | all >> edge) & all,
            4 => 1 << edge & all,
            _ => self.bits() & all,
        };
        (self.below(2) << exponent_bits | exponent) << fraction_bits | fraction
    }

    /// Something that cancels most of `value`, or has a similar exponent.
    fn near(&mut self, ty: Type, value: u64) -> u64 {
        let (sign, fraction_bits) = match ty {
            Type::F32 | Type::I32 => (31, 23u64),
            Type::F64 | Type::I64 => (63, 52),
        };
        let step = match self.below(3) {
            0 => self.below(4),
            1 => self.below(3) << fraction_bits,
            _ => self.bits() >> (64 - self.below(fraction_bits) - 1),
        };
        let magnitude = (value & !(1 << sign)).wrapping_add(step) & ((1 << sign) - 1);
        self.below(2) << sign | magnitude
    }
}
