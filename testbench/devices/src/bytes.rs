//! Bytes in a timeline.

use core::fmt;

/// So many are shown.
const SHOWN: usize = 16;

/// Bytes as hexadecimal digits; of many, the first ones and how many there are.
pub(crate) struct Hex<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        match self.0.len() > SHOWN {
            true => write!(f, "… ({} bytes)", self.0.len()),
            false => Ok(()),
        }
    }
}

/// Bytes as text in quotes, with escapes.
pub(crate) struct Quoted<'b>(pub(crate) &'b [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
