//! Charts as SVG that stands in the page: bars for means, a dot plot for workloads.
//!
//! Colours and fonts come from the page's style sheet, so that the charts follow light and dark. Every
//! mark says its number when the pointer rests on it.

use maud::{Markup, html};

use super::summary::{is_native, is_ours, short};

/// Height of a row.
const ROW: f64 = 24.0;

/// How values become lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero.
    Linear,
    /// Equal factors are equal lengths.
    Log,
}

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// What it stands for.
    pub(crate) label: String,
    /// Its length.
    pub(crate) value: f64,
    /// What is written at its end.
    pub(crate) text: String,
}

/// One engine's dots.
#[derive(Clone, Debug)]
pub(crate) struct Series<'a> {
    /// The engine.
    pub(crate) name: &'a str,
    /// A value per row.
    pub(crate) values: Vec<Option<f64>>,
}

/// The style class of an engine: its family decides the colour.
pub(crate) fn family(engine: &str) -> &'static str {
    match engine {
        "wasm2mcu -O speed" => "ours",
        name if is_ours(name) => "ours-too",
        name if is_native(name) => "native",
        name if name.starts_with("wasm2c") => "transpiled",
        name if name.starts_with("MicroPython") => "script",
        _ => "interpreter",
    }
}

/// An axis from pixel to pixel.
struct Axis {
    scale: Scale,
    from: f64,
    to: f64,
    left: f64,
    right: f64,
}

impl Axis {
    /// Over all values and, if it is given, a reference.
    fn over(scale: Scale, values: impl Iterator<Item = f64>, left: f64, right: f64) -> Self {
        let (mut from, mut to) = (f64::INFINITY, 0.0f64);
        for value in values {
            from = from.min(value);
            to = to.max(value);
        }
        if !from.is_finite() {
            (from, to) = (1.0, 2.0);
        }
        let (from, to) = match scale {
            Scale::Linear => (0.0, to * 1.02),
            Scale::Log => (from / 1.15, to * 1.15),
        };
        Self {
            scale,
            from,
            to,
            left,
            right,
        }
    }

    fn at(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => (value / self.from).ln() / (self.to / self.from).ln(),
        };
        self.left + (self.right - self.left) * part.clamp(0.0, 1.0)
    }

    /// Round values, about five of them.
    fn ticks(&self) -> Vec<f64> {
        let span = match self.scale {
            Scale::Linear => self.to - self.from,
            Scale::Log => (self.to / self.from).log10(),
        };
        let inside = |value: &f64| *value >= self.from && *value <= self.to;
        match self.scale {
            Scale::Linear => {
                let rough = span / 5.0;
                let power = 10f64.powf(rough.log10().floor());
                let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
                let step = steps.into_iter().find(|step| *step >= rough);
                let step = step.unwrap_or(rough);
                (0..=10)
                    .map(|i| f64::from(i) * step)
                    .filter(inside)
                    .collect()
            }
            Scale::Log => {
                let steps: &[f64] = match span {
                    span if span > 2.5 => &[1.0],
                    span if span > 1.0 => &[1.0, 2.0, 5.0],
                    _ => &[1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
                };
                (-6..=12)
                    .flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)))
                    .filter(inside)
                    .collect()
            }
        }
    }
}

/// A tick's text.
fn tick(value: f64) -> String {
    if value >= 1e6 {
        format!("{} M", value / 1e6)
    } else if value >= 1e4 {
        format!("{} k", value / 1e3)
    } else {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Horizontal bars; a line marks the reference.
pub(crate) fn bars(bars: &[Bar], scale: Scale, reference: Option<f64>) -> Markup {
    const WIDTH: f64 = 520.0;
    const LEFT: f64 = 158.0;
    const RIGHT: f64 = WIDTH - 66.0;
    let values = bars.iter().map(|bar| bar.value).chain(reference);
    let axis = Axis::over(scale, values, LEFT, RIGHT);
    let bottom = ROW * bars.len() as f64 + 4.0;
    let zero = match (scale, reference) {
        // Bars of ratios grow from the reference.
        (Scale::Log, Some(reference)) => axis.at(reference),
        _ => LEFT,
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22.0)) role="img" {
            (grid(&axis, bottom))
            @for (index, bar) in bars.iter().enumerate() {
                @let y = ROW * index as f64 + 4.0;
                @let end = axis.at(bar.value);
                g class=(family(&bar.label)) {
                    title { (bar.label) ": " (bar.text) }
                    text.label x=(LEFT - 8.0) y=(y + 14.0) text-anchor="end" { (bar.label) }
                    rect.bar x=(pixel(zero.min(end))) y=(pixel(y + 3.0)) height="15" rx="2"
                        width=(pixel((end - zero).abs().max(1.5))) {}
                    text.value x=(pixel(zero.max(end) + 5.0)) y=(y + 14.0) { (bar.text) }
                }
            }
            @if let Some(reference) = reference {
                (mark(axis.at(reference), bottom))
            }
        }
    }
}

