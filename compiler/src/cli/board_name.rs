//! Boards by their names: the option `--board`.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::{Arg, Command};
use wasm2mcu_testbench::board::{self, Board, BoardError, BoardInfo};
use wasm2mcu_testbench::probe::chips::PREFIX;
use wasm2mcu_testbench::probe::{self, CHIPS};

use super::progress;

/// Takes the name of a board: one of those that need nothing, or `probe:CHIP`.
#[derive(Clone)]
pub(crate) struct BoardName;

impl TypedValueParser for BoardName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let name = StringValueParser::new().parse_ref(command, arg, value)?;
        if name.starts_with(PREFIX) {
            // Names of chips have more than one form, and an error of their own.
            return Ok(name);
        }
        PossibleValuesParser::new(offered()).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let chips = CHIPS.iter().map(|chip| chip.info);
        Some(Box::new(offered().chain(chips.map(shown))))
    }
}

fn offered() -> impl Iterator<Item = PossibleValue> {
    board::boards().iter().copied().map(shown)
}

fn shown(board: BoardInfo) -> PossibleValue {
    PossibleValue::new(board.name).help(board.description)
}

/// Opens the board of this name, behind this probe if it is one of several.
///
/// # Errors
///
/// That it is not there, or does not answer.
pub(crate) fn open(name: &str, probe: Option<&str>) -> Result<Box<dyn Board>, BoardError> {
    match name.strip_prefix(PREFIX) {
        // Writing its flash takes a while.
        Some(chip) => progress::shown(&format!("connecting to {chip}"), || {
            probe::open(chip, probe)
        }),
        None => board::open(name),
    }
}
