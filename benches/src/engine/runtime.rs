//! A runtime as firmware: linked once, given modules at run time.
//!
//! ```text
//!   firmware: load(module, bytes) ──▶ instructions of loading
//!             run(rounds)         ──▶ the run, the runtime's own call included
//!             failure             a message where one of them could not
//!             heap_used           the most heap that was in use
//! ```
//!
//! A module's code bytes are those of its code section, which such a runtime keeps in flash; what
//! it makes of them lies on its heap and is part of the runtime's RAM.

use wasmparser::{Parser, Payload};

use super::tool::failed;
use super::{EngineError, Program, Run, Runtime, Sizes};
use crate::machine::elf::Elf;
use crate::machine::emulated::{Called, Emulated, MODULE};
use crate::machine::{Core, Segment};

/// A module and the firmware that runs it.
pub(super) struct Interpreted {
    firmware: Elf,
    core: Core,
    module: Vec<u8>,
    sizes: Sizes,
}

impl Interpreted {
    /// A module for a firmware.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] if it is no module.
    pub(super) fn new(firmware: Elf, core: Core, module: Vec<u8>) -> Result<Self, EngineError> {
        Ok(Self {
            sizes: sizes(&module)?,
            firmware,
            core,
            module,
        })
    }

    /// Calls a function of the firmware; what it leaves as a message is why the runtime is unable.
    fn step(
        &self,
        machine: &mut Emulated,
        function: &str,
        arguments: [u32; 4],
    ) -> Result<Called, EngineError> {
        let call = self.firmware.call(function, arguments);
        let called = call.and_then(|call| machine.call(call));
        let called = called.map_err(|error| EngineError::Failed(format!("{function}: {error}")))?;
        match machine.word(self.symbol("failure")?) {
            0 => Ok(called),
            message => Err(EngineError::Unable(machine.text(message))),
        }
    }

    fn symbol(&self, name: &str) -> Result<u32, EngineError> {
        self.firmware.symbol(name).map_err(EngineError::Failed)
    }
}

impl Program for Interpreted {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn compile_seconds(&self) -> Option<f64> {
        None
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let mut segments = self.firmware.segments.clone();
        segments.push(Segment {
            address: MODULE,
            bytes: self.module.clone(),
        });
        let mut machine = Emulated::new(self.core, &segments).map_err(EngineError::Failed)?;
        let module = [MODULE, self.module.len() as u32, 0, 0];
        let load = self.step(&mut machine, "load", module)?;
        let run = self.step(&mut machine, "run", [rounds as u32, 0, 0, 0])?;
        let heap = u64::from(machine.word(self.symbol("heap_used")?));
        self.sizes.runtime = Some(Runtime {
            flash_bytes: self.firmware.code_bytes + self.firmware.rodata_bytes,
            ram_bytes: (self.firmware.ram_bytes + heap).saturating_sub(self.sizes.ram_bytes),
        });
        Ok(Run {
            checksum: run.result as i32,
            instructions: run.instructions,
            cycles: run.cycles,
            load_instructions: Some(load.instructions),
        })
    }
}

/// What the module itself says; what the runtime takes is known after a run.
fn sizes(module: &[u8]) -> Result<Sizes, EngineError> {
    let mut sizes = Sizes {
        image_bytes: Some(module.len() as u64),
        wasm_bytes: Some(module.len() as u64),
        ..Sizes::default()
    };
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(failed)? {
            Payload::CodeSectionStart { size, .. } => sizes.code_bytes = size.into(),
            Payload::DataSection(section) => {
                let range = section.range();
                sizes.rodata_bytes = (range.end - range.start) as u64;
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    sizes.ram_bytes += memory.map_err(failed)?.initial << 16;
                }
            }
            _ => {}
        }
    }
    sizes.function_bytes = sizes.code_bytes;
    Ok(sizes)
}
