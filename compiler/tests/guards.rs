//! What the guard pass proves and, more important, what it must not.
//!
//! Each case is a function of two parameters `$p` and `$q` and the checks that are left and gone
//! after the mid-end. Equal checks that the egraph merges count as neither.

use wasm2mcu::opt::guards::Statistics;
use wasm2mcu::opt::{Optimizer, Options};
use wasm2mcu::wasm::{self, Target};

const FIXED: &str = "(memory 1)";
const GROWING: &str = "(memory 1 4)";

fn checks(memory: &str, body: &str) -> (u32, u32) {
    let text = format!(
        "(module {memory}
           (func (param $p i32) (param $q i32) (local $i i32) {body})
           (func (drop (memory.grow (i32.const 1)))))"
    );
    let text = match memory {
        FIXED => text.replace("(drop (memory.grow (i32.const 1)))", ""),
        _ => text,
    };
    let bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut translated = wasm::translate(&bytes, Target::default()).expect("supported module");
    let options = Options {
        verify: true,
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    let clif = &mut translated.functions[0].clif;
    let Statistics {
        kept,
        merged,
        removed,
        certain,
        ..
    } = optimizer.run(clif, "test").expect("valid CLIF");
    assert_eq!(certain, 0, "{body}");
    (kept, merged + removed)
}

/// A word load whose value is used, so that it cannot go away.
fn load(address: &str) -> String {
    format!("(i32.store (i32.const 0) (i32.load {address}))")
}

fn byte(address: &str) -> String {
    format!("(i32.store (i32.const 0) (i32.load8_u {address}))")
}

#[test]
fn checks_of_the_same_index() {
    let p = "(local.get $p)";
    for memory in [FIXED, GROWING] {
        let expect = |body: String, expected| assert_eq!(checks(memory, &body), expected, "{body}");
        let far = load("offset=8 (local.get $p)");
        expect([far.clone(), load(p)].concat(), (1, 1));
        expect([load(p), far.clone()].concat(), (2, 0));
        expect([far.clone(), load("(local.get $q)")].concat(), (2, 0));
        // The same number, but computed: a smaller room suffices.
        let next = "(i32.add (local.get $p) (i32.const 4))";
        expect([far.clone(), load(next)].concat(), (1, 1));
        let next = "(i32.add (local.get $p) (i32.const 9))";
        expect([far.clone(), load(next)].concat(), (2, 0));
        // It wraps below 0.
        let before = "(i32.sub (local.get $p) (i32.const 4))";
        expect([far.clone(), load(before)].concat(), (2, 0));
        // A check of the sum says nothing about what was added to.
        expect([load(next), load(p)].concat(), (2, 0));
    }
}

#[test]
fn only_dominating_checks_count() {
    for memory in [FIXED, GROWING] {
        let expect = |body: String, expected| assert_eq!(checks(memory, &body), expected, "{body}");
        let (far, near) = (load("offset=8 (local.get $p)"), load("(local.get $p)"));
        expect(format!("(if (local.get $q) (then {far})) {near}"), (2, 0));
        expect(
            format!("(if (local.get $q) (then {far}) (else {near}))"),
            (2, 0),
        );
        expect(format!("{far} (if (local.get $q) (then {near}))"), (1, 1));
        // Unchanged in the loop: the check in front holds.
        let again = "(br_if 0 (local.tee $q (i32.sub (local.get $q) (i32.const 1))))";
        expect(format!("{far} (loop {near} {again})"), (1, 1));
        // Changed in the loop: another value.
        let step = "(local.set $p (i32.add (local.get $p) (i32.const 4)))";
        expect(format!("{far} (loop {near} {step} {again})"), (2, 0));
        // Checked behind its use in the loop, and changed: the check of the last round is old.
        expect(format!("(loop {near} {step} {far} {again})"), (2, 0));
        // Reached by two edges, only one of which bounds the index.
        let small = "(i32.lt_u (local.get $p) (i32.const 100))";
        expect(
            format!("(block (br_if 0 {small}) (br_if 0 (local.get $q)) (return)) {near}"),
            (1, 0),
        );
    }
}

#[test]
fn branches_bound_indices() {
    for memory in [FIXED, GROWING] {
        let expect = |body: String, expected| assert_eq!(checks(memory, &body), expected, "{body}");
        let near = load("(local.get $p)");
        let compare =
            |op: &str, number: i64| format!("(i32.{op} (local.get $p) (i32.const {number}))");
        let then = |condition: String| format!("(if {condition} (then {near}))");
        let otherwise = |condition: String| format!("(if {condition} (then) (else {near}))");
        expect(then(compare("lt_u", 0xfffd)), (0, 1));
        expect(then(compare("lt_u", 0xfffe)), (1, 0));
        expect(then(compare("le_u", 0xfffc)), (0, 1));
        expect(then(compare("le_u", 0xfffd)), (1, 0));
        expect(then(compare("eq", 100)), (0, 1));
        expect(then(compare("ne", 100)), (1, 0));
        expect(then(compare("gt_u", 100)), (1, 0));
        expect(otherwise(compare("lt_u", 100)), (1, 0));
        expect(otherwise(compare("gt_u", 0xfffc)), (0, 1));
        // A negative number is a large index.
        expect(then(compare("lt_s", 100)), (1, 0));
        let not_negative = format!(
            "(if {} (then {}))",
            compare("ge_s", 0),
            then(compare("lt_s", 100))
        );
        expect(not_negative, (0, 1));
        let not_negative = format!(
            "(if {} (then {}))",
            compare("gt_s", -1),
            then(compare("lt_s", 100))
        );
        expect(not_negative, (0, 1));
        let negative = format!(
            "(if {} (then {}))",
            compare("ge_s", -1),
            then(compare("lt_s", 100))
        );
        expect(negative, (1, 0));
    }
}

