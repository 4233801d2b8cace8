//! The report as one page for people: charts first, then every number, then how it was measured.
//!
//! The page needs nothing but itself: styles and charts are in it, there is no script, and it follows
//! the reader's choice of light or dark.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::loader::Table;

use super::chart::{Bar, Scale, Series, bars, dots};
use super::summary::{Mean, Metric, Summary, grouped, is_ours, short};
use super::{Described, OURS, OURS_SMALL, Report, SIZE_LINE, SPEED_LINE};

/// Engines that take more than this on the mean are in the charts of means only: beside them the
/// differences between compilers would not be seen.
const FAST_ENOUGH: f64 = 4.0;

impl Report {
    /// The whole page.
    pub(crate) fn html(&self) -> String {
        let cores = self.cores.iter();
        let cores: Vec<&Described> = cores
            .filter(|core| !self.engines(&core.name).is_empty())
            .collect();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "wasm2mcu, measured" }
                    style { (PreEscaped(include_str!("page.css"))) }
                }
                body {
                    (self.header(&cores))
                    main {
                        @for core in &cores { (self.core(core)) }
                        @if let Ok(loader) = Table::committed() { (loader_table(&loader)) }
                        (self.workload_list())
                        (self.method())
                    }
                    footer { div {
                        "wasm2mcu " (env!("CARGO_PKG_VERSION")) " at " (self.commit.text()) "."
                    } }
                }
            }
        };
        page.into_string()
    }

    fn header(&self, cores: &[&Described]) -> Markup {
        html! {
            header { div {
                h1 { "wasm2mcu, measured" }
                p {
                    (self.workloads.len()) " programs of the kind that devices run, each from one C source: \
                    compiled natively, and as sandboxed WebAssembly by this compiler and by other \
                    engines. Every run is on the same core, every result is compared with the \
                    expected one, every instruction is counted."
                }
                p { "Commit " (self.commit.text()) }
                nav {
                    @for core in cores {
                        a href={ "#" (core.name) } { (title(core)) }
                    }
                    a href="#workloads" { "Workloads" }
                    a href="#method" { "Method and versions" }
                }
            } }
        }
    }

    fn core(&self, core: &Described) -> Markup {
        let name = core.name.as_str();
        let summaries = self.summaries(name);
        html! {
            section id=(name) {
                h2 { (title(core)) }
                p { (core.about) }
                (self.cards(name, &summaries))
                (self.speed(name, &summaries))
                (self.size(name, &summaries))
                div.pair {
                    (footprint(&summaries))
                    (loading(&summaries))
                    (compiling(&summaries))
                    (self.memory(name))
                }
                (self.numbers(name, Metric::Instructions))
                @if summaries.iter().any(|summary| summary.cycles.is_some()) {
                    (self.numbers(name, Metric::Cycles))
                }
                (self.numbers(name, Metric::Bytes))
            }
        }
    }

    /// The figures that a reader takes away.
    fn cards(&self, core: &str, summaries: &[Summary]) -> Markup {
        let of = |engine| summaries.iter().find(|summary| summary.engine == engine);
        let ours = of(OURS);
        let card = |value: String, says: String| html! { div { b { (value) } span { (says) } } };
        let times = |mean: &Mean| format!("{}×", short(mean.value));
        html! {
            div.cards {
                @if let Some(mean) = ours.and_then(|ours| ours.instructions.as_ref()) {
                    (card(times(mean), format!("the instructions of {SPEED_LINE}, with every guard on")))
                }
                @if let Some(ours) = ours && let Some(mean) = &ours.cycles {
                    @let kind = if ours.cycles_estimated { "estimated cycles" } else { "clock cycles" };
                    (card(times(mean), format!("the {kind} of {SPEED_LINE}")))
                }
                @if let Some(mean) = of(OURS_SMALL).and_then(|small| small.bytes.as_ref()) {
                    (card(times(mean), format!("the code and constants of {SIZE_LINE}, built for size")))
                }
                @for (engine, mean) in self.times_as_fast(core) {
                    @if mean.value > 1.0 {
                        (card(times(&mean), format!("as fast as {engine}")))
                    }
                }
                @if let Some(guards) = self.guards(core) {
                    (card(
                        format!("{:+.0} %", (guards.value - 1.0) * 100.0),
                        "instructions for all guards, against a build without".into(),
                    ))
                }
                @if let Some(interrupts) = self.interrupts(core) {
                    (card(
                        format!("{:+.0} %", (interrupts.value - 1.0) * 100.0),
                        "instructions where the host can interrupt".into(),
                    ))
                }
            }
        }
    }

    fn speed(&self, core: &str, summaries: &[Summary]) -> Markup {
        let instructions = mean_bars(summaries, |summary| summary.instructions.as_ref());
        let cycles = mean_bars(summaries, |summary| summary.cycles.as_ref());
        let estimated = summaries.iter().any(|summary| summary.cycles_estimated);
        html! {
            div.pair {
                (figure(
                    "Speed",
                    &format!("Executed instructions against {SPEED_LINE}: geometric mean, less is faster."),
                    !instructions.is_empty(),
                    || bars(&instructions, Scale::Log, Some(1.0)),
                ))
                (figure(
                    if estimated { "Clock cycles, an estimate" } else { "Clock cycles" },
                    &if estimated {
                        format!(
                            "There is no public model of this core's pipeline: timings of the Cortex-M4's \
                            manual, added up, against {SPEED_LINE}."
                        )
                    } else {
                        format!("Counted in the core's own logic (RTL), against {SPEED_LINE}.")
                    },
                    !cycles.is_empty(),
                    || bars(&cycles, Scale::Log, Some(1.0)),
                ))
            }
            (self.by_workload(
                core,
                "Speed by workload",
                &format!("Executed instructions, {SPEED_LINE} = 1. Engines above {FAST_ENOUGH}× are left out here."),
                Metric::Instructions,
                summaries,
            ))
        }
    }

    fn size(&self, core: &str, summaries: &[Summary]) -> Markup {
        let bytes = mean_bars(summaries, |summary| summary.bytes.as_ref());
        let images = mean_bars(summaries, |summary| summary.image_per_wasm.as_ref());
        html! {
            div.pair {
                (figure(
                    "Code size",
                    &format!(
                        "Machine code and constants against {SIZE_LINE}: geometric mean. What an engine \
                        itself takes is not in it, see below."
                    ),
                    !bytes.is_empty(),
                    || bars(&bytes, Scale::Log, Some(1.0)),
                ))
                (figure(
                    "What goes to the device",
                    "Bytes of the file that is delivered, against the WebAssembly module that it is made of.",
                    !images.is_empty(),
                    || bars(&images, Scale::Log, Some(1.0)),
                ))
            }
            (self.by_workload(
                core,
                "Code size by workload",
                &format!("Code and constants, {SIZE_LINE} = 1."),
                Metric::Bytes,
                summaries,
            ))
        }
    }

    fn by_workload(
        &self,
        core: &str,
        heading: &str,
        says: &str,
        metric: Metric,
        summaries: &[Summary],
    ) -> Markup {
        let line = metric.line();
        let rows: Vec<&str> = self.workloads.iter().map(|row| row.name.as_str()).collect();
        let mut series: Vec<Series<'_>> = summaries
            .iter()
            .filter(|summary| summary.engine != line)
            .filter(|summary| {
                let mean = summary.instructions.as_ref();
                mean.is_some_and(|mean| mean.value <= FAST_ENOUGH)
            })
            .map(|summary| Series {
                name: &summary.engine,
                values: rows
                    .iter()
                    .map(|row| self.ratio(row, core, &summary.engine, line, metric))
                    .collect(),
            })
            .collect();
        series.sort_by_key(|series| !is_ours(series.name));
        figure(heading, says, !series.is_empty(), || {
            dots(&rows, &series, 1.0)
        })
    }

    /// RAM of the programs, where they differ.
    fn memory(&self, core: &str) -> Markup {
        let engines = self.engines(core).into_iter().filter_map(|engine| {
            let bytes = self.workloads.iter().filter_map(|workload| {
                let measurement = self.find(&workload.name, engine, core)?;
                Some((workload.name.as_str(), Metric::Ram.of(measurement)?))
            });
            let mean = Mean::of(bytes)?;
            Some(Bar {
                label: engine.to_owned(),
                value: mean.value,
                text: kibibytes(mean.value),
            })
        });
        let engines: Vec<Bar> = engines.collect();
        figure(
            "RAM of the program",
            "Variables, or instance and linear memory, without the engine: geometric mean. A WebAssembly \
            memory comes in pages of 64 KiB.",
            !engines.is_empty(),
            || bars(&engines, Scale::Linear, None),
        )
    }

    /// Every number of a metric, folded away.
    fn numbers(&self, core: &str, metric: Metric) -> Markup {
        let line = metric.line();
        let engines = self.engines(core);
        let mark = |engine: &str| is_ours(engine).then_some("ours");
        html! {
            details {
                summary { "All numbers: " (metric) }
                div.scroll { table {
                    tr {
                        th { "workload" }
                        @for engine in &engines { th { (engine) } }
                    }
                    @for workload in &self.workloads {
                        tr {
                            td { (workload.name) }
                            @for engine in &engines {
                                @let cell = self.find(&workload.name, engine, core);
                                @let value = cell.and_then(|cell| metric.of(cell));
                                td class=[mark(engine)] {
                                    @match value {
                                        Some(value) => (grouped(value as u64)),
                                        None => "–",
                                    }
                                }
                            }
                        }
                    }
                    tr.mean {
                        td { "mean / " (line) }
                        @for engine in &engines {
                            td class=[mark(engine)] {
                                @match self.mean_ratio(core, engine, line, metric) {
                                    Some(mean) => (format!("{:.3}", mean.value)),
                                    None => "–",
                                }
                            }
                        }
                    }
                } }
            }
        }
    }

    fn workload_list(&self) -> Markup {
        html! {
            section id="workloads" {
                h2 { "Workloads" }
                p { "Each is run " (self.rounds) " rounds, on input that it makes itself." }
                div.scroll { table.words {
                    @for workload in &self.workloads {
                        tr { td { (workload.name) } td { (workload.about) } }
                    }
                } }
            }
        }
    }

    fn method(&self) -> Markup {
        let missing = self.tools.iter().filter(|tool| tool.missing);
        let reasons = self.reasons();
        html! {
            section id="method" {
                h2 { "Method and versions" }
                p {
                    "Instructions are counted one by one on an emulated core, or on the RTL of a real \
                    one, from the call of the program to its return; host functions are empty. The \
                    numbers repeat exactly, only compile times do not. A mean is over the programs that \
                    an engine ran. The modules come from clang, which has optimised them already: where \
                    the result is faster than gcc, part of the merit is clang's."
                }
                div.scroll { table.words {
                    tr { th { "engine" } th { "core" } th { "version" } }
                    @for tool in self.tools.iter().filter(|tool| !tool.missing) {
                        tr { td { (tool.engine) } td { (tool.core) } td { (tool.version) } }
                    }
                } }
                @if missing.clone().count() > 0 {
                    h3 style="margin-top: 30px" { "Not installed, so not measured" }
                    div.scroll { table.words {
                        @for tool in missing {
                            tr { td { (tool.engine) } td { (tool.core) } td { (tool.version) } }
                        }
                    } }
                }
                @if !reasons.is_empty() {
                    h3 style="margin-top: 30px" { "Cells without numbers" }
                    div.scroll { table.words {
                        @for (place, reason) in reasons {
                            tr { td { (place) } td { (reason) } }
                        }
                    } }
                }
            }
        }
    }

    /// Why cells have no numbers, other than missing tools: engine and core, and the reasons.
    fn reasons(&self) -> Vec<(String, String)> {
        let mut rows: Vec<(String, String)> = Vec::new();
        for cell in &self.cells {
            let missing = matches!(cell.outcome, super::Outcome::Missing { .. });
            let Some(reason) = cell.reason().filter(|_| !missing) else {
                continue;
            };
            let place = format!("{} on {}", cell.engine, cell.core);
            let reason = format!("{}: {reason}", cell.workload);
            match rows.iter_mut().find(|(known, _)| *known == place) {
                Some((_, text)) => {
                    *text += "; ";
                    *text += &reason;
                }
                None => rows.push((place, reason)),
            }
        }
        rows
    }
}

