//! What the cells add up to: ratios to the lines of gcc and their geometric means.
//!
//! A mean is over the workloads where both sides have numbers, and says how many they are.

use std::fmt;

use super::{Measurement, Report, SIZE_LINE, SPEED_LINE};

/// A number of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Executed instructions.
    Instructions,
    /// Clock cycles.
    Cycles,
    /// Code and constants in flash.
    Bytes,
    /// The file that goes to the device.
    Image,
    /// RAM of the program.
    Ram,
    /// Instructions before the first call.
    Load,
}

impl Metric {
    /// Every metric that repeats exactly.
    pub(crate) const ALL: [Self; 6] = [
        Self::Instructions,
        Self::Cycles,
        Self::Bytes,
        Self::Image,
        Self::Ram,
        Self::Load,
    ];

    /// Its value, if the cell has it and it is not zero.
    pub(crate) fn of(self, measurement: &Measurement) -> Option<f64> {
        let value = match self {
            Self::Instructions => Some(measurement.instructions),
            Self::Cycles => measurement.cycles,
            Self::Bytes => Some(measurement.code_bytes + measurement.rodata_bytes),
            Self::Image => measurement.image_bytes,
            Self::Ram => Some(measurement.ram_bytes),
            Self::Load => measurement.load_instructions,
        };
        value.filter(|value| *value > 0).map(|value| value as f64)
    }

    /// The engine that ratios refer to.
    pub(crate) const fn line(self) -> &'static str {
        match self {
            Self::Bytes | Self::Image | Self::Ram => SIZE_LINE,
            Self::Instructions | Self::Cycles | Self::Load => SPEED_LINE,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instructions => "instructions",
            Self::Cycles => "cycles",
            Self::Bytes => "code + rodata bytes",
            Self::Image => "image bytes",
            Self::Ram => "RAM bytes",
            Self::Load => "load instructions",
        })
    }
}

/// A geometric mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mean {
    /// The mean.
    pub(crate) value: f64,
    /// Of how many workloads.
    pub(crate) count: usize,
    /// The largest value.
    pub(crate) largest: f64,
    /// The workload that has it.
    pub(crate) largest_at: String,
}

impl Mean {
    /// Of named positive values; `None` if there are none.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = (&'a str, f64)>) -> Option<Self> {
        let (mut sum, mut count, mut largest, mut largest_at) = (0.0, 0, 0.0, "");
        for (name, value) in values {
            sum += value.ln();
            count += 1;
            if value > largest {
                (largest, largest_at) = (value, name);
            }
        }
        (count > 0).then(|| Self {
            value: (sum / count as f64).exp(),
            count,
            largest,
            largest_at: largest_at.to_owned(),
        })
    }
}

impl Report {
    /// `engine` / `line` of one workload.
    pub(crate) fn ratio(
        &self,
        workload: &str,
        core: &str,
        engine: &str,
        line: &str,
        metric: Metric,
    ) -> Option<f64> {
        let of = |engine| metric.of(self.find(workload, engine, core)?);
        Some(of(engine)? / of(line)?)
    }

    /// The mean of `engine` / `line`.
    pub(crate) fn mean_ratio(
        &self,
        core: &str,
        engine: &str,
        line: &str,
        metric: Metric,
    ) -> Option<Mean> {
        Mean::of(self.workloads.iter().filter_map(|workload| {
            let ratio = self.ratio(&workload.name, core, engine, line, metric)?;
            Some((workload.name.as_str(), ratio))
        }))
    }

    /// Every engine of a core, summed up.
    pub(crate) fn summaries(&self, core: &str) -> Vec<Summary> {
        self.engines(core)
            .into_iter()
            .map(|engine| self.summary(core, engine))
            .collect()
    }

