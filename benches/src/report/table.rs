//! The report in the terminal: for every core a matrix of instructions, one of bytes, and a summary.

use std::fmt::Write;

use super::summary::{Mean, Metric, Summary, short, workloads};
use super::{Report, SIZE_LINE, SPEED_LINE};

/// Spaces between columns.
const GAP: &str = "  ";

/// Rows of texts, the first column to the left and the others to the right.
struct Grid {
    rows: Vec<Vec<String>>,
    /// A rule stands above these rows.
    rules: Vec<usize>,
}

impl Grid {
    /// With a heading for the rows and one for each column, broken where it has line ends, or else at
    /// spaces.
    fn new(heading: &str, columns: &[&str]) -> Self {
        let words: Vec<Vec<&str>> = columns
            .iter()
            .map(|column| {
                let at = if column.contains('\n') { '\n' } else { ' ' };
                column.split(at).collect()
            })
            .collect();
        let height = words.iter().map(Vec::len).max().unwrap_or(1);
        let rows = (0..height).map(|line| {
            let first = if line + 1 == height { heading } else { "" };
            let words = words.iter().map(|words| {
                let above = height - words.len();
                line.checked_sub(above).map_or("", |index| words[index])
            });
            std::iter::once(first)
                .chain(words)
                .map(str::to_owned)
                .collect()
        });
        Self {
            rows: rows.collect(),
            rules: vec![height],
        }
    }

    fn push(&mut self, heading: &str, cells: impl IntoIterator<Item = String>) {
        let row = std::iter::once(heading.to_owned()).chain(cells);
        self.rows.push(row.collect());
    }

    fn rule(&mut self) {
        self.rules.push(self.rows.len());
    }

    fn text(&self) -> String {
        let columns = self.rows[0].len();
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let width = |row: &Vec<String>| row[column].chars().count();
                self.rows.iter().map(width).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            if self.rules.contains(&index) {
                let dashes = widths.iter().map(|width| "─".repeat(*width));
                text += &dashes.collect::<Vec<_>>().join(GAP);
                text.push('\n');
            }
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    if column == 0 {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                });
            text += cells.collect::<Vec<_>>().join(GAP).trim_end();
            text.push('\n');
        }
        text
    }
}

fn optional(value: Option<String>) -> String {
    value.unwrap_or_else(|| "–".into())
}

