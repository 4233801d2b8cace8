//! The code of one function while its branches still look for their length.
//!
//! Bytes are appended in order. Where an instruction's length depends on the distance to a label,
//! a *relaxable* item stands in the stream instead of bytes:
//!
//! ```text
//!   fixed bytes   ████████████   ██████   ██████████████
//!   items                     B0       B1
//!   a place                          ▲ = 15 fixed bytes, behind 1 item
//! ```
//!
//! A place in the stream is a mark, the number of fixed bytes and of items before it, so that
//! labels, relocations and trap sites stay right while items grow. [`CodeBuffer::finish`] starts
//! every item in its shortest form, lengthens those that do not reach their targets until all do,
//! and only then writes bytes.

use std::fmt;

use regalloc2::Block;
use wasm2mcu_abi::trap::TrapCode;

/// Rounds of growth before every item takes its longest form at once.
///
/// Compiled code settles in under ten rounds. The bound keeps code made to grow one branch per
/// round from taking quadratic time.
const MAX_ROUNDS: usize = 64;

/// A place in the code that branches can name; bound at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(u32);

impl Label {
    /// The label of a block, in a buffer made with at least that many blocks.
    pub fn of_block(block: Block) -> Label {
        Label(block.raw_u32())
    }

    /// The label's number, in order of creation.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a relocation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A function of the module by its WebAssembly index; an import means its thunk.
    Function(u32),
    /// A routine that the compiler adds to the text, by number.
    Builtin(u32),
    /// The bytes of the data segment with this index.
    Data(u32),
    /// The items of the element segment with this index.
    Elements(u32),
    /// The signature with this type number.
    Type(u32),
    /// The table with this index.
    Table(u32),
    /// What calls functions of this type number of other instances.
    Bridge(u32),
    /// What calls the host function that a function index means, where it can be another instance's
    /// function as well.
    Thunk(u32),
    /// The routine that leaves the instance with this trap.
    Trap(TrapCode),
    /// The routine that leaves the instance with the trap code in the first result register.
    TrapExit,
    /// The routine by which an import thunk does that for a host function.
    HostTrap,
}

impl Symbol {
    /// Whether it is data, whose address has no code bit.
    pub const fn is_data(self) -> bool {
        matches!(
            self,
            Symbol::Data(_) | Symbol::Elements(_) | Symbol::Type(_) | Symbol::Table(_)
        )
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Symbol::Function(index) => write!(f, "func_{index}"),
            Symbol::Builtin(number) => write!(f, "builtin_{number}"),
            Symbol::Data(index) => write!(f, "data_{index}"),
            Symbol::Elements(index) => write!(f, "elem_{index}"),
            Symbol::Type(number) => write!(f, "type_{number}"),
            Symbol::Table(index) => write!(f, "table_{index}"),
            Symbol::Bridge(number) => write!(f, "bridge_{number}"),
            Symbol::Thunk(index) => write!(f, "thunk_{index}"),
            Symbol::Trap(code) => write!(f, "trap_{}", *code as u8),
            Symbol::TrapExit => f.write_str("trap_exit"),
            Symbol::HostTrap => f.write_str("host_trap"),
        }
    }
}

/// An instruction or table whose length depends on where its targets are.
///
/// Forms are numbered from 0 in the order in which they are tried, and sizes do not shrink with
/// the number. A form's size does not depend on its place. All sizes are even; 0 is one of them.
pub trait Relax {
    /// How many forms there are, at least one.
    fn forms(&self) -> u8;
    /// Size of `form` in bytes.
    fn size(&self, form: u8) -> u32;
    /// Whether `form`, beginning at offset `at`, reaches its targets.
    fn fits(&self, form: u8, at: u32, targets: &Targets<'_>) -> bool;
    /// Appends exactly `size(form)` bytes of a form that fits.
    fn encode(&self, form: u8, at: u32, targets: &Targets<'_>, out: &mut Vec<u8>);
    /// Where in `form` data begin that are no instructions, up to its end.
    fn data(&self, form: u8) -> Option<u32>;
    /// Whether `form` is right in code only that begins at a multiple of 4.
    fn needs_words(&self, _form: u8) -> bool {
        false
    }
}

/// Where the labels are in the layout under trial.
#[derive(Debug)]
pub struct Targets<'a> {
    aliases: &'a [Option<Label>],
    marks: &'a [Option<Mark>],
    shifts: &'a [u32],
    /// Number of the item that asks.
    item: usize,
}

impl Targets<'_> {
    /// Whether `label` was bound behind the item that asks.
    ///
    /// Offsets cannot tell: an item of no bytes has the same one as the code on both sides, and a
    /// jump back over nothing is an endless loop.
    ///
    /// # Panics
    /// When the label was never bound.
    pub fn is_ahead(&self, label: Label) -> bool {
        self.mark(label).items as usize > self.item
    }

