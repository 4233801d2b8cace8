//! Messages to and from the PC.

use core::fmt::{self, Write};

use crate::protocol::reply;
use crate::transport::Pipes;

/// The way to the PC.
#[derive(Clone, Copy)]
pub(crate) struct Link(Pipes);

impl Link {
    /// Opens it.
    pub(crate) fn open() -> Self {
        Self(Pipes::open())
    }

    /// The next `N` words.
    pub(crate) fn words<const N: usize>(self) -> [u32; N] {
        let mut words = [0; N];
        self.read_words(&mut words);
        words
    }

    /// Fills `words` with the next ones.
    pub(crate) fn read_words(self, words: &mut [u32]) {
        let mut bytes = [0; 4];
        for word in words {
            self.0.read(&mut bytes);
            *word = u32::from_le_bytes(bytes);
        }
    }

    /// Fills `bytes` with the next ones.
    pub(crate) fn read(self, bytes: &mut [u8]) {
        self.0.read(bytes);
    }

    /// Passes over bytes.
    pub(crate) fn skip(self, bytes: usize) {
        let mut sink = [0; 256];
        let mut left = bytes;
        while left > 0 {
            let now = left.min(sink.len());
            self.0.read(&mut sink[..now]);
            left -= now;
        }
    }

    /// Sends a message of bytes.
    pub(crate) fn reply(self, tag: u32, bytes: &[u8]) {
        let mut head = [0; 8];
        head[..4].copy_from_slice(&tag.to_le_bytes());
        head[4..].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.0.write(&head);
        self.0.write(bytes);
    }

    /// Sends a message of words.
    pub(crate) fn reply_words(self, tag: u32, words: &[u32]) {
        // SAFETY: words are bytes, in the order of this little-endian core.
        let bytes = unsafe { words.align_to::<u8>().1 };
        self.reply(tag, bytes);
    }

    /// Sends a text that says why a request was refused.
    pub(crate) fn refuse(self, why: fmt::Arguments<'_>) {
        let mut text = Text {
            bytes: [0; 512],
            length: 0,
        };
        // A longer text is cut off.
        let _ = text.write_fmt(why);
        self.reply(reply::REFUSED, &text.bytes[..text.length]);
    }
}

/// A text in the making.
struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + text.len());
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