impl Report {
    /// Everything that fits in a terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for core in &self.cores {
            if self.engines(&core.name).is_empty() {
                continue;
            }
            let _ = writeln!(text, "━━ {} ━━\n", core.about);
            text += &self.matrix(&core.name, Metric::Instructions);
            text.push('\n');
            if self.has(&core.name, Metric::Cycles) {
                text += &self.matrix(&core.name, Metric::Cycles);
                text.push('\n');
            }
            text += &self.matrix(&core.name, Metric::Bytes);
            text.push('\n');
            text += &self.summary_grid(&core.name);
            text.push('\n');
            for (engine, mean) in self.times_as_fast(&core.name) {
                let _ = writeln!(
                    text,
                    "{} times as fast as {engine} ({})",
                    short(mean.value),
                    workloads(mean.count)
                );
            }
            if let Some(guards) = self.guards(&core.name) {
                let _ = writeln!(text, "guards cost a factor of {:.3}", guards.value);
            }
            if let Some(interrupts) = self.interrupts(&core.name) {
                let factor = interrupts.value;
                let _ = writeln!(text, "being interruptible costs a factor of {factor:.3}");
            }
            text.push('\n');
        }
        text += &self.without_numbers();
        text.truncate(text.trim_end().len());
        text
    }

    fn has(&self, core: &str, metric: Metric) -> bool {
        let of_core = self.cells.iter().filter(|cell| cell.core == core);
        let mut values = of_core.filter_map(|cell| metric.of(cell.measured()?));
        values.next().is_some()
    }

    /// Workloads × engines: ratios to the metric's line, which itself is absolute in the first column.
    /// If the line was not measured, every column is absolute.
    fn matrix(&self, core: &str, metric: Metric) -> String {
        let engines = self.engines(core);
        let line = engines.iter().find(|engine| **engine == metric.line());
        let others = || engines.iter().filter(|engine| Some(*engine) != line);
        let columns: Vec<&str> = line.into_iter().chain(others()).copied().collect();
        let absolute = |workload: &str, engine: &str| {
            let measured = self.find(workload, engine, core);
            let value = measured.and_then(|measurement| metric.of(measurement));
            optional(value.map(|value| format!("{value:.0}")))
        };
        let mut grid = Grid::new(&metric.to_string(), &columns);
        for workload in &self.workloads {
            let name = workload.name.as_str();
            let cells = columns.iter().map(|engine| match line {
                Some(line) if engine != line => {
                    optional(self.ratio(name, core, engine, line, metric).map(short))
                }
                _ => absolute(name, engine),
            });
            grid.push(name, cells);
        }
        let Some(line) = line else {
            return grid.text();
        };
        grid.rule();
        let means: Vec<Option<Mean>> = others()
            .map(|engine| self.mean_ratio(core, engine, line, metric))
            .collect();
        let row = |part: fn(&Mean) -> String| {
            let cells = means
                .iter()
                .map(move |mean| optional(mean.as_ref().map(part)));
            std::iter::once("1".to_owned())
                .chain(cells)
                .collect::<Vec<_>>()
        };
        grid.push("geometric mean", row(|mean| format!("{:.3}", mean.value)));
        grid.push("largest", row(|mean| short(mean.largest)));
        grid.push("workloads", row(|mean| mean.count.to_string()));
        grid.text()
    }

    fn summary_grid(&self, core: &str) -> String {
        let columns = [
            "workloads".to_owned(),
            format!("instructions\n/ {SPEED_LINE}"),
            format!("cycles\n/ {SPEED_LINE}"),
            format!("bytes\n/ {SIZE_LINE}"),
            "image\n/ wasm".to_owned(),
            "load instructions".to_owned(),
            "engine's flash".to_owned(),
            "engine's RAM".to_owned(),
            "compile MB/s".to_owned(),
        ];
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut grid = Grid::new("geometric means", &columns);
        for summary in self.summaries(core) {
            grid.push(&summary.engine, summary.cells());
        }
        grid.text()
    }

    /// Every cell that has no numbers, those with the same reason together.
    fn without_numbers(&self) -> String {
        let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
        for cell in &self.cells {
            let Some(reason) = cell.reason() else {
                continue;
            };
            let place = format!("{} {} {}", cell.core, cell.engine, cell.workload);
            match groups.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, places)) => places.push(place),
                None => groups.push((reason, vec![place])),
            }
        }
        let mut text = String::new();
        for (reason, places) in groups {
            let more = match places.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let _ = writeln!(text, "{}{more}: {reason}", places[0]);
        }
        text
    }
}

impl Summary {
    /// The cells of a row, as texts.
    pub(crate) fn cells(&self) -> Vec<String> {
        let mean = |mean: &Option<Mean>| optional(mean.as_ref().map(|mean| short(mean.value)));
        let count = |value: Option<u64>| optional(value.map(|value| value.to_string()));
        let estimated = if self.cycles_estimated { "~" } else { "" };
        vec![
            self.workloads.to_string(),
            mean(&self.instructions),
            optional(
                self.cycles
                    .as_ref()
                    .map(|mean| format!("{estimated}{}", short(mean.value))),
            ),
            mean(&self.bytes),
            mean(&self.image_per_wasm),
            optional(self.load.as_ref().map(|mean| format!("{:.0}", mean.value))),
            count(self.runtime_flash),
            count(self.runtime_ram),
            optional(
                self.compile_bytes_per_second
                    .map(|speed| format!("{:.2}", speed / 1e6)),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;

    #[test]
    fn numbers_are_absolute_without_their_line() {
        let mut report = sample();
        report.cells.retain(|cell| !cell.engine.starts_with("gcc"));
        let table = report.table();
        let row = table.lines().find(|line| line.starts_with("b "));
        let row: Vec<&str> = row.unwrap().split_whitespace().collect();
        assert_eq!(row, ["b", "2000"], "{table}");
        assert!(!table.contains("geometric mean "), "{table}");
    }

    #[test]
    fn the_table_has_ratios_means_and_reasons() {
        let table = sample().table();
        let row = |start: &str| {
            let row = table.lines().find(|line| line.starts_with(start));
            row.unwrap_or_else(|| panic!("{table}"))
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(row("a "), ["a", "100", "1.20", "2.00"]);
        assert_eq!(row("b "), ["b", "100", "1.20", "20.0"]);
        assert_eq!(
            row("geometric mean "),
            ["geometric", "mean", "1", "1.200", "6.325"]
        );
        assert!(table.contains("m33 wasmi a: missing: wasmi (install <it>)"));
    }
}
