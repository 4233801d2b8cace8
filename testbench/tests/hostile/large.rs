//! Modules of a size, depth or width that no compiler writes. What becomes an image is executed
//! against the interpreter; the rest is refused by the limit that it exceeds.
//!
//! `cargo test --release -p wasm2mcu-testbench --test hostile large -- --nocapture` prints the
//! time that each took at each level, and the memory.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function,
    FunctionSection, Instruction, InstructionSink, MemArg, MemArgTarget, MemorySection, MemoryType,
    Module, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasm2mcu::OptLevel;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::board;
use wasm2mcu_testbench::oracle::Oracle;

use crate::{BOARDS, LEVELS, answer, options};

use ValType::{I32, I64};

/// What any of the modules may take. The build of the tests is not optimised, and machines are
/// busy.
const TIME: Duration = Duration::from_secs(120);
/// The same of memory; other tests of this program run beside this one.
const MEMORY_BYTES: u64 = 2 << 30;

/// Stack of the emulated boards.
const STACK_BYTES: u32 = 64 * 1024;

/// Debug builds take a tenth of what the names say: assertions of the register allocator take time
/// with the square of it.
const SCALE: usize = if cfg!(debug_assertions) { 10 } else { 1 };

/// A module with a function `f` of one word, or what the refusal says.
struct Large {
    name: &'static str,
    module: Vec<u8>,
    refused: Option<&'static str>,
}

type Sink<'a, 'b> = &'a mut InstructionSink<'b>;

const BYTE: MemArg = MemArg {
    offset: 0,
    align: 0,
    target: MemArgTarget::Memory(0),
    ordering: None,
};

