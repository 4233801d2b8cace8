//! What the loader needs of a core: its identity, the RAM it sees, and a way into the text.

use wasm2mcu_abi::image::{Architecture, Features};

/// A core that executes image text, with the RAM that an instance may use.
///
/// Addresses are the core's own, 32 bits wide. The loader fills the RAM through byte slices and
/// enters code by address only, so a core may as well be emulated.
///
/// An implementation that runs image text on the processor itself vouches for what that text
/// does; that is why making a `Native` core is `unsafe`, as is taking what interrupts an instance on it.
pub trait Core {
    /// The instruction set that [`enter`](Core::enter) executes.
    const ARCHITECTURE: Architecture;

    /// What this core has beyond the base of its architecture.
    fn features(&self) -> Features;

    /// The address at which the core sees the first byte of this image; `None` if it does not.
    fn image_address(&self, image: &[u8]) -> Option<u32>;

    /// The address at which the core sees byte 0 of the RAM; never changes.
    fn ram_address(&self) -> u32;

    /// The RAM; its length never changes.
    fn ram(&self) -> &[u8];

    /// The RAM; its length never changes.
    fn ram_mut(&mut self) -> &mut [u8];

    /// The lowest address that the stack pointer may reach while module code runs, and functions of the
    /// host that it calls.
    fn stack_limit(&self) -> u32;

    /// The most bytes of stack that a function of the host takes, with all that it calls.
    ///
    /// Images that import anything leave so much above the stack limit: a call whose stack would not
    /// suffice for a host function at its deepest place traps at its entry, and recursion before it is
    /// that deep. 0 says that the host counts for itself what is left below the stack limit.
    fn host_stack(&self) -> u32 {
        0
    }

    /// How many bytes right behind the RAM every access of the module faults on, and that on one of them
    /// ends [`enter`](Core::enter) with the code of an access out of bounds. Images that were compiled
    /// for a guard zone are refused on a core that does not promise as much.
    fn guard_zone(&self) -> u32 {
        0
    }

    /// Calls an entry thunk: `extern "C" fn(context, args, code, stack) -> u32`.
    ///
    /// `thunk` and `code` are addresses of functions (on Thumb with bit 0 set), `context` is the
    /// address of the context, `stack` the worst depth of the call in bytes. `args` holds the
    /// words of the parameters and, after a return of 0, those of the results.
    ///
    /// Returns 0, a trap code, or a number of the core's own above 255 when it gave up for another
    /// reason (an emulated core's fault or budget).
    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32;

    /// The word at an address that another instance [shares](crate::Instance::share), outside of this
    /// core's RAM. A core on which instances are not linked is not asked.
    fn shared_word(&self, address: u32) -> u32 {
        let _ = address;
        0
    }
}

impl<C: Core> Core for &mut C {
    const ARCHITECTURE: Architecture = C::ARCHITECTURE;

    fn features(&self) -> Features {
        (**self).features()
    }

    fn image_address(&self, image: &[u8]) -> Option<u32> {
        (**self).image_address(image)
    }

    fn ram_address(&self) -> u32 {
        (**self).ram_address()
    }

    fn ram(&self) -> &[u8] {
        (**self).ram()
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        (**self).ram_mut()
    }

    fn stack_limit(&self) -> u32 {
        (**self).stack_limit()
    }

    fn host_stack(&self) -> u32 {
        (**self).host_stack()
    }

    fn guard_zone(&self) -> u32 {
        (**self).guard_zone()
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        (**self).enter(thunk, context, args, code, stack)
    }

    fn shared_word(&self, address: u32) -> u32 {
        (**self).shared_word(address)
    }
}
