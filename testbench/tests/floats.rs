//! Every operator of floats on special values, against an independent engine, with an FPU and without;
//! and floats as arguments and results, of internal calls and of host functions.

use std::cell::RefCell;
use std::fmt::Write;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::types::ValueType::{self, F32, F64, I32, I64};
use wasm2mcu_testbench::board::{self, Board};
use wasm2mcu_testbench::oracle::{Oracle, agree};
use wasm2mcu_testbench::{HostFunction, Instance};

/// One test in each module for each board.
macro_rules! on_boards {
    ($($test:ident)*) => {$(
        mod $test {
            #[test]
            fn m33() {
                super::$test("m33");
            }

            #[test]
            fn m33_without_fpu() {
                super::$test("m33-nofpu");
            }

            #[test]
            fn m4f() {
                super::$test("m4f");
            }

            #[test]
            fn m3() {
                super::$test("m3");
            }
        }
    )*};
}

on_boards! {
    every_operator_agrees
    many_floats_live_at_once
    host_functions_get_floats
}

#[test]
fn host_functions_get_floats_in_integer_registers_from_an_fpu() {
    host_functions_get_floats("m33-softfp");
}

const BINARY: [&str; 7] = ["add", "sub", "mul", "div", "min", "max", "copysign"];
const UNARY: [&str; 7] = ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"];
const COMPARE: [&str; 6] = ["eq", "ne", "lt", "gt", "le", "ge"];

/// Zeros, subnormals, ties, borders of integers, infinities, and NaNs: canonical ones, a signalling
/// one, one with a payload.
const SINGLES: [u32; 33] = [
    0x0000_0000,
    0x8000_0000,
    0x0000_0001,
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x3eff_ffff,
    0x3f00_0000,
    0xbf00_0000,
    0x3f7f_ffff,
    0x3f80_0000,
    0xbf80_0000,
    0xbf7f_ffff,
    0x3fc0_0000,
    0x4020_0000,
    0xc020_0000,
    0x4048_f5c3,
    0x4aff_fffe,
    0x4b00_0001,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0xcf00_0001,
    0x4f7f_ffff,
    0x4f80_0000,
    0x5f00_0000,
    0xdf00_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7fa0_0001,
];

/// The same for doubles.
const DOUBLES: [u64; 26] = [
    0x0000_0000_0000_0000,
    0x8000_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x800f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0x3fef_ffff_ffff_ffff,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0xbfef_ffff_ffff_ffff,
    0x3ff8_0000_0000_0000,
    0xc004_0000_0000_0000,
    0x4009_1eb8_51eb_851f,
    0x36a0_0000_0000_0000,
    0x47ef_ffff_f000_0000,
    0x41df_ffff_ffe0_0000,
    0xc1e0_0000_0020_0000,
    0x41ef_ffff_ffff_ffff,
    0x4330_0000_0000_0001,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
    0x43f0_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff4_0000_0000_0001,
];

const INTEGERS: [u64; 16] = [
    0,
    1,
    0xffff_ffff,
    0x8000_0000,
    0x7fff_ffff,
    0x00ff_ffff,
    0x0100_0001,
    0x0100_0003,
    0x7fff_ffbf,
    0x7fff_ffc0,
    0xffff_ff7f,
    u64::MAX,
    1 << 63,
    i64::MAX as u64,
    0x0020_0000_0000_0001,
    0x7fff_ff40_0000_0001,
];

/// A function of a module, with the types of its parameters and of its result.
struct Export {
    name: String,
    params: Vec<ValueType>,
    result: ValueType,
}

/// A module that grows by functions.
#[derive(Default)]
struct Functions {
    wat: String,
    exports: Vec<Export>,
}

impl Functions {
    fn add(&mut self, name: String, params: &[ValueType], result: ValueType, body: &str) {
        let list: String = params.iter().map(|ty| format!(" {ty}")).collect();
        writeln!(
            self.wat,
            "(func (export \"{name}\") (param{list}) (result {result}) {body})"
        )
        .unwrap();
        self.exports.push(Export {
            name,
            params: params.to_vec(),
            result,
        });
    }

