//! The workloads: the guest apps of the test bench.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The `n` of `run(n)`; `expected.tsv` has the checksum for it.
pub(crate) const ROUNDS: i32 = 10;

/// One app, in every form that an engine may need.
pub(crate) struct Workload {
    /// The app's name.
    pub(crate) name: &'static str,
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbench/apps");
    let expected = fs::read_to_string(folder.join("expected.tsv"))?;
    let workload = |name: &'static str, sources: Vec<PathBuf>, flags: Vec<String>| {
        let checksum = checksum(&expected, name).ok_or_else(|| {
            io::Error::other(format!(
                "testbench/apps/expected.tsv has no checksum of {name}; run testbench/apps/build.sh"
            ))
        })?;
        Ok(Workload {
            name,
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
    use super::{all, checksum};

    #[test]
    fn checksum_is_the_one_of_the_right_line() {
        let table = "a\trun\t1\t5\na\trun\t10\t-6\nb\trun\t10\t7\n";
        assert_eq!(checksum(table, "a"), Some(-6));
        assert_eq!(checksum(table, "b"), Some(7));
        assert_eq!(checksum(table, "c"), None);
    }

    #[test]
    fn every_workload_has_its_source_and_its_module() {
        for workload in all().unwrap() {
            assert!(workload.sources[0].is_file(), "{}", workload.name);
            assert!(workload.wasm.is_file(), "{}", workload.name);
        }
    }
}