    /// Offset of `label` from the start of the function.
    ///
    /// # Panics
    /// When the label was never bound: the caller branched to nowhere.
    pub fn offset(&self, label: Label) -> u32 {
        self.mark(label).offset(self.shifts)
    }

    fn mark(&self, label: Label) -> Mark {
        let label = resolve(self.aliases, label);
        self.marks[label.index()].expect("a label that is branched to is bound")
    }

    /// Distance in bytes from offset `from` to `label`, negative backwards.
    pub fn distance(&self, from: u32, label: Label) -> i64 {
        i64::from(self.offset(label)) - i64::from(from)
    }
}

/// A reference that the layout of the whole text settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation<K> {
    /// Offset of the instruction in the function.
    pub offset: u32,
    /// How the value is put into the instruction; one of the ISA's kinds.
    pub kind: K,
    /// Where it points.
    pub symbol: Symbol,
}

/// A kind of relocation, which knows how the reference stands in the instruction.
pub trait Relocate: Copy {
    /// Completes the instruction at `at` of `text` for code that begins at `target`; both are
    /// offsets in the same text.
    ///
    /// # Errors
    ///
    /// [`CallOutOfRange`] when the instruction cannot hold the distance.
    ///
    /// # Panics
    /// When the instruction does not lie in `text`.
    fn apply(self, text: &mut [u8], at: u32, target: u32) -> Result<(), CallOutOfRange>;

    /// How far, in bytes to both sides, a short form of the instruction reaches, if it has one.
    fn short_span(self) -> Option<u32> {
        None
    }
}

/// A function that a call cannot reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the call at byte {at} of the text cannot reach the function at byte {target}: \
     the text is larger than a call spans"
)]
pub struct CallOutOfRange {
    /// Text offset of the instruction.
    pub at: u32,
    /// Text offset of the function.
    pub target: u32,
}

/// A place that control leaves by a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapSite {
    /// Offset of the check whose branch leads to the trap stub, or of the trap itself.
    pub offset: u32,
    /// The reason.
    pub code: TrapCode,
    /// Byte offset of the operator in the WebAssembly file.
    pub source: u32,
}

/// Code from `offset` up to the next location comes from one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// Offset in the function.
    pub offset: u32,
    /// Byte offset of the operator in the WebAssembly file.
    pub source: u32,
}

/// The finished code of one function.
#[derive(Clone, Debug)]
pub struct Code<K> {
    /// The instructions, to be placed at an even address.
    pub bytes: Vec<u8>,
    /// Whether that must be a multiple of 4.
    pub needs_words: bool,
    /// Ascending by offset.
    pub relocations: Vec<Relocation<K>>,
    /// Ascending by offset.
    pub trap_sites: Vec<TrapSite>,
    /// Ascending by offset, one per change.
    pub source_locations: Vec<SourceLocation>,
    /// Stretches that are no instructions: offset and bytes, ascending.
    pub data: Vec<(u32, u32)>,
    /// Offsets of the marked places, ascending.
    pub places: Vec<u32>,
}

/// A function too large for its branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a branch at byte {offset} of the function's code cannot reach its target even in its longest \
     form: the function is too large and must be split"
)]
pub struct BranchOutOfRange {
    /// Offset of the branch in the function.
    pub offset: u32,
}

/// A place in the stream: everything that comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    fixed: u32,
    items: u32,
}

impl Mark {
    /// `shifts[n]` is the size of the first `n` items.
    fn offset(self, shifts: &[u32]) -> u32 {
        self.fixed + shifts[self.items as usize]
    }
}

#[derive(Debug)]
enum Item<R> {
    Relaxable {
        what: R,
        form: u8,
    },
    /// Pads to a multiple of 4 with the ISA's two-byte `nop`.
    Align {
        nop: [u8; 2],
    },
}

/// The code of a function under construction: `R` are the ISA's relaxable items, `K` its kinds of
/// relocation.
#[derive(Debug)]
pub struct CodeBuffer<R, K> {
    fixed: Vec<u8>,
    items: Vec<(u32, Item<R>)>,
    marks: Vec<Option<Mark>>,
    aliases: Vec<Option<Label>>,
    relocations: Vec<(Mark, K, Symbol)>,
    trap_sites: Vec<(Mark, TrapCode, u32)>,
    source_locations: Vec<(Mark, u32)>,
    places: Vec<Mark>,
    /// Size of the items in their first forms.
    shortest: u32,
}

