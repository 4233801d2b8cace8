//! The map of an image: what its text means, kept beside it (`app.w2m`, `app.w2m.map`).
//!
//! ```text
//!   Compiled ──▶ Map ──JSON──▶ file ──Map::read, with the image──▶ Map ──▶ disassembly, explanations
//! ```
//!
//! The image carries neither names nor places in the WebAssembly file; whoever wants to read a trap
//! or the code later keeps the map. It belongs to one image, which it knows by its SHA-256.
//!
//! The file is one JSON object; see `wire` for how offsets are written. Text offsets count from
//! the first byte of the TEXT section, source offsets from that of the WebAssembly file.

mod lines;
mod wire;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use wasm2mcu_abi::image::{RecordType, Section, TrailerRecord, field, read_word};
use wasm2mcu_abi::trap::TrapCode;

pub use crate::mach::buffer::{SourceLocation, TrapSite};
pub use lines::{Line, Lines};

use crate::TrapInfo;

/// The version of the file that this compiler writes and reads.
pub const VERSION: u32 = 1;

/// What the text of an image means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// The SHA-256 that the image's trailer holds.
    pub image_sha256: [u8; 32],
    /// Target triple.
    pub target: String,
    /// What the module calls itself.
    pub module: Option<String>,
    /// Size of the text.
    pub text_bytes: u32,
    /// The module's own functions, ascending by index and by offset.
    pub functions: Vec<Function>,
    /// Everything else that can be executed, ascending by offset.
    pub routines: Vec<Routine>,
    /// How exactly the device knows where it trapped.
    pub trap_info: TrapInfo,
    /// Where control may leave by a trap, ascending.
    pub trap_sites: Vec<TrapSite>,
    /// Which operator code comes from, ascending; source 0 means none.
    pub locations: Vec<SourceLocation>,
    /// Stretches of the text that are data: offset and bytes, ascending.
    pub data: Vec<(u32, u32)>,
    /// Where the operators of the trap sites come from in the source, if the module tells it.
    pub lines: Lines,
}

/// A function of the module.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Function {
    /// Its index in the module, imports included.
    pub index: u32,
    /// Its name for people.
    pub name: String,
    /// Where its code begins.
    pub offset: u32,
    /// Bytes of code, jump tables included.
    pub bytes: u32,
    /// The stack that it takes, where that is known.
    pub stack: Option<Stack>,
}

/// Stack of a function in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stack {
    /// Its own frame.
    pub frame: u32,
    /// The frame and the deepest call from it, up to functions that check for themselves.
    pub need: u32,
    /// Whether it checks on entry that so much is left.
    pub checked: bool,
}

/// Code that is no function of the module: thunks, trap routines, builtins.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Routine {
    /// What it is: `entry(i32)->i32`, `import(env.print)`, `trap(Unreachable)`, `trap_exit`.
    pub name: String,
    /// Where it begins.
    pub offset: u32,
    /// Its bytes.
    pub bytes: u32,
}

/// Why there is no map.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The file could not be read.
    #[error("cannot read the map {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no map.
    #[error("{} is no map of an image: {message}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A map of another version.
    #[error(
        "{} has version {version}, this program reads {VERSION}: compile the module again",
        path.display()
    )]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// A map of another image.
    #[error(
        "{} belongs to another image: it was made with SHA-256 {map}, this image has {image}; \
         keep the map that was written together with the image",
        path.display()
    )]
    OtherImage {
        /// Which file.
        path: PathBuf,
        /// The hash in the map.
        map: String,
        /// The hash in the image.
        image: String,
    },
    /// The bytes that the map should belong to are no image.
    #[error("the image has no SHA-256 in its trailer, so no map can belong to it")]
    NoImage,
}

impl Map {
    /// Where the map of the image at `image` stands: beside it, with `.map` behind its name.
    pub fn path_beside(image: &Path) -> PathBuf {
        let mut path = image.as_os_str().to_owned();
        path.push(".map");
        path.into()
    }

