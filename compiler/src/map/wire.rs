//! The file of a map.
//!
//! ```json
//! {
//!   "wasm2mcu_map": 1,
//!   "image_sha256": "9f86…",
//!   "target": "thumbv8m.main-none-eabihf",
//!   "module": null,
//!   "text_bytes": 1384,
//!   "functions": [ {"index": 1, "name": "run", "offset": 96, "bytes": 84, "stack": {"frame": 24, …}}, … ],
//!   "routines": [ {"name": "trap_exit", "offset": 0, "bytes": 24}, … ],
//!   "trap_sites": [offset, code, source, …],
//!   "locations": [offset, source, …],
//!   "data": [offset, bytes, …],
//!   "trap_info": "function",
//!   "files": ["app.c", …],
//!   "lines": [source, file, line, column, …]
//! }
//! ```
//!
//! Those of numbers are flat lists in which offsets and sources are differences to the one before,
//! the first to 0: most are a digit or two, so that a map is about as large as its module.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wasm2mcu_abi::trap::TrapCode;

use super::{
    Function, Line, Lines, Map, MapError, Routine, SourceLocation, TrapSite, VERSION, hex,
};
use crate::TrapInfo;

#[derive(Deserialize)]
struct File {
    image_sha256: String,
    target: String,
    module: Option<String>,
    text_bytes: u32,
    functions: Vec<Function>,
    routines: Vec<Routine>,
    trap_sites: Vec<i64>,
    locations: Vec<i64>,
    data: Vec<i64>,
    #[serde(default)]
    trap_info: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    lines: Vec<i64>,
}

const PER_FUNCTION: &str = "function";
const PER_SITE: &str = "site";

#[derive(Deserialize)]
struct Version {
    wasm2mcu_map: u64,
}

pub(super) fn write(map: &Map) -> String {
    // One line per field, function and routine: the file can be read, and differences shown.
    let fields = [
        field("wasm2mcu_map", &VERSION),
        field("image_sha256", &hex(&map.image_sha256)),
        field("target", &map.target),
        field("module", &map.module),
        field("text_bytes", &map.text_bytes),
        rows("functions", &map.functions),
        rows("routines", &map.routines),
        field("trap_sites", &trap_sites(&map.trap_sites)),
        field("locations", &locations(&map.locations)),
        field("data", &data(&map.data)),
        field("trap_info", &trap_info(map.trap_info)),
        field("files", &map.lines.files),
        field("lines", &lines(&map.lines.rows)),
    ];
    format!("{{\n{}\n}}\n", fields.join(",\n"))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with names for keys")
}

fn field(name: &str, value: &impl Serialize) -> String {
    format!("  \"{name}\": {}", json(value))
}

fn rows(name: &str, values: &[impl Serialize]) -> String {
    let rows: Vec<String> = values
        .iter()
        .map(|v| format!("\n    {}", json(v)))
        .collect();
    format!("  \"{name}\": [{}]", rows.join(","))
}

pub(super) fn parse(text: &str, path: &Path) -> Result<Map, MapError> {
    let malformed = |message: String| MapError::Malformed {
        path: path.to_owned(),
        message,
    };
    let Version { wasm2mcu_map } =
        serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    if wasm2mcu_map != u64::from(VERSION) {
        return Err(MapError::Version {
            path: path.to_owned(),
            version: wasm2mcu_map,
        });
    }
    let file: File = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    unpack(file).map_err(|field| malformed(format!("`{field}` does not fit the text")))
}

/// The map in a file, or the name of the field that is wrong.
fn unpack(file: File) -> Result<Map, &'static str> {
    let map = Map {
        image_sha256: digest(&file.image_sha256).ok_or("image_sha256")?,
        target: file.target,
        module: file.module,
        text_bytes: file.text_bytes,
        functions: file.functions,
        routines: file.routines,
        trap_sites: read_trap_sites(&file.trap_sites).ok_or("trap_sites")?,
        locations: read_locations(&file.locations).ok_or("locations")?,
        data: read_data(&file.data).ok_or("data")?,
        trap_info: match file.trap_info.as_deref() {
            None | Some(PER_FUNCTION) => TrapInfo::PerFunction,
            Some(PER_SITE) => TrapInfo::PerSite,
            Some(_) => return Err("trap_info"),
        },
        lines: Lines {
            rows: read_lines(&file.lines, file.files.len()).ok_or("lines")?,
            files: file.files,
        },
    };
    let functions = map.functions.iter().map(|f| (f.offset, f.bytes));
    let routines = map.routines.iter().map(|r| (r.offset, r.bytes));
    let trap_sites = map.trap_sites.iter().map(|s| (s.offset, 0));
    let locations = map.locations.iter().map(|l| (l.offset, 0));
    let data = map.data.iter().copied();
    let end = map.text_bytes;
    let fields = [
        ("functions", ascend(functions, end)),
        ("routines", ascend(routines, end)),
        ("trap_sites", ascend(trap_sites, end)),
        ("locations", ascend(locations, end)),
        ("data", ascend(data, end)),
    ];
    match fields.into_iter().find(|(_, good)| !good) {
        Some((field, _)) => Err(field),
        None => Ok(map),
    }
}

