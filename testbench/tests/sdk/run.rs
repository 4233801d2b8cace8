//! Runs programs on the virtual board.

use std::cell::RefCell;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use wasm2mcu::manifest::Manifest;
use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::hardware::Error;
use wasm2mcu_abi::hardware::events::Event;
use wasm2mcu_devices::VirtualI2c;
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::oracle::Oracle;
use wasm2mcu_testbench::virtual_board::host::{Host, I2cBus, I2cOperation, Numbered};
use wasm2mcu_testbench::virtual_board::{Devices, Happening, Script, World, deliver, functions};
use wasm2mcu_testbench::{Board, open};

/// A program in several languages, and the call of it.
pub(crate) struct Program {
    /// Its folder in `apps`, and the name of its modules.
    pub(crate) name: &'static str,
    /// Arguments of `run`.
    pub(crate) arguments: &'static [u32],
    /// What the host grants, as a manifest asks for it.
    pub(crate) granted: &'static str,
    /// What comes from outside.
    pub(crate) script: &'static str,
    /// The transaction on the I2C bus that fails, from 1 on; 0 for none.
    pub(crate) fails: u32,
    /// What its handler is called with afterwards, on boards.
    pub(crate) event: Option<Event>,
}

/// Where the programs are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps")
}

impl Program {
    /// The module in a language.
    pub(crate) fn module(&self, language: &str) -> Vec<u8> {
        fs::read(self.path(language, "wasm")).expect("a committed module")
    }

    /// The image, with the manifest in the folder if the module carries none.
    pub(crate) fn image(&self, language: &str, target: Target) -> Vec<u8> {
        let options = Options {
            target,
            level: OptLevel::Size,
            ..Options::default()
        };
        let module = self.module(language);
        let mut compiled = wasm2mcu::compile(&module, &options).expect("a sound module");
        if let Ok(text) = fs::read_to_string(self.path(language, "manifest")) {
            compiled.manifest = Manifest::parse(&text).expect("a manifest");
        }
        compiled.image().expect("an image")
    }

    fn path(&self, language: &str, extension: &str) -> PathBuf {
        let path = folder().join(self.name).join(language).join(self.name);
        path.with_extension(extension)
    }

    /// What it does under the interpreter.
    pub(crate) fn interpreted(&self, language: &str) -> String {
        let image = self.image(language, Target::default());
        let module = self.module(language);
        self.run(&image, On::Interpreter(&module)).lines
    }

    /// What it does on an emulated board.
    pub(crate) fn emulated(&self, language: &str, board: &str) -> Run {
        let image = self.image(language, target(board));
        let board = open(board).expect("an emulated board");
        self.run(&image, On::Board(&*board))
    }

    /// Compares the timelines of all languages with `expected.txt`.
    pub(crate) fn agrees(&self, languages: &[&str]) {
        let path = folder().join(self.name).join("expected.txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, self.interpreted(languages[0])).expect("a writable folder");
        }
        let expected = fs::read_to_string(&path).expect("a committed timeline");
        for language in languages {
            let lines = self.interpreted(language);
            assert_eq!(lines, expected, "{language}, interpreted");
            for board in ["m33", "rv32"] {
                let lines = self.emulated(language, board).lines;
                assert_eq!(lines, expected, "{language} on {board}");
            }
        }
    }
}

/// What the compiler is told of a board.
pub(crate) fn target(board: &str) -> Target {
    let board = open(board).expect("an emulated board");
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    target.with_features(info.features)
}

/// The bus of the virtual board with a loose contact.
struct Flaky<'w> {
    bus: VirtualI2c<'w>,
    transactions: u32,
    /// The one that fails.
    fails: u32,
}

impl I2cBus for Flaky<'_> {
    fn transaction(
        &mut self,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error> {
        self.transactions += 1;
        if self.transactions == self.fails {
            return Err(Error::Bus);
        }
        I2cBus::transaction(&mut self.bus, address, operations)
    }
}

/// Where a module runs.
#[derive(Clone, Copy)]
pub(crate) enum On<'a> {
    /// This module, under the interpreter.
    Interpreter(&'a [u8]),
    /// The image, on this board.
    Board(&'a dyn Board),
}

/// What a call of `run` did.
pub(crate) struct Run {
    /// The timeline, and what was returned.
    pub(crate) lines: String,
    /// Instructions of the module, where the board counts.
    pub(crate) instructions: u64,
}

impl Program {
    /// Calls `run` with the functions of the virtual board.
    pub(crate) fn run(&self, image: &[u8], on: On<'_>) -> Run {
        let bytes = image;
        let image = Image::parse(image).expect("an image");
        let script = Script::parse(self.script).expect("a script");
        let stimuli = script.stimuli();
        let lines = RefCell::new(String::new());
        let note = |what: &Happening<'_>| {
            writeln!(lines.borrow_mut(), "{what}").expect("a String takes everything");
        };
        let world = World::new(&stimuli, &note);
        let mut devices = Devices::new(&world);
        let mut wiring = devices.wire();
        let mut bus = Flaky {
            bus: VirtualI2c::new(&world, 1),
            transactions: 0,
            fails: self.fails,
        };
        let mut log = |level, context: &str, message: &str| world.log(level, context, message);
        let mut buses: [(u32, &mut dyn I2cBus); 1] = [(1, &mut bus)];
        let buses: Numbered<'_, dyn I2cBus + '_> = &mut buses;
        let mut peripherals = wiring.peripherals();
        peripherals.i2c = buses;
        peripherals.log = Some(&mut log);
        let policy = Manifest::parse(self.granted).expect("capabilities");
        let host = Host::new(&image, policy.capabilities(), peripherals)
            .expect("it asks for what is granted");
        let host = RefCell::new(host);
        let functions = functions(&image, &host);
        let (words, instructions) = match on {
            On::Interpreter(wasm) => {
                let oracle = Oracle::load(wasm, functions).expect("a valid module");
                let mut oracle = oracle.expect("no start function");
                let end = oracle
                    .invoke("run", self.arguments)
                    .expect("a running engine");
                (end.expect("a result"), 0)
            }
            On::Board(board) => {
                let mut instance = board.load(bytes, functions).expect("a sound image");
                let outcome = instance.invoke("run", self.arguments);
                let outcome = outcome.expect("a running board");
                let instructions = outcome.instructions.expect("a board that counts");
                if let Some(event) = &self.event {
                    let handled = deliver(&mut *instance, event).expect("a running board");
                    handled.end.expect("no result");
                }
                (outcome.end.expect("a result"), instructions)
            }
        };
        let mut lines = lines.borrow().clone();
        writeln!(lines, "returns {}", words[0] as i32).expect("a String takes everything");
        Run {
            lines,
            instructions,
        }
    }
}
