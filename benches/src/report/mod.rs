//! The report: everything that one run measured, and its forms.
//!
//! ```text
//!   measure ──▶ Report (cells: workload × engine × core) ◀──▶ JSON
//!                 │ summary: ratios to gcc, geometric means
//!                 ├─▶ table      for the terminal
//!                 ├─▶ markdown   benches/RESULTS.md
//!                 ├─▶ html       one page with charts
//!                 └─▶ compare    with an older report
//! ```
//!
//! A cell without numbers says why. Files appear whole or not at all.

pub(crate) mod chart;
pub(crate) mod compare;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod summary;
pub(crate) mod table;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// Ratios of instructions and cycles refer to this engine.
pub(crate) const SPEED_LINE: &str = "gcc -O2";
/// Ratios of bytes refer to this engine.
pub(crate) const SIZE_LINE: &str = "gcc -Os";
/// The engine that others are compared with: "so many times faster".
pub(crate) const OURS: &str = "wasm2mcu -O speed";
/// The engine whose bytes are shown first.
pub(crate) const OURS_SMALL: &str = "wasm2mcu -O size";
/// [`OURS`] without guards, if it is measured.
pub(crate) const UNGUARDED: &str = "wasm2mcu unguarded";
/// [`OURS`] where the host can interrupt it, if it is measured.
pub(crate) const INTERRUPTIBLE: &str = "wasm2mcu interruptible";

/// The version of the JSON form; a change that old readers would misunderstand has a new one.
pub(crate) const SCHEMA: u32 = 1;

/// Everything that was measured, and with what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// [`SCHEMA`].
    pub(crate) schema: u32,
    /// The commit of the sources.
    pub(crate) commit: Commit,
    /// The `n` of `run(n)`.
    pub(crate) rounds: i32,
    /// Cores in the order of the report.
    pub(crate) cores: Vec<Described>,
    /// Workloads in the order of the report.
    pub(crate) workloads: Vec<Described>,
    /// What the engines call themselves, or why they are missing.
    pub(crate) tools: Vec<Tool>,
    /// Every workload under every engine on every core that the engine has.
    pub(crate) cells: Vec<Cell>,
}

/// A commit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Commit {
    /// Its hash, or `unknown`.
    pub(crate) hash: String,
    /// Its date, YYYY-MM-DD.
    pub(crate) date: String,
    /// Whether files differed from it.
    pub(crate) modified: bool,
}

/// A name and what it stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Described {
    /// The name in cells.
    pub(crate) name: String,
    /// For people.
    pub(crate) about: String,
}

/// An engine on a core.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tool {
    /// The engine's name.
    pub(crate) engine: String,
    /// The core's name.
    pub(crate) core: String,
    /// Names and versions of what it consists of, or why there is none.
    pub(crate) version: String,
    /// Whether something of it is not installed.
    pub(crate) missing: bool,
}

/// One workload under one engine on one core.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cell {
    /// The workload's name.
    pub(crate) workload: String,
    /// The engine's name.
    pub(crate) engine: String,
    /// The core's name.
    pub(crate) core: String,
    /// The numbers, or why there are none.
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// What came of a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// The checksum was right.
    Measured(Measurement),
    /// Something is not installed.
    Missing {
        /// What, and what to do about it.
        reason: String,
    },
    /// The engine cannot run this, by its nature; nothing is wrong.
    Unable {
        /// Why not.
        reason: String,
    },
    /// It should have run and did not, or the checksum was wrong.
    Failed {
        /// What happened.
        reason: String,
    },
}

/// What a correct run cost. Bytes are described at `engine::Sizes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// Executed instructions of `run`.
    pub(crate) instructions: u64,
    /// Clock cycles of `run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cycles: Option<u64>,
    /// Whether the cycles are an estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cycles_estimated: bool,
    /// Instructions on the device before the first call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load_instructions: Option<u64>,
    /// All code.
    pub(crate) code_bytes: u64,
    /// The part of it that the program's own functions are.
    pub(crate) function_bytes: u64,
    /// Constants and initial values.
    pub(crate) rodata_bytes: u64,
    /// RAM of the program.
    pub(crate) ram_bytes: u64,
    /// The file that goes to the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_bytes: Option<u64>,
    /// The module that it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wasm_bytes: Option<u64>,
    /// Flash that the engine takes in any firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runtime_flash_bytes: Option<u64>,
    /// RAM that the engine takes beside the program's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runtime_ram_bytes: Option<u64>,
    /// Seconds on the host to make it. Not exact, unlike everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compile_seconds: Option<f64>,
}

/// Why a report cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// The file system refused.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// It is no report.
    #[error("{}: not a report of this program: {error}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// It is the report of another version of this program.
    #[error(
        "{}: schema {found}, this program reads {SCHEMA}: measure that commit again with this program",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it has; `none` if it says nothing.
        found: String,
    },
}

impl Cell {
    /// The numbers, if there are any.
    pub(crate) fn measured(&self) -> Option<&Measurement> {
        match &self.outcome {
            Outcome::Measured(measurement) => Some(measurement),
            _ => None,
        }
    }

