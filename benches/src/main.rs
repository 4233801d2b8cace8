//! Workloads and comparisons: what compiled modules cost beside native C, counted exactly.
//!
//! ```text
//!   Workload (C source + its wasm + Python + expected checksum)
//!       │ Engine::prepare           one per compiler or runtime to compare
//!       ▼
//!   Program: sizes ──run(n)──▶ checksum, executed instructions
//!       │ measure                   a wrong checksum fails the whole run
//!       ▼
//!   Report ──▶ tables, JSON, page, results, comparison
//! ```
//!
//! `gate` compares a fixed subset with the committed baseline, in the tests too; `levers` leaves passes
//! of the compiler out. `loader` does the same as `gate` with what the loader itself costs. `on_board` runs
//! our own engines on one board of the test bench, a chip behind a debug probe among them.

mod cache;
mod engine;
mod gate;
mod levers;
mod loader;
mod machine;
mod measure;
mod on_board;
mod report;
mod workload;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::machine::Core;
use crate::report::{Cell, Report, ReportError};

/// Measures the workloads under every engine on every core and reports the ratios to gcc
///
/// Tables go to the terminal. What is not installed is reported as missing; benches/README.md says
/// how to install it.
#[derive(Parser)]
#[command(name = "wasm2mcu-benches", version)]
struct Options {
    /// Only workloads whose name contains this
    #[arg(long, value_name = "TEXT")]
    workload: Option<String>,
    /// Only engines whose name contains this
    #[arg(long, value_name = "TEXT")]
    engine: Option<String>,
    /// Only cores whose name contains this: m33, rv32, ibex, cv32e40p
    #[arg(long, value_name = "TEXT")]
    core: Option<String>,
    /// Measure our own engines on this board of the test bench in place of all cores: an emulated one
    /// or probe:CHIP (`wasm2mcu boards` lists them)
    #[arg(long, value_name = "BOARD", conflicts_with_all = ["core", "html", "results", "compare", "from"])]
    board: Option<String>,
    /// The debug probe of a board probe:CHIP, if several are attached
    #[arg(long, value_name = "VID:PID:SERIAL", requires = "board")]
    probe: Option<String>,
    /// Write everything that was measured as JSON; without FILE to the standard output, in place of
    /// the tables
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    json: Option<Option<PathBuf>>,
    /// Write a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the committed tables, RESULTS.md and results.json
    #[arg(long)]
    results: bool,
    /// Show what changed since an older report in JSON
    #[arg(long, value_name = "OLD.json")]
    compare: Option<PathBuf>,
    /// Report an older measurement in JSON in place of a new one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["workload", "engine", "core"])]
    from: Option<PathBuf>,
    /// Measure what the loader costs in place of the workloads: a table in Markdown, or JSON
    #[arg(long, conflicts_with_all = ["workload", "engine", "core", "html", "results", "compare", "from"])]
    loader: bool,
    /// Accept the present instructions and bytes of the fixed subset: rewrite baseline.json; with
    /// --loader what that costs: rewrite loader.json
    #[arg(long, conflicts_with_all = ["workload", "engine", "core", "json", "html", "results", "compare", "from"])]
    bless: bool,
    /// Print what each pass of the compiler gains, by leaving one after the other out
    #[arg(long, exclusive = true)]
    levers: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(success) if success => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What goes wrong before there is a report, or after.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Workloads(#[from] std::io::Error),
    #[error(transparent)]
    Gate(#[from] gate::GateError),
    #[error(transparent)]
    Loader(#[from] loader::LoaderError),
    #[error(transparent)]
    OnBoard(#[from] on_board::OnBoardError),
    #[error("no workload, engine or core of that name")]
    Nothing,
}

/// Whether nothing failed.
fn run(options: &Options) -> Result<bool, Error> {
    if options.loader {
        let table = loader::Table::measure()?;
        if options.bless {
            table.commit()?;
        }
        match &options.json {
            None => print!("{}", table.markdown()),
            Some(None) => print!("{}", table.json()),
            Some(Some(path)) => report::write(path, &table.json())?,
        }
        return Ok(true);
    }
    if options.bless {
        print!("{}", gate::bless()?);
        return Ok(true);
    }
    if options.levers {
        print!("{}", levers::table()?);
        return Ok(true);
    }
    if let Some(board) = &options.board {
        let table = on_board(options, board)?;
        match &options.json {
            None => print!("{}", table.text()),
            Some(None) => print!("{}", table.json()),
            Some(Some(path)) => report::write(path, &table.json())?,
        }
        return Ok(!table.failed());
    }
    // What cannot be read is better known before the long part.
    let old = options.compare.as_deref().map(Report::read).transpose()?;
    let report = match &options.from {
        Some(path) => Report::read(path)?,
        None => fresh(options)?,
    };

    match &options.json {
        Some(None) => print!("{}", report.json()),
        Some(Some(path)) => report::write(path, &report.json())?,
        None => {}
    }
    if let Some(path) = &options.html {
        report::write(path, &report.html())?;
    }
    if options.results {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        report::write(&folder.join("results.json"), &report.json())?;
        report::write(&folder.join("RESULTS.md"), &report.markdown())?;
    }
    match (&old, &options.json) {
        (_, Some(None)) => {}
        (Some(old), _) => print!("{}", report::compare::compare(old, &report)),
        (None, _) => println!("{}", report.table()),
    }
    Ok(!report.cells.iter().any(Cell::failed))
}

/// Whether a name contains what an option asks for.
fn wanted(filter: &Option<String>, name: &str) -> bool {
    filter.as_ref().is_none_or(|text| name.contains(text))
}

/// Shows what comes next over the line before, on a terminal; the empty line clears it.
fn progress(next: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{next}");
        let _ = std::io::stderr().flush();
    }
}

/// Measures what the options ask for on one board.
fn on_board(options: &Options, board: &str) -> Result<on_board::Table, Error> {
    let mut workloads = workload::all()?;
    workloads.retain(|workload| wanted(&options.workload, workload.name));
    let mut engines = engine::on_boards();
    engines.retain(|engine| wanted(&options.engine, engine.name()));
    if workloads.is_empty() || engines.is_empty() {
        return Err(Error::Nothing);
    }
    let probe = options.probe.as_deref();
    let table = on_board::Table::measure(board, probe, &workloads, &engines, progress);
    progress("");
    Ok(table?)
}

/// Measures what the options ask for.
fn fresh(options: &Options) -> Result<Report, Error> {
    let mut workloads = workload::all()?;
    workloads.retain(|workload| wanted(&options.workload, workload.name));
    let mut engines = engine::all();
    engines.retain(|engine| wanted(&options.engine, engine.name()));
    let mut cores = Core::ALL.to_vec();
    cores.retain(|core| wanted(&options.core, core.name()));
    if workloads.is_empty() || engines.is_empty() || cores.is_empty() {
        return Err(Error::Nothing);
    }
    let report = measure::measure(&workloads, &engines, &cores, progress);
    progress("");
    Ok(report)
}