    /// The operators that f32 and f64 both have.
    fn of_type(&mut self, ty: ValueType, constants: &[&str]) {
        for op in BINARY {
            let body = format!("({ty}.{op} (local.get 0) (local.get 1))");
            self.add(format!("{ty}.{op}"), &[ty, ty], ty, &body);
            for constant in constants {
                let body = format!("({ty}.{op} (local.get 0) ({ty}.const {constant}))");
                self.add(format!("{ty}.{op} {constant}"), &[ty], ty, &body);
                let body = format!("({ty}.{op} ({ty}.const {constant}) (local.get 0))");
                self.add(format!("{ty}.{op} of {constant}"), &[ty], ty, &body);
            }
        }
        for op in UNARY {
            let body = format!("({ty}.{op} (local.get 0))");
            self.add(format!("{ty}.{op}"), &[ty], ty, &body);
        }
        for op in COMPARE {
            let test = format!("({ty}.{op} (local.get 0) (local.get 1))");
            self.add(format!("{ty}.{op}"), &[ty, ty], I32, &test);
            let body =
                format!("(if (result {ty}) {test} (then (local.get 1)) (else ({ty}.const 7)))");
            self.add(format!("if {ty}.{op}"), &[ty, ty], ty, &body);
            let body = format!(
                "(if (result i32) (i32.eqz {test}) (then (i32.const 3)) (else (i32.const 4)))"
            );
            self.add(format!("unless {ty}.{op}"), &[ty, ty], I32, &body);
            let body = format!("(select (local.get 0) (local.get 1) {test})");
            self.add(format!("select {ty}.{op}"), &[ty, ty], ty, &body);
            let body = format!("(select (i32.const -1) (local.get 2) {test})");
            self.add(format!("select i32 {ty}.{op}"), &[ty, ty, I32], I32, &body);
            for constant in constants {
                let test = format!("({ty}.{op} (local.get 0) ({ty}.const {constant}))");
                self.add(format!("{ty}.{op} {constant}"), &[ty], I32, &test);
                let body = format!("(select (local.get 0) ({ty}.const 9) {test})");
                self.add(format!("select {ty}.{op} {constant}"), &[ty], ty, &body);
                let test = format!("({ty}.{op} ({ty}.const {constant}) (local.get 0))");
                self.add(format!("{ty}.{op} of {constant}"), &[ty], I32, &test);
            }
        }
        let body = "(select (local.get 0) (local.get 1) (i32.lt_u (local.get 2) (i32.const 9)))";
        self.add(format!("select {ty} i32"), &[ty, ty, I32], ty, body);
        let body = "(select (local.get 0) (local.get 1) (i64.ge_s (local.get 2) (i64.const 9)))";
        self.add(format!("select {ty} i64"), &[ty, ty, I64], ty, body);
        for to in [I32, I64] {
            for sign in ["s", "u"] {
                for kind in ["trunc", "trunc_sat"] {
                    let op = format!("{to}.{kind}_{ty}_{sign}");
                    self.add(op.clone(), &[ty], to, &format!("({op} (local.get 0))"));
                }
                let op = format!("{ty}.convert_{to}_{sign}");
                self.add(op.clone(), &[to], ty, &format!("({op} (local.get 0))"));
            }
        }
        let same = if ty == F32 { I32 } else { I64 };
        for (from, to) in [(ty, same), (same, ty)] {
            let op = format!("{to}.reinterpret_{from}");
            self.add(op.clone(), &[from], to, &format!("({op} (local.get 0))"));
        }
        // At every distance from a multiple of 4, and through a global.
        for offset in 0..4 {
            let body = format!(
                "({ty}.store offset={offset} (i32.const 8) (local.get 0))
                 ({ty}.load offset={offset} (i32.const 8))"
            );
            self.add(format!("{ty} at {offset}"), &[ty], ty, &body);
        }
        let body = format!("(global.set ${ty} (local.get 0)) (global.get ${ty})");
        self.add(format!("{ty} global"), &[ty], ty, &body);
        self.add(
            format!("{ty} default"),
            &[I32],
            ty,
            &format!("(local {ty}) (local.get 1)"),
        );
    }

