//! Modules that do not come back are stopped: every kind of loop and recursion, at many moments, on both
//! instruction sets at every level, within the documented number of instructions.

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::image::field;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_testbench::{Board, BoardError, HostFunction, Instance, Limits, open};

const BOARDS: [&str; 3] = ["m33", "rv32", "rv32-aligned"];
const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// What the loader's documentation promises.
const BOUND: u64 = 1_000_000;

/// A module whose export `f` runs for ever, or nearly.
struct Endless {
    name: &'static str,
    wat: &'static str,
    /// Instructions within which it ends.
    bound: u64,
}

const ENDLESS: [Endless; 18] = [
    Endless {
        name: "nothing",
        wat: "(func (export \"f\") (loop (br 0)))",
        bound: 76,
    },
    Endless {
        name: "a counted loop without memory",
        wat: "(func (export \"f\") (local i32)
            (loop
                (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (br_if 0 (local.get 0)))
            (call $again))
            (func $again (loop (br 0)))",
        bound: 92,
    },
    Endless {
        name: "loops that end, in one that does not",
        wat: "(memory 1)
            (func (export \"f\") (local i32)
            (loop
                (local.set 0 (i32.const 0))
                (loop
                    (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
                    (br_if 0 (i32.ne (i32.const 4000)
                        (local.tee 0 (i32.add (local.get 0) (i32.const 4))))))
                (br 0)))",
        bound: 40_000,
    },
    Endless {
        name: "a walk through the memory by what is not known",
        wat: "(memory 1 1)
            (func $walk (param $p i32) (param $end i32) (result i32) (local $s i32)
                (loop
                    (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $p))))
                    (br_if 0 (i32.ne (local.get $end)
                        (local.tee $p (i32.add (local.get $p) (i32.const 1))))))
                (local.get $s))
            (func (export \"f\")
                (loop
                    (drop (call $walk (i32.const 0) (i32.const 65536)))
                    (br 0)))",
        bound: BOUND,
    },
    Endless {
        name: "a walk whose step is 0",
        wat: "(memory 1)
            (func $walk (param $p i32) (param $step i32)
                (loop
                    (i32.store8 (local.get $p) (local.get $step))
                    (br_if 0 (i32.lt_u
                        (local.tee $p (i32.add (local.get $p) (local.get $step)))
                        (i32.const 65000)))))
            (func (export \"f\") (call $walk (i32.const 0) (i32.load (i32.const 0))))",
        bound: 124,
    },
    Endless {
        name: "a search that begins behind its end",
        wat: "(func $far (param $i i32) (param $n i32)
                (loop
                    (br_if 0 (i32.ne (local.get $n)
                        (local.tee $i (i32.add (local.get $i) (i32.const 1)))))))
            (func (export \"f\")
                (loop (call $far (i32.const 0) (i32.const -1)) (br 0)))",
        bound: 124,
    },
    Endless {
        name: "a list with itself for its next",
        wat: "(memory 1)
            (func (export \"f\") (local $p i32)
                (loop
                    (br_if 0 (i32.eqz (local.tee $p (i32.load (local.get $p)))))))",
        bound: 124,
    },
    Endless {
        name: "a state machine",
        wat: "(memory 1)
            (func (export \"f\") (local $s i32) (local $n i32)
                (loop $next
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (block $c (block $b (block $a
                        (br_table $a $b $c (local.get $s)))
                        (local.set $s (i32.and (local.get $n) (i32.const 1)))
                        (br $next))
                        (local.set $s (i32.const 2))
                        (br $next))
                    (i32.store (i32.const 8) (local.get $n))
                    (local.set $s (i32.const 0))
                    (br $next)))",
        bound: 160,
    },
    Endless {
        name: "two functions that recur without end in sight",
        wat: "(func $fib (export \"g\") (param i32) (result i32)
                (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                    (then (local.get 0))
                    (else (i32.add
                        (call $fib (i32.sub (local.get 0) (i32.const 1)))
                        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
            (func (export \"f\") (drop (call $fib (i32.const 46))))",
        bound: 2_000,
    },
    Endless {
        name: "a deep recursion with work on the way back",
        wat: "(memory 1 1)
            (func $down (param $n i32) (local $i i32)
                (if (local.get $n)
                    (then (call $down (i32.sub (local.get $n) (i32.const 1)))))
                (loop
                    (i32.store (local.get $i) (i32.const 1))
                    (br_if 0 (i32.ne (i32.const 16000)
                        (local.tee $i (i32.add (local.get $i) (i32.const 4)))))))
            (func (export \"f\") (loop (call $down (i32.const 500)) (br 0)))",
        bound: 60_000,
    },
    Endless {
        name: "mutual tail calls",
        wat: "(func $a (param i32) (return_call $b (i32.add (local.get 0) (i32.const 1))))
            (func $b (param i32) (return_call $a (i32.xor (local.get 0) (i32.const 5))))
            (func (export \"f\") (call $a (i32.const 0)))",
        bound: 124,
    },
    Endless {
        name: "tail calls through a table",
        wat: "(type $t (func (param i32)))
            (table 2 2 funcref) (elem (i32.const 0) $a $b)
            (func $a (param i32)
                (return_call_indirect (type $t) (local.get 0) (i32.const 1)))
            (func $b (param i32)
                (return_call_indirect (type $t) (i32.add (local.get 0) (i32.const 1)) (i32.const 0)))
            (func (export \"f\") (call $a (i32.const 0)))",
        bound: 160,
    },
    Endless {
        name: "calls of the host",
        wat: "(import \"env\" \"host\" (func $host (param i32) (result i32)))
            (func (export \"f\") (local i32)
                (loop (local.set 0 (call $host (local.get 0))) (br 0)))",
        bound: 160,
    },
    Endless {
        name: "large fills and copies",
        wat: "(memory 64 64)
            (func (export \"f\")
                (loop
                    (memory.fill (i32.const 1) (i32.const 7) (i32.const 4194303))
                    (memory.copy (i32.const 0) (i32.const 3) (i32.const 4194301))
                    (memory.copy (i32.const 3) (i32.const 0) (i32.const 4194301))
                    (br 0)))",
        bound: BOUND,
    },
    Endless {
        name: "large fills of a memory that grows",
        wat: "(memory 1)
            (func (export \"f\")
                (drop (memory.grow (i32.const 200)))
                (loop
                    (memory.fill (i32.const 1) (i32.const 7) (i32.const 13107199))
                    (br 0)))",
        bound: 160,
    },
    Endless {
        name: "fills of a table",
        wat: "(table 4000 4000 funcref)
            (func (export \"f\")
                (loop
                    (table.fill (i32.const 0) (ref.null func) (i32.const 4000))
                    (br 0)))",
        bound: 260,
    },
    Endless {
        name: "divisions of 64 bits",
        wat: "(func (export \"f\") (local i64)
                (loop
                    (local.set 0 (i64.add (i64.const 1)
                        (i64.div_u (i64.const -1) (i64.or (local.get 0) (i64.const 3)))))
                    (br 0)))",
        bound: 2_000,
    },
    Endless {
        name: "floats without an FPU",
        wat: "(func (export \"f\") (local f64)
                (loop
                    (local.set 0 (f64.sqrt (f64.div (local.get 0) (f64.const 3))))
                    (br 0)))",
        bound: 4_000,
    },
];

fn compiled(board: &dyn Board, functions: &str, level: OptLevel, interruptible: bool) -> Vec<u8> {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        level,
        interruptible,
        ..Options::default()
    };
    let wat = format!("(module {functions})");
    wasm2mcu::compile(wat.as_bytes(), &options)
        .and_then(|compiled| compiled.image())
        .unwrap_or_else(|error| panic!("{level:?}: {error}\n{wat}"))
}

/// Everything on every board at every level.
fn everywhere(mut test: impl FnMut(&dyn Board, OptLevel)) {
    for name in BOARDS {
        for level in LEVELS {
            let board = open(name).expect("an emulated board");
            test(&*board, level);
        }
    }
}

/// Lets the host interrupt calls after so many instructions.
fn interrupt(board: &dyn Board, after: Option<u64>) {
    board.set_limits(Limits {
        // What a bound does not stop is a failure, not a test that hangs.
        instructions: Some(after.unwrap_or(0) + 20 * BOUND),
        interrupt: after,
        ..board.limits()
    });
}

fn hosts<'a>() -> Vec<HostFunction<'a>> {
    let i32 = [ValueType::I32];
    let host = |words: &[u32]| Ok(vec![words[0].wrapping_mul(3)]);
    let host = HostFunction::new("env", "host", &i32, &i32, move |_, words| host(words));
    vec![host]
}

/// Moments that repeat, and are no multiples of anything.
fn moments() -> impl Iterator<Item = u64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let random = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % 200_000
    });
    (0..6).chain(random.take(10))
}

fn trap_of(instance: &mut dyn Instance, export: &str) -> (Option<TrapCode>, u64) {
    let outcome = instance.invoke(export, &[]).expect("a call that ends");
    let executed = outcome.instructions.expect("a board that counts");
    (outcome.end.err().map(|trap| trap.code), executed)
}

#[test]
fn whatever_runs_for_ever_is_stopped() {
    everywhere(|board, level| {
        for Endless { name, wat, bound } in &ENDLESS {
            let place = format!("{name} on {} at {level:?}", board.info().name);
            let image = compiled(board, wat, level, true);
            let mut worst = 0;
            for after in moments() {
                interrupt(board, None);
                let mut instance = board.load(&image, hosts()).expect("an instance");
                interrupt(board, Some(after));
                let (code, executed) = trap_of(&mut *instance, "f");
                assert_eq!(code, Some(TrapCode::Interrupted), "{place}, after {after}");
                worst = worst.max(executed - after);
            }
            println!("{worst:>8}  {place}");
            assert!(worst <= *bound, "{place}: {worst} instructions");
        }
    });
}

#[test]
fn a_start_function_is_stopped() {
    let wat = "(memory 1)
        (func $start (local $n i32)
            (loop
                (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.store (i32.const 0) (i32.const 42)))
        (start $start)
        (func (export \"f\") (result i32) (i32.load (i32.const 0)))";
    everywhere(|board, level| {
        let image = compiled(board, wat, level, true);
        for after in moments() {
            interrupt(board, Some(after));
            match board.load(&image, hosts()) {
                Err(BoardError::Trap(trap)) => assert_eq!(trap.code, TrapCode::Interrupted),
                Err(error) => panic!("{error}"),
                Ok(_) => panic!("not stopped after {after}"),
            }
        }
    });
}

/// `f` takes a while, `g` has no loop.
const WORK: &str = "(memory 1)
    (global $runs (mut i32) (i32.const 0))
    (func (export \"f\") (result i32) (local $i i32)
        (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
        (loop
            (i32.store (i32.const 0)
                (i32.add (i32.load (i32.const 0)) (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.or (i32.const 50000)
                (i32.load (i32.const 4))))))
        (i32.add (i32.load (i32.const 0)) (global.get $runs)))
    (func (export \"g\") (result i32)
        (i32.add (i32.load (i32.const 0)) (i32.const 1)))";

/// What the first `f` of an instance returns.
const RESULT: u32 = (49_999 * 25_000) + 1;

#[test]
fn an_interrupted_instance_can_be_reset() {
    everywhere(|board, level| {
        let image = compiled(board, WORK, level, true);
        interrupt(board, None);
        let mut instance = board.load(&image, hosts()).expect("an instance");
        for after in [0, 100, 12_345] {
            interrupt(board, Some(after));
            let (code, _) = trap_of(&mut *instance, "f");
            assert_eq!(code, Some(TrapCode::Interrupted));
            let refused = instance.invoke("g", &[]);
            assert!(matches!(refused, Err(BoardError::Refused(_))));
            interrupt(board, None);
            instance.reset().expect("a reset");
            let outcome = instance.invoke("f", &[]).expect("a call");
            assert_eq!(outcome.end.expect("a result"), [RESULT]);
            instance.reset().expect("a reset");
        }
    });
}

/// An interrupt that no call has noticed ends the next one, until somebody forgets it.
#[test]
fn an_interrupt_stays_until_the_reset() {
    everywhere(|board, level| {
        let image = compiled(board, WORK, level, true);
        let interrupted = |instance: &mut dyn Instance| {
            // A call without loops does not look.
            interrupt(board, Some(0));
            assert_eq!(trap_of(instance, "g").0, None);
            interrupt(board, None);
        };
        interrupt(board, None);
        let mut instance = board.load(&image, hosts()).expect("an instance");
        interrupted(&mut *instance);
        let (code, executed) = trap_of(&mut *instance, "f");
        assert_eq!(code, Some(TrapCode::Interrupted));
        assert!(executed < 100, "{executed}");

        instance.reset().expect("a reset");
        interrupted(&mut *instance);
        instance.reset().expect("a reset");
        assert_eq!(trap_of(&mut *instance, "f").0, None);

        interrupted(&mut *instance);
        instance.clear_trap().expect("a board");
        assert_eq!(trap_of(&mut *instance, "f").0, None);
    });
}

#[test]
fn what_is_not_compiled_for_it_cannot_be_interrupted() {
    everywhere(|board, level| {
        let [plain, interruptible] =
            [false, true].map(|wanted| compiled(board, WORK, level, wanted));
        let word = |image: &[u8]| {
            let at = field::INTERRUPT as usize;
            u32::from_le_bytes(image[at..at + 4].try_into().expect("four bytes"))
        };
        assert_eq!(word(&plain), 0);
        assert_ne!(word(&interruptible), 0);
        interrupt(board, None);
        let mut instance = board.load(&plain, hosts()).expect("an instance");
        interrupt(board, Some(100));
        let refused = instance.invoke("f", &[]);
        assert!(matches!(refused, Err(BoardError::Refused(_))));
        interrupt(board, None);
        instance.reset().expect("a reset");
        let outcome = instance.invoke("f", &[]).expect("a call");
        assert_eq!(outcome.end.expect("a result"), [RESULT]);
    });
}

/// A look at the word in every loop but those that end soon.
#[test]
fn loops_that_end_soon_have_no_check() {
    let board = open("m33").expect("an emulated board");
    let count = |body: &str| {
        let options = Options {
            target: board.info().target.parse().expect("a board's target"),
            interruptible: true,
            ..Options::default()
        };
        let wat = format!(
            "(module (memory 1 1) (func (export \"f\") (param $a i32) (param $b i32) {body}))"
        );
        let compiled = wasm2mcu::compile(wat.as_bytes(), &options).expect("a module");
        compiled.clif().matches("trapnz").count() - compiled.clif().matches("ugt").count()
    };
    let step = "(local.set $a (i32.add (local.get $a) (i32.const 1)))";
    let unknown = format!("(loop {step} (br_if 0 (i32.ne (local.get $a) (local.get $b))))");
    assert_eq!(count(&unknown), 1);
    let ranged = format!(
        "(local.set $a (i32.const 0)) (local.set $b (i32.load8_u (local.get $b)))
        (loop {step} (br_if 0 (i32.lt_u (local.get $a) (local.get $b))))"
    );
    assert_eq!(count(&ranged), 0);
    let shifted = "(loop
        (local.set $a (i32.shr_u (local.get $a) (i32.const 1)))
        (br_if 0 (local.get $a)))";
    assert_eq!(count(shifted), 0);
    let long = format!(
        "(local.set $a (i32.const 0))
        (loop {step} (br_if 0 (i32.lt_u (local.get $a) (i32.const 10000000))))"
    );
    assert_eq!(count(&long), 1);
}
