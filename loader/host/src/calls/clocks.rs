//! `wasi:clocks/monotonic-clock`

use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;

pub(crate) fn now<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
) -> Result<u64, Fault> {
    Ok(host.hardware.now())
}

pub(crate) fn resolution<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
) -> Result<u64, Fault> {
    Ok(host.hardware.resolution().max(1))
}

pub(crate) fn wait_for<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    duration: u64,
) -> Result<(), Fault> {
    let until = host.hardware.now().saturating_add(duration);
    wait_until(host, memory, until)
}

pub(crate) fn wait_until<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    when: u64,
) -> Result<(), Fault> {
    host.wait(when, |_| false);
    Ok(())
}