/// A module of functions of these types and bodies; the first one is `f`.
fn module(types: &[(Vec<ValType>, Vec<ValType>)], functions: &[(u32, &Function)]) -> Vec<u8> {
    let mut type_section = TypeSection::new();
    for (params, results) in types {
        type_section
            .ty()
            .function(params.iter().copied(), results.iter().copied());
    }
    let mut declarations = FunctionSection::new();
    let mut code = CodeSection::new();
    for (ty, function) in functions {
        declarations.function(*ty);
        code.function(function);
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: functions.len() as u64,
        maximum: None,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("f", ExportKind::Func, 0);
    let mut elements = ElementSection::new();
    let indices: Vec<u32> = (0..functions.len() as u32).collect();
    elements.active(
        Some(0),
        &ConstExpr::i32_const(0),
        Elements::Functions(indices.into()),
    );
    let mut module = Module::new();
    module
        .section(&type_section)
        .section(&declarations)
        .section(&tables)
        .section(&memories)
        .section(&exports)
        .section(&elements)
        .section(&code);
    module.finish()
}

fn words(params: usize, results: usize) -> (Vec<ValType>, Vec<ValType>) {
    (vec![I32; params], vec![I32; results])
}

/// One function of a word, with locals.
fn one(locals: u32, body: impl FnOnce(Sink<'_, '_>)) -> Vec<u8> {
    module(&[words(1, 1)], &[(0, &function(locals, body))])
}

fn function(locals: u32, body: impl FnOnce(Sink<'_, '_>)) -> Function {
    let mut function = Function::new([(locals, I32)]);
    body(&mut function.instructions());
    function.instruction(&Instruction::End);
    function
}

/// `local = local + step`.
fn add(sink: Sink<'_, '_>, local: u32, step: i32) {
    sink.local_get(local).i32_const(step).i32_add();
    sink.local_set(local);
}

/// Leaves the sum of the locals.
fn sum(sink: Sink<'_, '_>, locals: u32) {
    sink.local_get(0);
    for local in 1..locals {
        sink.local_get(local).i32_add();
    }
}

/// Nested constructs.
fn deep() -> Vec<Large> {
    const DEPTH: usize = 10_000 / SCALE;
    let image = |name, module| Large {
        name,
        module,
        refused: None,
    };
    vec![
        image(
            "10,000 nested blocks, with a branch out of each",
            one(0, |sink| {
                for _ in 0..DEPTH {
                    sink.block(wasm_encoder::BlockType::Empty);
                }
                for depth in 0..DEPTH as u32 {
                    sink.local_get(0).br_if(depth);
                }
                for _ in 0..DEPTH {
                    sink.end();
                }
                sink.local_get(0);
            }),
        ),
        image(
            "10,000 nested loops that count down",
            one(0, |sink| {
                for _ in 0..DEPTH {
                    sink.loop_(wasm_encoder::BlockType::Empty);
                }
                for _ in 0..DEPTH {
                    sink.local_get(0).i32_const(1).i32_sub().local_tee(0);
                    sink.i32_const(0).i32_gt_s().br_if(0).end();
                }
                sink.local_get(0);
            }),
        ),
        image(
            "10,000 nested ifs with else",
            one(0, |sink| {
                for _ in 0..DEPTH {
                    sink.local_get(0).if_(wasm_encoder::BlockType::Result(I32));
                }
                sink.local_get(0);
                for _ in 0..DEPTH {
                    sink.else_().local_get(0).i32_const(3).i32_add().end();
                }
            }),
        ),
        image(
            "an expression of 1 MB",
            one(0, |sink| {
                for _ in 0..330_000 / SCALE {
                    sink.local_get(0);
                }
                for _ in 1..330_000 / SCALE {
                    sink.i32_add();
                }
            }),
        ),
        image(
            "60,000 values on the operand stack",
            one(0, |sink| {
                for step in 0..(60_000 / SCALE) as i32 {
                    sink.local_get(0)
                        .i32_const(step)
                        .i32_mul()
                        .i32_load8_u(MemArg { offset: 8, ..BYTE });
                }
                for _ in 1..60_000 / SCALE {
                    sink.i32_xor();
                }
            }),
        ),
    ]
}

/// Locals by the thousand.
fn many_locals() -> Vec<Large> {
    const LOCALS: u32 = 50_000;
    const USED: u32 = LOCALS / SCALE as u32;
    let loop_over = |locals: u32, sink: Sink<'_, '_>| {
        for local in 1..locals {
            sink.local_get(0).i32_const(local as i32).i32_add();
            sink.local_set(local);
        }
        sink.loop_(wasm_encoder::BlockType::Empty);
        for local in 1..locals {
            sink.local_get(local).local_get(local - 1).i32_xor();
            sink.local_set(local);
        }
        sink.local_get(0).i32_const(1).i32_sub().local_tee(0);
        sink.i32_const(0).i32_gt_s().br_if(0).end();
        sum(sink, locals);
    };
    vec![
        Large {
            name: "50,000 locals that nobody uses",
            module: one(LOCALS - 1, |sink| {
                sink.local_get(0);
            }),
            refused: None,
        },
        Large {
            name: "50,000 locals, each made of the one before",
            module: one(USED - 1, |sink| {
                for local in 1..USED {
                    sink.local_get(local - 1).i32_const(local as i32);
                    sink.i32_add().local_set(local);
                }
                sink.local_get(USED - 1);
            }),
            refused: None,
        },
        Large {
            name: "50,000 locals alive in a loop",
            module: one(USED - 1, |sink| loop_over(USED, sink)),
            refused: None,
        },
        Large {
            name: "3,000 locals alive across 3,000 ifs",
            module: one(3000, |sink| {
                for local in 1..3000 {
                    sink.local_get(0).if_(wasm_encoder::BlockType::Empty);
                    add(sink, local, 1);
                    sink.end();
                }
                sum(sink, 3000);
            }),
            refused: None,
        },
        Large {
            name: "3,000 locals that change in 300 nested loops",
            module: one(3000, |sink| {
                for _ in 0..300 {
                    sink.loop_(wasm_encoder::BlockType::Empty);
                }
                for local in 1..3000 {
                    add(sink, local, 1);
                }
                for _ in 0..300 {
                    sink.local_get(1).i32_eqz().br_if(0).end();
                }
                sum(sink, 3000);
            }),
            refused: Some("bytes of stack"),
        },
        Large {
            name: "50,000 locals that change in 10,000 nested loops",
            module: one(LOCALS - 1, |sink| {
                for _ in 0..10_000 {
                    sink.loop_(wasm_encoder::BlockType::Empty);
                }
                for local in 1..LOCALS {
                    add(sink, local, 1);
                }
                for _ in 0..10_000 {
                    sink.local_get(0).br_if(0).end();
                }
                sum(sink, LOCALS);
            }),
            refused: Some("locals, times blocks:"),
        },
        Large {
            name: "50,000 locals, and 10,000 entries of a jump table back to a loop",
            module: one(LOCALS - 1, |sink| {
                sink.block(wasm_encoder::BlockType::Empty);
                sink.loop_(wasm_encoder::BlockType::Empty);
                for local in 1..LOCALS {
                    add(sink, local, 1);
                }
                sink.local_get(0).br_table(vec![0; 10_000], 1).end().end();
                sum(sink, LOCALS);
            }),
            refused: Some("locals, times branches to loops:"),
        },
    ]
}

/// Functions of a megabyte, and functions by the thousand.
fn much() -> Vec<Large> {
    let image = |name, module| Large {
        name,
        module,
        refused: None,
    };
    let step = function(0, |sink| {
        sink.local_get(0).i32_const(1).i32_add();
    });
    let calls = function(0, |sink| {
        sink.local_get(0);
        for _ in 0..250_000 / SCALE {
            sink.call(1);
        }
    });
    let many: Vec<(u32, &Function)> = vec![(0, &step); 100_000 / SCALE];
    vec![
        image(
            "a function of 1 MB of additions",
            one(0, |sink| {
                sink.local_get(0);
                for _ in 0..350_000 / SCALE {
                    sink.i32_const(1).i32_add();
                }
            }),
        ),
        image(
            "a function of 1 MB of branches, loads and stores",
            one(20, |sink| {
                for index in 0..(60_000 / SCALE) as u32 {
                    let (local, other) = (index % 19 + 1, index % 7);
                    sink.local_get(other).i32_const(0xffff).i32_and();
                    match index % 3 {
                        0 => {
                            sink.if_(wasm_encoder::BlockType::Empty);
                            add(sink, local, index as i32);
                            sink.end();
                        }
                        1 => {
                            sink.i32_load8_u(BYTE);
                            sink.local_get(local).i32_sub().local_set(local);
                        }
                        _ => {
                            sink.local_get(local);
                            sink.i32_store8(BYTE);
                        }
                    }
                }
                sum(sink, 20);
            }),
        ),
        image(
            "a function of nothing but calls",
            module(&[words(1, 1)], &[(0, &calls), (0, &step)]),
        ),
        image("100,000 functions", module(&[words(1, 1)], &many)),
        Large {
            name: "a function of 5 MB",
            module: one(0, |sink| {
                sink.local_get(0);
                for _ in 0..5_000_000 {
                    sink.i32_eqz();
                }
            }),
            refused: Some("instructions:"),
        },
    ]
}

/// Branches with many targets, functions with many parameters.
fn wide() -> Vec<Large> {
    const TARGETS: u32 = 5000;
    let table = |sink: Sink<'_, '_>| {
        for _ in 0..TARGETS {
            sink.block(wasm_encoder::BlockType::Empty);
        }
        let targets: Vec<u32> = (0..65_000).map(|entry| entry % TARGETS).collect();
        sink.local_get(0).br_table(targets, 0);
        for _ in 0..TARGETS {
            sink.end();
            add(sink, 0, 1);
        }
        sink.local_get(0);
    };
    let parameters = function(0, |sink| {
        for _ in 0..1000 {
            sink.local_get(0);
        }
        sink.call(1);
        for _ in 1..1000 {
            sink.i32_sub();
        }
    });
    let reversed = function(0, |sink| {
        for index in (0..1000).rev() {
            sink.local_get(index).i32_const(index as i32).i32_mul();
        }
    });
    let wide_parameters = function(0, |sink| {
        for _ in 0..1000 {
            sink.local_get(0).i64_extend_i32_s();
        }
        sink.call(1);
        for _ in 1..1000 {
            sink.i64_sub();
        }
        sink.i32_wrap_i64();
    });
    let wide_reversed = function(0, |sink| {
        for index in (0..1000).rev() {
            sink.local_get(index).i64_const(index.into()).i64_mul();
        }
    });
    let two = [words(1, 1), words(1000, 1000)];
    let two_wide = [words(1, 1), (vec![I64; 1000], vec![I64; 1000])];
    vec![
        Large {
            name: "a jump table of 65,000 entries to 5,000 places",
            module: one(0, table),
            refused: None,
        },
        Large {
            name: "1,000 parameters and results",
            module: module(&two, &[(0, &parameters), (1, &reversed)]),
            refused: None,
        },
        Large {
            name: "1,000 parameters and results of 64 bits",
            module: module(&two_wide, &[(0, &wide_parameters), (1, &wide_reversed)]),
            refused: None,
        },
    ]
}

/// The most memory that this process had since it was last asked.
#[cfg(target_os = "linux")]
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("of Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.expect("a peak").trim().trim_end_matches(" kB");
    fs::write("/proc/self/clear_refs", "5").expect("the peak begins anew");
    1024 * kilobytes.parse::<u64>().expect("a number")
}

#[cfg(not(target_os = "linux"))]
fn peak_bytes() -> u64 {
    0
}

struct Row {
    times: Vec<Duration>,
    peak: u64,
    name: &'static str,
    bytes: usize,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for time in &self.times {
            write!(f, "{:6.2} s", time.as_secs_f64())?;
        }
        let (peak, bytes) = (self.peak >> 20, self.bytes >> 10);
        write!(f, "{peak:6} MB  {bytes:5} KB: {}", self.name)
    }
}

