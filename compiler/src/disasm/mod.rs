//! Text as assembly: names, labels, tables, trap sites and where in the WebAssembly it comes from.
//!
//! ```text
//!   sum: ; function 3, 84 bytes, stack 24, with what it calls 40
//!      1a4  b5f0       push    {r4, r5, r6, r7, lr}
//!      1a6  4283       cmp     r3, r0                ; wasm 0x5d
//!      1a8  d826       bhi     .1                    ; trap: out of bounds memory access, wasm 0x5d
//!   .0:
//! ```
//!
//! One renderer for all who show code. It works from a [`Map`]; one made from an image alone has
//! fewer names and no places, and the listing just says less.

mod decoder;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use wasm2mcu_abi::image::Architecture;

pub use decoder::{Decoded, Decoder};

use crate::map::Map;

/// What a listing shows besides the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Text offset and encoding of every instruction.
    pub encodings: bool,
}

/// The column in which remarks begin, counted from the mnemonic.
const REMARK: usize = 40;

/// The assembly of a text.
pub fn listing(text: &[u8], architecture: Architecture, map: &Map, style: Style) -> String {
    let mut listing = Listing {
        text,
        architecture,
        map,
        style,
        out: String::new(),
        location: 0,
        seen: 0,
    };
    for piece in pieces(text, map) {
        listing.piece(&piece);
    }
    listing.out
}

/// A stretch of text with its heading.
struct Piece {
    offset: u32,
    end: u32,
    name: String,
    remark: String,
}

/// The pieces in order. Bytes of none are padding, or the type number before a function.
fn pieces(text: &[u8], map: &Map) -> Vec<Piece> {
    let functions = map.functions.iter().map(|function| {
        let mut remark = format!("function {}, {} bytes", function.index, function.bytes);
        if let Some(stack) = function.stack {
            write!(remark, ", stack {}", stack.frame).expect("writing to a string");
            if stack.need != stack.frame {
                write!(remark, ", with what it calls {}", stack.need).expect("writing to a string");
            }
            if stack.checked {
                remark.push_str(", checked on entry");
            }
        }
        Piece {
            offset: function.offset,
            end: function.offset.saturating_add(function.bytes),
            name: function.name.clone(),
            remark,
        }
    });
    let routines = map.routines.iter().map(|routine| Piece {
        offset: routine.offset,
        end: routine.offset.saturating_add(routine.bytes),
        name: routine.name.clone(),
        remark: format!("{} bytes", routine.bytes),
    });
    let mut pieces: Vec<Piece> = functions.chain(routines).collect();
    pieces.sort_by_key(|piece| piece.offset);
    let bytes = text.len() as u32;
    for piece in &mut pieces {
        piece.end = piece.end.min(bytes);
        piece.offset = piece.offset.min(piece.end);
    }
    pieces
}

/// What stands at an offset.
enum Item {
    Code(Decoded),
    /// Data: entries of a jump table of this size, or a word.
    Data {
        bytes: u32,
        entry_bytes: u32,
    },
    /// No instruction that the decoder knows.
    Unknown {
        bytes: u32,
    },
}

struct Listing<'a> {
    text: &'a [u8],
    architecture: Architecture,
    map: &'a Map,
    style: Style,
    out: String,
    /// The source location that was shown last.
    location: u32,
    /// Trap sites before this offset were shown.
    seen: u32,
}

