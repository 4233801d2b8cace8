//! The nRF5340 closes its debug port at every reset, unless its configuration and its firmware both
//! say that it stays open.
//!
//! Source: nRF5340 Product Specification, "Debug and trace", "UICR", "NVMC", "CTRL-AP".

const UNPROTECTED: u32 = 0x50fa_50fa;
const UICR_APPROTECT: *mut u32 = 0x00ff_8000 as *mut u32;
const UICR_SECUREAPPROTECT: *mut u32 = 0x00ff_801c as *mut u32;
const NVMC_READY: *const u32 = 0x5003_9400 as *const u32;
const NVMC_CONFIG: *mut u32 = 0x5003_9504 as *mut u32;
const WRITE_ENABLED: u32 = 1;
const CTRLAP_APPROTECT_DISABLE: *mut u32 = 0x5000_6544 as *mut u32;
const CTRLAP_SECUREAPPROTECT_DISABLE: *mut u32 = 0x5000_654c as *mut u32;

/// Keeps the debug port open, after this reset and the next ones.
pub(crate) fn start() {
    for place in [UICR_APPROTECT, UICR_SECUREAPPROTECT] {
        // SAFETY: the words and registers are this chip's, and used for what they are for. A word of
        // UICR is written once after it was erased.
        unsafe {
            if place.read_volatile() != UNPROTECTED {
                NVMC_CONFIG.write_volatile(WRITE_ENABLED);
                wait();
                place.write_volatile(UNPROTECTED);
                wait();
                NVMC_CONFIG.write_volatile(0);
                wait();
            }
        }
    }
    // SAFETY: as above.
    unsafe {
        CTRLAP_APPROTECT_DISABLE.write_volatile(UNPROTECTED);
        CTRLAP_SECUREAPPROTECT_DISABLE.write_volatile(UNPROTECTED);
    }
}

/// # Safety
///
/// The chip is an nRF5340.
unsafe fn wait() {
    // SAFETY: reading changes nothing.
    while unsafe { NVMC_READY.read_volatile() } & 1 == 0 {}
}
