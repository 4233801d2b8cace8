//! The hardware ABI, every function from a module's call to the device.
//!
//! ```text
//!   modules/*.wat ─compile─┬▶ boards in this process ─ virtual_board (functions by words) ──┐
//!   wild: generated        ├▶ QEMU's boards, host functions forwarded ──────────────────────┼▶ the same lines
//!                          └▶ hosts/hardware on QEMU's cores: Hosted (extern "C" functions) ┘  == expected/*.txt
//! ```
//!
//! A module exports functions without parameters, of which each makes a call of the ABI or looks at what the last one left. The
//! lines say what the devices did and when, and how each export's call ended. `BLESS=1` writes them anew.
//!
//! * [`same_everywhere`]: the modules, on both instruction sets and in all ways
//! * [`wild`]: addresses and lengths that are not the module's, for every function that takes any
//! * [`random`]: functions called with random words
//! * [`manifests`]: images that a host refuses
//! * [`covered`]: each function has a module that calls it; `README.md` is the table

mod covered;
mod firmware;
mod images;
#[path = "../../hosts/hardware/src/line.rs"]
mod line;
mod manifests;
mod process;
mod random;
mod same_everywhere;
#[path = "../../hosts/hardware/src/surroundings.rs"]
mod surroundings;
mod wild;