/// What `f(2)` returns. `None` where the board has less stack than the image asks for: that traps
/// before the first instruction.
fn executed(board: &str, image: &[u8], what: &str) -> Option<Vec<u32>> {
    let needed = Image::parse(image).expect("an image").requirements();
    let board = board::open(board).expect("an emulated board");
    let mut instance = match board.load(image, Vec::new()) {
        Ok(instance) => instance,
        Err(error) => panic!("{what}: {error}"),
    };
    match instance.invoke("f", &[2]).expect("a running board").end {
        Ok(words) => Some(words),
        Err(trap) => {
            assert_eq!(trap.code, TrapCode::StackExhausted, "{what}");
            assert!(needed.stack_bytes > STACK_BYTES, "{what}: {needed:?}");
            None
        }
    }
}

/// The same by the interpreter; `None` where the module is too large for it.
fn interpreted(module: &[u8]) -> Option<Vec<u32>> {
    let mut oracle = match Oracle::load(module, Vec::new()) {
        Ok(oracle) => oracle.expect("no start function"),
        Err(_) => return None,
    };
    oracle.invoke("f", &[2]).ok()?.ok()
}

/// Compiles each in every way; fails for one that did not go as it should. The interpreter and all
/// ways that have a result have the same one.
fn check(modules: Vec<Large>) {
    for large in modules {
        let mut row = Row {
            times: Vec::new(),
            peak: 0,
            name: large.name,
            bytes: large.module.len(),
        };
        let mut result = match large.refused {
            None => interpreted(&large.module),
            Some(_) => None,
        };
        peak_bytes();
        for (board, level) in ways() {
            let what = format!("{} for {board} at {level:?}", large.name);
            let begin = Instant::now();
            let answer = answer(&large.module, &options(board, level), &what);
            row.times.push(begin.elapsed());
            row.peak = row.peak.max(peak_bytes());
            match (answer, large.refused) {
                (Ok(image), None) => {
                    let found = executed(board, &image, &what);
                    assert!(
                        result.is_none() || found.is_none() || result == found,
                        "{what}"
                    );
                    result = result.or(found);
                }
                (Err(error), Some(part)) => assert!(error.contains(part), "{what}: {error}"),
                (Ok(_), Some(part)) => panic!("{what}: accepted, but `{part}` was expected"),
                (Err(error), None) => panic!("{what}: {error}"),
            }
        }
        println!("{row}");
        assert!(row.times.iter().all(|time| *time < TIME), "{row}");
        assert!(row.peak < MEMORY_BYTES, "{row}");
    }
}

/// Every level once, and each instruction set at least once.
fn ways() -> impl Iterator<Item = (&'static str, OptLevel)> {
    [
        (BOARDS[0], LEVELS[2]),
        (BOARDS[0], LEVELS[0]),
        (BOARDS[1], LEVELS[1]),
    ]
    .into_iter()
}

#[test]
fn large_depth() {
    check(deep());
}

#[test]
fn large_numbers_of_locals() {
    check(many_locals());
}

#[test]
fn large_functions_and_many() {
    check(much());
}

#[test]
fn large_widths() {
    check(wide());
}