    /// Reads the map at `path`, which must be that of `image`.
    ///
    /// # Errors
    ///
    /// [`MapError`] says what is wrong; after this all offsets lie within the text and ascend.
    pub fn read(path: &Path, image: &[u8]) -> Result<Map, MapError> {
        let map = Map::read_alone(path)?;
        let image_sha256 = image_sha256(image).ok_or(MapError::NoImage)?;
        if map.image_sha256 != image_sha256 {
            return Err(MapError::OtherImage {
                path: path.to_owned(),
                map: hex(&map.image_sha256),
                image: hex(&image_sha256),
            });
        }
        Ok(map)
    }

    /// Reads the map at `path`, of whatever image it is.
    ///
    /// # Errors
    ///
    /// As [`Map::read`].
    pub fn read_alone(path: &Path) -> Result<Map, MapError> {
        let text = fs::read_to_string(path).map_err(|source| MapError::Io {
            path: path.to_owned(),
            source,
        })?;
        wire::parse(&text, path)
    }

    /// Adds what the DWARF of the module, in the binary format, says of the trap sites.
    pub fn add_lines(&mut self, module: &[u8]) {
        let mut sources: Vec<u32> = self.trap_sites.iter().map(|site| site.source).collect();
        sources.sort_unstable();
        sources.dedup();
        self.lines = Lines::read(module, &sources);
    }

    /// The places in the WebAssembly file that a trap may have come from, ascending: one if the image
    /// has a stub for each check, else all of the function that end so.
    ///
    /// `text_offset` is what the device reports, just behind the trap's call.
    pub fn trap_sources(&self, text_offset: u32, code: TrapCode) -> Vec<u32> {
        let Some(function) = text_offset
            .checked_sub(1)
            .and_then(|at| self.function_at(at))
        else {
            return Vec::new();
        };
        if self.trap_info == TrapInfo::PerSite || code == TrapCode::Host {
            // The stub's location is that of its check. A trap of the host's has one of its own in any
            // case.
            return self.source_at(text_offset - 1).into_iter().collect();
        }
        let mut sources: Vec<u32> = self
            .trap_sites_in(function, code)
            .map(|site| site.source)
            .collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// The map as the text of its file.
    pub fn to_json(&self) -> String {
        wire::write(self)
    }

    /// The function whose code holds the byte at this offset.
    pub fn function_at(&self, offset: u32) -> Option<&Function> {
        let next = self.functions.partition_point(|f| f.offset <= offset);
        let function = self.functions.get(next.checked_sub(1)?)?;
        (offset - function.offset < function.bytes).then_some(function)
    }

    /// The offset in the WebAssembly file of the operator that the code at this offset comes from.
    pub fn source_at(&self, offset: u32) -> Option<u32> {
        let next = self.locations.partition_point(|l| l.offset <= offset);
        let location = self.locations.get(next.checked_sub(1)?)?;
        (location.source != 0).then_some(location.source)
    }

    /// The places in `function` that leave by this trap: what a device reports is the function and
    /// the code, or the site itself where every site has a stub of its own.
    pub fn trap_sites_in(
        &self,
        function: &Function,
        code: TrapCode,
    ) -> impl Iterator<Item = &TrapSite> {
        let from = self
            .trap_sites
            .partition_point(|s| s.offset < function.offset);
        let end = function.offset + function.bytes;
        self.trap_sites[from..]
            .iter()
            .take_while(move |site| site.offset < end)
            .filter(move |site| site.code == code)
    }
}

/// The digest in the trailer of an image; `None` if there is none.
///
/// Signing makes another image of it, and so another digest: its map is the same but for that.
pub fn image_sha256(image: &[u8]) -> Option<[u8; 32]> {
    let mut offset = read_word(image, field::SECTION_ENDS + 4 * Section::Strings as u32)?;
    loop {
        let record = TrailerRecord::read(image, offset)?;
        if record.record_type == RecordType::SHA256 {
            return record.value.try_into().ok();
        }
        offset = offset.checked_add(record.bytes())?;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAT: &str = r#"(module $sums
        (import "env" "log" (func $log (param f64)))
        (memory 1)
        (func $get (export "get") (param i32) (result i32) (i32.load (local.get 0)))
        (func $both (export "both") (param i32 i32) (result i32)
          (call $log (f64.const 1))
          (i32.div_u (call $get (local.get 0)) (local.get 1))))"#;

    fn compiled() -> crate::Compiled {
        crate::compile(WAT.as_bytes(), &crate::Options::default()).unwrap()
    }

    fn write(folder: &tempfile::TempDir, text: &str) -> PathBuf {
        let path = folder.path().join("sums.w2m.map");
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn what_is_written_is_read_again() {
        let compiled = compiled();
        let image = compiled.image().unwrap();
        let map = compiled.map(&image);
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, &map.to_json());
        assert_eq!(Map::read(&path, &image).unwrap(), map);

        assert_eq!(map.module.as_deref(), Some("sums"));
        let names: Vec<&str> = map.functions.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["get", "both"]);
        assert_eq!(map.functions[0].index, 1);
        let routines: Vec<&str> = map.routines.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(
            routines,
            [
                "trap(MemoryOutOfBounds)",
                "trap(IntegerDivideByZero)",
                "host_trap",
                "trap_exit",
                "entry(i32)->i32",
                "entry(i32,i32)->i32",
                "import(env.log)",
            ]
        );
        let stack = map.functions[1].stack.unwrap();
        assert!(stack.need > stack.frame && stack.frame > 0, "{stack:?}");
    }

