//! Standard streams, and files that appear whole or not at all.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Failure;

/// Writes a line for people to standard error.
pub(crate) fn note(message: fmt::Arguments<'_>) {
    // Where standard error is closed, nobody wants to know.
    let _ = writeln!(io::stderr(), "{message}");
}

/// Writes to standard output.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::new(format_args!("cannot write standard output: {error}")))
}

/// Where the output of a command goes.
pub(crate) enum Output {
    /// Standard output.
    Stdout,
    /// Something that is there and no regular file, `/dev/null` or a pipe: written in place.
    Device(PathBuf),
    /// A file, new or to be replaced.
    File(PathBuf),
}

impl Output {
    /// What the user means by this path; `-` is standard output.
    ///
    /// # Errors
    ///
    /// If it is a directory, or lies in none.
    pub(crate) fn at(path: &Path) -> Result<Output, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Output::Stdout);
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(cannot_write(
                path,
                "it is a directory; name a file, for example with -o app.w2m",
            )),
            // A symbolic link stays one, the file that it leads to is replaced.
            Ok(found) if found.is_file() => fs::canonicalize(path)
                .map(Output::File)
                .map_err(|error| cannot_write(path, error)),
            Ok(_) => Ok(Output::Device(path.to_owned())),
            Err(_) if folder(path).is_dir() => Ok(Output::File(path.to_owned())),
            Err(_) => Err(cannot_write(
                path,
                format_args!("there is no folder {}", folder(path).display()),
            )),
        }
    }

    /// Writes all of `bytes`, or leaves what is there.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Output::Stdout => print(bytes),
            Output::Device(path) => File::options()
                .write(true)
                .open(path)
                .and_then(|mut device| device.write_all(bytes))
                .map_err(|error| cannot_write(path, error)),
            Output::File(path) => Staged::new(path, bytes)?.publish(),
        }
    }
}

/// A file that is complete but has not got its name yet; dropped, it vanishes.
pub(crate) struct Staged {
    file: NamedTempFile,
    path: PathBuf,
}

impl Staged {
    /// Writes a nameless file next to `path`.
    pub(crate) fn new(path: &Path, bytes: &[u8]) -> Result<Staged, Failure> {
        // As every other program creates files; the process's umask still applies.
        Staged::with_mode(path, bytes, 0o666)
    }

    /// The same, for its owner alone to read.
    pub(crate) fn private(path: &Path, bytes: &[u8]) -> Result<Staged, Failure> {
        Staged::with_mode(path, bytes, 0o600)
    }

    #[cfg_attr(not(unix), allow(unused_variables, reason = "Unix alone has modes"))]
    fn with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<Staged, Failure> {
        // Renaming a file onto a folder fails, but then other files may have been renamed.
        if path.is_dir() {
            return Err(cannot_write(path, "it is a directory"));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".wasm2mcu-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(Permissions::from_mode(mode));
        }
        let written = builder.tempfile_in(folder(path)).and_then(|mut file| {
            file.write_all(bytes)?;
            Ok(file)
        });
        // The kind, because the whole error names the temporary file.
        let file = written.map_err(|error| cannot_write(path, error.kind()))?;
        Ok(Staged {
            file,
            path: path.to_owned(),
        })
    }

    /// Gives the file its name, in place of a file that has it.
    pub(crate) fn publish(self) -> Result<(), Failure> {
        let published = self.file.persist(&self.path);
        published
            .map(drop)
            .map_err(|error| cannot_write(&self.path, error.error))
    }

    /// Gives the file its name, unless a file has it.
    pub(crate) fn publish_new(self) -> Result<(), Failure> {
        let published = self.file.persist_noclobber(&self.path);
        published
            .map(drop)
            .map_err(|error| cannot_write(&self.path, error.error))
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn cannot_write(path: &Path, why: impl fmt::Display) -> Failure {
    Failure::new(format_args!("cannot write {}: {why}", path.display()))
}