    fn summary(&self, core: &str, engine: &str) -> Summary {
        let measured = || {
            self.workloads.iter().filter_map(|workload| {
                let measurement = self.find(&workload.name, engine, core)?;
                Some((workload.name.as_str(), measurement))
            })
        };
        let relative = |metric: Metric| self.mean_ratio(core, engine, metric.line(), metric);
        let largest = |part: fn(&Measurement) -> Option<u64>| {
            measured()
                .filter_map(|(_, measurement)| part(measurement))
                .max()
        };
        let (mut wasm, mut seconds) = (0, 0.0);
        for (_, measurement) in measured() {
            if let (Some(bytes), Some(time)) = (measurement.wasm_bytes, measurement.compile_seconds)
            {
                wasm += bytes;
                seconds += time;
            }
        }
        Summary {
            engine: engine.to_owned(),
            workloads: measured().count(),
            instructions: relative(Metric::Instructions),
            cycles: relative(Metric::Cycles),
            cycles_estimated: measured().any(|(_, measurement)| measurement.cycles_estimated),
            bytes: relative(Metric::Bytes),
            image_per_wasm: Mean::of(measured().filter_map(|(name, measurement)| {
                let image = measurement.image_bytes? as f64;
                Some((name, image / measurement.wasm_bytes? as f64))
            })),
            load: Mean::of(
                measured()
                    .filter_map(|(name, measurement)| Some((name, Metric::Load.of(measurement)?))),
            ),
            runtime_flash: largest(|measurement| measurement.runtime_flash_bytes),
            runtime_ram: largest(|measurement| measurement.runtime_ram_bytes),
            compile_bytes_per_second: (seconds > 0.0).then(|| wasm as f64 / seconds),
        }
    }

    /// How many times as fast [`super::OURS`] is as other engines that run modules or scripts, by the mean of
    /// instructions on this core.
    pub(crate) fn times_as_fast(&self, core: &str) -> Vec<(String, Mean)> {
        let others = self.engines(core).into_iter();
        others
            .filter(|engine| !is_native(engine) && !is_ours(engine))
            .filter_map(|engine| {
                let mean = self.mean_ratio(core, engine, super::OURS, Metric::Instructions)?;
                Some((engine.to_owned(), mean))
            })
            .collect()
    }

    /// What guards cost: guarded / unguarded instructions.
    pub(crate) fn guards(&self, core: &str) -> Option<Mean> {
        self.mean_ratio(core, super::OURS, super::UNGUARDED, Metric::Instructions)
    }

    /// What it costs that calls can be interrupted: interruptible / plain instructions.
    pub(crate) fn interrupts(&self, core: &str) -> Option<Mean> {
        self.mean_ratio(
            core,
            super::INTERRUPTIBLE,
            super::OURS,
            Metric::Instructions,
        )
    }
}

/// An engine on a core over all workloads.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The engine.
    pub(crate) engine: String,
    /// How many workloads it ran.
    pub(crate) workloads: usize,
    /// Instructions / those of `gcc -O2`.
    pub(crate) instructions: Option<Mean>,
    /// Cycles / those of `gcc -O2`.
    pub(crate) cycles: Option<Mean>,
    /// Whether they are an estimate.
    pub(crate) cycles_estimated: bool,
    /// Code and constants / those of `gcc -Os`.
    pub(crate) bytes: Option<Mean>,
    /// Image bytes / bytes of the module.
    pub(crate) image_per_wasm: Option<Mean>,
    /// Instructions before the first call.
    pub(crate) load: Option<Mean>,
    /// Flash of the engine itself, at most.
    pub(crate) runtime_flash: Option<u64>,
    /// RAM of the engine itself, at most.
    pub(crate) runtime_ram: Option<u64>,
    /// Bytes of WebAssembly that the host compiles in a second, over all modules.
    pub(crate) compile_bytes_per_second: Option<f64>,
}

/// Whether the engine is a C compiler.
pub(crate) fn is_native(engine: &str) -> bool {
    engine.starts_with("gcc") || engine.starts_with("clang")
}

/// Whether the engine is this project's compiler.
pub(crate) fn is_ours(engine: &str) -> bool {
    engine.starts_with("wasm2mcu")
}

/// Three digits that matter.
pub(crate) fn short(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// How many workloads, in words.
pub(crate) fn workloads(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} workload{plural}")
}

/// A count with thin spaces between thousands.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::{Mean, Metric, grouped, short};

    #[test]
    fn means_are_geometric_over_what_both_have() {
        let report = sample();
        let mean = report
            .mean_ratio("m33", "wasm2mcu -O speed", "gcc -O2", Metric::Instructions)
            .unwrap();
        // 2 and 20.
        assert!((mean.value - 40f64.sqrt()).abs() < 1e-9);
        assert_eq!((mean.count, mean.largest_at.as_str()), (2, "b"));
        let bytes = report.summary("m33", "wasm2mcu -O speed").bytes.unwrap();
        // 20 / 40 and 200 / 40.
        assert!((bytes.value - 2.5f64.sqrt()).abs() < 1e-9);
        assert!(report.summary("m33", "wasmi").instructions.is_none());
        assert!(report.guards("m33").is_none());
        assert_eq!(Mean::of([]), None);
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(short(1.234), "1.23");
        assert_eq!(short(9.996), "10.0");
        assert_eq!(short(123.4), "123");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(999), "999");
    }
}