impl<R: Relax, K> CodeBuffer<R, K> {
    /// An empty buffer whose first `blocks` labels are those of the blocks.
    pub fn new(blocks: usize) -> Self {
        CodeBuffer {
            fixed: Vec::new(),
            items: Vec::new(),
            marks: vec![None; blocks],
            aliases: vec![None; blocks],
            relocations: Vec::new(),
            trap_sites: Vec::new(),
            source_locations: Vec::new(),
            places: Vec::new(),
            shortest: 0,
        }
    }

    /// Appends bytes, an even number of them.
    pub fn put(&mut self, bytes: &[u8]) {
        self.fixed.extend_from_slice(bytes);
    }

    /// How many bytes were appended, without items.
    pub fn position(&self) -> usize {
        self.fixed.len()
    }

    /// How long the code is at least, with items.
    pub fn least_length(&self) -> u32 {
        self.fixed.len() as u32 + self.shortest
    }

    /// Marks this place, to be found in [`Code::places`].
    pub fn place(&mut self) {
        self.places.push(self.here());
    }

    /// The byte that was appended at a position.
    ///
    /// # Panics
    /// When none was.
    pub fn byte_mut(&mut self, position: usize) -> &mut u8 {
        &mut self.fixed[position]
    }

    /// Appends an item whose length is found later.
    pub fn put_relaxable(&mut self, what: R) {
        self.shortest += what.size(0);
        let item = Item::Relaxable { what, form: 0 };
        self.items.push((self.fixed.len() as u32, item));
    }

    /// Pads to a multiple of 4 with `nop`, an instruction of two bytes.
    pub fn align4(&mut self, nop: [u8; 2]) {
        self.items
            .push((self.fixed.len() as u32, Item::Align { nop }));
    }

    /// A new label, not yet bound.
    pub fn label(&mut self) -> Label {
        self.marks.push(None);
        self.aliases.push(None);
        Label(self.marks.len() as u32 - 1)
    }

    /// Binds `label` here.
    ///
    /// # Panics
    /// When the label is bound already or an alias.
    pub fn bind(&mut self, label: Label) {
        assert!(!self.is_bound(label), "{label:?} is bound twice");
        self.marks[label.index()] = Some(self.here());
    }

    /// Whether `label` was bound or made an alias.
    pub fn is_bound(&self, label: Label) -> bool {
        self.marks[label.index()].is_some() || self.aliases[label.index()].is_some()
    }

    /// Makes `label` mean `other`: for a block that does nothing but jump there.
    ///
    /// Returns false and changes nothing when `other` already means `label`, an empty endless
    /// loop, which needs its jump.
    ///
    /// # Panics
    /// When the label is bound already or an alias.
    #[must_use]
    pub fn alias(&mut self, label: Label, other: Label) -> bool {
        assert!(!self.is_bound(label), "{label:?} is bound twice");
        let other = resolve(&self.aliases, other);
        if other == label {
            return false;
        }
        self.aliases[label.index()] = Some(other);
        true
    }

    /// The label that `label` stands for, itself unless it is an alias.
    pub fn resolve(&self, label: Label) -> Label {
        resolve(&self.aliases, label)
    }

    /// Adds a relocation of the instruction that comes next.
    pub fn relocation(&mut self, kind: K, symbol: Symbol) {
        self.relocations.push((self.here(), kind, symbol));
    }

    /// Says that the check that comes next branches to a trap stub, or that a trap comes next.
    pub fn trap_site(&mut self, code: TrapCode, source: u32) {
        self.trap_sites.push((self.here(), code, source));
    }

    /// Says that the code from here on comes from the operator at byte `source` of the file.
    pub fn source_location(&mut self, source: u32) {
        let here = self.here();
        match self.source_locations.last_mut() {
            Some((_, last)) if *last == source => {}
            Some((mark, last)) if *mark == here => *last = source,
            _ => self.source_locations.push((here, source)),
        }
    }

    fn here(&self) -> Mark {
        Mark {
            fixed: self.fixed.len() as u32,
            items: self.items.len() as u32,
        }
    }

    /// Finds the length of every item and writes the code.
    ///
    /// # Panics
    /// When an item names a label that was never bound.
    pub fn finish(mut self) -> Result<Code<K>, BranchOutOfRange> {
        self.shorten_aliases();
        let mut shifts = Vec::with_capacity(self.items.len() + 1);
        let mut rounds = 0;
        self.lay_out(&mut shifts);
        while self.grow(&shifts, rounds >= MAX_ROUNDS)? {
            self.lay_out(&mut shifts);
            rounds += 1;
        }
        let bytes = self.write(&shifts);
        Ok(Code {
            bytes,
            needs_words: self.items.iter().any(|(_, item)| match item {
                Item::Relaxable { what, form } => what.needs_words(*form),
                Item::Align { .. } => true,
            }),
            data: self.data(&shifts),
            places: self
                .places
                .iter()
                .map(|mark| mark.offset(&shifts))
                .collect(),
            relocations: self
                .relocations
                .into_iter()
                .map(|(mark, kind, symbol)| Relocation {
                    offset: mark.offset(&shifts),
                    kind,
                    symbol,
                })
                .collect(),
            trap_sites: self
                .trap_sites
                .into_iter()
                .map(|(mark, code, source)| TrapSite {
                    offset: mark.offset(&shifts),
                    code,
                    source,
                })
                .collect(),
            source_locations: self
                .source_locations
                .into_iter()
                .map(|(mark, source)| SourceLocation {
                    offset: mark.offset(&shifts),
                    source,
                })
                .collect(),
        })
    }

