//! The report: workload × engine, as a table for people or JSON for machines.

use std::fmt::Write;

use serde::Serialize;

use crate::engine::{EngineError, Footprint};

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
    /// The numbers, or why there are none.
    pub(crate) outcome: Result<Measurement, EngineError>,
}

/// What a correct run cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measurement {
    /// Executed instructions of `run`.
    pub(crate) instructions: u64,
    /// Bytes of machine code.
    pub(crate) code_bytes: u64,
    /// What else it takes, if it is a module.
    pub(crate) footprint: Option<Footprint>,
}

impl Cell {
    /// Whether it went wrong; a missing tool is no failure.
    pub(crate) fn failed(&self) -> bool {
        !matches!(self.outcome, Ok(_) | Err(EngineError::Missing { .. }))
    }
}

#[derive(Serialize)]
struct Row<'a> {
    workload: &'a str,
    engine: &'a str,
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
    error: Option<String>,
}

#[derive(Serialize)]
struct Mean<'a> {
    engine: &'a str,
    workloads: usize,
    instructions_ratio: f64,
    code_ratio: f64,
}

impl Report {
    fn find(&self, workload: &str, engine: &str) -> Option<Measurement> {
        let same = |cell: &&Cell| cell.workload == workload && cell.engine == engine;
        self.cells.iter().find(same)?.outcome.as_ref().ok().copied()
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let row = |cell: &'_ Cell| {
            let measured = cell.outcome.as_ref().ok();
            let ratio = |line: &str, part: fn(&Measurement) -> u64| {
                let reference = self.find(cell.workload, line)?;
                Some(part(measured?) as f64 / part(&reference) as f64)
            };
            (
                measured.map(|m| m.instructions),
                ratio(SPEED_LINE, |m| m.instructions),
                measured.map(|m| m.code_bytes),
                ratio(SIZE_LINE, |m| m.code_bytes),
            )
        };
        self.cells
            .iter()
            .map(|cell| {
                let (instructions, instructions_ratio, code_bytes, code_ratio) = row(cell);
                let footprint = cell.outcome.as_ref().ok().and_then(|m| m.footprint);
                Row {
                    workload: cell.workload,
                    engine: &cell.engine,
                    instructions,
                    instructions_ratio,
                    code_bytes,
                    code_ratio,
                    text_bytes: footprint.map(|footprint| footprint.text_bytes),
                    image_bytes: footprint.map(|footprint| footprint.image_bytes),
                    ram_bytes: footprint.map(|footprint| footprint.ram_bytes),
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
            let index = means.iter().position(|mean| mean.engine == row.engine);
            let index = index.unwrap_or_else(|| {
                means.push(Mean {
                    engine: row.engine,
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
            "{:<11}| {:<18}| {:>13} | {:>10} | {:>6} | {:>10} | {:>6} | {:>6} | {:>7}\n",
            "workload",
            "engine",
            "instructions",
            "/ gcc -O2",
            "bytes",
            "/ gcc -Os",
            "text",
            "image",
            "RAM"
        );
        text += "-----------|-------------------|--------------:|-----------:|-------:|-----------:|-------:|-------:|-------:\n";
        let ratio = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.3}"));
        let bytes = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
        for row in &rows {
            let _ = write!(text, "{:<11}| {:<18}| ", row.workload, row.engine);
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
                "{:<11}| {:<18}| {:>13} | {:>10} | {:>6} | {:>10} | {:>6} | {:>6} | {:>7}",
                "geomean",
                mean.engine,
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
    use crate::engine::EngineError;

    fn cell(workload: &'static str, engine: &str, instructions: u64, code_bytes: u64) -> Cell {
        Cell {
            workload,
            engine: engine.into(),
            outcome: Ok(Measurement {
                instructions,
                code_bytes,
                footprint: None,
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