#[test]
fn values_bound_themselves() {
    for memory in [FIXED, GROWING] {
        let expect = |body: String, expected| assert_eq!(checks(memory, &body), expected, "{body}");
        let p = "(local.get $p)";
        expect(load(&format!("(i32.and {p} (i32.const 0xfffc))")), (0, 1));
        expect(load(&format!("(i32.and {p} (i32.const 0xffff))")), (1, 0));
        expect(byte(&format!("(i32.and {p} (i32.const 0xffff))")), (0, 1));
        expect(load(&format!("(i32.shr_u {p} (i32.const 17))")), (0, 1));
        expect(load(&format!("(i32.shr_s {p} (i32.const 17))")), (1, 0));
        let divisor = "(i32.or (i32.and (local.get $q) (i32.const 255)) (i32.const 1))";
        expect(load(&format!("(i32.rem_u {p} {divisor})")), (0, 1));
        // By a constant, the egraph has made a multiplication of it, of unknown range.
        expect(load(&format!("(i32.rem_u {p} (i32.const 1000))")), (1, 0));
        expect(load(&format!("(i32.rem_s {p} (i32.const 1000))")), (1, 0));
        expect(load(&format!("(i32.shl {p} (i32.const 8))")), (1, 0));
        let masked = |mask| format!("(i32.and {p} (i32.const {mask}))");
        expect(
            load(&format!("(i32.mul {} (i32.const 3))", masked(0x3fff))),
            (0, 1),
        );
        expect(
            load(&format!("(i32.mul {} (i32.const 5))", masked(0x3fff))),
            (1, 0),
        );
        let chosen = |x: &str, y: &str| load(&format!("(select {x} {y} (local.get $q))"));
        expect(chosen(&masked(7), "(i32.const 100)"), (0, 1));
        expect(chosen(&masked(7), p), (1, 0));
    }
}

#[test]
fn an_older_size_proves_a_newer_but_nothing_proves_more() {
    let expect = |body: String, expected| assert_eq!(checks(GROWING, &body), expected, "{body}");
    let (far, near) = (load("offset=8 (local.get $p)"), load("(local.get $p)"));
    let grow = "(drop (memory.grow (local.get $q)))";
    expect(format!("{far} {grow} {near}"), (1, 1));
    expect(format!("{near} {grow} {far}"), (2, 0));
    // Beyond the declared minimum: both steps, the first of which later accesses reuse.
    let beyond = load("offset=0x10000 (local.get $p)");
    expect(beyond.clone(), (2, 0));
    expect(format!("{beyond} {grow} {beyond}"), (2, 2));
    let constant = load("(i32.const 0x10000)");
    expect(format!("{constant} {grow} {constant}"), (1, 1));
}

#[test]
fn the_first_guard_of_an_index_checks_for_all_up_to_an_effect() {
    for memory in [FIXED, GROWING] {
        let expect = |body: String, expected| assert_eq!(checks(memory, &body), expected, "{body}");
        let at = |offset: u32| format!("(i32.load offset={offset} (local.get $p))");
        let sum = |x: &str, y: &str| format!("(i32.add {x} {y})");
        let result = |value: &str| {
            format!("(local.set $q {value}) (i32.store (i32.const 0) (local.get $q))")
        };
        let fields = sum(&sum(&at(0), &at(8)), &at(4));
        expect(result(&fields), (1, 2));
        let other = sum(&sum(&at(0), "(i32.load (local.get $q))"), &at(8));
        expect(result(&other), (2, 1));
        // Division by zero is another trap, and must not be overtaken.
        let divided = sum(
            &sum(&at(0), "(i32.div_u (i32.const 7) (local.get $q))"),
            &at(8),
        );
        expect(result(&divided), (2, 0));
        // The host sees a store that came before the trap.
        let stored = |between: &str| {
            format!(
                "(local.set $q {}) {between} (local.set $q {}) {}",
                at(0),
                at(8),
                result("(local.get $q)")
            )
        };
        expect(stored(""), (1, 1));
        expect(stored("(i32.store (i32.const 8) (local.get $q))"), (2, 0));
        // Another block.
        expect(stored("(if (local.get $q) (then (return)))"), (2, 0));
        let arm = format!(
            "(local.set $q {}) (if (local.get $q) (then {}))",
            at(0),
            result(&at(8))
        );
        expect(arm, (2, 0));
    }
}
