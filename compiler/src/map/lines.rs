//! Where operators come from in the source: DWARF's line tables of a module.
//!
//! ```text
//!   custom sections .debug_* ──gimli──▶ rows: offset in the code section ─▶ file, line, column
//!                                                 │ the sources of the map's trap sites
//!                                                 ▼
//!                                               Lines
//! ```
//!
//! Addresses in a module's DWARF count from the first byte of the code section's content ("DWARF for
//! WebAssembly", section 2). Only places where the code can trap are kept: a map stays small.

use std::collections::HashMap;

use gimli::{Dwarf, EndianSlice, LittleEndian, SectionId, Unit};
use wasmparser::{Parser, Payload};

/// A place in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Offset in the WebAssembly file of the operator.
    pub source: u32,
    /// Which of [`Lines::files`].
    pub file: u32,
    /// The line, from 1; 0 = unknown.
    pub line: u32,
    /// The column, from 1; 0 = unknown.
    pub column: u32,
}

/// Places in source files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Paths of the files.
    pub files: Vec<String>,
    /// The places, ascending by source.
    pub rows: Vec<Line>,
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// What a row says: file, line, column; `None` behind the end of a sequence.
type Place = Option<(u32, u32, u32)>;

impl Lines {
    /// The places of these operators of a module in the binary format, as far as it knows them. `sources`
    /// ascend.
    pub fn read(module: &[u8], sources: &[u32]) -> Lines {
        let (sections, code) = sections(module);
        let mut lines = Lines::default();
        // Line tables that are broken say nothing; the module is good for all that.
        let Ok(mut rows) = lines.rows_of(&sections) else {
            return Lines::default();
        };
        // Linkers leave the functions that they dropped at address 0, where no code is.
        rows.retain(|&(address, _)| address != 0);
        rows.sort_by_key(|&(address, _)| address);
        for &source in sources {
            let Some(address) = source.checked_sub(code) else {
                continue;
            };
            let next = rows.partition_point(|&(begin, _)| begin <= u64::from(address));
            let row = next.checked_sub(1).map(|row| rows[row].1);
            if let Some(Some((file, line, column))) = row {
                lines.rows.push(Line {
                    source,
                    file,
                    line,
                    column,
                });
            }
        }
        lines
    }

    /// Where the operator at this offset of the WebAssembly file comes from: `app.c:12:5`.
    pub fn describe(&self, source: u32) -> Option<String> {
        let row = self.rows.binary_search_by_key(&source, |row| row.source);
        let row = self.rows[row.ok()?];
        let file = self.files.get(row.file as usize)?;
        let mut text = file.clone();
        for number in [row.line, row.column] {
            if number == 0 {
                break;
            }
            text += &format!(":{number}");
        }
        Some(text)
    }

    /// All rows, the files of which are entered here.
    fn rows_of(&mut self, sections: &HashMap<&str, &[u8]>) -> gimli::Result<Vec<(u64, Place)>> {
        let load = |id: SectionId| {
            let bytes = sections.get(id.name()).copied().unwrap_or_default();
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        };
        let dwarf = Dwarf::load(load)?;
        let mut all = Vec::new();
        let mut units = dwarf.units();
        while let Some(header) = units.next()? {
            let unit = dwarf.unit(header)?;
            let Some(program) = unit.line_program.clone() else {
                continue;
            };
            let mut files: HashMap<u64, u32> = HashMap::new();
            let mut rows = program.rows();
            while let Some((header, row)) = rows.next_row()? {
                if row.end_sequence() {
                    all.push((row.address(), None));
                    continue;
                }
                let number = row.file_index();
                let file = match files.get(&number) {
                    Some(&file) => file,
                    None => {
                        let Some(file) = row.file(header) else {
                            continue;
                        };
                        let file = self.enter(path(&dwarf, &unit, header, file)?);
                        files.insert(number, file);
                        file
                    }
                };
                let line = row.line().map_or(0, |line| line.get() as u32);
                let column = match row.column() {
                    gimli::ColumnType::LeftEdge => 0,
                    gimli::ColumnType::Column(column) => column.get() as u32,
                };
                all.push((row.address(), Some((file, line, column))));
            }
        }
        Ok(all)
    }

    fn enter(&mut self, path: String) -> u32 {
        let known = self.files.iter().position(|file| *file == path);
        known.unwrap_or_else(|| {
            self.files.push(path);
            self.files.len() - 1
        }) as u32
    }
}

/// The custom sections by name, and where the content of the code section begins.
fn sections(module: &[u8]) -> (HashMap<&str, &[u8]>, u32) {
    let mut sections = HashMap::new();
    let mut code = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload {
            Ok(Payload::CustomSection(section)) => {
                sections.insert(section.name(), section.data());
            }
            Ok(Payload::CodeSectionStart {
                unchecked_range, ..
            }) => code = unchecked_range.start as u32,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    (sections, code)
}

/// A file with the folders that it stands in, as far as they are told.
fn path(
    dwarf: &Dwarf<Slice<'_>>,
    unit: &Unit<Slice<'_>>,
    header: &gimli::LineProgramHeader<Slice<'_>>,
    file: &gimli::FileEntry<Slice<'_>>,
) -> gimli::Result<String> {
    let name = dwarf.attr_string(unit, file.path_name())?.to_string_lossy();
    let mut path = std::path::PathBuf::new();
    if let Some(folder) = file.directory(header) {
        path.push(&*dwarf.attr_string(unit, folder)?.to_string_lossy());
    }
    path.push(&*name);
    Ok(path.to_string_lossy().into_owned())
}
