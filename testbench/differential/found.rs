//! What the fuzzer found, reduced: every module stays right.

use wasm2mcu_testbench::open;
use wasm2mcu_testbench::oracle::Call;

use crate::differential::{Surface, Verdict, check};

/// The results of `f(0)`, `f(1)` and `f(9)`, on which the interpreter agrees.
fn computes(wat: &str, results: [u32; 3]) {
    let wasm = wat::parse_str(wat).unwrap();
    let board = open("m33").unwrap();
    let calls = [0, 1, 9].map(|argument| vec![Call::new("f", &[argument])]);
    match check(&*board, &wasm, Surface::any_hosts, &calls) {
        Verdict::Agreed(ends) => {
            assert_eq!(ends, results.map(|word| vec![Ok(vec![word])]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_with_one_target_that_others_reach_too() {
    computes(
        r#"(module (func (export "f") (param i32) (result i32)
            (block (result i32)
                (drop (br_if 0 (i32.const 5) (i32.eqz (local.get 0))))
                (br_table 0 0 0 (i32.const 6) (local.get 0)))))"#,
        [5, 6, 6],
    );
}

/// The interpreter had this wrong (wasmi 2.0.0), V8 and we did not.
#[test]
fn select_on_eqz() {
    computes(
        r#"(module (func (export "f") (param i32) (result i32)
            (select (i32.const 57) (i32.popcnt (local.get 0)) (i32.eqz (local.get 0)))))"#,
        [57, 1, 2],
    );
}
