//! Images replaced at run time: two slots, a trial, and power that goes at the worst moment.
//!
//! * [`flash`]: a flash whose words and sectors can be torn
//! * [`device`]: a device with such a flash, which checks whatever it starts
//! * [`power_cut`]: a cut in every step of a device's life, and a second one in every step of what follows
//! * [`rules`]: what is refused, and what an error of the flash leads to
//! * [`boards`]: images that are signed, replaced, and trap, on emulated cores

mod boards;
mod device;
mod flash;
mod images;
mod power_cut;
mod rules;
