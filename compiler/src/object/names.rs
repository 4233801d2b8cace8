//! Symbol names: unique, and such that every tool takes them.

use std::collections::HashSet;

/// Names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// `name` as a symbol that no other has: what a linker script or a terminal would stumble over
    /// becomes `_`, a second one of the same name gets a number.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let valid = |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && c != '"');
        let mut base: String = name
            .chars()
            .map(|c| if valid(c) { c } else { '_' })
            .collect();
        // A dollar first is the mark of mapping symbols.
        if base.is_empty() || base.starts_with('$') {
            base.insert(0, '_');
        }
        let mut unique = base.clone();
        let mut number = 1;
        while !self.taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{base}.{number}");
        }
        unique
    }
}

/// `name` as part of an identifier of C.
pub(crate) fn identifier(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_and_unique() {
        let mut names = Names::default();
        let given = [
            "run",
            "a b",
            "run",
            "run.2",
            "",
            "$t",
            "größe",
            "n\0l",
            "op<(i32)>",
        ];
        let made = given.map(|name| names.unique(name));
        assert_eq!(
            made,
            [
                "run",
                "a_b",
                "run.2",
                "run.2.2",
                "_",
                "_$t",
                "größe",
                "n_l",
                "op<(i32)>"
            ]
        );
        assert_eq!(identifier("my-app.v2"), "my_app_v2");
    }
}
