//! For the `build.rs` of firmware in Rust: modules compiled where cargo puts what is generated.
//!
//! ```text
//!   build.rs:  Build::new("modules/app.wasm").compile()
//!                      │
//!   $OUT_DIR ◀─────────┴── app.w2m      include_image!("app")    the image, at a multiple of 4
//!                          app.rs       include_module!("app")   typed calls, see `bindings`
//!                          app.w2m.map                           for `wasm2mcu explain`
//! ```
//!
//! Both macros are `wasm2mcu_loader`'s. The core to compile for is the one that cargo builds the firmware for. In
//! `Cargo.toml`, without the command line:
//!
//! ```toml
//! [build-dependencies]
//! wasm2mcu = { version = "0.1", default-features = false }
//! ```

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use thiserror::Error;

use crate::bindings::{BindingsError, Interface};
use crate::manifest::{Manifest, ManifestError};
use crate::map::Map;
use crate::{Options, Target, TargetError, compile, wasm};

/// A module to be compiled into the firmware that is being built.
#[derive(Clone, Debug)]
pub struct Build {
    module: PathBuf,
    name: Option<String>,
    manifest: Option<PathBuf>,
    options: Options,
    target: Option<Target>,
}

/// Why a module was not compiled.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A variable that cargo sets is not there.
    #[error("{0} is not set: this is for build scripts, which cargo runs")]
    Variable(&'static str),
    /// The firmware's target is none of images.
    #[error("the firmware is built for {target}: {source}")]
    Target {
        /// What cargo builds for.
        target: String,
        /// What is wrong with it.
        source: TargetError,
    },
    /// The module cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The module.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The module does not compile.
    #[error("{}: {source}", path.display())]
    Compile {
        /// The module.
        path: PathBuf,
        /// What is wrong with it.
        source: crate::Error,
    },
    /// The manifest is none, or with the module's own is too large.
    #[error("{}: {source}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// Something cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Build {
    /// Of the module in this file, in the binary or the text format; the path is relative to the package.
    pub fn new(module: impl Into<PathBuf>) -> Build {
        Build {
            module: module.into(),
            name: None,
            manifest: None,
            options: Options::default(),
            target: None,
        }
    }

    /// What the macros call it, instead of the file's name without extension.
    #[must_use]
    pub fn name(mut self, name: &str) -> Build {
        self.name = Some(name.to_owned());
        self
    }

    /// What the module asks for of the hardware, beside what its custom sections say: the file of `compile --manifest`.
    #[must_use]
    pub fn manifest(mut self, file: impl Into<PathBuf>) -> Build {
        self.manifest = Some(file.into());
        self
    }

    /// How to compile; the target that stands there is not looked at.
    #[must_use]
    pub fn options(mut self, options: Options) -> Build {
        self.options = options;
        self
    }

    /// The core to compile for, instead of the one that the firmware is built for: with features that
    /// rustc does not tell, or for a test on the host.
    #[must_use]
    pub fn target(mut self, target: Target) -> Build {
        self.target = Some(target);
        self
    }

    /// Compiles, and tells cargo when to do so again. What goes wrong is cargo's error, and ends the build
    /// script.
    pub fn compile(self) {
        if let Err(error) = self.try_compile() {
            // Cargo shows lines alone.
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
            process::exit(1);
        }
    }

    /// The same for scripts that have something to say about errors; returns where the image is.
    ///
    /// # Errors
    ///
    /// [`BuildError`].
    pub fn try_compile(self) -> Result<PathBuf, BuildError> {
        let path = self.module;
        let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(BuildError::Variable("OUT_DIR"))?);
        let name = self.name.unwrap_or_else(|| stem(&path));
        let options = Options {
            target: match self.target {
                Some(target) => target,
                None => firmware_target()?,
            },
            ..self.options
        };
        let module = read(&path)?;
        let wrong = |source| BuildError::Compile {
            path: path.clone(),
            source,
        };
        let module = wasm::to_binary(&module).map_err(wrong)?;
        let mut compiled = compile(&module, &options).map_err(wrong)?;
        if let Some(file) = self.manifest {
            let manifest = read_manifest(&file)?;
            let joined = compiled.manifest.join(&manifest);
            joined.map_err(|source| BuildError::Manifest { path: file, source })?;
        }
        let image = compiled.image().map_err(wrong)?;
        let mut map = compiled.map(&image);
        map.add_lines(&module);
        let calls = Interface::of(&compiled, &name).and_then(|interface| interface.rust_module());

        let image_path = out.join(&name).with_added_extension("w2m");
        write(&image_path, &image)?;
        write(&Map::path_beside(&image_path), map.to_json().as_bytes())?;
        let calls = calls.unwrap_or_else(no_calls);
        write(
            &out.join(&name).with_added_extension("rs"),
            calls.as_bytes(),
        )?;
        Ok(image_path)
    }
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(path).map_err(|source| BuildError::Read {
        path: path.to_owned(),
        source,
    })
}

