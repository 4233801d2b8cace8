//! Verdicts as a table for people and as the list of what is not run.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use crate::runner::Verdict;
use crate::{Run, suite};

/// All verdicts of a file.
pub(crate) struct FileResult {
    /// The file.
    pub(crate) name: String,
    /// The line of every directive.
    pub(crate) lines: Vec<usize>,
    /// For every run, the verdict of every directive.
    pub(crate) verdicts: Vec<Vec<Verdict>>,
}

/// The verdicts of all files.
pub(crate) struct Tally<'a> {
    runs: &'a [Run],
    files: Vec<FileResult>,
}

/// Directives by verdict.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    not_run: usize,
}

impl Count {
    fn add(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            match verdict {
                Verdict::Passed => self.passed += 1,
                Verdict::Failed(_) | Verdict::Bereft => self.failed += 1,
                Verdict::NotRun(_) => self.not_run += 1,
            }
        }
    }
}

const HEAD: &str = "\
# Directives of WebAssembly's test suite that are not run, by file and reason.
# Written by BLESS=1; the suite's test fails where it is not exact.
";

impl<'a> Tally<'a> {
    /// The tally of these files.
    pub(crate) fn new(runs: &'a [Run], files: Vec<FileResult>) -> Tally<'a> {
        Tally { runs, files }
    }

    /// Passed, failed and not run, levels summed for each board, by feature or, with `by_file`, by
    /// file; then the reasons, and the total of each run.
    pub(crate) fn table(&self, by_file: bool) -> String {
        let mut boards: Vec<&str> = self.runs.iter().map(|run| run.board).collect();
        boards.dedup();
        let mut rows: BTreeMap<&str, Vec<Count>> = BTreeMap::new();
        for file in &self.files {
            let name = match by_file {
                true => &file.name,
                false => suite::feature(&file.name),
            };
            let counts = rows
                .entry(name)
                .or_insert_with(|| vec![Count::default(); boards.len()]);
            for (run, verdicts) in self.runs.iter().zip(&file.verdicts) {
                let board = boards.iter().position(|board| *board == run.board);
                counts[board.expect("a board of the runs")].add(verdicts);
            }
        }
        let mut table = format!("{:44}", "passed / failed / not run");
        for board in &boards {
            write!(table, "{board:>24}").unwrap();
        }
        for (name, counts) in rows {
            let columns: String = counts.into_iter().map(columns).collect();
            write!(table, "\n{name:44}{columns}").unwrap();
        }
        let mut reasons = BTreeMap::new();
        for verdict in self.files.iter().flat_map(|file| &file.verdicts[0]) {
            if let Verdict::NotRun(reason) = verdict {
                *reasons.entry(reason).or_insert(0) += 1;
            }
        }
        table.push('\n');
        for (reason, count) in reasons {
            write!(table, "\nnot run: {reason:35}{count:24}").unwrap();
        }
        table.push('\n');
        for (index, run) in self.runs.iter().enumerate() {
            let mut count = Count::default();
            for file in &self.files {
                count.add(&file.verdicts[index]);
            }
            let name = format!("total: {run}");
            write!(table, "\n{name:44}{}", columns(count)).unwrap();
        }
        table
    }

    /// The failures, one a line; those that follow from another are not among them.
    pub(crate) fn failures(&self) -> String {
        let mut lines = Vec::new();
        for file in &self.files {
            for (index, line) in file.lines.iter().enumerate() {
                let mut runs: BTreeMap<&str, Vec<String>> = BTreeMap::new();
                for (run, verdicts) in self.runs.iter().zip(&file.verdicts) {
                    if let Verdict::Failed(message) = &verdicts[index] {
                        runs.entry(message).or_default().push(run.to_string());
                    }
                }
                for (message, runs) in runs {
                    let on = match runs.len() == self.runs.len() {
                        true => "everywhere".to_owned(),
                        false => runs.join(", "),
                    };
                    lines.push(format!("{}.wast:{line} ({on}): {message}\n", file.name));
                }
            }
        }
        lines.concat()
    }

    /// What is wrong with the list; nothing after it was written anew.
    pub(crate) fn compare_with_list(&self) -> String {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/spec/not_run.txt");
        let found = self.list();
        if env::var_os("BLESS").is_some() && env::var_os("SPEC_FILES").is_none() {
            let text: String = found.iter().map(|line| format!("{line}\n")).collect();
            fs::write(&path, format!("{HEAD}{text}"))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            return String::new();
        }
        let listed = fs::read_to_string(&path).unwrap_or_default();
        let of_these_files = |line: &&str| {
            let name = line.split('\t').next();
            self.files.iter().any(|file| Some(&*file.name) == name)
        };
        let listed: Vec<&str> = listed.lines().filter(of_these_files).collect();
        let mut difference = String::new();
        for line in found.iter().filter(|line| !listed.contains(&&***line)) {
            writeln!(difference, "not run, but not listed: {line}").unwrap();
        }
        for line in listed
            .iter()
            .filter(|line| !found.iter().any(|l| l == **line))
        {
            writeln!(difference, "listed, but no more so: {line}").unwrap();
        }
        if !difference.is_empty() {
            difference.push_str("not_run.txt is wrong; if this is progress, set BLESS=1\n");
        }
        difference
    }

    /// The list as it should be: file, directives, reason; where the boards differ, the board.
    fn list(&self) -> Vec<String> {
        let mut list = Vec::new();
        for file in &self.files {
            let of_runs: Vec<_> = file.verdicts.iter().map(|run| reasons(run)).collect();
            let alike = of_runs.iter().all(|reasons| *reasons == of_runs[0]);
            let mut seen = Vec::new();
            for (run, reasons) in self.runs.iter().zip(&of_runs) {
                let on = match alike {
                    true => String::new(),
                    false => format!("\t{}", run.board),
                };
                for (reason, count) in reasons {
                    let line = format!("{}\t{count}\t{reason}{on}", file.name);
                    if !seen.contains(&line) {
                        seen.push(line);
                    }
                }
            }
            list.extend(seen);
        }
        list
    }
}

fn reasons(verdicts: &[Verdict]) -> BTreeMap<&'static str, usize> {
    let mut reasons = BTreeMap::new();
    for verdict in verdicts {
        if let Verdict::NotRun(reason) = verdict {
            *reasons.entry(*reason).or_insert(0) += 1;
        }
    }
    reasons
}

fn columns(count: Count) -> String {
    let Count {
        passed,
        failed,
        not_run,
    } = count;
    format!("{passed:>10}{failed:>7}{not_run:>7}")
}
