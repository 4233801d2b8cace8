//! One text from the code of all functions: order, addresses, references, symbols.
//!
//! ```text
//!   border: traps, trap exit, entry thunks │ import thunks │ functions by index │ builtins, routes, bridges │ data
//! ```
//!
//! Everything begins at a multiple of 4 but the pieces within a border, and where bytes count, code that
//! does not depend on it. A function whose type an indirect call looks at has its type number in the word
//! before; so has an import thunk. Every reference is a distance within the text, so there is nothing
//! left for a loader to relocate here.

use std::collections::BTreeMap;

use crate::mach::buffer::{CallOutOfRange, Relocate, SourceLocation, Symbol, TrapSite};
use crate::mach::emit::CodeOf;
use crate::mach::{Border, Isa};

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// Something that code refers to.
    Symbol(Symbol),
    /// The entry thunk of this type number.
    Entry(u32),
}

/// A named stretch of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// What it is.
    pub piece: Piece,
    /// Where it begins.
    pub offset: u32,
    /// How many bytes it has, without the type number before.
    pub bytes: u32,
}

/// The text of an image.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What stands where, ascending.
    pub extents: Vec<Extent>,
    /// Where control may leave by a trap, ascending.
    pub trap_sites: Vec<TrapSite>,
    /// Which operator code comes from, ascending.
    pub source_locations: Vec<SourceLocation>,
    /// Stretches that are data, ascending: offset and bytes.
    pub data: Vec<(u32, u32)>,
    places: BTreeMap<Piece, u32>,
}

impl Text {
    /// Where a piece begins.
    ///
    /// # Panics
    /// When there is no such piece.
    pub fn offset(&self, piece: Piece) -> u32 {
        self.places[&piece]
    }

    /// Where a piece begins, if there is such a piece.
    pub fn find(&self, piece: Piece) -> Option<u32> {
        self.places.get(&piece).copied()
    }
}

/// Puts a text together.
#[derive(Debug)]
pub struct Linker<I: Isa> {
    text: Text,
    references: Vec<(u32, RelocationOf<I>, Symbol)>,
    /// Words that become distances to the addresses of functions: their place, from where the
    /// distance counts, the function.
    distances: Vec<(u32, u32, u32)>,
    /// Whether code gets no padding that it can do without.
    dense: bool,
}

type RelocationOf<I> = <<I as Isa>::Emitter as crate::mach::emit::Emitter>::Relocation;

impl<I: Isa> Default for Linker<I> {
    fn default() -> Self {
        Linker {
            text: Text::default(),
            references: Vec::new(),
            distances: Vec::new(),
            dense: false,
        }
    }
}

impl<I: Isa> Linker<I> {
    /// Puts code from here on as close together as may be.
    pub fn pack(&mut self) {
        self.dense = true;
    }

    /// Appends the code of a piece, behind its type number where it needs one.
    pub fn add(&mut self, piece: Piece, code: CodeOf<I>, type_number: Option<u32>) {
        let text = &mut self.text;
        if !self.dense || code.needs_words || type_number.is_some() {
            text.bytes.resize(text.bytes.len().next_multiple_of(4), 0);
        }
        if let Some(number) = type_number {
            text.data.push((text.bytes.len() as u32, 4));
            text.bytes.extend(number.to_le_bytes());
        }
        let offset = text.bytes.len() as u32;
        text.places.insert(piece, offset);
        text.extents.push(Extent {
            piece,
            offset,
            bytes: code.bytes.len() as u32,
        });
        text.bytes.extend(code.bytes);
        text.trap_sites
            .extend(code.trap_sites.into_iter().map(|site| TrapSite {
                offset: offset + site.offset,
                ..site
            }));
        text.source_locations
            .extend(
                code.source_locations
                    .into_iter()
                    .map(|location| SourceLocation {
                        offset: offset + location.offset,
                        ..location
                    }),
            );
        text.data.extend(
            code.data
                .into_iter()
                .map(|(from, bytes)| (offset + from, bytes)),
        );
        self.references
            .extend(code.relocations.into_iter().map(|relocation| {
                (
                    offset + relocation.offset,
                    relocation.kind,
                    relocation.symbol,
                )
            }));
    }

    /// Appends a stretch of code that consists of several pieces.
    pub fn add_border(&mut self, border: Border<I>) {
        let (first, _) = border.pieces[0];
        self.add(first, border.code, None);
        let text = &mut self.text;
        let mut whole = text.extents.pop().expect("it was added just now");
        let end = whole.offset + whole.bytes;
        let start = whole.offset;
        for (piece, offset) in border.pieces {
            whole.bytes = start + offset - whole.offset;
            if whole.piece != piece {
                text.extents.push(whole);
            }
            whole = Extent {
                piece,
                offset: start + offset,
                bytes: 0,
            };
            text.places.insert(piece, whole.offset);
        }
        whole.bytes = end - whole.offset;
        text.extents.push(whole);
    }

    /// Appends data that code refers to.
    pub fn add_data(&mut self, symbol: Symbol, bytes: &[u8]) {
        let text = &mut self.text;
        text.bytes.resize(text.bytes.len().next_multiple_of(4), 0);
        let offset = text.bytes.len() as u32;
        let piece = Piece::Symbol(symbol);
        text.places.insert(piece, offset);
        text.extents.push(Extent {
            piece,
            offset,
            bytes: bytes.len() as u32,
        });
        text.data.push((offset, bytes.len() as u32));
        text.bytes.extend(bytes);
    }

    /// Appends references to functions as data, one word each: 0 for none, else the distance of the
    /// function's address from the first word.
    pub fn add_references(&mut self, symbol: Symbol, functions: &[Option<u32>]) {
        self.add_data(symbol, &vec![0; 4 * functions.len()]);
        let first = self.text.places[&Piece::Symbol(symbol)];
        for (at, function) in (first..).step_by(4).zip(functions) {
            let distance = function.map(|function| (at, first, function));
            self.distances.extend(distance);
        }
    }

    /// Resolves every reference.
    ///
    /// # Errors
    ///
    /// [`CallOutOfRange`] when the text is too large for a call.
    ///
    /// # Panics
    /// When code refers to a piece that was not added.
    pub fn finish(mut self) -> Result<Text, CallOutOfRange> {
        let text = &mut self.text;
        text.bytes.resize(text.bytes.len().next_multiple_of(4), 0);
        for (at, kind, symbol) in self.references {
            let target = text.places[&Piece::Symbol(symbol)];
            kind.apply(&mut text.bytes, at, target)?;
        }
        for (at, from, function) in self.distances {
            let target = text.places[&Piece::Symbol(Symbol::Function(function))];
            let address = target | I::ARCHITECTURE.code_bit();
            let word = address.wrapping_sub(from).to_le_bytes();
            text.bytes[at as usize..at as usize + 4].copy_from_slice(&word);
        }
        Ok(self.text)
    }
}
