//! An image of ours in the hands of the real loader, on any core.
//!
//! ```text
//!   firmware (engines/wasm2mcu) ──load(image)──▶ instructions of loading
//!                               ──arm(rounds)──▶ what to call: thunk, context, arguments, …
//!   thunk, on the emulator or, with its memory as it is now, on the RTL ──▶ the run
//! ```

use super::cross::{self, Firmware};
use super::{EngineError, Run, Runtime};
use crate::machine::elf::Elf;
use crate::machine::emulated::{Call, Emulated, MODULE};
use crate::machine::rtl::Simulator;
use crate::machine::{Core, Segment};

/// The firmware with the loader.
pub(super) struct Loader {
    core: Core,
    elf: Elf,
}

impl Loader {
    /// The firmware for a core.
    ///
    /// # Errors
    ///
    /// [`EngineError::Missing`] if it cannot be built here.
    pub(super) fn open(core: Core) -> Result<Self, EngineError> {
        let elf = cross::firmware(core, &Firmware::new("wasm2mcu", &["loader/src", "abi/src"]))?;
        Ok(Self { core, elf })
    }

    /// What it takes in a firmware: the loader, its hash, and `memcpy` and the like.
    pub(super) fn runtime(&self) -> Runtime {
        Runtime {
            flash_bytes: self.elf.code_bytes + self.elf.rodata_bytes,
            ram_bytes: self.elf.ram_bytes,
        }
    }

    /// Loads an image and calls its `run`.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] if the loader refuses the image, or if it traps.
    pub(super) fn run(&self, image: &[u8], rounds: i32) -> Result<Run, EngineError> {
        let mut segments = self.elf.segments.clone();
        segments.push(Segment {
            address: MODULE,
            bytes: image.to_vec(),
        });
        let emulated = match self.core {
            Core::M33 => Core::M33,
            Core::Rv32 | Core::Ibex | Core::Cv32e40p => Core::Rv32,
        };
        let mut machine = Emulated::new(emulated, &segments).map_err(EngineError::Failed)?;
        let load = self.step(&mut machine, "load", [MODULE, image.len() as u32, 0, 0])?;
        self.step(&mut machine, "arm", [rounds as u32, 0, 0, 0])?;

        let symbol = |name| self.elf.symbol(name).map_err(EngineError::Failed);
        let prepared = symbol("CALL")?;
        let [function, arguments @ ..] =
            [0, 4, 8, 12, 16].map(|offset| machine.word(prepared + offset));
        let call = Call {
            function,
            arguments,
            global_pointer: 0,
        };
        let result = arguments[1];
        let (called, checksum) = if emulated == self.core {
            let called = machine.call(call).map_err(EngineError::Failed)?;
            (called, machine.word(result))
        } else {
            segments.push(machine.ram());
            Simulator::open(self.core)?.call(&segments, call, result)?
        };
        if called.result != 0 {
            return Err(EngineError::Failed(format!(
                "`run` ended with trap {}",
                called.result
            )));
        }
        Ok(Run {
            checksum: checksum as i32,
            instructions: called.instructions,
            cycles: called.cycles,
            load_instructions: Some(load),
        })
    }

    /// Calls a function of the firmware, which returns 0; returns the instructions that it took.
    fn step(
        &self,
        machine: &mut Emulated,
        function: &str,
        arguments: [u32; 4],
    ) -> Result<u64, EngineError> {
        let call = self.elf.call(function, arguments);
        let called = call.and_then(|call| machine.call(call));
        let called = called.map_err(|error| EngineError::Failed(format!("{function}: {error}")))?;
        match called.result {
            0 => Ok(called.instructions),
            step => Err(EngineError::Failed(format!(
                "the firmware's `{function}` failed in step {step}"
            ))),
        }
    }
}