    /// Why there are no numbers.
    pub(crate) fn reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Measured(_) => None,
            Outcome::Missing { reason }
            | Outcome::Unable { reason }
            | Outcome::Failed { reason } => Some(reason),
        }
    }

    /// Whether it went wrong; a missing tool is no failure.
    pub(crate) fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

impl Report {
    /// The numbers of a cell, if it has any.
    pub(crate) fn find(&self, workload: &str, engine: &str, core: &str) -> Option<&Measurement> {
        let same =
            |cell: &&Cell| cell.workload == workload && cell.engine == engine && cell.core == core;
        self.cells.iter().find(same)?.measured()
    }

    /// The engines that have numbers on the core, in the order in which they were measured.
    pub(crate) fn engines(&self, core: &str) -> Vec<&str> {
        let mut engines = Vec::new();
        for cell in &self.cells {
            let known = engines.contains(&cell.engine.as_str());
            if cell.core == core && cell.measured().is_some() && !known {
                engines.push(cell.engine.as_str());
            }
        }
        engines
    }

    /// The same as JSON, a line per cell, so that versions of it can be compared as texts.
    pub(crate) fn json(&self) -> String {
        let value = serde_json::to_value(self).expect("a report has string keys only");
        let mut text = String::from("{\n");
        let members = value.as_object().into_iter().flatten();
        let members: Vec<String> = members
            .map(|(name, value)| match value.as_array() {
                Some(items) if !items.is_empty() => {
                    let items: Vec<String> =
                        items.iter().map(|item| format!("    {item}")).collect();
                    format!("  \"{name}\": [\n{}\n  ]", items.join(",\n"))
                }
                _ => format!("  \"{name}\": {value}"),
            })
            .collect();
        text += &members.join(",\n");
        text += "\n}\n";
        text
    }

    /// A report that was written before.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not of this [`SCHEMA`].
    pub(crate) fn read(path: &Path) -> Result<Self, ReportError> {
        let text = fs::read_to_string(path).map_err(|error| ReportError::File {
            path: path.into(),
            error,
        })?;
        let malformed = |error| ReportError::Malformed {
            path: path.into(),
            error,
        };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(malformed)?;
        if value["schema"] != SCHEMA {
            return Err(ReportError::Schema {
                path: path.into(),
                found: match &value["schema"] {
                    serde_json::Value::Null => "none".into(),
                    other => other.to_string(),
                },
            });
        }
        serde_json::from_value(value).map_err(malformed)
    }
}

/// Puts a file in place, whole or not at all.
///
/// # Errors
///
/// [`ReportError::File`].
pub(crate) fn write(path: &Path, text: &str) -> Result<(), ReportError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let whole = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        readable(file.as_file())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    whole().map_err(|error| ReportError::File {
        path: path.into(),
        error,
    })
}

/// A temporary file is for its owner only; a report is for everyone.
#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{
        Cell, Commit, Described, Measurement, Outcome, Report, ReportError, SCHEMA, write,
    };

    /// A report of two workloads on one core with three engines.
    pub(crate) fn sample() -> Report {
        let mut cells = Vec::new();
        for (workload, scale) in [("a", 1), ("b", 10)] {
            for (engine, instructions, bytes) in [
                ("gcc -O2", 100, 80),
                ("gcc -Os", 120, 40),
                ("wasm2mcu -O speed", 200 * scale, 20 * scale),
            ] {
                cells.push(Cell {
                    workload: workload.into(),
                    engine: engine.into(),
                    core: "m33".into(),
                    outcome: Outcome::Measured(Measurement {
                        instructions,
                        code_bytes: bytes,
                        function_bytes: bytes,
                        ..Measurement::default()
                    }),
                });
            }
        }
        cells.push(Cell {
            workload: "a".into(),
            engine: "wasmi".into(),
            core: "m33".into(),
            outcome: Outcome::Missing {
                reason: "missing: wasmi (install <it>)".into(),
            },
        });
        let described = |name: &str| Described {
            name: name.into(),
            about: format!("what {name} is"),
        };
        Report {
            schema: SCHEMA,
            commit: Commit::default(),
            rounds: 10,
            cores: vec![described("m33")],
            workloads: vec![described("a"), described("b")],
            tools: Vec::new(),
            cells,
        }
    }

    #[test]
    fn json_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let report = sample();
        write(&path, &report.json()).unwrap();
        let read = Report::read(&path).unwrap();
        assert_eq!(read.json(), report.json());
        assert_eq!(read.cells.len(), report.cells.len());
    }

    #[test]
    fn another_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        for (text, says) in [
            (r#"{"schema": 999, "cells": []}"#, "schema 999"),
            (r#"{"cells": []}"#, "schema none"),
            ("[", "not a report"),
        ] {
            write(&path, text).unwrap();
            let error = Report::read(&path).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
        let absent = Report::read(&folder.path().join("absent")).unwrap_err();
        assert!(matches!(absent, ReportError::File { .. }));
    }

    #[test]
    fn a_missing_tool_is_no_failure() {
        let mut report = sample();
        assert!(!report.cells.iter().any(Cell::failed));
        report.cells[0].outcome = Outcome::Failed {
            reason: "checksum".into(),
        };
        assert!(report.cells[0].failed());
    }
}
