//! The smallest firmware that loads an image. The benches call its functions one after the other:
//!
//! ```text
//!   load(image, bytes)   structure, policy, premises, imports, the instance's RAM, start function
//!   prepare()            the export `add`, by name and signature
//!   once(a, b)           one call of it
//!   twice(a, b)          two calls, with the feature `calls`
//!   thrice(a, b)         three: what this takes more is a call, inlined in its caller
//! ```
//!
//! With the feature `hosted`, modules have the host functions of the hardware ABI; with `peripherals`, they go to devices with
//! the traits of `embedded-hal`. Without the feature `loader` the same functions do nothing: what such a firmware has in flash
//! and RAM is not the loader's.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

#[cfg(feature = "hosted")]
mod hosted;
#[cfg(all(feature = "loader", not(feature = "hosted")))]
mod loaded;
#[cfg(feature = "loader")]
mod machine;

/// What the firmware has without a loader.
#[cfg(not(feature = "loader"))]
mod bare {
    macro_rules! nothing {
        ($($name:ident)*) => {$(
            #[unsafe(no_mangle)]
            extern "C" fn $name() -> u32 {
                0
            }
        )*};
    }

    nothing!(load prepare once);
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
