//! The program as a user meets it: what it prints where, its exit status, the files it leaves.

mod boards;
mod compile;
mod errors;
mod explain;
mod hardware;
mod link;
mod manifest;
mod run;
mod sign;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program with these arguments, in `folder`, with nothing to read on standard input.
fn wasm2mcu(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasm2mcu"));
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command
}

/// How the program ended.
#[derive(Debug)]
struct End {
    status: i32,
    stdout: String,
    stderr: String,
}

impl End {
    fn of(mut command: Command) -> End {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the program starts");
        End {
            status: status.code().expect("no signal"),
            stdout: String::from_utf8(stdout).expect("text"),
            stderr: String::from_utf8(stderr).expect("text"),
        }
    }

    /// Asserts success and returns standard output.
    #[track_caller]
    fn success(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.stdout
    }

    /// Asserts a failure with one message, nothing on standard output, and all of `parts` in the
    /// message.
    #[track_caller]
    fn failure(self, parts: &[&str]) {
        assert_eq!(self.status, 1, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert_eq!(self.stderr.matches("error: ").count(), 1, "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in {self:?}");
        }
    }
}

/// A folder with files of these names and contents.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("a file");
    }
    folder
}

/// Runs the program in a folder.
fn call(folder: &TempDir, args: &[&str]) -> End {
    End::of(wasm2mcu(folder.path(), args))
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("the folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn guest_app(name: &str) -> String {
    let apps = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testbench/apps");
    apps.join(name).to_str().expect("UTF-8").to_owned()
}

/// A module with state, traps and names.
const APP: &str = r#"(module
  (global $sum (mut i32) (i32.const 0))
  (func $accumulate (export "add") (param i32) (result i32)
    (global.set $sum (i32.add (global.get $sum) (local.get 0)))
    (global.get $sum))
  (func $quotient (export "div") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1)))
  (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  (func (export "nop"))
  (func (export "spin") (loop (br 0)))
  (memory (export "memory") 1 3)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
"#;
