//! The workloads: the guest apps of the test bench.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The `n` of `run(n)`; `expected.tsv` has the checksum for it.
pub(crate) const ROUNDS: i32 = 10;

/// One app, in every form that an engine may need.
pub(crate) struct Workload {
    /// The app's name.
    pub(crate) name: &'static str,
    /// What it is, a sentence: the first one of its source.
    pub(crate) about: String,
    /// Its C sources.
    pub(crate) sources: Vec<PathBuf>,
    /// Compiler flags that go with the sources.
    pub(crate) flags: Vec<String>,
    /// The module from `clang -O2`.
    pub(crate) wasm: PathBuf,
    /// The module from `clang -Os`.
    pub(crate) small_wasm: PathBuf,
    /// What `run(ROUNDS)` returns on the host.
    pub(crate) checksum: i32,
    /// The same algorithm in Python; foreign C has none.
    // The engines of Python are the ones that read it.
    #[allow(dead_code)]
    pub(crate) python: Option<Python>,
}

/// A workload in Python: complete programs that define `run(n)`.
#[allow(dead_code)]
pub(crate) struct Python {
    /// Plain Python, for MicroPython as well.
    pub(crate) source: String,
    /// With its kernel in MicroPython's viper.
    pub(crate) viper: Option<String>,
    /// Why an interpreter with single-precision floats cannot have the same checksum.
    pub(crate) needs_double: Option<&'static str>,
}

/// Our own apps. `traps` is not among them: it is no work.
const APPS: [&str; 26] = [
    "aes128",
    "biquad",
    "control",
    "crc32",
    "fft",
    "fir",
    "fir_f32",
    "fusion",
    "grow",
    "heapsort",
    "hostcall",
    "huffman",
    "json",
    "lz",
    "machine",
    "matmul",
    "matmul_f32",
    "navigation",
    "plc",
    "quicksort",
    "recursion",
    "search",
    "servo",
    "sha256",
    "sieve",
    "statistics",
];

/// zlib's files that `foreign/zlib.c` needs.
const ZLIB: [&str; 8] = [
    "adler32", "crc32", "deflate", "inffast", "inflate", "inftrees", "trees", "zutil",
];

/// Every workload.
///
/// # Errors
///
/// If `expected.tsv` cannot be read or lacks an app.
pub(crate) fn all() -> io::Result<Vec<Workload>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("../testbench/apps");
    let expected = fs::read_to_string(folder.join("expected.tsv"))?;
    let workload = |name: &'static str, sources: Vec<PathBuf>, flags: Vec<String>| {
        let checksum = checksum(&expected, name).ok_or_else(|| {
            io::Error::other(format!(
                "testbench/apps/expected.tsv has no checksum of {name}; run testbench/apps/build.sh"
            ))
        })?;
        Ok(Workload {
            name,
            about: about(&fs::read_to_string(&sources[0])?),
            python: Python::read(&here.join("python"), name)?,
            sources,
            flags,
            wasm: folder.join(format!("{name}.O2.wasm")),
            small_wasm: folder.join(format!("{name}.Os.wasm")),
            checksum,
        })
    };

    let mut all = APPS
        .into_iter()
        .map(|name| {
            // WebAssembly rounds every operation; only so are the checksums of floats the same.
            let flags = vec!["-ffp-contract=off".into()];
            workload(name, vec![folder.join(format!("{name}.c"))], flags)
        })
        .collect::<io::Result<Vec<_>>>()?;

    // build.sh fetches the foreign sources to this place.
    let foreign = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
            PathBuf::from,
        )
        .join("apps/foreign");
    let system = |name: &str| format!("-isystem{}", foreign.join(name).display());
    all.push(workload(
        "jsmn",
        vec![folder.join("foreign/jsmn.c")],
        vec![system("jsmn")],
    )?);
    let mut sources = vec![folder.join("foreign/zlib.c")];
    sources.extend(ZLIB.map(|file| foreign.join("zlib").join(file).with_extension("c")));
    let flags = vec![system("zlib"), "-DZ_SOLO".into(), "-DNO_GZIP".into()];
    all.push(workload("zlib", sources, flags)?);
    Ok(all)
}

