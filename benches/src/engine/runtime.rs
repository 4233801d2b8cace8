//! Firmware that is called function by function: a runtime that is given modules at run time, or what
//! was made of one module.
//!
//! ```text
//!   firmware: load(module, bytes) ──▶ instructions of loading
//!             run(rounds)         ──▶ the run, the runtime's own call included
//!             failure             a message where one of them could not
//!             heap_used           the most heap that was in use
//! ```
//!
//! The code bytes of a module that is given to a runtime are those of its code section, which such a runtime keeps in flash; what
//! it makes of them lies on its heap and is part of the runtime's RAM. RAM is known after a run.

use wasmparser::{Parser, Payload};

use super::tool::failed;
use super::{EngineError, Program, Run, Runtime, Sizes};
use crate::machine::elf::Elf;
use crate::machine::emulated::{Called, Emulated, MODULE};
use crate::machine::{Core, Segment};

/// What a firmware is given.
pub(super) enum Kind {
    /// A module, which it loads.
    Module(Vec<u8>),
    /// Nothing: it contains what was made of a module of this size.
    Linked {
        /// The module's bytes.
        wasm_bytes: u64,
        /// How long it took to make the firmware.
        compile_seconds: f64,
    },
}

/// A firmware and what it is given.
pub(super) struct Firmware {
    firmware: Elf,
    core: Core,
    kind: Kind,
    sizes: Sizes,
}

impl Firmware {
    /// A firmware for a core.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] if the module is none.
    pub(super) fn new(firmware: Elf, core: Core, kind: Kind) -> Result<Self, EngineError> {
        Ok(Self {
            sizes: match &kind {
                Kind::Module(module) => sizes(module)?,
                Kind::Linked { wasm_bytes, .. } => Sizes {
                    code_bytes: firmware.code_bytes,
                    function_bytes: firmware.code_bytes,
                    rodata_bytes: firmware.rodata_bytes,
                    wasm_bytes: Some(*wasm_bytes),
                    ..Sizes::default()
                },
            },
            firmware,
            core,
            kind,
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

impl Program for Firmware {
    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn compile_seconds(&self) -> Option<f64> {
        match &self.kind {
            Kind::Module(_) => None,
            Kind::Linked {
                compile_seconds, ..
            } => Some(*compile_seconds),
        }
    }

    fn run(&mut self, rounds: i32) -> Result<Run, EngineError> {
        let mut segments = self.firmware.segments.clone();
        let mut module_bytes = 0;
        if let Kind::Module(module) = &self.kind {
            module_bytes = module.len() as u32;
            segments.push(Segment {
                address: MODULE,
                bytes: module.clone(),
            });
        }
        let mut machine = Emulated::new(self.core, &segments).map_err(EngineError::Failed)?;
        let load = self.step(&mut machine, "load", [MODULE, module_bytes, 0, 0])?;
        let run = self.step(&mut machine, "run", [rounds as u32, 0, 0, 0])?;
        let heap = machine.word(self.symbol("heap_used")?);
        let ram_bytes = self.firmware.ram_bytes + u64::from(heap);
        match self.kind {
            Kind::Module(_) => {
                self.sizes.runtime = Some(Runtime {
                    flash_bytes: self.firmware.code_bytes + self.firmware.rodata_bytes,
                    ram_bytes: ram_bytes.saturating_sub(self.sizes.ram_bytes),
                });
            }
            Kind::Linked { .. } => self.sizes.ram_bytes = ram_bytes,
        }
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
                sizes.rodata_bytes = range.end - range.start;
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
