//! The firmware with the host functions of the hardware ABI.

use core::ptr;

use wasm2mcu_host::abi::{Capability, Rights};
use wasm2mcu_host::{Host, Hosted};
use wasm2mcu_loader::Function;

use self::board::Board;
use crate::machine::{Place, native, verified};

/// A board of this program's own, with one pin.
#[cfg(not(feature = "peripherals"))]
mod board {
    use wasm2mcu_host::abi::Error;
    use wasm2mcu_host::{Events, Hardware};

    use super::set;

    pub(super) struct Board;

    pub(super) const fn new() -> Board {
        Board
    }

    impl Hardware for Board {
        fn now(&mut self) -> u64 {
            0
        }

        fn wait(&mut self, _: &mut Events, _: u64) {}

        fn gpio_write(&mut self, pin: u32, level: bool) -> Result<(), Error> {
            match pin {
                5 => {
                    set(level);
                    Ok(())
                }
                _ => Err(Error::NotFound),
            }
        }
    }
}

/// The same of devices with the traits of `embedded-hal`.
#[cfg(feature = "peripherals")]
mod board {
    use core::convert::Infallible;

    use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
    use wasm2mcu_host::{Output, Peripherals, Pin};

    use super::set;

    pub(super) type Board = Peripherals<'static>;

    struct Led(bool);

    impl ErrorType for Led {
        type Error = Infallible;
    }

    impl OutputPin for Led {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0 = false;
            set(false);
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0 = true;
            set(true);
            Ok(())
        }
    }

    impl StatefulOutputPin for Led {
        fn is_set_high(&mut self) -> Result<bool, Infallible> {
            Ok(self.0)
        }

        fn is_set_low(&mut self) -> Result<bool, Infallible> {
            Ok(!self.0)
        }
    }

    static PIN: crate::machine::Place<Output<Led>> = crate::machine::Place::new();
    static PINS: crate::machine::Place<[(u32, &mut dyn Pin); 1]> = crate::machine::Place::new();

    pub(super) fn new() -> Board {
        PIN.put(Output(Led(false)));
        // SAFETY: this function is called once, and nothing else uses the pin.
        PINS.put([(5, unsafe { &mut *PIN.get() })]);
        Peripherals {
            // SAFETY: nor the list.
            pins: unsafe { &mut *PINS.get() },
            ..Peripherals::default()
        }
    }
}

/// Stands for the pin's register.
static mut REGISTER: u32 = 0;

fn set(level: bool) {
    // SAFETY: it is there, and nothing else uses it meanwhile.
    unsafe { ptr::write_volatile(&raw mut REGISTER, u32::from(level)) };
}

static HOST: Place<Host<'static, Board>> = Place::new();
static HOSTED: Place<Hosted<'static, 'static, Board>> = Place::new();
static ADD: Place<Function<'static, (i32, i32), i32>> = Place::new();

/// Loads the image at an address and makes an instance of it.
#[unsafe(no_mangle)]
extern "C" fn load(image: *const u8, bytes: usize) -> u32 {
    let Some((image, verified)) = verified(image, bytes) else {
        return 1;
    };
    let policy = [Capability::gpio(5, Rights::OUTPUT)];
    let Ok(host) = Host::new(&image, &policy, board::new()) else {
        return 2;
    };
    HOST.put(host);
    // SAFETY: this function is called once, and nothing else uses the host.
    let Ok(hosted) = Hosted::new(verified, native(), unsafe { &mut *HOST.get() }, &[]) else {
        return 3;
    };
    HOSTED.put(hosted);
    0
}

#[unsafe(no_mangle)]
extern "C" fn prepare() -> u32 {
    // SAFETY: the benches called `load` before.
    let Ok(add) = unsafe { &*HOSTED.get() }.function("add") else {
        return 1;
    };
    ADD.put(add);
    0
}

#[unsafe(no_mangle)]
extern "C" fn once(a: i32, b: i32) -> i32 {
    // SAFETY: the benches called `load` and `prepare` before.
    let (hosted, add) = unsafe { (&mut *HOSTED.get(), &*ADD.get()) };
    hosted.invoke(add, (a, b)).unwrap_or(-1)
}
