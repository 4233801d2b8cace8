//! The gate: a fixed subset of our own numbers may not get worse unnoticed.
//!
//! ```text
//!   8 workloads × {m33, rv32} × {speed, size} ──▶ instructions, bytes
//!   baseline.json ────────────────────────────▶ geometric means of now / then,
//!                                                per core and level; > 1.02 fails
//! ```
//!
//! All of it runs in this process and needs no foreign tool, so that the tests can do it.
//! `wasm2mcu-benches --bless` accepts the present numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::engine::{self, EngineError};
use crate::machine::Core;
use crate::measure;
use crate::report::summary::{Mean, Metric};
use crate::report::{self, OURS, OURS_SMALL, ReportError};
use crate::workload;

/// A geometric mean that is worse by more fails.
const TOLERANCE: f64 = 1.02;

/// Small, and of different kinds: bytes, 16-bit and 64-bit integers, f32, branches, calls.
const WORKLOADS: [&str; 8] = [
    "biquad",
    "crc32",
    "fir",
    "json",
    "lz",
    "quicksort",
    "sha256",
    "statistics",
];
const CORES: [Core; 2] = [Core::M33, Core::Rv32];
const ENGINES: [&str; 2] = [OURS, OURS_SMALL];

/// The numbers of the subset, `core engine` → `workload` → numbers.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Baseline(BTreeMap<String, BTreeMap<String, Numbers>>);

/// What is gated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    instructions: u64,
    bytes: u64,
}

/// Why the gate did not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    /// A workload does not run.
    #[error("{place}: {error}")]
    Engine {
        /// Workload, engine and core.
        place: String,
        /// What happened.
        error: EngineError,
    },
    /// The workloads or the baseline cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The baseline is none.
    #[error("baseline.json: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The baseline cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Measures the subset and makes it the baseline; what gets worse by that, in words.
///
/// # Errors
///
/// If something does not run or the file cannot be written.
pub(crate) fn bless() -> Result<String, GateError> {
    let now = now()?;
    let worse = match then() {
        Ok(then) => worse(&then, &now),
        // There is nothing to compare with, or nothing of use.
        Err(_) => String::new(),
    };
    let text = serde_json::to_string_pretty(&now)? + "\n";
    report::write(&path(), &text)?;
    Ok(worse)
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}

/// The committed numbers.
fn then() -> Result<Baseline, GateError> {
    Ok(serde_json::from_str(&fs::read_to_string(path())?)?)
}

/// The present numbers.
fn now() -> Result<Baseline, GateError> {
    let mut baseline = Baseline::default();
    let mut engines = engine::in_process();
    engines.retain(|engine| ENGINES.contains(&engine.name()));
    let mut workloads = workload::all()?;
    workloads.retain(|workload| WORKLOADS.contains(&workload.name));
    for engine in &engines {
        for core in CORES {
            let cells = baseline.0.entry(group(core.name(), engine.name()));
            let cells = cells.or_default();
            for workload in &workloads {
                let measured = measure::cell(workload, engine.as_ref(), core);
                let measured = measured.map_err(|error| GateError::Engine {
                    place: format!("{} {} {}", core.name(), engine.name(), workload.name),
                    error,
                })?;
                let bytes = Metric::Bytes.of(&measured).unwrap_or_default() as u64;
                let numbers = Numbers {
                    instructions: measured.instructions,
                    bytes,
                };
                cells.insert(workload.name.to_owned(), numbers);
            }
        }
    }
    Ok(baseline)
}

fn group(core: &str, engine: &str) -> String {
    format!("{core} {engine}")
}

/// What is worse than it was, in words; empty if the gate is open.
fn worse(then: &Baseline, now: &Baseline) -> String {
    type Part = fn(&Numbers) -> u64;
    let parts: [(&str, Part); 2] = [
        ("instructions", |numbers| numbers.instructions),
        ("bytes", |numbers| numbers.bytes),
    ];
    let mut text = String::new();
    for (group, cells) in &now.0 {
        for (name, part) in parts {
            let ratios = || {
                cells.iter().filter_map(move |(workload, numbers)| {
                    let before = then.0.get(group)?.get(workload)?;
                    Some((workload, part(before), part(numbers)))
                })
            };
            let named = ratios()
                .map(|(workload, before, after)| (workload.as_str(), after as f64 / before as f64));
            let Some(mean) = Mean::of(named).filter(|mean| mean.value > TOLERANCE) else {
                continue;
            };
            text += &format!("{group}: {name} {:+.1} %\n", (mean.value - 1.0) * 100.0);
            for (workload, before, after) in ratios().filter(|(_, before, after)| after > before) {
                text += &format!("    {workload}: {before} → {after}\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Baseline, CORES, ENGINES, Numbers, WORKLOADS, group, now, then, worse};

    #[test]
    fn instructions_and_bytes_are_not_worse_than_the_baseline() {
        let then = then().unwrap();
        let now = now().unwrap();
        for core in CORES {
            for engine in ENGINES {
                let cells = then.0.get(&group(core.name(), engine));
                let known = cells.map_or(0, |cells| cells.len());
                assert_eq!(
                    known,
                    WORKLOADS.len(),
                    "baseline.json lacks workloads of {} {engine}: bless it",
                    core.name()
                );
            }
        }
        let worse = worse(&then, &now);
        assert!(
            worse.is_empty(),
            "worse than baseline.json by more than 2 %:\n{worse}\
             If that is intended: cargo run --release -p wasm2mcu-benches -- --bless"
        );
    }

    #[test]
    fn two_percent_are_tolerated_and_more_is_named() {
        let baseline = |instructions, bytes| {
            let numbers = Numbers {
                instructions,
                bytes,
            };
            let cells = [("a".to_owned(), numbers)].into_iter().collect();
            Baseline([("m33 x".to_owned(), cells)].into_iter().collect())
        };
        let then = baseline(1000, 1000);
        assert_eq!(worse(&then, &baseline(1019, 900)), "");
        let text = worse(&then, &baseline(1030, 1010));
        assert_eq!(text, "m33 x: instructions +3.0 %\n    a: 1000 → 1030\n");
        let text = worse(&then, &baseline(900, 1050));
        assert_eq!(text, "m33 x: bytes +5.0 %\n    a: 1000 → 1050\n");
    }
}
