//! Names of WIT (`wait-for-edge`) as other languages spell them.

/// `wait_for_edge`
pub(crate) fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// `WAIT_FOR_EDGE`
pub(crate) fn shouting(name: &str) -> String {
    snake(name).to_uppercase()
}

/// `WaitForEdge`
pub(crate) fn pascal(name: &str) -> String {
    name.split('-')
        .map(|part| {
            let (first, rest) = part.split_at(part.len().min(1));
            first.to_uppercase() + rest
        })
        .collect()
}

/// `waitForEdge`
pub(crate) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let (first, rest) = pascal.split_at(pascal.len().min(1));
    first.to_lowercase() + rest
}

/// Lines of a documentation comment, each behind `prefix`.
pub(crate) fn comment(docs: &str, prefix: &str) -> String {
    docs.trim()
        .lines()
        .map(|line| format!("{prefix} {}", line.trim()).trim_end().to_owned() + "\n")
        .collect()
}
