//! `--board`: our own engines on one board of the test bench, a chip behind a debug probe among them.
//!
//! ```text
//!   workloads × our engines ─▶ images for the board ─load, run(10)─▶ checksum, instructions, cycles
//! ```
//!
//! Instructions are known on emulated boards, cycles on chips. There is nothing else to compare with
//! on a chip: natively compiled code would take a firmware for each workload.

use std::fmt::Write;

use serde::Serialize;
use wasm2mcu::{Target, TargetError};
use wasm2mcu_testbench::board::{self, Board, BoardError, BoardInfo};
use wasm2mcu_testbench::probe;
use wasm2mcu_testbench::probe::chips::PREFIX;
use wasm2mcu_testbench::spectest::{self, Printed};

use crate::engine::{BoardEngine, EngineError};
use crate::workload::{self, Workload};

/// What was measured on a board.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    board: &'static str,
    description: &'static str,
    rounds: i32,
    rows: Vec<Row>,
}

/// One workload under one engine.
#[derive(Debug, Serialize)]
struct Row {
    workload: &'static str,
    engine: &'static str,
    image_bytes: Option<u64>,
    #[serde(flatten)]
    counts: Counts,
    /// Why there are none.
    reason: Option<String>,
    #[serde(skip)]
    failed: bool,
}

/// What a call of `run` took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    instructions: Option<u64>,
    cycles: Option<u64>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OnBoardError {
    /// The board is not there.
    #[error("board {0}: {1}")]
    Board(String, BoardError),
    /// No code can be made for it.
    #[error("board {0} cannot be compiled for: {1}")]
    Target(&'static str, TargetError),
}

impl Table {
    /// Measures on the board of this name, behind this probe if several are attached; `progress` hears
    /// what comes next.
    ///
    /// # Errors
    ///
    /// [`OnBoardError`]. What goes wrong with one workload is in its row.
    pub(crate) fn measure(
        name: &str,
        probe: Option<&str>,
        workloads: &[Workload],
        engines: &[BoardEngine],
        mut progress: impl FnMut(&str),
    ) -> Result<Self, OnBoardError> {
        let failed = |error| OnBoardError::Board(name.to_owned(), error);
        let info = board::find(name).map_err(failed)?;
        let target = target(info)?;
        progress(&format!("connecting to {name}"));
        let board = match name.strip_prefix(PREFIX) {
            Some(chip) => probe::open(chip, probe),
            None => board::open(name),
        };
        let board = board.map_err(failed)?;
        let mut rows = Vec::new();
        for workload in workloads {
            for engine in engines {
                progress(&format!("{} · {name} · {}", workload.name, engine.name()));
                rows.push(Row::measure(&*board, target, workload, *engine));
            }
        }
        Ok(Self {
            board: info.name,
            description: info.description,
            rounds: workload::ROUNDS,
            rows,
        })
    }

    /// Whether something went wrong that is no lack of room.
    pub(crate) fn failed(&self) -> bool {
        self.rows.iter().any(|row| row.failed)
    }

    /// As JSON.
    pub(crate) fn json(&self) -> String {
        // Numbers and texts are always JSON.
        let mut text = serde_json::to_string_pretty(self).expect("a table");
        text.push('\n');
        text
    }

    /// As a table for the terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{}: {}; run({})\n{:12} {:24} {:>8} {:>14} {:>14}\n",
            self.board,
            self.description,
            self.rounds,
            "workload",
            "engine",
            "image B",
            "instructions",
            "cycles"
        );
        let shown = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
        for row in &self.rows {
            let _ = write!(
                text,
                "{:12} {:24} {:>8} ",
                row.workload,
                row.engine,
                shown(row.image_bytes)
            );
            let _ = match &row.reason {
                Some(reason) => writeln!(text, "{reason}"),
                None => writeln!(
                    text,
                    "{:>14} {:>14}",
                    shown(row.counts.instructions),
                    shown(row.counts.cycles)
                ),
            };
        }
        text
    }
}

impl Row {
    fn measure(
        board: &dyn Board,
        target: Target,
        workload: &Workload,
        engine: BoardEngine,
    ) -> Self {
        let image = engine.image(workload, target);
        let image_bytes = image.as_ref().ok().map(|image| image.len() as u64);
        let counts = image.and_then(|image| run(board, workload, &image));
        Self {
            workload: workload.name,
            engine: engine.name(),
            image_bytes,
            failed: matches!(
                counts,
                Err(EngineError::Failed(_) | EngineError::Checksum { .. })
            ),
            reason: counts.as_ref().err().map(ToString::to_string),
            counts: counts.unwrap_or_default(),
        }
    }
}

/// `run(ROUNDS)` in a fresh instance.
fn run(board: &dyn Board, workload: &Workload, image: &[u8]) -> Result<Counts, EngineError> {
    let failed = |error: BoardError| EngineError::Failed(error.to_string());
    let printed = Printed::default();
    let loaded = board.load(image, spectest::functions(&printed));
    // What is refused here is too large for the chip.
    let mut instance = loaded.map_err(|error| match error {
        BoardError::Refused(why) => EngineError::Unable(why),
        error => failed(error),
    })?;
    let outcome = instance
        .invoke("run", &[workload::ROUNDS as u32])
        .map_err(failed)?;
    let words = match outcome.end {
        Ok(words) => words,
        Err(trap) => return Err(EngineError::Failed(trap.to_string())),
    };
    let found = words.first().copied().unwrap_or_default() as i32;
    if found != workload.checksum {
        return Err(EngineError::Checksum {
            found,
            expected: workload.checksum,
        });
    }
    Ok(Counts {
        instructions: outcome.instructions,
        cycles: outcome.cycles,
    })
}

fn target(board: &'static BoardInfo) -> Result<Target, OnBoardError> {
    let target: Result<Target, _> = board.target.parse();
    let target = target.map_err(|error| OnBoardError::Target(board.name, error))?;
    Ok(target.with_features(board.features))
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::engine;
    use crate::workload;

    #[test]
    fn workloads_run_on_any_board() {
        let mut workloads = workload::all().unwrap();
        workloads.retain(|workload| workload.name == "crc32");
        let mut engines = engine::on_boards();
        engines.retain(|engine| engine.name() == "wasm2mcu -O speed");
        for board in ["m4", "rv32-aligned"] {
            let table = Table::measure(board, None, &workloads, &engines, |_| {}).unwrap();
            assert!(!table.failed(), "{}", table.text());
            assert!(table.rows[0].counts.instructions > Some(1000));
            assert!(table.text().contains("crc32"));
            assert!(table.json().contains("\"board\""));
        }
    }

    #[test]
    fn boards_that_are_not_there_say_so() {
        let measure = |board| Table::measure(board, None, &[], &[], |_| {}).unwrap_err();
        assert!(measure("z80").to_string().contains("no board is called"));
        let error = measure("probe:nrf5430").to_string();
        assert!(error.contains("nrf5340"), "{error}");
    }
}
