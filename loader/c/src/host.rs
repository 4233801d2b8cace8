//! `w2m_host`: the host's side of one instance, and `w2m_events`.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use wasm2mcu_host::abi::{Capability, EVENT_HANDLER, Kind};
use wasm2mcu_host::{Events, Functions, Host, Refused, Source};

use crate::code::{Code, Detail};
use crate::hardware::{CHardware, Table};
use crate::hosts::{HostFunction, Hosts};
use crate::image::ImageHandle;
use crate::instance::{Grant, InstanceHandle, instantiate, place, vacate};

/// What `W2M_HOST_BYTES` is in the header.
pub(crate) const HOST_BYTES: usize = 1024;
/// "W2Mh": the struct holds a host.
const OPEN: u32 = 0x684d_3257;
/// Events that one delivery hands out: as many as a queue can hold.
const MOST: usize = 16;

/// What a `w2m_host` holds.
#[repr(C)]
pub(crate) struct HostHandle {
    mark: u32,
    host: MaybeUninit<Host<'static, CHardware>>,
}

const _: () = assert!(size_of::<HostHandle>() <= HOST_BYTES && align_of::<HostHandle>() <= 8);

impl HostHandle {
    /// Where the host is.
    ///
    /// # Safety
    ///
    /// `handle` is null or a `w2m_host`.
    unsafe fn get(handle: *const HostHandle) -> Result<NonNull<Host<'static, CHardware>>, Code> {
        if handle.is_null() || !handle.is_aligned() {
            return Err(Code::Argument);
        }
        // SAFETY: the caller's promise. The mark is written last, so there is a host behind it.
        unsafe {
            if (&raw const (*handle).mark).read() != OPEN {
                return Err(Code::NotLive);
            }
            let host = (&raw const (*handle).host).cast::<Host<'static, CHardware>>();
            NonNull::new(host.cast_mut()).ok_or(Code::Argument)
        }
    }
}

/// `w2m_capability`: as in an image.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct RawCapability {
    pub(crate) kind: u8,
    pub(crate) rights: u8,
    pub(crate) number: u16,
    pub(crate) detail: u32,
}

impl RawCapability {
    fn checked(self) -> Option<Capability> {
        let [n0, n1] = self.number.to_le_bytes();
        let [d0, d1, d2, d3] = self.detail.to_le_bytes();
        Capability::from_bytes([self.kind, self.rights, n0, n1, d0, d1, d2, d3])
    }

    const fn of(capability: Capability) -> Self {
        RawCapability {
            kind: capability.kind as u8,
            rights: capability.rights.0,
            number: capability.number,
            detail: capability.detail,
        }
    }
}

