//! wasmi, the interpreter in Rust that fits microcontrollers: it translates a module into register code
//! and runs that.
//!
//! cargo fetches it (`engines/wasmi/`, a workspace of its own). All functions are validated and
//! translated while the module is loaded. On RISC-V it is built with loop dispatch, since it has no
//! tail calls there.

use std::fs;

use super::cross;
use super::runtime::{Firmware, Kind};
use super::tool::failed;
use super::{Engine, EngineError, Program};
use crate::cache;
use crate::machine::Core;
use crate::workload::Workload;

/// The engine.
pub(super) struct Wasmi;

impl Engine for Wasmi {
    fn name(&self) -> &str {
        "wasmi"
    }

    fn cores(&self) -> &[Core] {
        &[Core::M33, Core::Rv32]
    }

    fn version(&self, _: Core) -> Result<String, EngineError> {
        let lock = fs::read_to_string(cache::sources().join("wasmi/Cargo.lock")).map_err(failed)?;
        let mut lines = lock.lines().skip_while(|line| *line != "name = \"wasmi\"");
        let version = lines.nth(1).and_then(|line| line.split('"').nth(1));
        Ok(format!("wasmi {}", version.unwrap_or_default()))
    }

    fn prepare(&self, workload: &Workload, core: Core) -> Result<Box<dyn Program>, EngineError> {
        let module = fs::read(&workload.wasm).map_err(failed)?;
        let firmware = cross::firmware(core, &cross::Firmware::new("wasmi", &[]))?;
        let firmware = Firmware::new(firmware, core, Kind::Module(module))?;
        Ok(Box::new(firmware))
    }
}

#[cfg(test)]
mod tests {
    use super::{Engine, Wasmi};
    use crate::machine::Core;

    #[test]
    fn version_is_the_one_that_is_locked() {
        assert_eq!(Wasmi.version(Core::M33).unwrap(), "wasmi 2.0.0");
    }
}
