//! The report: workload × engine, as a table for people or JSON for machines.

use std::fmt::Write;

use serde::Serialize;

use crate::engine::{EngineError, Run, Sizes};
use crate::machine::Core;

/// Ratios of instructions refer to this engine.
const SPEED_LINE: &str = "gcc -O2";
/// Ratios of code bytes refer to this engine.
const SIZE_LINE: &str = "gcc -Os";

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report {
    /// In the order of the table's rows.
    pub(crate) cells: Vec<Cell>,
}

/// One workload under one engine.
pub(crate) struct Cell {
    /// The workload's name.
    pub(crate) workload: &'static str,
    /// The engine's name.
    pub(crate) engine: String,
    /// What it ran on.
    pub(crate) core: Core,
    /// The numbers, or why there are none.
    pub(crate) outcome: Result<Measurement, EngineError>,
}

/// What a correct run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measurement {
    /// The run.
    pub(crate) run: Run,
    /// What the program takes.
    pub(crate) sizes: Sizes,
    /// How long it took to make it.
    pub(crate) compile_seconds: Option<f64>,
}

impl Cell {
    /// Whether it went wrong; a missing tool is no failure.
    pub(crate) fn failed(&self) -> bool {
        !matches!(
            self.outcome,
            Ok(_) | Err(EngineError::Missing { .. } | EngineError::Unable(_))
        )
    }
}

#[derive(Serialize)]
struct Row<'a> {
    workload: &'a str,
    engine: &'a str,
    core: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ram_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cycles: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rodata_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compile_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct Mean<'a> {
    engine: &'a str,
    core: &'static str,
    workloads: usize,
    instructions_ratio: f64,
    code_ratio: f64,
}