    fn module(self) -> (Vec<u8>, Vec<Export>) {
        let wat = format!(
            "(module (memory 1) (global $f32 (mut f32) (f32.const 1.5))
               (global $f64 (mut f64) (f64.const 1.5)) {})",
            self.wat
        );
        (
            wat::parse_str(&wat).expect("the module of this test"),
            self.exports,
        )
    }
}

/// The words of every value that a parameter of this type gets.
fn values(ty: ValueType) -> Vec<Vec<u32>> {
    let two = |bits: &u64| vec![*bits as u32, (bits >> 32) as u32];
    match ty {
        F32 => SINGLES.iter().map(|&bits| vec![bits]).collect(),
        F64 => DOUBLES.iter().map(two).collect(),
        I64 => INTEGERS.iter().map(two).collect(),
        _ => INTEGERS.iter().map(|&bits| vec![bits as u32]).collect(),
    }
}

/// All combinations of values for these parameters.
fn arguments(params: &[ValueType]) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new()];
    for &param in params {
        let values = values(param);
        all = all
            .iter()
            .flat_map(|before| values.iter().map(|value| [&before[..], value].concat()))
            .collect();
    }
    all
}

/// Whether these words are a NaN of this type, and the same without its sign.
fn nan(ty: ValueType, words: &[u32]) -> Option<u64> {
    let words: Vec<u64> = words.iter().map(|&word| word.into()).collect();
    let (bits, infinity) = match ty {
        F32 => (words[0] & 0x7fff_ffff, 0x7f80_0000),
        F64 => (
            (words[0] | words[1] << 32) & (u64::MAX >> 1),
            0x7ff0_0000_0000_0000,
        ),
        _ => return None,
    };
    (bits > infinity).then_some(bits)
}

fn canonical(ty: ValueType) -> u64 {
    if ty == F32 {
        0x7fc0_0000
    } else {
        0x7ff8_0000_0000_0000
    }
}

/// Whether a NaN stands where the specification wants one: with any sign, quiet, and canonical
/// unless some operand was another NaN.
fn is_good_nan(export: &Export, arguments: &[u32], ours: u64) -> bool {
    let mut rest = arguments;
    let mut others = false;
    for &param in &export.params {
        let (words, behind) = rest.split_at(param.words() as usize);
        others |= nan(param, words).is_some_and(|bits| bits != canonical(param));
        rest = behind;
    }
    let quiet = canonical(export.result);
    ours == quiet || others && ours & quiet == quiet
}

/// Operators that treat their operand as bits, NaN or not.
fn keeps_bits(name: &str) -> bool {
    [
        "abs",
        "neg",
        "copysign",
        "reinterpret",
        "select",
        "if",
        "at",
        "global",
    ]
    .iter()
    .any(|part| name.contains(part))
}

fn target(board: &dyn Board) -> Target {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    target.with_features(info.features)
}

fn image(board: &dyn Board, wasm: &[u8], level: OptLevel) -> Vec<u8> {
    let options = Options {
        target: target(board),
        level,
        ..Options::default()
    };
    let compiled = wasm2mcu::compile(wasm, &options).and_then(|compiled| compiled.image());
    compiled.unwrap_or_else(|error| panic!("{error}"))
}

fn every_operator_agrees(board: &str) {
    let board = board::open(board).expect("an emulated board");
    let mut functions = Functions::default();
    functions.of_type(F32, &["0", "-0", "1", "-0.75", "1e9", "inf", "nan"]);
    functions.of_type(F64, &["0", "-2.5"]);
    functions.add(
        "demote".into(),
        &[F64],
        F32,
        "(f32.demote_f64 (local.get 0))",
    );
    functions.add(
        "promote".into(),
        &[F32],
        F64,
        "(f64.promote_f32 (local.get 0))",
    );
    let (wasm, exports) = functions.module();
    // Every value of one operand; every so many combinations of two and three, which is a prime so
    // that all values meet.
    for (level, strides) in [
        (OptLevel::None, [1, 17, 331]),
        (OptLevel::Size, [1, 19, 337]),
        (OptLevel::Speed, [1, 5, 83]),
    ] {
        let image = image(&*board, &wasm, level);
        let mut ours = board.load(&image, Vec::new()).expect("a sound image");
        let mut theirs = Oracle::load(&wasm, Vec::new())
            .expect("a valid module")
            .expect("no start function");
        for export in &exports {
            let all = arguments(&export.params);
            let stride = strides[export.params.len() - 1];
            for words in all.iter().step_by(stride) {
                compare(&mut *ours, &mut theirs, export, words, level);
            }
        }
    }
}

