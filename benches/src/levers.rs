//! What each pass of the compiler gains, measured by leaving it out.
//!
//! ```text
//!   workloads × every pass but one ─▶ instructions at `speed`, bytes at `size`
//!   ratio to those with every pass: 1.25 = a quarter more without it
//! ```
//!
//! Passes stand on each other, so that what each one gains does not add up. All of it runs in this
//! process, on its boards.

use std::fmt::Write;

use wasm2mcu::{OptLevel, Passes};

use crate::engine::{self, EngineError};
use crate::gate::GateError;
use crate::machine::Core;
use crate::measure;
use crate::report::summary::{Mean, Metric};
use crate::workload::{self, Workload};

const CORES: [Core; 2] = [Core::M33, Core::Rv32];

/// What is measured at which level.
const WAYS: [(OptLevel, Metric, &str); 2] = [
    (OptLevel::Speed, Metric::Instructions, "-O speed"),
    (OptLevel::Size, Metric::Bytes, "-O size"),
];

/// The table, as Markdown.
///
/// # Errors
///
/// If something does not run.
pub(crate) fn table() -> Result<String, GateError> {
    let workloads = workload::all()?;
    let mut text = String::from("| left out |");
    let mut rule = String::from("|---|");
    for core in CORES {
        for (_, metric, level) in WAYS {
            let _ = write!(text, " {} {level}, {metric} | most at |", core.name());
            rule += "---:|---|";
        }
    }
    let _ = writeln!(text, "\n{rule}");
    let with = measured(&workloads, Passes::ALL)?;
    for name in Passes::NAMES {
        let mut passes = Passes::ALL;
        *passes.by_name(name).expect("a pass of this name") = false;
        let without = measured(&workloads, passes)?;
        let _ = write!(text, "| {name} |");
        for (without, with) in without.iter().zip(&with) {
            let ratios = workloads.iter().zip(without.iter().zip(with));
            let mean =
                Mean::of(ratios.map(|(workload, (without, with))| (workload.name, without / with)));
            let mean = mean.expect("there are workloads");
            let _ = write!(
                text,
                " {:.3} | {} {:.2} |",
                mean.value, mean.largest_at, mean.largest
            );
        }
        text.push('\n');
    }
    Ok(text)
}

/// The numbers of every workload, by core and way.
fn measured(workloads: &[Workload], passes: Passes) -> Result<Vec<Vec<f64>>, GateError> {
    let mut all = Vec::new();
    for core in CORES {
        for (level, metric, _) in WAYS {
            let engine = engine::with_passes(level, passes);
            let numbers = workloads.iter().map(|workload| {
                let cell = measure::cell(workload, &engine, core);
                let value = cell.map(|cell| metric.of(&cell).unwrap_or_default());
                value.map_err(|error: EngineError| GateError::Engine {
                    place: format!("{} {}", core.name(), workload.name),
                    error,
                })
            });
            all.push(numbers.collect::<Result<_, _>>()?);
        }
    }
    Ok(all)
}
