//! What becomes of guards in loops: they go away, a check before the loop takes their place in it or
//! chooses between two copies of it, or they stay.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Function, Opcode};
use cranelift_codegen::loop_analysis::LoopAnalysis;
use wasm2mcu::opt::{OptLevel, Optimizer, Options};
use wasm2mcu::wasm::{self, Target};

/// Conditional traps by where they stand.
#[derive(Debug, PartialEq, Eq)]
struct Traps {
    outside: usize,
    in_loops: usize,
    /// In copies of loops for where a check failed.
    in_cold: usize,
}

const NONE: Traps = Traps {
    outside: 0,
    in_loops: 0,
    in_cold: 0,
};

/// What the loop's guards become in a function of the parameters `$p`, `$end` and `$n`.
fn traps(level: OptLevel, memory: &str, body: &str) -> Traps {
    let text = format!(
        "(module {memory}
           (func (export \"f\") (param $p i32) (param $end i32) (param $n i32) (result i32)
             (local $i i32) (local $s i32)
             {body}
             (local.get $s)))"
    );
    let bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut translated = wasm::translate(&bytes, Target::default()).expect("supported module");
    let options = Options {
        level,
        verify: true,
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    let clif = &mut translated.functions[0].clif;
    optimizer.run(clif, "test").expect("valid CLIF");
    count(clif)
}

fn count(func: &Function) -> Traps {
    let cfg = ControlFlowGraph::with_function(func);
    let domtree = DominatorTree::with_function(func, &cfg);
    let mut loops = LoopAnalysis::new();
    loops.compute(func, &cfg, &domtree);
    let mut traps = NONE;
    for block in func.layout.blocks() {
        let insts = func.layout.block_insts(block);
        let here = insts.filter(|&inst| func.dfg.insts[inst].opcode() == Opcode::Trapnz);
        let place = match (func.layout.is_cold(block), loops.innermost_loop(block)) {
            (true, _) => &mut traps.in_cold,
            (false, Some(_)) => &mut traps.in_loops,
            (false, None) => &mut traps.outside,
        };
        *place += here.count();
    }
    traps
}

const FIXED: &str = "(memory 1 1)";

/// Adds up bytes, from `$p` until it is `$end`.
const SUM: &str = "
    (loop $next
      (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $p))))
      (br_if $next (i32.ne (local.get $end)
        (local.tee $p (i32.add (local.get $p) (i32.const 1))))))";

/// Fills words from `$p` to `$end`.
const FILL: &str = "
    (loop $next
      (i32.store (local.get $p) (local.get $n))
      (br_if $next (i32.ne (local.get $end)
        (local.tee $p (i32.add (local.get $p) (i32.const 4))))))";

#[test]
fn what_all_rounds_keep_to_needs_no_guard() {
    let bounded = |bound: u32| {
        format!(
            "(loop $next
               (i32.store (i32.mul (local.get $i) (i32.const 4)) (local.get $n))
               (br_if $next (i32.lt_u
                 (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {bound}))))"
        )
    };
    for level in [OptLevel::Size, OptLevel::Speed] {
        assert_eq!(traps(level, FIXED, &bounded(0x4000)), NONE);
        // One more, and the last round traps: when it is due.
        let kept = Traps {
            in_loops: 1,
            ..NONE
        };
        assert_eq!(traps(level, FIXED, &bounded(0x4001)), kept);
    }
}

#[test]
fn a_loop_that_only_loads_traps_before_it_begins() {
    for level in [OptLevel::Size, OptLevel::Speed] {
        let found = traps(level, FIXED, SUM);
        assert!(found.outside > 0, "{found:?}");
        assert_eq!((found.in_loops, found.in_cold), (0, 0));
    }
}

#[test]
fn a_loop_that_stores_has_a_second_copy_that_traps_in_time() {
    let found = traps(OptLevel::Speed, FIXED, FILL);
    let expected = Traps { in_cold: 1, ..NONE };
    assert_eq!(found, expected);
    let found = traps(OptLevel::Size, FIXED, FILL);
    let expected = Traps {
        in_loops: 1,
        ..NONE
    };
    assert_eq!(found, expected);
}

#[test]
fn an_index_that_makes_no_steps_keeps_its_guard() {
    let chain = "
        (loop $next
          (local.set $p (i32.load (local.get $p)))
          (br_if $next (local.get $p)))";
    let expected = Traps {
        in_loops: 1,
        ..NONE
    };
    assert_eq!(traps(OptLevel::Speed, FIXED, chain), expected);
}

/// The loop may end before the access that would trap.
#[test]
fn nothing_traps_early_for_an_access_behind_the_test() {
    let body = "
        (block $out
          (loop $next
            (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $p))))
            (br_if $out (i32.eq (local.get $p) (local.get $end)))
            (local.set $s (i32.xor (local.get $s) (i32.load8_u offset=100 (local.get $p))))
            (local.set $p (i32.add (local.get $p) (i32.const 1)))
            (br $next)))";
    for level in [OptLevel::Size, OptLevel::Speed] {
        let found = traps(level, FIXED, body);
        assert_eq!(found.outside, 0, "{level:?} {found:?}");
        assert!(found.in_loops + found.in_cold > 0, "{level:?} {found:?}");
    }
}

