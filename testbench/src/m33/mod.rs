//! `m33`: a Cortex-M33 emulated in this process, instructions counted exactly.
mod core;
mod machine;
mod memory;
use crate::board::BoardInfo;
/// What this board is.
pub const INFO: BoardInfo = BoardInfo {
    name: "m33",
    description: "Cortex-M33 with FPU, emulated in process; counts instructions exactly",
    target: "thumbv8m.main-none-eabihf",
    dsp: true,
    float: true,
};
