//! Keys and values in RAM.

use wasm2mcu_host::Store;
use wasm2mcu_host::abi::Error;

use crate::bytes::Quoted;
use crate::timeline::Device;
use crate::world::World;

/// Bytes for entries.
const BYTES: usize = 16 << 10;
/// Bytes of an entry beside key and value: their lengths, u8 and u16.
const HEADER: usize = 3;

/// A store that lasts as long as this value. Entries stand one behind the other.
#[derive(Clone, Debug)]
pub struct RamStore<'w> {
    world: &'w World<'w>,
    bytes: [u8; BYTES],
    used: usize,
}

/// An entry, as offsets in the store.
#[derive(Clone, Copy)]
struct Entry {
    begin: usize,
    value: usize,
    end: usize,
}

impl<'w> RamStore<'w> {
    /// An empty store.
    pub const fn new(world: &'w World<'w>) -> Self {
        RamStore {
            world,
            bytes: [0; BYTES],
            used: 0,
        }
    }

    fn entries(&self) -> impl Iterator<Item = (Entry, &[u8])> {
        let mut begin = 0;
        core::iter::from_fn(move || {
            let rest = self.bytes.get(begin..self.used)?;
            let (&[key, v0, v1], rest) = rest.split_first_chunk::<HEADER>()?;
            let value = begin + HEADER + usize::from(key);
            let entry = Entry {
                begin,
                value,
                end: value + usize::from(u16::from_le_bytes([v0, v1])),
            };
            begin = entry.end;
            Some((entry, rest.get(..usize::from(key))?))
        })
    }

    fn find(&self, key: &str) -> Option<Entry> {
        let mut entries = self.entries();
        let found = entries.find(|(_, name)| *name == key.as_bytes());
        found.map(|(entry, _)| entry)
    }

    fn value(&self, key: &str) -> Result<&[u8], Error> {
        let entry = self.find(key).ok_or(Error::NotFound)?;
        let value = self.bytes.get(entry.value..entry.end);
        value.ok_or(Error::Io)
    }

    fn remove(&mut self, entry: Entry) {
        self.bytes.copy_within(entry.end..self.used, entry.begin);
        self.used -= entry.end - entry.begin;
    }

    fn note(&self, what: &str, key: &str) {
        self.world
            .note(Device::KeyValue, format_args!("{what} {key:?}"));
    }
}

impl Store for RamStore<'_> {
    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Error> {
        let value = self.value(key)?;
        let place = buffer.get_mut(..value.len()).ok_or(Error::NoSpace)?;
        place.copy_from_slice(value);
        self.note("gives", key);
        Ok(value.len())
    }

    fn length(&mut self, key: &str) -> Result<u16, Error> {
        u16::try_from(self.value(key)?.len()).map_err(|_| Error::Io)
    }

    fn set(&mut self, key: &str, value: &[u8], quota: u32) -> Result<(), Error> {
        let old = self.find(key);
        let others = self.entries().filter(|(_, name)| *name != key.as_bytes());
        let stored: usize = others
            .map(|(entry, _)| entry.end - entry.begin - HEADER)
            .sum();
        let entry = HEADER + key.len() + value.len();
        let freed = old.map_or(0, |old| old.end - old.begin);
        if stored + key.len() + value.len() > quota as usize || self.used - freed + entry > BYTES {
            return Err(Error::NoSpace);
        }
        let key_length = u8::try_from(key.len()).map_err(|_| Error::InvalidArgument)?;
        let length = u16::try_from(value.len()).map_err(|_| Error::InvalidArgument)?;
        if let Some(old) = old {
            self.remove(old);
        }
        let [v0, v1] = length.to_le_bytes();
        for part in [&[key_length, v0, v1], key.as_bytes(), value] {
            let end = self.used + part.len();
            if let Some(place) = self.bytes.get_mut(self.used..end) {
                place.copy_from_slice(part);
            }
            self.used = end;
        }
        let value = Quoted(value);
        let what = format_args!("stores {key:?}: {value}");
        self.world.note(Device::KeyValue, what);
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        if let Some(entry) = self.find(key) {
            self.remove(entry);
            self.note("removes", key);
        }
        Ok(())
    }
}