    /// Makes every alias name the label itself, so that long chains cost nothing later.
    fn shorten_aliases(&mut self) {
        for start in 0..self.aliases.len() {
            let start = Label(start as u32);
            let end = resolve(&self.aliases, start);
            let mut label = start;
            while let Some(next) = self.aliases[label.index()] {
                self.aliases[label.index()] = Some(end);
                if next == end {
                    break;
                }
                label = next;
            }
        }
    }

    /// Sums up the items' sizes in their present forms.
    fn lay_out(&self, shifts: &mut Vec<u32>) {
        shifts.clear();
        shifts.push(0);
        let mut shift = 0;
        for (fixed, item) in &self.items {
            shift += match item {
                Item::Relaxable { what, form } => what.size(*form),
                Item::Align { .. } => padding(fixed + shift),
            };
            shifts.push(shift);
        }
    }

    /// Lengthens the items that do not fit the layout; false when all fit.
    ///
    /// Forms never get shorter again, so this comes to an end. With `longest`, an item that does
    /// not fit makes all items take their longest form.
    fn grow(&mut self, shifts: &[u32], longest: bool) -> Result<bool, BranchOutOfRange> {
        let mut targets = Targets {
            aliases: &self.aliases,
            marks: &self.marks,
            shifts,
            item: 0,
        };
        let mut grown = false;
        for (number, ((fixed, item), shift)) in self.items.iter_mut().zip(shifts).enumerate() {
            targets.item = number;
            let Item::Relaxable { what, form } = item else {
                continue;
            };
            let at = *fixed + shift;
            while !what.fits(*form, at, &targets) {
                grown = true;
                *form += 1;
                if *form == what.forms() {
                    return Err(BranchOutOfRange { offset: at });
                }
            }
        }
        if grown && longest {
            for (_, item) in &mut self.items {
                if let Item::Relaxable { what, form } = item {
                    *form = what.forms() - 1;
                }
            }
        }
        Ok(grown)
    }

    fn data(&self, shifts: &[u32]) -> Vec<(u32, u32)> {
        let items = self.items.iter().zip(shifts);
        let data = items.filter_map(|((fixed, item), shift)| match item {
            Item::Relaxable { what, form } => {
                let from = what.data(*form)?;
                Some((fixed + shift + from, what.size(*form) - from))
            }
            Item::Align { .. } => None,
        });
        data.collect()
    }

    fn write(&self, shifts: &[u32]) -> Vec<u8> {
        let mut targets = Targets {
            aliases: &self.aliases,
            marks: &self.marks,
            shifts,
            item: 0,
        };
        let total = self.here().offset(shifts) as usize;
        let mut out = Vec::with_capacity(total);
        let mut written = 0;
        for (number, ((fixed, item), shift)) in self.items.iter().zip(shifts).enumerate() {
            targets.item = number;
            out.extend_from_slice(&self.fixed[written..*fixed as usize]);
            written = *fixed as usize;
            let at = fixed + shift;
            debug_assert_eq!(out.len(), at as usize);
            match item {
                Item::Relaxable { what, form } => {
                    what.encode(*form, at, &targets, &mut out);
                    debug_assert_eq!(out.len() as u32, at + what.size(*form));
                }
                Item::Align { nop } => out.extend_from_slice(&nop[..padding(at) as usize]),
            }
        }
        out.extend_from_slice(&self.fixed[written..]);
        debug_assert_eq!(out.len(), total);
        out
    }
}

#[cfg(test)]
#[path = "buffer_tests.rs"]
mod tests;

/// Bytes from an even offset to the next multiple of 4: 0 or 2.
fn padding(offset: u32) -> u32 {
    offset.wrapping_neg() % 4
}

/// Follows aliases; [`CodeBuffer::alias`] keeps them free of cycles.
fn resolve(aliases: &[Option<Label>], mut label: Label) -> Label {
    while let Some(other) = aliases[label.index()] {
        label = other;
    }
    label
}
