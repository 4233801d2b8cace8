//! Random programs full of memory accesses must do the same with and without the mid-end: same
//! results, same traps, same memory. An access that loses a guard it needs leaves the RAM of the
//! interpreter, which fails the test at once.
//!
//! `GUARD_FUZZ_PROGRAMS=100000 cargo test -p wasm2mcu --test guard_fuzz` looks longer.

mod interpreter;

use std::fmt::Write;

use interpreter::{Machine, Outcome};
use wasm2mcu::opt::guards::Statistics;
use wasm2mcu::opt::{Optimizer, Options};
use wasm2mcu::wasm::{self, Target, Translated};

const PROGRAMS: u64 = 150;
const CAPACITY: u32 = 0x3_0000;
const LOCALS: u64 = 4;

/// Xorshift, so that a seed names a program.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Numbers near the ends of things.
    fn number(&mut self) -> u32 {
        let base = self.pick(&[
            0,
            0x100,
            0x8000,
            0x1_0000,
            0x2_0000,
            0x8000_0000,
            u32::MAX - 8,
        ]);
        base.wrapping_add(self.below(17) as u32).wrapping_sub(8)
    }
}

/// Writes one function's body; `depth` bounds the nesting.
struct Writer<'a> {
    random: &'a mut Random,
    text: String,
    grows: bool,
    loops: u32,
}

impl Writer<'_> {
    fn local(&mut self) -> u64 {
        self.random.below(LOCALS)
    }

    fn expression(&mut self, depth: u32) -> String {
        if depth == 0 || self.random.below(4) == 0 {
            return match self.random.below(4) {
                0 => format!("(i32.const {})", self.random.number() as i32),
                _ => format!("(local.get {})", self.local()),
            };
        }
        let next = depth - 1;
        match self.random.below(11) {
            0 | 1 => {
                let step = self.random.pick(&[-8, -4, -1, 1, 4, 8, 64]);
                format!("(i32.add {} (i32.const {step}))", self.expression(next))
            }
            2 => {
                let mask = self.random.pick(&[0xff, 0xfffc, 0x1_ffff, 7]);
                format!("(i32.and {} (i32.const {mask}))", self.expression(next))
            }
            3 => {
                let op = self.random.pick(&["shl", "shr_u", "div_u", "rem_u", "mul"]);
                let amount = self.random.pick(&[1, 2, 8, 16, 100]);
                format!("(i32.{op} {} (i32.const {amount}))", self.expression(next))
            }
            4 | 5 => {
                let op = self
                    .random
                    .pick(&["load", "load8_u", "load16_u", "load8_s"]);
                let (offset, index) = (self.offset(), self.expression(next));
                format!("(i32.{op} offset={offset} {index})")
            }
            6 => {
                let op = self.random.pick(&["add", "sub", "and", "or", "xor"]);
                let (x, y) = (self.expression(next), self.expression(next));
                format!("(i32.{op} {x} {y})")
            }
            7 => {
                let (x, y, c) = (
                    self.expression(next),
                    self.expression(next),
                    self.condition(next),
                );
                format!("(select {x} {y} {c})")
            }
            10 => {
                // Fields of a structure, which one guard can cover.
                let (local, x, y) = (self.local(), self.offset(), self.offset());
                format!(
                    "(i32.add (i32.load offset={x} (local.get {local}))
                              (i32.load8_u offset={y} (local.get {local})))"
                )
            }
            8 if self.grows => match self.random.below(3) {
                0 => "(memory.grow (i32.const 1))".to_owned(),
                _ => "(i32.shl (memory.size) (i32.const 16))".to_owned(),
            },
            _ => self.condition(next),
        }
    }

    fn condition(&mut self, depth: u32) -> String {
        let op = self.random.pick(&[
            "lt_u", "le_u", "gt_u", "ge_u", "lt_s", "le_s", "gt_s", "ge_s", "eq", "ne",
        ]);
        let x = self.expression(depth);
        let y = match self.random.below(2) {
            0 => format!("(i32.const {})", self.random.number() as i32),
            _ => self.expression(depth),
        };
        format!("(i32.{op} {x} {y})")
    }

    fn offset(&mut self) -> u32 {
        self.random
            .pick(&[0, 0, 1, 4, 8, 12, 0x100, 0xfffc, 0xffff, 0x1_0000, 0x1_fffe])
    }

    fn statements(&mut self, depth: u32) {
        for _ in 0..1 + self.random.below(4) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: u32) {
        let kind = match depth {
            0 => self.random.below(6),
            _ => self.random.below(9),
        };
        match kind {
            0..=2 => {
                let (local, value) = (self.local(), self.expression(3));
                self.line(format_args!("(local.set {local} {value})"));
            }
            3..=5 => {
                let op = self.random.pick(&["store", "store8", "store16"]);
                let (offset, index, value) =
                    (self.offset(), self.expression(2), self.expression(1));
                self.line(format_args!("(i32.{op} offset={offset} {index} {value})"));
            }
            6 | 7 => {
                let condition = self.condition(1);
                self.line(format_args!("(if {condition} (then"));
                self.statements(depth - 1);
                if self.random.below(2) == 0 {
                    self.line(format_args!(") (else"));
                    self.statements(depth - 1);
                }
                self.line(format_args!("))"));
            }
            _ => {
                // Counters stand behind the locals that statements touch.
                let counter = LOCALS + u64::from(self.loops);
                self.loops += 1;
                self.line(format_args!("(local.set {counter} (i32.const 3)) (loop"));
                self.statements(depth - 1);
                self.line(format_args!(
                    "(br_if 0 (local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))))"
                ));
            }
        }
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{text}").expect("a string grows");
    }
}

