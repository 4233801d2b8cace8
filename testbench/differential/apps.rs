//! The guest apps at every level on every board: results as a native run says, and host calls,
//! memory and globals as the interpreter has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wasm2mcu_testbench::open;
use wasm2mcu_testbench::oracle::Call;
use wasm2mcu_testbench::spectest;

use crate::differential::{Verdict, check};

/// Lines of expected.tsv with larger arguments are left to boards that are fast, and to optimised
/// builds.
const QUICK: u32 = if cfg!(debug_assertions) { 2 } else { u32::MAX };

/// Every line of expected.tsv as call and result, by app.
fn expected(apps: &Path) -> BTreeMap<String, Vec<(Call, u32)>> {
    let table = fs::read_to_string(apps.join("expected.tsv")).unwrap();
    let mut expected: BTreeMap<String, Vec<(Call, u32)>> = BTreeMap::new();
    for line in table.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [app, export, argument, result] = fields[..] else {
            panic!("not four fields: {line}")
        };
        let word = |field: &str| field.parse::<i32>().unwrap() as u32;
        let call = Call::new(export, &[word(argument)]);
        let lines = expected.entry(app.to_owned()).or_default();
        lines.push((call, word(result)));
    }
    expected
}

fn apps_compute(board: &str, largest: u32) {
    let board = open(board).unwrap_or_else(|error| panic!("{error}"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    for (app, lines) in expected(&folder) {
        let lines: Vec<_> = lines
            .into_iter()
            .filter(|(call, _)| call.arguments[0] <= largest)
            .collect();
        let runs: Vec<Vec<Call>> = lines.iter().map(|(call, _)| vec![call.clone()]).collect();
        let results: Vec<_> = lines
            .iter()
            .map(|(_, word)| vec![Ok(vec![*word])])
            .collect();
        for flavour in ["O2", "Os"] {
            let wasm = fs::read(folder.join(format!("{app}.{flavour}.wasm"))).unwrap();
            match check(&*board, &wasm, |_, trace| spectest::functions(trace), &runs) {
                Verdict::Agreed(ends) => assert_eq!(ends, results, "{app}.{flavour}"),
                other => panic!("{app}.{flavour}: {other:?}"),
            }
        }
    }
}

#[test]
fn apps_compute_on_m33() {
    apps_compute("m33", QUICK);
}

#[test]
fn apps_compute_on_rv32() {
    apps_compute("rv32", QUICK);
}

#[test]
fn apps_compute_on_rv32_without_misaligned_access() {
    apps_compute("rv32-aligned", QUICK);
}

#[test]
fn apps_compute_on_qemu_m33() {
    apps_compute("qemu-m33", u32::MAX);
}

#[test]
fn apps_compute_on_qemu_rv32() {
    apps_compute("qemu-rv32", u32::MAX);
}

#[test]
fn apps_compute_on_qemu_rv32f() {
    apps_compute("qemu-rv32f", QUICK);
}

#[test]
fn apps_compute_on_qemu_rv32zb() {
    apps_compute("qemu-rv32zb", QUICK);
}