/// The part of a core's description before the details.
fn title(core: &Described) -> &str {
    let about = core.about.as_str();
    let ends = [",", " (", " with "].map(|at| about.find(at).unwrap_or(about.len()));
    &about[..ends.into_iter().min().unwrap_or(about.len())]
}

/// A chart with heading and explanation; nothing if there are no numbers for it.
fn figure(heading: &str, says: &str, some: bool, chart: impl FnOnce() -> Markup) -> Markup {
    html! {
        @if some {
            figure {
                h3 { (heading) }
                p { (says) }
                (chart())
            }
        }
    }
}

fn mean_bars(summaries: &[Summary], part: impl Fn(&Summary) -> Option<&Mean>) -> Vec<Bar> {
    let bar = |summary: &Summary| {
        let mean = part(summary)?;
        Some(Bar {
            label: summary.engine.clone(),
            value: mean.value,
            text: format!("{}×", short(mean.value)),
        })
    };
    let mut bars: Vec<Bar> = summaries.iter().filter_map(bar).collect();
    bars.sort_by(|a, b| a.value.total_cmp(&b.value));
    bars
}

fn footprint(summaries: &[Summary]) -> Markup {
    let bar = |part: fn(&Summary) -> Option<u64>| {
        let bars = summaries.iter().filter_map(move |summary| {
            let bytes = part(summary)? as f64;
            Some(Bar {
                label: summary.engine.clone(),
                value: bytes,
                text: kibibytes(bytes),
            })
        });
        bars.collect::<Vec<Bar>>()
    };
    let flash = bar(|summary| summary.runtime_flash);
    let ram = bar(|summary| summary.runtime_ram);
    html! {
        (figure(
            "Flash of the engine",
            "What it adds to a firmware, once: loader or interpreter with its libraries.",
            !flash.is_empty(),
            || bars(&flash, Scale::Linear, None),
        ))
        (figure(
            "RAM of the engine",
            "Beside the program's own memory, at most.",
            ram.iter().any(|bar| bar.value > 0.0),
            || bars(&ram, Scale::Linear, None),
        ))
    }
}

