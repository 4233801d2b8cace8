//! What belongs to one instance: its manifest, its events, the hardware that it was given.

use core::fmt;

use wasm2mcu_abi::hardware::events::Event;
use wasm2mcu_abi::hardware::{BadManifest, Capability, Error, Manifest};
use wasm2mcu_abi::image::RecordType;
use wasm2mcu_loader::Image;

use crate::events::Events;
use crate::hardware::Hardware;

/// The host's side of one instance, about 900 bytes with its events, and the hardware.
#[derive(Debug)]
pub struct Host<'i, H> {
    pub(crate) hardware: H,
    pub(crate) events: Events,
    manifest: Manifest<'i>,
    exit: Option<u32>,
}

/// Why a host does not take an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its manifest is malformed, or of a later version of the ABI.
    Manifest(BadManifest),
    /// There are two manifests.
    Twice,
    /// The manifest stands behind the hash, which does not cover it.
    NotHashed,
    /// It asks for what the policy does not grant.
    NotGranted(Capability),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Manifest(bad) => bad.fmt(f),
            Refused::Twice => f.write_str("the image has two manifests"),
            Refused::NotHashed => f.write_str("the manifest stands behind the hash"),
            Refused::NotGranted(capability) => write!(
                f,
                "the module asks for `{capability}`, which this host does not grant"
            ),
        }
    }
}

impl core::error::Error for Refused {}

/// The manifest of an image, which asks for nothing if it has none.
///
/// # Errors
///
/// [`Refused`], but for what a policy says.
pub fn manifest<'i>(image: &Image<'i>) -> Result<Manifest<'i>, Refused> {
    let mut found = None;
    let mut hashed = true;
    for record in image.trailer() {
        match record.record_type {
            RecordType::SHA256 => hashed = false,
            RecordType::MANIFEST if !hashed => return Err(Refused::NotHashed),
            RecordType::MANIFEST if found.is_some() => return Err(Refused::Twice),
            RecordType::MANIFEST => found = Some(record.value),
            _ => {}
        }
    }
    let manifest = found.map_or(Ok(Manifest::EMPTY), Manifest::read);
    manifest.map_err(Refused::Manifest)
}

impl<'i, H: Hardware> Host<'i, H> {
    /// For an instance of `image`, which may do what its manifest asks for, if `policy` grants all of that.
    ///
    /// # Errors
    ///
    /// [`Refused`], with what was asked for in vain.
    pub fn new(image: &Image<'i>, policy: &[Capability], hardware: H) -> Result<Self, Refused> {
        let granted = |asked: &Capability| policy.iter().any(|granted| granted.covers(asked));
        Self::granted(image, granted, hardware)
    }

    /// The same for a policy that is no list.
    ///
    /// # Errors
    ///
    /// As [`Host::new`].
    pub fn granted(
        image: &Image<'i>,
        granted: impl Fn(&Capability) -> bool,
        hardware: H,
    ) -> Result<Self, Refused> {
        let manifest = manifest(image)?;
        match manifest.capabilities().find(|asked| !granted(asked)) {
            Some(asked) => Err(Refused::NotGranted(asked)),
            None => Ok(Host {
                hardware,
                events: Events::default(),
                manifest,
                exit: None,
            }),
        }
    }

    /// What the module may use.
    pub const fn manifest(&self) -> &Manifest<'i> {
        &self.manifest
    }

    /// The hardware.
    pub const fn hardware(&mut self) -> &mut H {
        &mut self.hardware
    }

    /// Subscriptions and queue, for what happens while the module does not run.
    pub const fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// The status with which a WASI program ended itself, if it did: then the trap of its call is not one.
    pub const fn exit_status(&self) -> Option<u32> {
        self.exit
    }

    /// The oldest event, for a host that delivers events itself; if none waits, the hardware is asked once, without
    /// waiting.
    pub fn next_event(&mut self) -> Option<Event> {
        self.wait_for_event(0)
    }

    /// Waits for an event until the clock reads `until`, while the module does not run.
    pub fn wait_for_event(&mut self, until: u64) -> Option<Event> {
        self.wait(until, Events::is_waiting);
        self.events.take()
    }

    /// As before the instance was made: no subscriptions, no events. With a reset of the instance.
    pub fn reset(&mut self) {
        self.events = Events::default();
        self.exit = None;
    }

    pub(crate) const fn exit(&mut self, status: u32) {
        self.exit = Some(status);
    }

    /// That the module may do this.
    pub(crate) fn permit(&self, asked: &Capability) -> Result<(), Error> {
        match self.manifest.permits(asked) {
            true => Ok(()),
            false => Err(Error::NotPermitted),
        }
    }

    /// Bytes that the module may store.
    pub(crate) fn quota(&self) -> Option<u32> {
        let capabilities = self.manifest.capabilities();
        let stores = capabilities.filter(|asked| Capability::key_value(0).kind == asked.kind);
        stores.map(|store| store.detail).max()
    }

    /// Waits until the clock reads `until` or `enough` says so.
    ///
    /// Unless there is enough already, the hardware is asked at least once: who polls without waiting sees what happens,
    /// too.
    pub(crate) fn wait(&mut self, until: u64, enough: impl Fn(&Events) -> bool) {
        let mut over = false;
        loop {
            let now = self.hardware.now();
            self.events.elapse(now);
            if enough(&self.events) || over || self.hardware.interrupted() {
                return;
            }
            over = now >= until;
            let wake = self
                .events
                .next_timer()
                .map_or(until, |timer| timer.min(until));
            self.hardware.wait(&mut self.events, wake);
        }
    }
}
