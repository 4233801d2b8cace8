//! Names of a module, which may be any text, as identifiers and in comments.

use std::collections::HashSet;

/// Identifiers that are taken.
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Where these are taken from the start.
    pub(super) fn without(taken: &[&str]) -> Names {
        Names {
            taken: taken.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// `name` as an identifier that no other has: a second one of the same gets a number.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let base = identifier(name);
        let mut unique = base.clone();
        let mut number = 1;
        while !self.taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{base}_{number}");
        }
        unique
    }
}

/// `name` as an identifier: other characters become `_`, and a digit does not come first.
pub(super) fn identifier(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut identifier: String = name.chars().map(allowed).collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        identifier.insert(0, '_');
    }
    identifier
}

/// `name` such that it can stand in a comment of one line in C or Rust, whatever it is.
pub(super) fn in_comment(name: &str) -> String {
    name.escape_debug()
        .to_string()
        .replace("*/", "*\\/")
        .replace("/*", "/\\*")
}

#[cfg(test)]
mod tests {
    use super::{Names, identifier, in_comment};

    #[test]
    fn whatever_the_name_it_is_an_identifier_of_its_own() {
        let mut names = Names::without(&["new"]);
        let made = ["a-b", "a.b", "a b", "new", "", "1st", "größe", "a_b_2"]
            .map(|name| names.unique(name));
        let expected = [
            "a_b", "a_b_2", "a_b_3", "new_2", "_", "_1st", "gr__e", "a_b_2_2",
        ];
        assert_eq!(made, expected);
        assert_eq!(identifier("my-app.v2"), "my_app_v2");
        assert_eq!(in_comment("a*/\nb"), "a*\\/\\nb");
    }
}