fn compare(
    ours: &mut dyn Instance,
    theirs: &mut Oracle<'_>,
    export: &Export,
    words: &[u32],
    level: OptLevel,
) {
    let Export { name, result, .. } = export;
    let outcome = ours.invoke(name, words).expect("a running board");
    let end = outcome.end.map_err(|trap| {
        ours.clear_trap().expect("a trapped instance");
        trap.code
    });
    let expected = theirs.invoke(name, words).expect("a running engine");
    let nans = match (&end, &expected) {
        (Ok(ours), Ok(theirs)) if !keeps_bits(name) => {
            nan(*result, ours).filter(|_| nan(*result, theirs).is_some())
        }
        _ => None,
    };
    let right = match nans {
        Some(bits) => is_good_nan(export, words, bits),
        None => agree(&end, &expected),
    };
    assert!(
        right,
        "{name} of {words:x?} at {level:?}: {end:x?}, not {expected:x?}"
    );
}

/// More floats than there are registers, across a call, in a loop, and as results on the stack.
const CROWD: &str = r#"(module
    (func $mix (param f32 i32 f64 f32 f32 i64 f32 f32 f32 i32) (result f32 f64 f32 i32 f32 f32 f32)
      (f32.add (local.get 0) (local.get 8)) (f64.mul (local.get 2) (f64.const 0.5))
      (f32.sub (local.get 3) (local.get 4)) (i32.add (local.get 1) (local.get 9))
      (f32.mul (local.get 6) (local.get 7)) (local.get 8) (f32.convert_i64_s (local.get 5)))
    (func (export "crowd") (param $x f32) (param $n i32) (result f32)
      (local $a f32) (local $b f32) (local $c f32) (local $d f32) (local $e f32) (local $f f32)
      (local $g f32) (local $h f32) (local $i f32) (local $j f32) (local $k f32) (local $l f32)
      (local $m f32) (local $o f32) (local $p f32) (local $q f32) (local $r f32) (local $s f32)
      (local $w f64) (local $t i32)
      (local.set $a (f32.mul (local.get $x) (f32.const 1.5)))
      (local.set $b (f32.add (local.get $x) (f32.const 2)))
      (local.set $c (f32.sub (local.get $x) (f32.const 3)))
      (local.set $d (f32.div (local.get $x) (f32.const 3)))
      (local.set $e (f32.sqrt (f32.abs (local.get $x))))
      (local.set $f (f32.neg (local.get $x)))
      (local.set $g (f32.const 0.1)) (local.set $h (f32.const -7))
      (local.set $k (f32.mul (local.get $a) (local.get $b)))
      (local.set $l (f32.mul (local.get $c) (local.get $d)))
      (local.set $m (f32.mul (local.get $e) (local.get $f)))
      (local.set $o (f32.add (local.get $k) (local.get $l)))
      (local.set $p (f32.add (local.get $m) (local.get $l)))
      (local.set $q (f32.sub (local.get $k) (local.get $m)))
      (local.set $r (f32.sub (local.get $o) (local.get $q)))
      (local.set $s (f32.mul (local.get $p) (local.get $r)))
      (loop $again
        (call $mix (local.get $a) (local.get $n) (f64.promote_f32 (local.get $b)) (local.get $c)
          (local.get $d) (i64.extend_i32_s (local.get $n)) (local.get $e) (local.get $f)
          (local.get $g) (local.get $t))
        (local.set $a) (local.set $b) (local.set $c) (local.set $t) (local.set $d) (local.set $w)
        (local.set $i)
        (local.set $j (f32.add (local.get $j) (f32.demote_f64 (local.get $w))))
        (local.set $g (f32.add (local.get $g) (f32.add (local.get $h) (local.get $k))))
        (local.set $l (f32.sub (local.get $l) (f32.mul (local.get $m) (local.get $o))))
        (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
          (i32.const 0))))
      (f32.add (f32.add (f32.add (local.get $a) (local.get $b)) (local.get $c))
        (f32.add (f32.add (f32.add (local.get $d) (local.get $e)) (local.get $f))
          (f32.add (f32.add (f32.add (local.get $g) (local.get $h)) (local.get $i))
            (f32.add (f32.add (f32.add (local.get $j) (local.get $k)) (local.get $l))
              (f32.add (f32.add (f32.add (local.get $m) (local.get $o)) (local.get $p))
                (f32.add (f32.add (f32.add (local.get $q) (local.get $r)) (local.get $s))
                  (f32.convert_i32_s (local.get $t)))))))))
    (func (export "results") (param f32 i32 f64 f32 f32 i64 f32 f32 f32 i32)
      (result f32 f64 f32 i32 f32 f32 f32)
      (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
        (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9))))"#;