impl Listing<'_> {
    fn piece(&mut self, piece: &Piece) {
        let items = self.items(piece);
        let labels = self.labels(piece, &items);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.type_number(piece);
        self.line(format_args!("{}: ; {}", piece.name, piece.remark));
        self.location = 0;
        for (&at, item) in &items {
            if let Some(label) = labels.get(&at) {
                self.line(format_args!("{label}:"));
            }
            match item {
                Item::Code(inst) => self.instruction(piece, at, inst, &labels),
                Item::Data { bytes, entry_bytes } => self.table(at, *bytes, *entry_bytes, &labels),
                Item::Unknown { bytes } => {
                    let hex = self.hex(at, *bytes);
                    self.row(at, *bytes, &format!("{:<8}0x{hex}", ".inst"), "");
                }
            }
        }
    }

    /// The word before a function that can get into a table.
    fn type_number(&mut self, piece: &Piece) {
        let is_word = |&&(at, bytes): &&(u32, u32)| at + bytes == piece.offset && bytes == 4;
        let Some(&(at, bytes)) = self.map.data.iter().find(is_word) else {
            return;
        };
        let Some(word) = self.bytes(at, bytes).first_chunk() else {
            return;
        };
        let number = u32::from_le_bytes(*word);
        self.row(at, bytes, &format!("{:<8}{number}", ".word"), "type number");
    }

    /// Everything between the piece's first byte and its end.
    fn items(&self, piece: &Piece) -> BTreeMap<u32, Item> {
        let mut items = BTreeMap::new();
        let mut decoder = Decoder::new(self.architecture);
        let from = self.map.data.partition_point(|d| d.0 < piece.offset);
        let mut data = self.map.data[from..].iter().peekable();
        let mut entry_bytes = 4;
        let mut at = piece.offset;
        while at < piece.end {
            let left = piece.end - at;
            let item = match data.next_if(|&&(offset, _)| offset <= at) {
                Some(&(_, bytes)) => Item::Data {
                    bytes: bytes.clamp(1, left),
                    entry_bytes,
                },
                None => match decoder.decode(self.bytes(at, left.min(4)), at) {
                    Some(inst) => Item::Code(inst),
                    None => Item::Unknown { bytes: left.min(2) },
                },
            };
            let bytes = match &item {
                Item::Code(inst) => {
                    entry_bytes = inst.table_entry_bytes.unwrap_or(4);
                    inst.bytes
                }
                Item::Data { bytes, .. } | Item::Unknown { bytes } => {
                    entry_bytes = 4;
                    *bytes
                }
            };
            items.insert(at, item);
            at += bytes;
        }
        items
    }

    /// Labels for everything that the piece branches to in itself.
    fn labels(&self, piece: &Piece, items: &BTreeMap<u32, Item>) -> BTreeMap<u32, String> {
        let mut targets = BTreeSet::new();
        for (&at, item) in items {
            match item {
                Item::Code(inst) => targets.extend(inst.target),
                Item::Data { bytes, entry_bytes } => {
                    targets.extend(self.entries(at, *bytes, *entry_bytes));
                }
                Item::Unknown { .. } => {}
            }
        }
        targets
            .range(piece.offset + 1..piece.end.max(piece.offset + 1))
            .enumerate()
            .map(|(number, &target)| (target, format!(".{number}")))
            .collect()
    }

    /// The targets in the jump table at `at`. An odd number of bytes is followed by a zero, which is
    /// no entry: nothing jumps into the table.
    fn entries(&self, at: u32, bytes: u32, entry_bytes: u32) -> Vec<u32> {
        let table = self.bytes(at, bytes);
        let entries: Vec<u32> = match entry_bytes {
            1 => table.iter().map(|&entry| entry.into()).collect(),
            2 => {
                let halves = table.as_chunks().0.iter();
                halves
                    .map(|&half| u16::from_le_bytes(half).into())
                    .collect()
            }
            _ => Vec::new(),
        };
        let used = entries.into_iter().take_while(|&entry| entry != 0);
        used.map(|entry| at + 2 * entry).collect()
    }

    fn instruction(
        &mut self,
        piece: &Piece,
        at: u32,
        inst: &Decoded,
        labels: &BTreeMap<u32, String>,
    ) {
        let target = inst.target.map(|target| self.target(target, labels));
        let operands: Vec<&str> = [Some(inst.operands.as_str()), target.as_deref()]
            .into_iter()
            .flatten()
            .filter(|operand| !operand.is_empty())
            .collect();
        let text = format!("{:<7} {}", inst.mnemonic, operands.join(", "));
        let remark = self.remark(piece, at, inst);
        self.row(at, inst.bytes, &text, &remark);
    }

    /// What a branch to `target` shows.
    fn target(&self, target: u32, labels: &BTreeMap<u32, String>) -> String {
        if let Some(label) = labels.get(&target) {
            return label.clone();
        }
        let routines = &self.map.routines;
        let routine = routines.binary_search_by_key(&target, |routine| routine.offset);
        if let Ok(index) = routine {
            return routines[index].name.clone();
        }
        match self.map.function_at(target) {
            Some(function) if function.offset == target => function.name.clone(),
            _ => format!("text+{target:#x}"),
        }
    }

    /// The trap that a branch leads to, and the source location where it changes.
    ///
    /// A trap site is the check; the branch that follows is where one looks for it.
    fn remark(&mut self, piece: &Piece, at: u32, inst: &Decoded) -> String {
        let sites = &self.map.trap_sites;
        let mut parts = Vec::new();
        let from = sites.partition_point(|site| site.offset < self.seen);
        if inst.target.is_some() || inst.ends {
            let passed = sites[from..].iter().take_while(|site| site.offset <= at);
            for site in passed {
                parts.push(format!("trap: {}", site.code));
                self.location = site.source;
                if site.source != 0 {
                    parts.push(format!("wasm {:#x}", site.source));
                }
            }
            self.seen = at + 1;
        }
        let source = self.map.source_at(at.max(piece.offset)).unwrap_or(0);
        if source != self.location {
            if source != 0 {
                parts.push(format!("wasm {source:#x}"));
            }
            self.location = source;
        }
        parts.join(", ")
    }

    fn table(&mut self, at: u32, bytes: u32, entry_bytes: u32, labels: &BTreeMap<u32, String>) {
        const PER_LINE: usize = 8;
        let directive = match entry_bytes {
            1 => ".byte",
            2 => ".short",
            _ if bytes == 4 => {
                let word = self
                    .bytes(at, bytes)
                    .first_chunk()
                    .copied()
                    .unwrap_or_default();
                let word = u32::from_le_bytes(word);
                return self.row(
                    at,
                    bytes,
                    &format!("{:<8}{word:#010x}", ".word"),
                    "constant",
                );
            }
            _ => return self.data(at, bytes),
        };
        let entries = self.entries(at, bytes, entry_bytes);
        let names: Vec<String> = entries.iter().map(|&e| self.target(e, labels)).collect();
        for (line, names) in names.chunks(PER_LINE).enumerate() {
            let from = at + (line * PER_LINE) as u32 * entry_bytes;
            let size = names.len() as u32 * entry_bytes;
            let text = format!("{directive:<8}{}", names.join(", "));
            self.row(from, size, &text, "jump table");
        }
    }

    /// Data in whole words, and single bytes behind the last one.
    fn data(&mut self, at: u32, bytes: u32) {
        const PER_LINE: usize = 16;
        let data = self.bytes(at, bytes).to_vec();
        for (from, line) in (at..).step_by(PER_LINE).zip(data.chunks(PER_LINE)) {
            let (words, rest) = line.as_chunks::<4>();
            let words = words.iter().map(|&word| u32::from_le_bytes(word));
            let words: Vec<String> = words.map(|word| format!("{word:#010x}")).collect();
            let rest: Vec<String> = rest.iter().map(|byte| format!("{byte:#04x}")).collect();
            let mut from = from;
            for (directive, values, size) in [(".word", words, 4), (".byte", rest, 1)] {
                let size = size * values.len() as u32;
                if size > 0 {
                    let text = format!("{directive:<8}{}", values.join(", "));
                    self.row(from, size, &text, "data");
                }
                from += size;
            }
        }
    }

    /// One line of the listing.
    fn row(&mut self, at: u32, bytes: u32, text: &str, remark: &str) {
        let encoding = if self.style.encodings {
            format!("{at:6x}  {:<17}  ", self.hex(at, bytes.min(8)))
        } else {
            String::from("    ")
        };
        let text = match remark {
            "" => text.trim_end().to_owned(),
            remark => format!("{text:<width$} ; {remark}", width = REMARK - 1),
        };
        self.line(format_args!("{encoding}{text}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.out, "{line}").expect("writing to a string");
    }

    /// Bytes as the numbers that instructions are made of, in the order of the text: halfwords on
    /// Thumb, words on RISC-V.
    fn hex(&self, at: u32, bytes: u32) -> String {
        let unit = match self.architecture {
            Architecture::Thumb => 2,
            Architecture::RiscV32 => 4,
        };
        let number = |unit: &[u8]| -> String {
            let digits = unit.iter().rev().map(|byte| format!("{byte:02x}"));
            digits.collect()
        };
        let units: Vec<String> = self.bytes(at, bytes).chunks(unit).map(number).collect();
        units.join(" ")
    }

    fn bytes(&self, at: u32, bytes: u32) -> &[u8] {
        let from = (at as usize).min(self.text.len());
        let to = (at.saturating_add(bytes) as usize).min(self.text.len());
        &self.text[from..to]
    }
}
