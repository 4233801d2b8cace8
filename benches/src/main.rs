//! Workloads and comparisons: what compiled modules cost beside native C, counted exactly.
//!
//! ```text
//!   Workload (C source + its wasm + expected checksum)
//!       │ Engine::prepare           one per compiler or runtime to compare
//!       ▼
//!   Program: code bytes ──run(n)──▶ checksum, executed instructions
//!       │ report
//!       ▼
//!   table or JSON; a wrong checksum fails the whole run
//! ```
//!
//! Instructions are counted one by one on an emulated Cortex-M33, so that the numbers repeat.

mod cache;
mod engine;
mod machine;
mod report;
mod workload;

use std::process::ExitCode;

use clap::Parser;

use crate::engine::{Engine, EngineError};
use crate::machine::Core;
use crate::report::{Cell, Measurement, Report};
use crate::workload::Workload;

/// Counts instructions and code bytes of the workloads under every engine.
#[derive(Parser)]
#[command(name = "wasm2mcu-benches", version)]
struct Options {
    /// Only workloads whose name contains this
    #[arg(long, value_name = "TEXT")]
    workload: Option<String>,
    /// Only engines whose name contains this
    #[arg(long, value_name = "TEXT")]
    engine: Option<String>,
    /// Only this core
    #[arg(long, value_name = "TEXT")]
    core: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let wanted = |filter: &Option<String>, name: &str| {
        filter.as_ref().is_none_or(|text| name.contains(text))
    };
    let workloads = match workload::all() {
        Ok(all) => all
            .into_iter()
            .filter(|workload| wanted(&options.workload, workload.name)),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let engines: Vec<_> = engine::all()
        .into_iter()
        .filter(|engine| wanted(&options.engine, engine.name()))
        .collect();

    let mut report = Report::default();
    for workload in workloads {
        for engine in &engines {
            for core in Core::ALL {
                if !engine.cores().contains(&core) || !wanted(&options.core, core.name()) {
                    continue;
                }
                report.cells.push(Cell {
                    workload: workload.name,
                    engine: engine.name().to_owned(),
                    core,
                    outcome: measure(&workload, engine.as_ref(), core),
                });
            }
        }
    }
    let text = if options.json {
        report.json()
    } else {
        report.table()
    };
    println!("{text}");
    if report.cells.iter().any(|cell| cell.failed()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// One workload under one engine, its checksum compared with the expected one.
fn measure(
    workload: &Workload,
    engine: &dyn Engine,
    core: Core,
) -> Result<Measurement, EngineError> {
    let mut program = engine.prepare(workload, core)?;
    let run = program.run(workload::ROUNDS)?;
    if run.checksum != workload.checksum {
        return Err(EngineError::Checksum {
            found: run.checksum,
            expected: workload.checksum,
        });
    }
    Ok(Measurement {
        run,
        sizes: program.sizes(),
        compile_seconds: program.compile_seconds(),
    })
}