fn program(random: &mut Random) -> String {
    let grows = random.below(2) == 0;
    let mut writer = Writer {
        random,
        text: String::new(),
        grows,
        loops: 0,
    };
    writer.statements(3);
    let Writer { text, loops, .. } = writer;
    let counters = "i32 ".repeat(loops as usize);
    let memory = if grows { "1 3" } else { "1" };
    format!(
        "(module (memory {memory})
           (func (param i32 i32 i32) (result i32 i32 i32 i32) (local i32 {counters})
{text}(local.get 0) (local.get 1) (local.get 2) (local.get 3)))"
    )
}

fn optimized(mut translated: Translated, statistics: &mut Statistics) -> Translated {
    let options = Options {
        verify: true,
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    for body in &mut translated.functions {
        let one = optimizer.run(&mut body.clif, "test").expect("valid CLIF");
        statistics.kept += one.kept;
        statistics.merged += one.merged;
        statistics.removed += one.removed;
        statistics.certain += one.certain;
    }
    translated
}

fn run(translated: &Translated, args: &[u32; 3]) -> (Outcome, Vec<u8>) {
    let capacity = match translated.module.memory {
        Some(memory) => memory.max_bytes.min(CAPACITY),
        None => 0,
    };
    let mut machine = Machine::new(translated, capacity);
    let outcome = machine.call(0, args);
    (outcome, machine.ram)
}

#[test]
fn the_mid_end_changes_nothing_but_speed() {
    let programs = std::env::var("GUARD_FUZZ_PROGRAMS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(PROGRAMS);
    let mut statistics = Statistics::default();
    let (mut returned, mut trapped) = (0, 0);
    for seed in 0..programs {
        let mut random = Random::new(seed);
        let wat = program(&mut random);
        let bytes = wat::parse_str(&wat).expect("generated module");
        let plain = wasm::translate(&bytes, Target::default()).expect("supported module");
        let better = optimized(plain.clone(), &mut statistics);
        for _ in 0..8 {
            let args = [(); 3].map(|()| random.number());
            let expected = run(&plain, &args);
            assert!(
                run(&better, &args) == expected,
                "seed {seed} {args:x?}\n{wat}"
            );
            match expected.0 {
                Ok(_) => returned += 1,
                Err(_) => trapped += 1,
            }
        }
    }
    println!("{returned} returned, {trapped} trapped, {statistics:?}");
    // A generator that only traps, or a pass that does nothing, would show nothing.
    assert!(returned > programs && trapped > programs);
    assert!(statistics.removed > statistics.kept / 20);
    assert!(statistics.merged > 0 && statistics.certain > 0);
}
