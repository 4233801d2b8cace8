//! The committed result table: `benches/RESULTS.md`.

use std::fmt::Write;

use crate::loader::Table;

use super::summary::{Metric, short, workloads};
use super::{Commit, Report, SIZE_LINE, SPEED_LINE};

impl Commit {
    /// Hash and date, and whether files differed.
    pub(crate) fn text(&self) -> String {
        let modified = if self.modified { ", modified" } else { "" };
        let comma = if self.date.is_empty() { "" } else { ", " };
        format!("{}{comma}{}{modified}", self.hash, self.date)
    }
}

impl Report {
    /// The whole file.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "# Results\n\nMeasured at commit {}; written by `cargo run --release -p wasm2mcu-benches -- --results`. \
             All numbers,\nmachine-readable: `results.json`. How to read them: `README.md` here.\n",
            self.commit.text()
        );
        for core in &self.cores {
            let engines = self.engines(&core.name);
            if engines.is_empty() {
                continue;
            }
            let _ = write!(text, "\n## {}\n\n", core.about);
            self.means(&mut text, &core.name);
            for (engine, mean) in self.times_as_fast(&core.name) {
                let _ = writeln!(
                    text,
                    "- {} times as fast as {engine} ({})",
                    short(mean.value),
                    workloads(mean.count)
                );
            }
            if let Some(guards) = self.guards(&core.name) {
                let _ = writeln!(text, "- guards cost a factor of {:.3}", guards.value);
            }
            if let Some(interrupts) = self.interrupts(&core.name) {
                let factor = interrupts.value;
                let _ = writeln!(text, "- being interruptible costs a factor of {factor:.3}");
            }
            for metric in [Metric::Instructions, Metric::Cycles, Metric::Bytes] {
                self.matrix_of(&mut text, &core.name, metric);
            }
        }
        if let Ok(loader) = Table::committed() {
            let _ = write!(
                text,
                "\n## The loader\n\nFrom `loader.json`, with which the tests compare.\n\n{}",
                loader.markdown()
            );
        }
        text += "\n## Versions\n\n| engine | core | version |\n|---|---|---|\n";
        for tool in &self.tools {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                tool.engine,
                tool.core,
                tool.version.replace('|', "\\|")
            );
        }
        text
    }

    fn means(&self, text: &mut String, core: &str) {
        let _ = writeln!(
            text,
            "| geometric means | workloads | instructions / {SPEED_LINE} | cycles / {SPEED_LINE} | bytes / {SIZE_LINE} \
             | image / wasm | load instructions | engine's flash | engine's RAM | compile MB/s |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        );
        for summary in self.summaries(core) {
            let _ = writeln!(
                text,
                "| {} | {} |",
                summary.engine,
                summary.cells().join(" | ")
            );
        }
        text.push('\n');
    }

    /// Ratios by workload, with the line's own numbers.
    fn matrix_of(&self, text: &mut String, core: &str, metric: Metric) {
        let line = metric.line();
        let has = |engine: &&str| self.mean_ratio(core, engine, line, metric).is_some();
        let engines: Vec<&str> = self.engines(core).into_iter().filter(has).collect();
        if engines.is_empty() {
            return;
        }
        let others = || engines.iter().filter(|engine| **engine != line);
        let _ = write!(text, "\n| {metric} | {line} |");
        for engine in others() {
            let _ = write!(text, " {engine} |");
        }
        text.push_str("\n|---|---:|");
        text.push_str(&"---:|".repeat(others().count()));
        text.push('\n');
        let optional = |value: Option<String>| value.unwrap_or_else(|| "–".into());
        for workload in &self.workloads {
            let name = workload.name.as_str();
            let absolute = self.find(name, line, core).and_then(|cell| metric.of(cell));
            let absolute = optional(absolute.map(|value| format!("{value:.0}")));
            let _ = write!(text, "| {name} | {absolute} |");
            for engine in others() {
                let ratio = self.ratio(name, core, engine, line, metric);
                let _ = write!(text, " {} |", optional(ratio.map(short)));
            }
            text.push('\n');
        }
        text.push_str("| **mean** | |");
        for engine in others() {
            let mean = self.mean_ratio(core, engine, line, metric);
            let _ = write!(
                text,
                " **{}** |",
                optional(mean.map(|mean| format!("{:.3}", mean.value)))
            );
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;

    #[test]
    fn tables_are_rectangular() {
        let text = sample().markdown();
        assert!(text.contains("| a | 100 | 1.20 | 2.00 |"), "{text}");
        let mut columns = None;
        for line in text.lines() {
            let count = line.starts_with('|').then(|| line.matches('|').count());
            if let (Some(before), Some(now)) = (columns, count) {
                assert_eq!(before, now, "{line}");
            }
            columns = count;
        }
    }
}