/// What the loader costs.
fn loader_table(loader: &Table) -> Markup {
    html! {
        section id="loader" {
            h2 { "The loader" }
            p { "What it adds to a firmware, and what calls cost there." }
            div.scroll { table {
                tr { @for cell in loader.head() { th { (cell) } } }
                @for row in loader.rows() {
                    tr { @for cell in row { td { (cell) } } }
                }
            } }
        }
    }
}

fn loading(summaries: &[Summary]) -> Markup {
    let bar = |summary: &Summary| {
        let mean = summary.load.as_ref()?;
        Some(Bar {
            label: summary.engine.clone(),
            value: mean.value,
            text: grouped(mean.value.round() as u64),
        })
    };
    let load: Vec<Bar> = summaries.iter().filter_map(bar).collect();
    figure(
        "Time to load",
        "Instructions on the device from the file in flash to the first call: geometric mean.",
        !load.is_empty(),
        || bars(&load, Scale::Log, None),
    )
}

fn compiling(summaries: &[Summary]) -> Markup {
    let bar = |summary: &Summary| {
        let speed = summary.compile_bytes_per_second? / 1e6;
        Some(Bar {
            label: summary.engine.clone(),
            value: speed,
            text: format!("{speed:.2} MB/s"),
        })
    };
    let speeds: Vec<Bar> = summaries.iter().filter_map(bar).collect();
    figure(
        "Compile speed",
        "WebAssembly per second on one core of the host, over all modules. The only numbers here that do \
        not repeat exactly.",
        !speeds.is_empty(),
        || bars(&speeds, Scale::Linear, None),
    )
}

fn kibibytes(bytes: f64) -> String {
    if bytes < 1024.0 {
        format!("{bytes:.0} B")
    } else {
        format!("{:.1} KiB", bytes / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;

    #[test]
    fn the_page_needs_nothing_else_and_escapes() {
        let page = sample().html();
        assert!(page.starts_with("<!DOCTYPE html>"));
        assert!(page.contains("install &lt;it&gt;") || !page.contains("install <it>"));
        for outside in ["http://", "https://", "<script", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf"));
        assert!(page.contains("6.32×"));
    }
}