/// Nor where something else may end the loop before its last round.
#[test]
fn nothing_traps_early_if_the_loop_has_another_exit() {
    let body = "
        (block $found
          (loop $next
            (local.set $s (i32.load8_u (local.get $p)))
            (br_if $found (i32.eqz (local.get $s)))
            (br_if $next (i32.ne (local.get $end)
              (local.tee $p (i32.add (local.get $p) (i32.const 1)))))))";
    for level in [OptLevel::Size, OptLevel::Speed] {
        let found = traps(level, FIXED, body);
        assert_eq!(found.outside, 0, "{level:?} {found:?}");
        assert!(found.in_loops + found.in_cold > 0, "{level:?} {found:?}");
    }
}

#[test]
fn a_test_that_some_rounds_leave_out_bounds_nothing() {
    let body = "
        (loop $next
          (i32.store (local.get $p) (local.get $n))
          (i32.store offset=4 (local.get $p) (local.get $n))
          (local.set $p (i32.add (local.get $p) (i32.const 4)))
          (br_if $next (i32.load (i32.const 0)))
          (br_if $next (i32.ne (local.get $end) (local.get $p))))";
    let kept = Traps {
        in_loops: 2,
        ..NONE
    };
    assert_eq!(traps(OptLevel::Speed, FIXED, body), kept);
}

#[test]
fn an_index_with_another_step_on_another_way_back_keeps_its_guards() {
    let looped = |first: u32, second: u32| {
        let body = format!(
            "(block $out
               (loop $next
                 (br_if $out (i32.eq (local.get $i) (local.get $end)))
                 (local.set $i (i32.add (local.get $i) (i32.const 1)))
                 (i32.store (local.get $p) (local.get $n))
                 (i32.store offset=4 (local.get $p) (local.get $n))
                 (if (i32.load (i32.const 0)) (then
                   (local.set $p (i32.add (local.get $p) (i32.const {first})))
                   (br $next)))
                 (local.set $p (i32.add (local.get $p) (i32.const {second})))
                 (br $next)))"
        );
        traps(OptLevel::Speed, FIXED, &body).in_loops
    };
    assert_eq!(looped(4, 4), 0);
    assert_eq!(looped(4, 8), 2);
    assert_eq!(looped(8, 4), 2);
}

/// A loop over words at `4 * $i`, below `$n` by a comparison on top; `moved` is how `$i` moves.
fn below(comparison: &str, moved: &str) -> String {
    let first = "(i32.shl (local.get $i) (i32.const 2))";
    format!(
        "(local.set $i (local.get $p))
         (block $out
           (loop $next
             (br_if $out (i32.eqz ({comparison} (local.get $i) (local.get $n))))
             (i32.store {first} (local.get $end))
             (i32.store (i32.add {first} (i32.const 0x100)) (local.get $end))
             {moved}
             (i32.store {first} (local.get $end))
             (br $next)))"
    )
}

/// The parameter of the loop comes from anywhere; what follows the move is not compared again.
#[test]
fn a_comparison_on_top_bounds_what_comes_behind_it() {
    for moved in [
        "(local.set $i (i32.shr_u (local.get $i) (i32.const 1)))",
        "(local.set $i (i32.and (local.get $i) (i32.load (i32.const 0))))",
    ] {
        for comparison in ["i32.lt_u", "i32.le_u"] {
            let found = traps(OptLevel::Speed, FIXED, &below(comparison, moved));
            assert_eq!(found.in_loops, 0, "{comparison} {moved} {found:?}");
            assert!(found.in_cold <= 3, "{comparison} {moved} {found:?}");
        }
    }
}

#[test]
fn what_may_be_larger_than_what_was_compared_keeps_its_guard() {
    for moved in [
        "(local.set $i (i32.add (local.get $i) (i32.load (i32.const 0))))",
        "(local.set $i (i32.shr_s (local.get $i) (i32.load (i32.const 0))))",
        "(local.set $i (i32.or (local.get $i) (i32.load (i32.const 0))))",
    ] {
        let found = traps(OptLevel::Speed, FIXED, &below("i32.lt_u", moved));
        assert_eq!(found.in_loops, 1, "{moved} {found:?}");
    }
}

#[test]
fn signed_comparisons_and_those_the_other_way_bound_nothing() {
    let moved = "(local.set $i (i32.load (i32.const 0)))";
    for comparison in ["i32.lt_s", "i32.le_s", "i32.gt_u", "i32.ge_u", "i32.ne"] {
        let found = traps(OptLevel::Speed, FIXED, &below(comparison, moved));
        assert!(found.in_loops >= 2, "{comparison} {found:?}");
    }
}

/// An unbounded number comes round on one of two ways back.
#[test]
fn every_way_back_has_to_bring_what_is_bounded() {
    let looped = |other: &str| {
        let body = format!(
            "(local.set $i (local.get $p))
             (loop $next
               (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $end))
               (i32.store offset=0x100 (i32.shl (local.get $i) (i32.const 2)) (local.get $end))
               (if (i32.load (i32.const 0)) (then
                 (local.set $i {other})
                 (br $next)))
               (local.set $i (i32.add (local.get $i) (i32.load (i32.const 4))))
               (br_if $next (i32.lt_u (local.get $i) (local.get $n))))"
        );
        traps(OptLevel::Speed, FIXED, &body).in_loops
    };
    assert_eq!(looped("(i32.shr_u (local.get $i) (i32.const 1))"), 0);
    assert!(looped("(i32.load (i32.const 8))") > 0);
    assert!(looped("(i32.add (local.get $i) (i32.const 1))") > 0);
}
