//! Runs workloads under engines and collects the report.

use std::path::Path;
use std::process::Command;

use crate::engine::{Engine, EngineError};
use crate::machine::{Core, Cycles};
use crate::report::{Cell, Commit, Described, Measurement, Outcome, Report, SCHEMA, Tool};
use crate::workload::{self, Workload};

/// Measures every workload under every engine on every core that it has; `progress` hears what
/// comes next.
pub(crate) fn measure(
    workloads: &[Workload],
    engines: &[Box<dyn Engine>],
    cores: &[Core],
    mut progress: impl FnMut(&str),
) -> Report {
    // Before the long part, in which sources may change.
    let commit = commit();
    let pairs: Vec<(&dyn Engine, Core)> = engines
        .iter()
        .flat_map(|engine| {
            let wanted = |core: &&Core| engine.cores().contains(core);
            cores
                .iter()
                .filter(wanted)
                .map(|core| (engine.as_ref(), *core))
        })
        .collect();
    let tools = pairs.iter().map(|(engine, core)| tool(*engine, *core));
    let tools = tools.collect();
    let mut cells = Vec::new();
    for workload in workloads {
        for (engine, core) in &pairs {
            progress(&format!(
                "{} · {} · {}",
                workload.name,
                core.name(),
                engine.name()
            ));
            cells.push(Cell {
                workload: workload.name.into(),
                engine: engine.name().into(),
                core: core.name().into(),
                outcome: outcome(cell(workload, *engine, *core)),
            });
        }
    }
    let described = |name: &str, about: &str| Described {
        name: name.into(),
        about: about.into(),
    };
    Report {
        schema: SCHEMA,
        commit,
        rounds: workload::ROUNDS,
        cores: cores
            .iter()
            .map(|core| described(core.name(), core.description()))
            .collect(),
        workloads: workloads
            .iter()
            .map(|workload| described(workload.name, &workload.about))
            .collect(),
        tools,
        cells,
    }
}

/// One workload under one engine, its checksum compared with the expected one.
///
/// # Errors
///
/// Those of the engine, and [`EngineError::Checksum`].
pub(crate) fn cell(
    workload: &Workload,
    engine: &dyn Engine,
    core: Core,
) -> Result<Measurement, EngineError> {
    let mut program = engine.prepare(workload, core)?;
    let run = program.run(workload::ROUNDS)?;
    if run.checksum != workload.checksum {
        return Err(EngineError::Checksum {
            found: run.checksum,
            expected: workload.checksum,
        });
    }
    let sizes = program.sizes();
    Ok(Measurement {
        instructions: run.instructions,
        cycles: run.cycles.map(Cycles::count),
        cycles_estimated: matches!(run.cycles, Some(Cycles::Estimated(_))),
        load_instructions: run.load_instructions,
        code_bytes: sizes.code_bytes,
        function_bytes: sizes.function_bytes,
        rodata_bytes: sizes.rodata_bytes,
        ram_bytes: sizes.ram_bytes,
        image_bytes: sizes.image_bytes,
        wasm_bytes: sizes.wasm_bytes,
        runtime_flash_bytes: sizes.runtime.map(|runtime| runtime.flash_bytes),
        runtime_ram_bytes: sizes.runtime.map(|runtime| runtime.ram_bytes),
        compile_seconds: program.compile_seconds(),
    })
}

fn outcome(result: Result<Measurement, EngineError>) -> Outcome {
    match result {
        Ok(measurement) => Outcome::Measured(measurement),
        Err(error) => {
            let reason = error.to_string();
            match error {
                EngineError::Missing { .. } => Outcome::Missing { reason },
                EngineError::Unable(_) => Outcome::Unable { reason },
                EngineError::Failed(_) | EngineError::Checksum { .. } => Outcome::Failed { reason },
            }
        }
    }
}

fn tool(engine: &dyn Engine, core: Core) -> Tool {
    let (version, missing) = match engine.version(core) {
        Ok(version) => (version, false),
        Err(error) => (error.to_string(), true),
    };
    Tool {
        engine: engine.name().into(),
        core: core.name().into(),
        version,
        missing,
    }
}

/// The commit of these sources, if they are in a repository and there is git.
fn commit() -> Commit {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let shown = git(&["show", "-s", "--format=%h %cs"]).unwrap_or_default();
    let (hash, date) = shown.split_once(' ').unwrap_or(("unknown", ""));
    // What the report itself writes is no change of what is measured.
    let status = git(&[
        "status",
        "--porcelain",
        "--",
        ":/",
        ":!results.json",
        ":!RESULTS.md",
    ]);
    Commit {
        hash: hash.into(),
        date: date.into(),
        modified: status.is_some_and(|status| !status.is_empty()),
    }
}