fn read_manifest(path: &Path) -> Result<Manifest, BuildError> {
    let wrong = |source| BuildError::Manifest {
        path: path.to_owned(),
        source,
    };
    let text = String::from_utf8(read(path)?).map_err(|_| wrong(ManifestError::NotText))?;
    Manifest::parse(&text).map_err(wrong)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    fs::write(path, bytes).map_err(|source| BuildError::Write {
        path: path.to_owned(),
        source,
    })
}

/// An image is good without typed calls; who includes them is told why there are none.
fn no_calls(error: BindingsError) -> String {
    format!("compile_error!({:?});\n", error.to_string())
}

/// The target that cargo builds the firmware for, with the features that rustc was told of.
fn firmware_target() -> Result<Target, BuildError> {
    let triple = env::var("TARGET").map_err(|_| BuildError::Variable("TARGET"))?;
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    target_with(triple, &features)
}

fn target_with(triple: String, features: &str) -> Result<Target, BuildError> {
    let target = triple.parse::<Target>();
    let target = target.and_then(|target| {
        let known = target.optional_features();
        let known = known.filter(|name| features.split(',').any(|feature| feature == *name));
        let list: Vec<String> = known.map(|name| format!("+{name}")).collect();
        match list.is_empty() {
            true => Ok(target),
            false => target.with_feature_list(&list.join(",")),
        }
    });
    target.map_err(|source| BuildError::Target {
        target: triple,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::{no_calls, stem, target_with};
    use crate::bindings::BindingsError;
    use std::path::Path;
    use wasm2mcu_abi::image::Features;

    #[test]
    fn names_come_from_files() {
        assert_eq!(stem(Path::new("modules/app.v2.wasm")), "app.v2");
    }

    #[test]
    fn the_target_is_the_firmwares() {
        let features = "c,m,relaxed-simd,zba,zbb";
        let target = target_with("riscv32imc-unknown-none-elf".to_owned(), features).unwrap();
        let expected = Features::RISCV_ZBA.with(Features::RISCV_ZBB);
        assert!(target.features().contains(expected));
        assert!(!target.features().contains(Features::RISCV_ZBS));
        let host = target_with("x86_64-unknown-linux-gnu".to_owned(), "").unwrap_err();
        let message = host.to_string();
        assert!(
            message.starts_with("the firmware is built for x86_64-unknown-linux-gnu: "),
            "{message}"
        );
        assert!(message.contains("thumbv8m.main-none-eabihf"), "{message}");
    }

    #[test]
    fn missing_calls_say_why_where_they_are_included() {
        let error = BindingsError::ImportKind {
            module: "env".to_owned(),
            name: "a\"b".to_owned(),
            kind: "memory",
        };
        assert_eq!(
            no_calls(error),
            "compile_error!(\"the import env.a\\\"b is a memory: typed calls are for modules that import \
             functions alone\");\n"
        );
    }
}
