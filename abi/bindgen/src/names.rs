//! Names of WIT (`wait-for-edge`) as other languages spell them.

/// An interface as guests name it: by what it gives, `clock`, where WASI's name is that of a package, `clocks`.
pub(crate) fn interface(name: &str) -> &str {
    match name {
        "clocks" => "clock",
        "events" => "event",
        "keyvalue" => "store",
        "logging" => "log",
        name => name,
    }
}

/// A type or function together with its interface, which is not said twice: `gpio-read`, `event-kind`,
/// but `event`, `on-event`, `log`, `random-bytes`.
pub(crate) fn qualified(of: &str, name: &str) -> String {
    let of = interface(of);
    let name = match name.strip_prefix("get-") {
        Some(rest) if rest.starts_with(of) => rest,
        _ => name,
    };
    if of.is_empty() || name.split('-').any(|word| word == of) {
        name.to_owned()
    } else {
        format!("{of}-{name}")
    }
}

/// A case of an enum, without the enum's name before it: `0` for `mode0` of `mode`.
pub(crate) fn case<'a>(of: &str, case: &'a str) -> &'a str {
    match case.strip_prefix(of) {
        Some(rest) if !rest.is_empty() => rest,
        _ => case,
    }
}

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

#[cfg(test)]
mod tests {
    use super::{camel, case, pascal, qualified, shouting};

    #[test]
    fn an_interface_is_not_said_twice() {
        for (of, name, expected) in [
            ("", "error", "error"),
            ("gpio", "wait-for-edge", "gpio-wait-for-edge"),
            ("clocks", "now", "clock-now"),
            ("events", "kind", "event-kind"),
            ("events", "event", "event"),
            ("events", "on-event", "on-event"),
            ("logging", "log", "log"),
            ("random", "get-random-bytes", "random-bytes"),
        ] {
            assert_eq!(qualified(of, name), expected);
        }
        assert_eq!(case("mode", "mode0"), "0");
        assert_eq!(case("edge", "rising"), "rising");
    }

    #[test]
    fn every_language_has_its_case() {
        assert_eq!(camel("wait-for-edge"), "waitForEdge");
        assert_eq!(pascal("wait-for-edge"), "WaitForEdge");
        assert_eq!(shouting("wait-for-edge"), "WAIT_FOR_EDGE");
    }
}