impl Python {
    /// The program of that name, if there is one.
    fn read(folder: &Path, name: &str) -> io::Result<Option<Self>> {
        let shared = fs::read_to_string(folder.join("app.py"))?;
        let program = |file: String| match fs::read_to_string(folder.join(file)) {
            Ok(text) => Ok(Some(format!("{shared}\n\n{text}"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let Some(source) = program(format!("{name}.py"))? else {
            return Ok(None);
        };
        Ok(Some(Self {
            source,
            viper: program(format!("{name}.viper.py"))?,
            needs_double: (name == "navigation")
                .then_some("it is about f64, and floats of this interpreter are single precision"),
        }))
    }
}

/// The first sentence of the comment that a source starts with.
fn about(source: &str) -> String {
    let comment = source.split("*/").next().unwrap_or_default();
    let words: Vec<&str> = comment
        .split_whitespace()
        .filter(|word| !["/*", "*"].contains(word))
        .collect();
    let text = words.join(" ");
    let starts = |(at, _): &(usize, &str)| text[at + 2..].starts_with(char::is_uppercase);
    let end = text.match_indices(". ").find(starts);
    let end = end.map_or(text.len(), |(at, _)| at);
    text[..end].trim_end_matches('.').to_owned()
}

/// The result of `name`'s `run(ROUNDS)` in the table that build.sh wrote.
fn checksum(table: &str, name: &str) -> Option<i32> {
    let rounds = ROUNDS.to_string();
    table.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let matches = fields.next() == Some(name)
            && fields.next() == Some("run")
            && fields.next() == Some(rounds.as_str());
        matches.then(|| fields.next()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::{ROUNDS, about, all, checksum};

    #[test]
    fn checksum_is_the_one_of_the_right_line() {
        let table = "a\trun\t1\t5\na\trun\t10\t-6\nb\trun\t10\t7\n";
        assert_eq!(checksum(table, "a"), Some(-6));
        assert_eq!(checksum(table, "b"), Some(7));
        assert_eq!(checksum(table, "c"), None);
    }

    #[test]
    fn the_first_sentence_says_what_it_is() {
        let source = "/* A filter of order 2,\n * e.g. for audio. More.\n */\n#include";
        assert_eq!(about(source), "A filter of order 2, e.g. for audio");
        assert_eq!(about("/* All. */ int x;"), "All");
    }

    #[test]
    fn programs_in_python_return_what_c_returns() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let files = fs::read_dir(&folder).unwrap();
        let mut names: BTreeSet<String> = files
            .filter_map(|file| {
                let name = file.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".py").map(str::to_owned)
            })
            .collect();
        // What is no program.
        assert!(names.remove("app") && names.remove("check"));
        let workloads = all().unwrap();
        for workload in &workloads {
            let foreign = ["jsmn", "zlib"].contains(&workload.name);
            assert_eq!(workload.python.is_some(), !foreign, "{}", workload.name);
        }

        let run = Command::new("python3")
            .arg(folder.join("check.py"))
            .arg(ROUNDS.to_string())
            .args(&names)
            .output();
        let output = match run {
            Ok(output) => output,
            Err(error) => {
                println!("skipped: python3 does not start: {error}");
                return;
            }
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let results = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(results.lines().count(), names.len());
        for (name, result) in names.iter().zip(results.lines()) {
            let workload = name.trim_end_matches(".viper");
            let workload = workloads.iter().find(|known| known.name == workload);
            let expected = workload.unwrap_or_else(|| panic!("{name}.py is of no workload"));
            assert_eq!(result, expected.checksum.to_string(), "{name}.py");
        }
    }

    #[test]
    fn every_workload_has_its_source_and_its_module() {
        for workload in all().unwrap() {
            assert!(workload.sources[0].is_file(), "{}", workload.name);
            assert!(workload.wasm.is_file(), "{}", workload.name);
        }
    }
}
