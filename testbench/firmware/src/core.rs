//! The loader's core of this processor, with fault protection around it.

use wasm2mcu_loader::abi::image::{Architecture, Features};
use wasm2mcu_loader::{Core, Native};

use crate::counter;
use crate::guard::guarded;

/// [`Native`], of which a fault returns [`FAULTED`](crate::guard::FAULTED).
pub(crate) struct Guarded(Native<'static>);

impl Guarded {
    /// This processor with this RAM, stack and features.
    ///
    /// # Safety
    ///
    /// As [`Native::new`], but that code which breaks its contract is what this firmware is for:
    /// what it destroys is the emulator's.
    pub(crate) unsafe fn new(ram: &'static mut [u8], stack_limit: u32, features: Features) -> Self {
        // SAFETY: passed on.
        Self(unsafe { Native::new(ram, stack_limit, features) })
    }
}

struct Entry<'e> {
    core: &'e mut Native<'static>,
    thunk: u32,
    context: u32,
    args: &'e mut [u32],
    code: u32,
    stack: u32,
}

/// # Safety
///
/// `entry` points to an [`Entry`] that nothing else uses.
unsafe extern "C" fn enter(entry: *mut ()) -> u32 {
    // SAFETY: the caller's promise.
    let entry = unsafe { &mut *entry.cast::<Entry<'_>>() };
    counter::start();
    let end = entry.core.enter(
        entry.thunk,
        entry.context,
        entry.args,
        entry.code,
        entry.stack,
    );
    counter::stop();
    end
}

impl Core for Guarded {
    const ARCHITECTURE: Architecture = Native::<'_>::ARCHITECTURE;

    fn features(&self) -> Features {
        self.0.features()
    }

    fn image_address(&self, image: &[u8]) -> Option<u32> {
        self.0.image_address(image)
    }

    fn ram_address(&self) -> u32 {
        self.0.ram_address()
    }

    fn ram(&self) -> &[u8] {
        self.0.ram()
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        self.0.ram_mut()
    }

    fn stack_limit(&self) -> u32 {
        self.0.stack_limit()
    }

    fn shared_word(&self, address: u32) -> u32 {
        self.0.shared_word(address)
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        let mut entry = Entry {
            core: &mut self.0,
            thunk,
            context,
            args,
            code,
            stack,
        };
        let outer = counter::begin();
        // SAFETY: `enter` is called with an entry of its own, and owns nothing but borrows.
        let end = unsafe { guarded(enter, (&raw mut entry).cast()) };
        counter::end(outer);
        end
    }
}
