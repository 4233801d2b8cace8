//! Programs of the host that engines and simulators are built with.

use std::io;
use std::process::{Command, Output};

use super::EngineError;

/// Runs a program to its end.
///
/// # Errors
///
/// [`EngineError::Missing`] if it is not installed, [`EngineError::Failed`] with its own words if it
/// fails.
pub(crate) fn execute(command: &mut Command, remedy: &'static str) -> Result<Output, EngineError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => EngineError::Missing {
            what: program.clone(),
            remedy,
        },
        _ => EngineError::Failed(format!("{program}: {error}")),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(EngineError::Failed(format!("{program}: {}", said.trim())))
}

/// The first line of what a program says about its version.
///
/// # Errors
///
/// As [`execute`].
pub(crate) fn version(program: &str, remedy: &'static str) -> Result<String, EngineError> {
    let output = execute(Command::new(program).arg("--version"), remedy)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// An error that is nobody's lack.
pub(crate) fn failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed(error.to_string())
}
