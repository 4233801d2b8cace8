//! `wasm2mcu boards`: where images can be run.

use std::fmt::Write;
use std::process::ExitCode;

use wasm2mcu_testbench::board::{self, BoardInfo};
use wasm2mcu_testbench::probe::{CHIPS, Chip};

use super::{Failure, output};

/// List the boards that `run` knows
///
/// Emulated ones, debug probes that are attached, and chips that there is a firmware for.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only chips with this text in their names.
    ///
    /// A program with the feature `probe` adds the chips that its driver knows and that there is no
    /// firmware for.
    #[arg(long, value_name = "TEXT")]
    chips: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu boards
  wasm2mcu boards --chips nrf
  wasm2mcu run app.wasm --board probe:nrf5340 --invoke 'run 10'";

/// Prints the list.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    if let Some(filter) = &args.chips {
        chips(&mut text, filter);
    } else {
        emulated(&mut text);
        text.push('\n');
        probes(&mut text);
        text.push('\n');
        chips(&mut text, "");
    }
    output::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn emulated(text: &mut String) {
    text.push_str("Emulated:\n");
    for BoardInfo {
        name, description, ..
    } in board::boards()
    {
        line(text, name, description);
    }
}

#[cfg(feature = "probe")]
fn probes(text: &mut String) {
    use wasm2mcu_testbench::probe::attached;

    let attached = attached();
    text.push_str("Debug probes that are attached:\n");
    if attached.is_empty() {
        text.push_str("  none\n");
    }
    for probe in &attached {
        let remark = match probe.accessible {
            true => "",
            false => " (this user may not use it: see the udev rules in testbench/BOARDS.md)",
        };
        line(text, &probe.selector, &format!("{}{remark}", probe.name));
    }
}

#[cfg(not(feature = "probe"))]
fn probes(text: &mut String) {
    text.push_str(
        "Debug probes that are attached:\n  \
         not known: this program was built without them (cargo install --path compiler --features \
         probe)\n",
    );
}

fn chips(text: &mut String, filter: &str) {
    let filter = filter.to_lowercase();
    let ours: Vec<&Chip> = CHIPS
        .iter()
        .filter(|chip| {
            let names = chip.aliases.iter().copied();
            let mut names = names.chain([chip.name(), chip.driver_name, chip.kits]);
            names.any(|name| name.to_lowercase().contains(&filter))
        })
        .collect();
    text.push_str("Chips behind a debug probe, with a firmware for each:\n");
    if ours.is_empty() {
        text.push_str("  none\n");
    }
    for chip in ours {
        let Chip { info, kits, .. } = chip;
        line(text, info.name, &format!("{} ({kits})", info.description));
    }
    if !filter.is_empty() {
        without_firmware(text, &filter);
    }
}

#[cfg(feature = "probe")]
fn without_firmware(text: &mut String, filter: &str) {
    use wasm2mcu_testbench::probe::known_chips;

    let mut names = known_chips(filter);
    names.retain(|name| Chip::named(name).is_err());
    if !names.is_empty() {
        text.push_str("\nChips that the driver of probes knows, without a firmware:\n");
    }
    for name in names {
        let _ = writeln!(text, "  {name}");
    }
}

#[cfg(not(feature = "probe"))]
fn without_firmware(_: &mut String, _: &str) {}

fn line(text: &mut String, name: &str, description: &str) {
    let _ = writeln!(text, "  {name:20}  {description}");
}