fn many_floats_live_at_once(board: &str) {
    let board = board::open(board).expect("an emulated board");
    let wasm = wat::parse_str(CROWD).expect("the module of this test");
    for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
        let image = image(&*board, &wasm, level);
        let mut ours = board.load(&image, Vec::new()).expect("a sound image");
        let mut theirs = Oracle::load(&wasm, Vec::new())
            .expect("a valid module")
            .expect("no start function");
        let mut both = |export: &str, words: &[u32]| {
            let ours = ours.invoke(export, words).expect("a running board").end;
            let theirs = theirs.invoke(export, words).expect("a running engine");
            assert_eq!(
                ours.map_err(|trap| trap.code),
                theirs,
                "{export} at {level:?}"
            );
        };
        for x in [1.0_f32, -2.5, 1e-3, 77.125] {
            for n in 1..4 {
                both("crowd", &[x.to_bits(), n]);
            }
        }
        let words: Vec<u32> = (0..12).map(|n| (1.5 * n as f32).to_bits()).collect();
        both("results", &words);
    }
}

/// Signatures that meet every rule of the calling conventions: holes that are filled, pairs that are
/// aligned, registers that run out, and each result.
fn signatures() -> Vec<(Vec<ValueType>, ValueType)> {
    let mut state = 0x1234_5678_u32;
    let mut below = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % end
    };
    let types = [I32, I64, F32, F64];
    let mut random = |most: u32| {
        let params = below(most + 1);
        let params = (0..params).map(|_| types[below(4) as usize]).collect();
        (params, types[below(4) as usize])
    };
    let mut signatures: Vec<_> = (0..60)
        .map(|n| random(if n < 40 { 6 } else { 24 }))
        .collect();
    signatures.extend([
        (vec![F32, F64, F32], F32),
        (vec![F64, F32], F64),
        (vec![F64, F64, F64, I32], I64),
        (vec![F32; 20], F32),
        (vec![F64; 10], F64),
        ([vec![F32; 15], vec![F64, F32]].concat(), I32),
    ]);
    signatures
}

