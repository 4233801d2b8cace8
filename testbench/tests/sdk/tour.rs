//! A tour of every function of the ABI, in every language.

use std::collections::BTreeSet;

use wasm2mcu::Target;
use wasm2mcu_abi::hardware::FUNCTIONS;
use wasm2mcu_abi::hardware::events::{Event, Kind};
use wasm2mcu_loader::Image;

use crate::run::Program;

const LANGUAGES: [&str; 4] = ["c", "rust", "assemblyscript", "zig"];

const TOUR: Program = Program {
    name: "tour",
    arguments: &[],
    granted: "gpio 2 output\ngpio 3 input\ni2c 1 0x48\nspi 0\nspi 1\nuart 0\nadc 3\npwm 0\nsensor 0\nkeyvalue 256",
    script: "0 temperature 21.5\n10ms gpio 3 high\n11ms uart 0 \"ping\"\n60ms gpio 3 low\n\
             80ms uart 0 \"!\"\n90ms temperature 30",
    fails: 0,
    event: None,
};

#[test]
fn every_language_does_the_same() {
    TOUR.agrees(&LANGUAGES);
}

#[test]
fn handlers_are_given_events() {
    let event = Event {
        subscription: 7,
        kind: Kind::Sensor,
        value: 8,
        lost: 0,
        timestamp: 5_000_000_000,
    };
    let tour = Program {
        event: Some(event),
        ..TOUR
    };
    for language in LANGUAGES {
        for board in ["m33", "rv32"] {
            let lines = tour.emulated(language, board).lines;
            let said = lines.lines().rev().take(5).skip(1).map(|line| {
                let (_, said) = line.split_once("info: ").expect("a message");
                said
            });
            let said: Vec<_> = said.collect();
            let expected = ["at 5000", "value 8", "kind 3", "handled 7"];
            assert_eq!(said, expected, "{language} on {board}");
        }
    }
}

#[test]
fn every_function_is_called() {
    for language in LANGUAGES {
        let image = TOUR.image(language, Target::default());
        let image = Image::parse(&image).expect("an image");
        let imports: BTreeSet<_> = image
            .imports()
            .map(|import| (import.module.to_string(), import.name.to_string()))
            .collect();
        for function in &FUNCTIONS {
            let (module, name) = (function.module.to_owned(), function.name.to_owned());
            assert!(
                imports.contains(&(module, name)),
                "{language} does not call {}.{}",
                function.module,
                function.name
            );
        }
    }
}