/// `w2m_source`: what may change at any time.
#[repr(C)]
pub(crate) struct RawSource {
    pub(crate) kind: u32,
    pub(crate) number: u32,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_host_open(
    handle: *mut HostHandle,
    image: *const ImageHandle,
    policy: *const RawCapability,
    policy_count: usize,
    hardware: *const Table,
    user: *mut c_void,
    refused: *mut RawCapability,
) -> Code {
    if handle.is_null() || !handle.is_aligned() {
        return Code::Argument;
    }
    // SAFETY: the header asks for a `w2m_host` to fill, an image, a policy of so many rows and a table of which
    // every function is what it is said to be; what was refused may be null.
    unsafe {
        (&raw mut (*handle).mark).write(0);
        let policy = match policy_count {
            0 => &[],
            _ if policy.is_null() || !policy.is_aligned() => return Code::Argument,
            count => slice::from_raw_parts(policy, count),
        };
        if policy.iter().any(|row| row.checked().is_none()) {
            return Code::Argument;
        }
        let Some(table) = hardware.as_ref::<'static>() else {
            return Code::Argument;
        };
        if table.size as usize != size_of::<Table>() || table.now.is_none() {
            return Code::Argument;
        }
        let image = match ImageHandle::get(image) {
            Ok(image) => image,
            Err(code) => return code,
        };
        let granted = |asked: &Capability| {
            let mut grants = policy.iter().filter_map(|row| row.checked());
            grants.any(|granted| granted.covers(asked))
        };
        match Host::granted(&image, granted, CHardware::new(table, user)) {
            Ok(host) => {
                (&raw mut (*handle).host).write(MaybeUninit::new(host));
                (&raw mut (*handle).mark).write(OPEN);
                Code::Ok
            }
            Err(Refused::NotGranted(capability)) => {
                if !refused.is_null() {
                    refused.write(RawCapability::of(capability));
                }
                Code::NotGranted
            }
            Err(_) => Code::Manifest,
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_host_instantiate(
    instance: *mut InstanceHandle,
    image: *const ImageHandle,
    grant: *const Grant,
    host: *mut HostHandle,
    hosts: *const HostFunction,
    host_count: usize,
    detail: *mut Detail,
) -> Code {
    if instance.is_null() || !instance.is_aligned() {
        return Code::Argument;
    }
    // SAFETY: the header asks for all of this, as for `w2m_instantiate`, and for a host that stays.
    unsafe {
        vacate(instance);
        let made = || {
            let host = HostHandle::get(host)?;
            let more = Hosts::new(hosts, host_count)?;
            instantiate(image, grant, &Functions::new(host, &more))
        };
        place(instance, made(), detail)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_host_deliver(
    instance: *mut InstanceHandle,
    host: *mut HostHandle,
    delivered: *mut usize,
) -> Code {
    let mut count = 0;
    // SAFETY: the header asks for an instance that this task alone uses, and for its host.
    let code = unsafe {
        InstanceHandle::work(instance, |module| {
            let mut host = HostHandle::get(host)?;
            let handler = module.function::<(u32, u32, u32, u64), ()>(EVENT_HANDLER)?;
            while count < MOST
                && let Some(event) = host.as_mut().next_event()
            {
                let params = (
                    event.subscription,
                    event.kind as u32,
                    event.value,
                    event.timestamp,
                );
                module.invoke(&handler, params)?;
                count += 1;
            }
            Ok(())
        })
    };
    if !delivered.is_null() {
        // SAFETY: the header asks for a count there.
        unsafe { delivered.write(count) };
    }
    code
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_host_reset(
    instance: *mut InstanceHandle,
    host: *mut HostHandle,
) -> Code {
    // SAFETY: the header asks for an instance that this task alone uses, and for its host.
    unsafe {
        InstanceHandle::work(instance, |module| {
            HostHandle::get(host)?.as_mut().reset();
            Ok(module.reset()?)
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_host_exit_status(host: *const HostHandle, status: *mut u32) -> Code {
    if status.is_null() {
        return Code::Argument;
    }
    // SAFETY: the header asks for both.
    unsafe {
        match HostHandle::get(host).map(|host| host.as_ref().exit_status()) {
            Ok(Some(exit)) => {
                status.write(exit);
                Code::Ok
            }
            Ok(None) => Code::NotLive,
            Err(code) => code,
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_host_events(host: *mut HostHandle) -> *mut Events {
    // SAFETY: the header asks for a `w2m_host` whose instance does not run.
    let found = unsafe { HostHandle::get(host).map(|mut host| host.as_mut().events()) };
    found.map_or(ptr::null_mut(), |events| ptr::from_mut(events))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_events_sources(
    events: *const Events,
    sources: *mut RawSource,
    count: usize,
) -> usize {
    // SAFETY: the header asks for events, and for room for so many sources.
    let events = unsafe { events.as_ref() };
    let mut found = 0;
    for source in events.into_iter().flat_map(Events::sources) {
        let (kind, number) = match source {
            Source::Pin { pin, .. } => (Kind::Gpio, pin),
            Source::Uart { port } => (Kind::Uart, port),
            Source::Sensor { sensor } => (Kind::Sensor, sensor),
            Source::Timer { .. } => continue,
        };
        if found < count && !sources.is_null() {
            let source = RawSource {
                kind: kind as u32,
                number,
            };
            // SAFETY: as above.
            unsafe { sources.add(found).write(source) };
        }
        found += 1;
    }
    found
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_events_pin(events: *mut Events, pin: u32, level: u32, now: u64) {
    // SAFETY: the header asks for events, which nobody else uses meanwhile.
    if let Some(events) = unsafe { events.as_mut() } {
        events.pin(pin, level != 0, now);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_events_uart(events: *mut Events, port: u32, available: u32, now: u64) {
    // SAFETY: the header asks for events, which nobody else uses meanwhile.
    if let Some(events) = unsafe { events.as_mut() } {
        events.uart(port, available, now);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_events_sensor(events: *mut Events, sensor: u32, now: u64) {
    // SAFETY: the header asks for events, which nobody else uses meanwhile.
    if let Some(events) = unsafe { events.as_mut() } {
        events.sensor(sensor, now);
    }
}