fn host_functions_get_floats(board: &str) {
    let board = board::open(board).expect("an emulated board");
    let signatures = signatures();
    let mut wat = String::from("(module ");
    for (number, (params, result)) in signatures.iter().enumerate() {
        let list: String = params.iter().map(|ty| format!(" {ty}")).collect();
        writeln!(
            wat,
            "(import \"env\" \"{number}\" (func $f{number} (param{list}) (result {result})))"
        )
        .unwrap();
    }
    for (number, (params, result)) in signatures.iter().enumerate() {
        let list: String = params.iter().map(|ty| format!(" {ty}")).collect();
        let gets: String = (0..params.len())
            .map(|n| format!("(local.get {n})"))
            .collect();
        // Something is live across the call.
        writeln!(
            wat,
            "(func (export \"{number}\") (param{list}) (result {result} f32)
               (call $f{number} {gets}) (f32.add (f32.const 0.5) (f32.const 1)))"
        )
        .unwrap();
    }
    wat.push(')');
    let wasm = wat::parse_str(&wat).expect("the module of this test");
    let got = RefCell::new(Vec::new());
    let answer = |ty: ValueType| [0x3f12_3456, 0x4067_89ab][..ty.words() as usize].to_vec();
    for level in [OptLevel::None, OptLevel::Speed] {
        let image = image(&*board, &wasm, level);
        let hosts = signatures
            .iter()
            .enumerate()
            .map(|(number, (params, result))| {
                let got = &got;
                HostFunction::new(
                    "env",
                    &number.to_string(),
                    params,
                    &[*result],
                    move |_, words| {
                        *got.borrow_mut() = words.to_vec();
                        Ok(answer(*result))
                    },
                )
            });
        let mut instance = board.load(&image, hosts.collect()).expect("a sound image");
        for (number, (params, result)) in signatures.iter().enumerate() {
            let count: u32 = params.iter().map(|ty| ty.words()).sum();
            let words: Vec<u32> = (1..=count).map(|n| 0x3f80_0000 | n).collect();
            let end = instance
                .invoke(&number.to_string(), &words)
                .expect("a running board");
            assert_eq!(*got.borrow(), words, "{params:?} at {level:?}");
            let results = [answer(*result), vec![1.5_f32.to_bits()]].concat();
            assert_eq!(end.end, Ok(results), "{params:?} -> {result} at {level:?}");
        }
    }
}

/// Whether an image for a target loads on a board, or what the loader says.
fn loads(wat: &str, target: &str, board: &str) -> Result<(), String> {
    let options = Options {
        target: target.parse().expect("a target"),
        ..Options::default()
    };
    let image = wasm2mcu::compile(wat.as_bytes(), &options).and_then(|compiled| compiled.image());
    let image = image.unwrap_or_else(|error| panic!("{error}"));
    let board = board::open(board).expect("an emulated board");
    let host = HostFunction::new("env", "f", &[F64], &[], |_, _| Ok(Vec::new()));
    board
        .load(&image, vec![host])
        .map(|_| ())
        .map_err(|error| error.to_string())
}

#[test]
fn images_load_where_everything_is_that_they_use() {
    const INTEGERS: &str = r#"(module (func (export "f") (param i64) (result i64) (local.get 0)))"#;
    const SINGLES: &str = r#"(module (func (export "f") (param f32) (result f32)
        (f32.ceil (local.get 0))))"#;
    const DOUBLES: &str = r#"(module (func (export "f") (param f64) (result f64)
        (f64.sqrt (local.get 0))))"#;
    const IMPORT: &str = r#"(module (import "env" "f" (func (param f64))))"#;
    let refused = |wat, target, board, feature: &str| {
        let message = loads(wat, target, board).expect_err("a refusal");
        assert!(message.contains(feature), "{target} on {board}: {message}");
    };
    // Without floats, or with doubles only, code for any of these cores runs on all of them.
    for target in Target::all().filter(|target| target.name().starts_with("thumb")) {
        for board in ["m33", "m33-nofpu", "m4f", "m4", "m3"] {
            for wat in [INTEGERS, DOUBLES] {
                assert_eq!(loads(wat, target.name(), board), Ok(()), "{target} {board}");
            }
        }
    }
    assert_eq!(loads(SINGLES, "thumbv8m.main-none-eabihf", "m33"), Ok(()));
    assert_eq!(loads(SINGLES, "thumbv7em-none-eabihf", "m33"), Ok(()));
    assert_eq!(loads(SINGLES, "thumbv7em-none-eabi", "m33"), Ok(()));
    refused(SINGLES, "thumbv8m.main-none-eabihf", "m33-nofpu", "FPU");
    refused(SINGLES, "thumbv8m.main-none-eabihf", "m4f", "Armv8-M");
    refused(SINGLES, "thumbv7em-none-eabihf", "m4", "FPU");
    assert_eq!(loads(IMPORT, "thumbv7m-none-eabi", "m33-nofpu"), Ok(()));
    refused(IMPORT, "thumbv7m-none-eabi", "m33", "soft-float ABI");
    refused(
        IMPORT,
        "thumbv7em-none-eabihf",
        "m33-softfp",
        "hard-float ABI",
    );
}