/// Whether stretches, each an offset and bytes, follow each other up to `end` at most.
fn ascend(stretches: impl IntoIterator<Item = (u32, u32)>, end: u32) -> bool {
    let mut free = 0;
    stretches.into_iter().all(|(offset, bytes)| {
        let next = offset.checked_add(bytes);
        let fits = offset >= free && next.is_some_and(|next| next <= end);
        free = next.unwrap_or(u32::MAX);
        fits
    })
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() || !text.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(digest)
}

/// Differences between numbers that follow each other.
#[derive(Default)]
struct Delta(i64);

impl Delta {
    fn write(&mut self, value: u32) -> i64 {
        let difference = i64::from(value) - self.0;
        self.0 = i64::from(value);
        difference
    }

    fn read(&mut self, difference: i64) -> Option<u32> {
        self.0 = self.0.checked_add(difference)?;
        u32::try_from(self.0).ok()
    }
}

fn trap_sites(sites: &[TrapSite]) -> Vec<i64> {
    let (mut offset, mut source) = (Delta::default(), Delta::default());
    let row = |site: &TrapSite| {
        [
            offset.write(site.offset),
            site.code as i64,
            source.write(site.source),
        ]
    };
    sites.iter().flat_map(row).collect()
}

fn read_trap_sites(list: &[i64]) -> Option<Vec<TrapSite>> {
    let (mut offset, mut source) = (Delta::default(), Delta::default());
    let (rows, []) = list.as_chunks() else {
        return None;
    };
    let site = |&[o, code, s]: &[i64; 3]| {
        Some(TrapSite {
            offset: offset.read(o)?,
            code: TrapCode::from_u8(u8::try_from(code).ok()?)?,
            source: source.read(s)?,
        })
    };
    rows.iter().map(site).collect()
}

fn locations(locations: &[SourceLocation]) -> Vec<i64> {
    let (mut offset, mut source) = (Delta::default(), Delta::default());
    let row =
        |location: &SourceLocation| [offset.write(location.offset), source.write(location.source)];
    locations.iter().flat_map(row).collect()
}

fn read_locations(list: &[i64]) -> Option<Vec<SourceLocation>> {
    let (mut offset, mut source) = (Delta::default(), Delta::default());
    let (rows, []) = list.as_chunks() else {
        return None;
    };
    let location = |&[o, s]: &[i64; 2]| {
        Some(SourceLocation {
            offset: offset.read(o)?,
            source: source.read(s)?,
        })
    };
    rows.iter().map(location).collect()
}

const fn trap_info(info: TrapInfo) -> &'static str {
    match info {
        TrapInfo::PerFunction => PER_FUNCTION,
        TrapInfo::PerSite => PER_SITE,
    }
}

fn lines(lines: &[Line]) -> Vec<i64> {
    let mut source = Delta::default();
    let row = |line: &Line| {
        let source = source.write(line.source);
        [
            source,
            line.file.into(),
            line.line.into(),
            line.column.into(),
        ]
    };
    lines.iter().flat_map(row).collect()
}

/// Ascending by source, of so many files.
fn read_lines(list: &[i64], files: usize) -> Option<Vec<Line>> {
    let mut source = Delta::default();
    let (rows, []) = list.as_chunks() else {
        return None;
    };
    let line = |&[s, file, line, column]: &[i64; 4]| {
        let line = Line {
            source: source.read(s)?,
            file: file.try_into().ok()?,
            line: line.try_into().ok()?,
            column: column.try_into().ok()?,
        };
        (s >= 0 && (line.file as usize) < files).then_some(line)
    };
    rows.iter().map(line).collect()
}

fn data(data: &[(u32, u32)]) -> Vec<i64> {
    let mut offset = Delta::default();
    let row = |&(at, bytes): &(u32, u32)| [offset.write(at), i64::from(bytes)];
    data.iter().flat_map(row).collect()
}

fn read_data(list: &[i64]) -> Option<Vec<(u32, u32)>> {
    let mut offset = Delta::default();
    let (rows, []) = list.as_chunks() else {
        return None;
    };
    let stretch = |&[at, bytes]: &[i64; 2]| Some((offset.read(at)?, u32::try_from(bytes).ok()?));
    rows.iter().map(stretch).collect()
}