impl Report {
    fn find(&self, workload: &str, engine: &str, core: Core) -> Option<Measurement> {
        let same =
            |cell: &&Cell| cell.workload == workload && cell.engine == engine && cell.core == core;
        self.cells.iter().find(same)?.outcome.as_ref().ok().copied()
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let row = |cell: &'_ Cell| {
            let measured = cell.outcome.as_ref().ok();
            let ratio = |line: &str, part: fn(&Measurement) -> u64| {
                let reference = self.find(cell.workload, line, cell.core)?;
                Some(part(measured?) as f64 / part(&reference) as f64)
            };
            (
                measured.map(|m| m.run.instructions),
                ratio(SPEED_LINE, |m| m.run.instructions),
                measured.map(|m| m.sizes.function_bytes),
                ratio(SIZE_LINE, |m| m.sizes.function_bytes),
            )
        };
        self.cells
            .iter()
            .map(|cell| {
                let (instructions, instructions_ratio, code_bytes, code_ratio) = row(cell);
                let measured = cell.outcome.as_ref().ok();
                let sizes = measured.map(|m| m.sizes);
                let run = measured.map(|m| m.run);
                Row {
                    workload: cell.workload,
                    engine: &cell.engine,
                    core: cell.core.name(),
                    instructions,
                    instructions_ratio,
                    code_bytes,
                    code_ratio,
                    text_bytes: sizes.map(|sizes| sizes.code_bytes),
                    image_bytes: sizes.and_then(|sizes| sizes.image_bytes),
                    ram_bytes: sizes.map(|sizes| sizes.ram_bytes),
                    cycles: run.and_then(|run| run.cycles).map(|cycles| cycles.count()),
                    load_instructions: run.and_then(|run| run.load_instructions),
                    rodata_bytes: sizes.map(|sizes| sizes.rodata_bytes),
                    compile_seconds: measured.and_then(|m| m.compile_seconds),
                    error: cell.outcome.as_ref().err().map(EngineError::to_string),
                }
            })
            .collect()
    }

    /// Geometric means, over the workloads where an engine and both lines have numbers.
    fn means<'a>(rows: &[Row<'a>]) -> Vec<Mean<'a>> {
        let mut means: Vec<Mean<'a>> = Vec::new();
        for row in rows {
            let (Some(instructions), Some(code)) = (row.instructions_ratio, row.code_ratio) else {
                continue;
            };
            let index = means
                .iter()
                .position(|mean| mean.engine == row.engine && mean.core == row.core);
            let index = index.unwrap_or_else(|| {
                means.push(Mean {
                    engine: row.engine,
                    core: row.core,
                    workloads: 0,
                    instructions_ratio: 0.0,
                    code_ratio: 0.0,
                });
                means.len() - 1
            });
            let mean = &mut means[index];
            mean.workloads += 1;
            mean.instructions_ratio += instructions.ln();
            mean.code_ratio += code.ln();
        }
        for mean in &mut means {
            mean.instructions_ratio = (mean.instructions_ratio / mean.workloads as f64).exp();
            mean.code_ratio = (mean.code_ratio / mean.workloads as f64).exp();
        }
        means
    }

    /// A table in Markdown.
    pub(crate) fn table(&self) -> String {
        let rows = self.rows();
        let mut text = format!(
            "{:<11}| {:<18}| {:<8} | {:>13} | {:>10} | {:>6} | {:>10} | {:>6} | {:>6} | {:>7}\n",
            "workload",
            "engine",
            "core",
            "instructions",
            "/ gcc -O2",
            "bytes",
            "/ gcc -Os",
            "text",
            "image",
            "RAM"
        );
        text += "-----------|-------------------|----------|--------------:|-----------:|-------:|-----------:|-------:|-------:|-------:\n";
        let ratio = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.3}"));
        let bytes = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
        for row in &rows {
            let _ = write!(
                text,
                "{:<11}| {:<18}| {:<8} | ",
                row.workload, row.engine, row.core
            );
            let _ = match (&row.error, row.instructions, row.code_bytes) {
                (None, Some(instructions), Some(code)) => writeln!(
                    text,
                    "{instructions:>13} | {:>10} | {code:>6} | {:>10} | {:>6} | {:>6} | {:>7}",
                    ratio(row.instructions_ratio),
                    ratio(row.code_ratio),
                    bytes(row.text_bytes),
                    bytes(row.image_bytes),
                    bytes(row.ram_bytes)
                ),
                (error, ..) => writeln!(text, "{}", error.as_deref().unwrap_or_default()),
            };
        }
        for mean in Self::means(&rows) {
            let _ = writeln!(
                text,
                "{:<11}| {:<18}| {:<8} | {:>13} | {:>10} | {:>6} | {:>10} | {:>6} | {:>6} | {:>7}",
                "geomean",
                mean.engine,
                mean.core,
                "",
                ratio(Some(mean.instructions_ratio)),
                "",
                ratio(Some(mean.code_ratio)),
                "",
                "",
                ""
            );
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// The same as JSON: `{"rows": […], "means": […]}`.
    pub(crate) fn json(&self) -> String {
        let rows = self.rows();
        let means = Self::means(&rows);
        serde_json::json!({ "rows": rows, "means": means }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Measurement, Report};
    use crate::engine::{EngineError, Run, Sizes};
    use crate::machine::Core;

    fn cell(workload: &'static str, engine: &str, instructions: u64, code_bytes: u64) -> Cell {
        Cell {
            workload,
            engine: engine.into(),
            core: Core::M33,
            outcome: Ok(Measurement {
                run: Run {
                    checksum: 0,
                    instructions,
                    cycles: None,
                    load_instructions: None,
                },
                sizes: Sizes {
                    function_bytes: code_bytes,
                    ..Sizes::default()
                },
                compile_seconds: None,
            }),
        }
    }

    #[test]
    fn ratios_refer_to_the_lines_of_the_same_workload() {
        let mut report = Report::default();
        for (workload, scale) in [("a", 1), ("b", 10)] {
            report
                .cells
                .push(cell(workload, "gcc -O2", 100 * scale, 80));
            report
                .cells
                .push(cell(workload, "gcc -Os", 120 * scale, 40));
        }
        report.cells.push(cell("a", "x", 200, 20));
        report.cells.push(cell("b", "x", 8000, 80));
        let rows = report.rows();
        assert_eq!(rows[1].instructions_ratio, Some(1.2));
        assert_eq!(rows[4].instructions_ratio, Some(2.0));
        assert_eq!(rows[5].instructions_ratio, Some(8.0));
        assert_eq!(rows[5].code_ratio, Some(2.0));
        let means = Report::means(&rows);
        let x = means.iter().find(|mean| mean.engine == "x").unwrap();
        assert!((x.instructions_ratio - 4.0).abs() < 1e-9);
        assert!((x.code_ratio - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_missing_tool_is_reported_and_no_failure() {
        let mut report = Report::default();
        report.cells.push(Cell {
            workload: "a",
            engine: "gcc -O2".into(),
            core: Core::M33,
            outcome: Err(EngineError::Missing {
                what: "arm-none-eabi-gcc".into(),
                remedy: "install it",
            }),
        });
        assert!(!report.cells[0].failed());
        assert!(
            report
                .table()
                .contains("missing: arm-none-eabi-gcc (install it)")
        );
        report.cells[0].outcome = Err(EngineError::Checksum {
            found: 1,
            expected: 2,
        });
        assert!(report.cells[0].failed());
    }
}
