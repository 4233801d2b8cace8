//! `w2m_caller`: the instance that called a host function.

use core::ffi::c_void;
use core::ptr;

use wasm2mcu_loader::Caller;
use wasm2mcu_loader::abi::trap::TrapCode;

use crate::instance::range;

#[unsafe(no_mangle)]
extern "C" fn w2m_caller_range(
    caller: Option<Caller<'_>>,
    address: u32,
    length: u32,
) -> *mut c_void {
    caller.map_or(ptr::null_mut(), |mut caller| {
        range(caller.memory(), address, length)
    })
}

#[unsafe(no_mangle)]
extern "C" fn w2m_caller_data(caller: Option<Caller<'_>>) -> *mut c_void {
    caller.map_or(ptr::null_mut(), |mut caller| {
        ptr::with_exposed_provenance_mut(caller.host_data() as usize)
    })
}

#[unsafe(no_mangle)]
extern "C" fn w2m_caller_trap(caller: Option<Caller<'_>>, code: u32) {
    if let Some(mut caller) = caller {
        let known = u8::try_from(code).ok().and_then(TrapCode::from_u8);
        caller.trap(known.unwrap_or(TrapCode::Host));
    }
}