/// A row for every name, with a dot for every series, on a logarithmic axis.
pub(crate) fn dots(rows: &[&str], series: &[Series<'_>], reference: f64) -> Markup {
    const WIDTH: f64 = 1080.0;
    const LEFT: f64 = 110.0;
    const RIGHT: f64 = WIDTH - 20.0;
    let values = series
        .iter()
        .flat_map(|series| series.values.iter().flatten());
    let values = values.copied().chain([reference]);
    let axis = Axis::over(Scale::Log, values, LEFT, RIGHT);
    let bottom = ROW * rows.len() as f64 + 4.0;
    let shapes: Vec<usize> = (0..series.len())
        .map(|index| {
            let same = |other: &&Series<'_>| family(other.name) == family(series[index].name);
            series[..index].iter().filter(same).count()
        })
        .collect();
    html! {
        p.legend {
            @for (series, shape) in series.iter().zip(&shapes) {
                span class=(family(series.name)) {
                    svg.key viewBox="0 0 14 14" { (dot(*shape, 7.0, 7.0)) }
                    (series.name)
                }
            }
        }
        svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22.0)) role="img" {
            @for (index, row) in rows.iter().enumerate() {
                @let y = ROW * index as f64 + 4.0;
                @if index % 2 == 0 {
                    rect.stripe x="0" y=(y) width=(WIDTH) height=(ROW) {}
                }
                text.label x=(LEFT - 12.0) y=(y + 16.0) text-anchor="end" { (row) }
            }
            (grid(&axis, bottom))
            (mark(axis.at(reference), bottom))
            // What matters most is drawn last, over the others.
            @for (series, shape) in series.iter().zip(&shapes).rev() {
                g class=(family(series.name)) {
                    @for (index, value) in series.values.iter().enumerate() {
                        @if let Some(value) = value {
                            g {
                                title { (rows[index]) ", " (series.name) ": " (short(*value)) }
                                (dot(*shape, axis.at(*value), ROW * index as f64 + 16.0))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A mark; engines of a family have the same colour and different shapes.
fn dot(shape: usize, x: f64, y: f64) -> Markup {
    let path = match shape % 4 {
        0 => return html! { circle.dot cx=(pixel(x)) cy=(pixel(y)) r="5" {} },
        1 => "M-5.5 0L0 -5.5L5.5 0L0 5.5Z",
        2 => "M-4.5 -4.5H4.5V4.5H-4.5Z",
        _ => "M-5.5 4.5L0 -5.5L5.5 4.5Z",
    };
    html! { path.dot d=(path) transform=(format!("translate({} {})", pixel(x), pixel(y))) {} }
}

fn grid(axis: &Axis, bottom: f64) -> Markup {
    html! {
        @for value in axis.ticks() {
            @let x = pixel(axis.at(value));
            line.grid x1=(x) x2=(x) y1="0" y2=(bottom) {}
            text.tick x=(x) y=(bottom + 15.0) text-anchor="middle" { (tick(value)) }
        }
    }
}

fn mark(x: f64, bottom: f64) -> Markup {
    html! { line.reference x1=(pixel(x)) x2=(pixel(x)) y1="0" y2=(bottom) {} }
}

/// A tenth of a pixel is enough.
fn pixel(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::{Axis, Bar, Scale, Series, bars, dots, tick};

    #[test]
    fn an_axis_covers_its_values() {
        let axis = Axis::over(Scale::Log, [0.5, 200.0].into_iter(), 10.0, 110.0);
        assert!(axis.at(0.5) > 10.0 && axis.at(200.0) < 110.0);
        let middle = axis.at(10.0);
        assert!((middle - 60.0).abs() < 1e-9, "{middle}");
        assert!(axis.ticks().contains(&1.0) && axis.ticks().contains(&100.0));
        let axis = Axis::over(Scale::Linear, [3.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks(), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            [1.0, 1.25, 25_000.0, 2e6].map(tick),
            ["1", "1.25", "25 k", "2 M"]
        );
    }

    #[test]
    fn charts_say_their_numbers_and_escape_names() {
        let bar = Bar {
            label: "a <b>".into(),
            value: 2.0,
            text: "2.00×".into(),
        };
        let text = bars(&[bar], Scale::Log, Some(1.0)).into_string();
        assert!(text.contains("a &lt;b&gt;: 2.00×"), "{text}");
        let series = Series {
            name: "wasmi",
            values: vec![Some(20.0), None],
        };
        let text = dots(&["x", "y"], &[series], 1.0).into_string();
        assert!(text.contains("x, wasmi: 20.0"), "{text}");
        assert!(!text.contains("NaN"), "{text}");
    }
}
