//! What changed between two reports.
//!
//! ```text
//!   old, new ──▶ cells that differ by more than 0.1 %, and what was gained or lost
//!            └─▶ geometric means of new / old by core, engine and number
//! ```

use std::fmt::Write;

use super::Report;
use super::summary::{Mean, Metric, workloads};

/// Smaller changes of a cell are not shown.
const NOTICEABLE: f64 = 0.001;

/// A readable comparison.
pub(crate) fn compare(old: &Report, new: &Report) -> String {
    let mut text = format!("{} → {}\n\n", old.commit.hash, new.commit.hash);
    let mut lines = String::new();
    let mut means = String::new();
    let mut places: Vec<(&str, &str)> = Vec::new();
    for cell in &new.cells {
        let place = (cell.core.as_str(), cell.engine.as_str());
        if !places.contains(&place) {
            places.push(place);
        }
        lines += &changes(old, cell);
    }
    for (core, engine) in places {
        for metric in Metric::ALL {
            let ratios = new.workloads.iter().filter_map(|workload| {
                let of = |report: &Report| metric.of(report.find(&workload.name, engine, core)?);
                Some((workload.name.as_str(), of(new)? / of(old)?))
            });
            let Some(mean) = Mean::of(ratios) else {
                continue;
            };
            if (mean.value - 1.0).abs() > 1e-6 {
                let _ = writeln!(
                    means,
                    "{core:<9} {engine:<22} {:<20} {:>8}  {} ({})",
                    metric.to_string(),
                    percent(mean.value),
                    verdict(mean.value),
                    workloads(mean.count)
                );
            }
        }
    }
    if lines.is_empty() && means.is_empty() {
        text += "nothing changed\n";
        return text;
    }
    text += "Cells\n";
    text += &lines;
    text += "\nGeometric means\n";
    text += &means;
    text
}

/// The lines of one cell.
fn changes(old: &Report, cell: &super::Cell) -> String {
    let mut text = String::new();
    let place = format!("{:<9} {:<22} {:<11}", cell.core, cell.engine, cell.workload);
    let before = old.find(&cell.workload, &cell.engine, &cell.core);
    let (before, after) = match (before, cell.measured()) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(_)) => return format!("{place} new: has numbers now\n"),
        (Some(_), None) => {
            let reason = cell.reason().unwrap_or_default();
            return format!("{place} lost: {reason}\n");
        }
        (None, None) => return text,
    };
    for metric in Metric::ALL {
        let (Some(before), Some(after)) = (metric.of(before), metric.of(after)) else {
            continue;
        };
        let ratio = after / before;
        if (ratio - 1.0).abs() > NOTICEABLE {
            let _ = writeln!(
                text,
                "{place} {:<20} {before:>10.0} → {after:>10.0} {:>8}  {}",
                metric.to_string(),
                percent(ratio),
                verdict(ratio)
            );
        }
    }
    text
}

fn percent(ratio: f64) -> String {
    format!("{:+.2} %", (ratio - 1.0) * 100.0)
}

/// Less is better in everything that is compared.
fn verdict(ratio: f64) -> &'static str {
    if ratio < 1.0 { "better" } else { "worse" }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::super::{Outcome, Report};
    use super::compare;

    fn instructions(report: &mut Report, cell: usize, value: u64) {
        let Outcome::Measured(measurement) = &mut report.cells[cell].outcome else {
            panic!("no numbers")
        };
        measurement.instructions = value;
    }

    #[test]
    fn cells_and_means_that_changed_are_named() {
        let old = sample();
        assert!(compare(&old, &old).contains("nothing changed"));
        let mut new = sample();
        instructions(&mut new, 2, 100);
        let text = compare(&old, &new);
        assert!(text.contains("200 →        100 -50.00 %  better"), "{text}");
        assert!(text.contains("-29.29 %  better (2 workloads)"), "{text}");
        let text = compare(&new, &old);
        assert!(text.contains("+100.00 %  worse"), "{text}");
    }

    #[test]
    fn what_has_no_numbers_any_more_is_lost() {
        let old = sample();
        let mut new = sample();
        new.cells[0].outcome = Outcome::Failed {
            reason: "a fault".into(),
        };
        assert!(compare(&old, &new).contains("lost: a fault"));
        assert!(compare(&new, &old).contains("new: has numbers now"));
    }
}
