//! What engines are built from is built once: folders under `target/benches/cache`, named by what
//! went into them.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folder for everything that the benches install and build.
pub(crate) fn folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("benches")
}

/// The place of this crate's sources and build recipes for engines.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("engines")
}

/// The folder of something that is built from files and from words (flags, versions): built by
/// `build` into an empty folder if it is not there. It appears whole or not at all.
///
/// Folders count as inputs with all files in them, but for those that builds leave behind.
///
/// # Errors
///
/// Those of `build`; [`io::Error`] if an input cannot be read.
pub(crate) fn built<E: From<io::Error>>(
    name: &str,
    inputs: &[PathBuf],
    words: &[&str],
    build: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    for input in inputs {
        hash(input, &mut hasher)?;
    }
    let cache = folder().join("cache");
    let place = cache.join(format!("{name}-{:016x}", hasher.finish()));
    if place.is_dir() {
        return Ok(place);
    }
    fs::create_dir_all(&cache)?;
    let new = tempfile::Builder::new().prefix(name).tempdir_in(&cache)?;
    build(new.path())?;
    match fs::rename(new.path(), &place) {
        // Another process was faster.
        Err(_) if place.is_dir() => {}
        outcome => outcome?,
    }
    Ok(place)
}

fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if !path.is_dir() {
        path.file_name().hash(hasher);
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| entry.file_name() != Some(OsStr::new("target")));
    entries.sort();
    entries.iter().try_for_each(|entry| hash(entry, hasher))
}