    #[test]
    fn places_are_found() {
        let compiled = compiled();
        let map = compiled.map(&compiled.image().unwrap());
        let [get, both] = &map.functions[..] else {
            panic!("two functions");
        };
        assert_eq!(map.function_at(get.offset), Some(get));
        assert_eq!(map.function_at(both.offset + both.bytes - 1), Some(both));
        assert_eq!(map.function_at(0), None);

        let sites = |function, code| map.trap_sites_in(function, code).count();
        assert_eq!(sites(get, TrapCode::MemoryOutOfBounds), 1);
        assert_eq!(sites(get, TrapCode::IntegerDivideByZero), 0);
        assert_eq!(sites(both, TrapCode::IntegerDivideByZero), 1);

        let wasm = crate::wasm::to_binary(WAT.as_bytes()).unwrap().into_owned();
        let site = map
            .trap_sites_in(both, TrapCode::IntegerDivideByZero)
            .next();
        let site = site.unwrap();
        assert_eq!(wasm[site.source as usize], 0x6e, "i32.div_u");
        assert_eq!(map.source_at(site.offset), Some(site.source));
        assert_eq!(
            map.source_at(0),
            None,
            "the trap exit comes from no operator"
        );
    }

    #[test]
    fn a_map_of_another_image_is_refused_with_both_hashes() {
        let compiled = compiled();
        let image = compiled.image().unwrap();
        let other = crate::compile(b"(module)", &crate::Options::default()).unwrap();
        let other = other.image().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, &compiled.map(&image).to_json());
        let error = Map::read(&path, &other).unwrap_err().to_string();
        for image in [image, other] {
            let hash = hex(&image_sha256(&image).unwrap());
            assert!(error.contains(&hash), "{error}");
        }
    }

    #[test]
    fn broken_maps_are_refused() {
        let compiled = compiled();
        let image = compiled.image().unwrap();
        let good = compiled.map(&image).to_json();
        let folder = tempfile::tempdir().unwrap();
        let refusal = |text: &str| {
            let path = write(&folder, text);
            Map::read(&path, &image).unwrap_err()
        };
        let newer = good.replace("\"wasm2mcu_map\": 1", "\"wasm2mcu_map\": 2");
        assert!(matches!(
            refusal(&newer),
            MapError::Version { version: 2, .. }
        ));
        for broken in [
            "",
            "[]",
            &good[..good.len() / 2],
            &good.replace("\"text_bytes\": ", "\"text_bytes\": 1, \"x\": "),
            &good.replace("\"bytes\":", "\"bytes\": 4294967295, \"x\":"),
            &good.replace("\"trap_sites\": [", "\"trap_sites\": [-5, 2, 1, "),
            &good.replace("\"data\": [", "\"data\": [4, "),
        ] {
            let error = refusal(broken);
            assert!(matches!(error, MapError::Malformed { .. }), "{error}");
        }
        let missing = Map::read(Path::new("no/such.map"), &image).unwrap_err();
        assert!(missing.to_string().contains("no/such.map"), "{missing}");
    }
}
