//! Compiled code against an interpreter: the guest apps, and random modules from fixed seeds.

mod apps;
mod case;
mod differential;
mod found;
mod loops;
mod program;
mod smith;

use wasm2mcu_testbench::open;

use crate::case::{Generator, choices, prepare, verdict};
use crate::differential::Verdict;

/// Random modules of each generator: the same ones everywhere.
const SEEDS: u64 = 400;

fn seeds_agree(board: &str, generator: Generator) {
    let board = open(board).unwrap();
    prepare(&*board);
    let (mut agreed, mut silent) = (0, Vec::new());
    for seed in 0..SEEDS {
        match verdict(&*board, generator, &choices(seed)) {
            Some((_, Verdict::Finding(text))) => panic!(
                "seed {seed}: {text}\nreduce it: cargo run --release -p wasm2mcu-testbench \
                 --example fuzz -- --seed {seed} --count 1"
            ),
            Some((_, Verdict::Agreed(_))) => agreed += 1,
            Some((_, Verdict::Refused(why))) => silent.push(why),
            Some((_, Verdict::Undecided(why))) => silent.push(why.to_owned()),
            None => {}
        }
    }
    println!("{agreed} modules agree, not compared: {silent:?}");
    assert!(agreed > 10 * silent.len(), "{agreed} against {silent:?}");
}

#[test]
fn random_programs_agree() {
    seeds_agree("m33", Generator::Program);
}

#[test]
fn random_programs_agree_on_rv32() {
    seeds_agree("rv32", Generator::Program);
}

#[test]
fn loops_near_the_end_of_memory_agree() {
    seeds_agree("m33", Generator::Loops);
}

#[test]
fn loops_near_the_end_of_memory_agree_on_rv32() {
    seeds_agree("rv32", Generator::Loops);
}

#[test]
fn modules_of_wasm_smith_agree() {
    seeds_agree("m33", Generator::Smith);
}

#[test]
fn modules_of_wasm_smith_agree_on_rv32() {
    seeds_agree("rv32", Generator::Smith);
}

#[test]
fn modules_of_wasm_smith_with_i64_agree() {
    seeds_agree("m33", Generator::SmithWide);
}

#[test]
fn modules_of_wasm_smith_with_floats_agree() {
    seeds_agree("m33", Generator::SmithFloat);
}

#[test]
fn modules_of_wasm_smith_with_floats_agree_on_m4f() {
    seeds_agree("m4f", Generator::SmithFloat);
}

#[test]
fn modules_of_wasm_smith_with_floats_agree_without_fpu() {
    seeds_agree("m33-nofpu", Generator::SmithFloat);
}

#[test]
fn modules_of_wasm_smith_with_floats_agree_on_rv32() {
    seeds_agree("rv32", Generator::SmithFloat);
}

#[test]
fn modules_of_wasm_smith_with_newer_proposals_agree() {
    seeds_agree("m33", Generator::SmithNewer);
}

#[test]
fn modules_of_wasm_smith_with_newer_proposals_agree_on_rv32() {
    seeds_agree("rv32", Generator::SmithNewer);
}

#[test]
fn modules_of_wasm_smith_with_i64_agree_on_rv32() {
    seeds_agree("rv32", Generator::SmithWide);
}
