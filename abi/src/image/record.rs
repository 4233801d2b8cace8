//! The records of the sections: each as a plain struct with its words, or a view of its bytes.

use super::{ALIGNMENT, Words, padded};
use crate::types::ValueType;

/// A function's type and how the host enters functions of that type.
///
/// In an image: a word `entry`, a word with the numbers of parameters (low half) and results
/// (high half), then one byte for each parameter and result, padded with zeros to a multiple of 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionType<'a> {
    /// Code value of the entry thunk; 0 = the host never enters a function of this type.
    pub entry: u32,
    params: &'a [u8],
    results: &'a [u8],
}

impl<'a> FunctionType<'a> {
    const FIXED_BYTES: u32 = 8;

    /// Most parameters, and most results: a little more than the 1000 that engines agree on, and the
    /// compiler's parser has.
    ///
    /// Any number of records may refer to one type, and each time it is read: a long one that all of a large
    /// image refers to would make loading take the square of its size.
    pub const MAX_VALUES: usize = 1023;

    /// A type whose parameters and results are given as bytes of [`ValueType`].
    ///
    /// `None` when a byte is no value type or when there are more than [`MAX_VALUES`](Self::MAX_VALUES) of
    /// either.
    pub fn new(entry: u32, params: &'a [u8], results: &'a [u8]) -> Option<Self> {
        let few = params.len().max(results.len()) <= Self::MAX_VALUES;
        Self::known(entry, params, results).filter(|_| few)
    }

    /// The same, whatever their number.
    fn known(entry: u32, params: &'a [u8], results: &'a [u8]) -> Option<Self> {
        let known = |bytes: &[u8]| bytes.iter().all(|&b| ValueType::from_u8(b).is_some());
        (known(params) && known(results)).then_some(FunctionType {
            entry,
            params,
            results,
        })
    }

    /// The record at `offset` of the TYPES section; `None` when no well-formed one is there.
    pub fn read(types: &'a [u8], offset: u32) -> Option<Self> {
        let words = Words::<2>::read(types, offset)?;
        let (entry, counts) = (words.at(0), words.at(1));
        const TOO_MANY: u32 = !(FunctionType::MAX_VALUES as u32 * 0x1_0001);
        if counts & TOO_MANY != 0 {
            return None;
        }
        let values = types.get(offset.checked_add(Self::FIXED_BYTES)? as usize..)?;
        let (params, values) = values.split_at_checked(counts as usize & 0xffff)?;
        let (results, padding) = values.split_at_checked(counts as usize >> 16)?;
        let ty = Self::known(entry, params, results)?;
        let used = Self::FIXED_BYTES + (params.len() + results.len()) as u32;
        let padding = padding.get(..(ty.bytes() - used) as usize)?;
        let sound = offset.is_multiple_of(ALIGNMENT) && padding.iter().all(|&b| b == 0);
        sound.then_some(ty)
    }

    /// Size of the record in bytes, padding included.
    pub const fn bytes(&self) -> u32 {
        let values = self.params.len() + self.results.len();
        Self::FIXED_BYTES + (values as u32).next_multiple_of(ALIGNMENT)
    }

    /// The record as it stands in an image.
    pub fn to_bytes(self) -> impl Iterator<Item = u8> + 'a {
        let counts = self.params.len() as u32 | (self.results.len() as u32) << 16;
        [self.entry, counts]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .chain(self.params.iter().copied())
            .chain(self.results.iter().copied())
            .chain(core::iter::repeat(0))
            .take(self.bytes() as usize)
    }

    /// The parameters, as bytes of [`ValueType`].
    pub const fn param_bytes(&self) -> &'a [u8] {
        self.params
    }

    /// The results, as bytes of [`ValueType`].
    pub const fn result_bytes(&self) -> &'a [u8] {
        self.results
    }

    /// The parameters.
    pub fn params(&self) -> impl Iterator<Item = ValueType> + 'a {
        self.params.iter().copied().filter_map(ValueType::from_u8)
    }

    /// The results.
    pub fn results(&self) -> impl Iterator<Item = ValueType> + 'a {
        self.results.iter().copied().filter_map(ValueType::from_u8)
    }

    /// Words that a call's argument array must have: parameters on the way in, results from
    /// index 0 on the way out.
    pub fn call_words(&self) -> u32 {
        words(self.params).max(words(self.results))
    }

    /// Whether parameters and results are these.
    pub fn is(&self, params: &[ValueType], results: &[ValueType]) -> bool {
        let same = |bytes: &[u8], types: &[ValueType]| {
            bytes.len() == types.len() && bytes.iter().zip(types).all(|(&b, &t)| b == t as u8)
        };
        same(self.params, params) && same(self.results, results)
    }
}

/// Words that values of these types take.
fn words(types: &[u8]) -> u32 {
    let types = types.iter().copied().filter_map(ValueType::from_u8);
    types.fold(0, |words, ty| words + ty.words())
}

/// Something that the module does not have itself. It has a slot of one or two words in the context,
/// in the order of the records; functions come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Offset in STRINGS of the module's name.
    pub module: u32,
    /// Offset in STRINGS of the name.
    pub name: u32,
    /// What type it has. Function: offset of the type in TYPES. Table: the type of its elements. Global:
    /// its type, with [`Export::MUTABLE`]. Memory: 0; the header has the sizes.
    pub detail: u32,
    /// What it is.
    pub kind: ExportKind,
}

impl Import {
    /// Size of the record in bytes.
    pub const BYTES: u32 = 16;

    /// The record at `offset` of the IMPORTS section; `None` also when its kind is unknown.
    pub fn read(imports: &[u8], offset: u32) -> Option<Self> {
        let words = Words::<4>::read(imports, offset)?;
        Some(Import {
            module: words.at(0),
            name: words.at(1),
            detail: words.at(2),
            kind: ExportKind::from_u32(words.at(3))?,
        })
    }

    /// The record as words.
    pub const fn to_words(self) -> [u32; 4] {
        [self.module, self.name, self.detail, self.kind as u32]
    }

    /// The type of an imported global.
    pub const fn value_type(&self) -> Option<ValueType> {
        ValueType::from_u8(self.detail as u8)
    }

    /// Words of its slot: the value of a constant global, the address of everything else.
    pub fn slot_words(&self) -> u32 {
        match (self.kind, self.value_type()) {
            (ExportKind::Global, Some(ty)) if self.detail & Export::MUTABLE == 0 => ty.words(),
            _ => 1,
        }
    }
}

/// What an export or import is, with the numbers of the WebAssembly binary format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ExportKind {
    /// `value` is a code value, `detail` the offset of its type in TYPES.
    Function = 0,
    /// `value` is the number of the table, `detail` the type of its elements, `limit` the most that it
    /// is declared to have.
    Table = 1,
    /// `value` is 0, the number of the memory, `limit` the most bytes that it is declared to have.
    Memory = 2,
    /// `value` is a context offset, `detail` the type's byte, with bit 8 set if it is mutable, bit 9
    /// if its address is there instead of itself.
    Global = 3,
}

impl ExportKind {
    /// The kind with this number.
    pub const fn from_u32(number: u32) -> Option<ExportKind> {
        Some(match number {
            0 => ExportKind::Function,
            1 => ExportKind::Table,
            2 => ExportKind::Memory,
            3 => ExportKind::Global,
            _ => return None,
        })
    }
}

/// Something that the host can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// Offset in STRINGS of the name.
    pub name: u32,
    /// What it is.
    pub kind: ExportKind,
    /// Where it is; see [`ExportKind`].
    pub value: u32,
    /// What type it has; see [`ExportKind`]; 0 where that says nothing.
    pub detail: u32,
    /// Function: worst stack depth of a call in bytes. Table, memory: declared maximum, the largest
    /// word if there is none. Otherwise 0.
    pub limit: u32,
}

impl Export {
    /// Size of the record in bytes.
    pub const BYTES: u32 = 20;
    /// Set in `detail` of a mutable global.
    pub const MUTABLE: u32 = 1 << 8;
    /// Set in `detail` of a global that another instance or the host has.
    pub const INDIRECT: u32 = 1 << 9;

    /// The record at `offset` of the EXPORTS section; `None` also when its kind is unknown.
    pub fn read(exports: &[u8], offset: u32) -> Option<Self> {
        let words = Words::<5>::read(exports, offset)?;
        Some(Export {
            name: words.at(0),
            kind: ExportKind::from_u32(words.at(1))?,
            value: words.at(2),
            detail: words.at(3),
            limit: words.at(4),
        })
    }

    /// The record as words.
    pub const fn to_words(self) -> [u32; 5] {
        [
            self.name,
            self.kind as u32,
            self.value,
            self.detail,
            self.limit,
        ]
    }
}

/// A table: room in the context, or one that another instance or the host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Context offset of element 0, a multiple of 4; 0 for an imported table.
    pub offset: u32,
    /// Elements that the table has at the start; of an imported table, that it must have.
    pub elements: u32,
    /// Elements that there is room for, those beyond `elements` begin as null as well; of an imported
    /// table, that it may be declared to have at most, the largest word if that does not matter.
    pub capacity: u32,
    /// Context offset of the table's record, a multiple of 4; 0 if it has none. With
    /// [`Table::IMPORTED`], of the slot with the record's address.
    pub record: u32,
}

impl Table {
    /// Size of the record in bytes.
    pub const BYTES: u32 = 16;
    /// Set in `record` of an imported table.
    pub const IMPORTED: u32 = 1;

    /// The record at `offset` of the TABLES section.
    pub fn read(tables: &[u8], offset: u32) -> Option<Self> {
        let words = Words::<4>::read(tables, offset)?;
        Some(Table {
            offset: words.at(0),
            elements: words.at(1),
            capacity: words.at(2),
            record: words.at(3),
        })
    }

    /// The record as words.
    pub const fn to_words(self) -> [u32; 4] {
        [self.offset, self.elements, self.capacity, self.record]
    }

    /// Whether another instance or the host has it.
    pub const fn is_imported(&self) -> bool {
        self.record & Self::IMPORTED != 0
    }
}

/// A function that references of an open image may lead to. At instantiation it becomes a
/// [record](crate::context::FunctionRecord) in the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionRecord {
    /// Code value.
    pub code: u32,
    /// Offset of its type in TYPES; the type has an entry thunk.
    pub function_type: u32,
    /// Worst stack depth of a call in bytes.
    pub stack_bytes: u32,
}

impl FunctionRecord {
    /// Size of the record in bytes.
    pub const BYTES: u32 = 12;

    /// The record at `offset` of the RECORDS section.
    pub fn read(records: &[u8], offset: u32) -> Option<Self> {
        let words = Words::<3>::read(records, offset)?;
        Some(FunctionRecord {
            code: words.at(0),
            function_type: words.at(1),
            stack_bytes: words.at(2),
        })
    }

    /// The record as words.
    pub const fn to_words(self) -> [u32; 3] {
        [self.code, self.function_type, self.stack_bytes]
    }
}

/// The fixed part of an active element segment; `count` code values follow it (0 = null).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementHeader {
    /// Number of the table.
    pub table: u32,
    /// First element to write.
    pub start: u32,
    /// How many.
    pub count: u32,
}

impl ElementHeader {
    /// Size of the fixed part in bytes.
    pub const BYTES: u32 = 12;

    /// The record at `offset` of the ELEMENTS section.
    pub fn read(elements: &[u8], offset: u32) -> Option<Self> {
        let words = Words::<3>::read(elements, offset)?;
        Some(ElementHeader {
            table: words.at(0),
            start: words.at(1),
            count: words.at(2),
        })
    }

    /// The fixed part as words.
    pub const fn to_words(self) -> [u32; 3] {
        [self.table, self.start, self.count]
    }

    /// Size of the whole record; `None` beyond 32 bits.
    pub fn record_bytes(&self) -> Option<u32> {
        self.count.checked_mul(4)?.checked_add(Self::BYTES)
    }
}

/// The fixed part of an active data segment; its bytes follow, padded with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataHeader {
    /// Offset in memory 0 of the first byte to write.
    pub offset: u32,
    /// How many bytes.
    pub length: u32,
}

impl DataHeader {
    /// Size of the fixed part in bytes.
    pub const BYTES: u32 = 8;

    /// The record at `offset` of the DATA section.
    pub fn read(data: &[u8], offset: u32) -> Option<Self> {
        let words = Words::<2>::read(data, offset)?;
        Some(DataHeader {
            offset: words.at(0),
            length: words.at(1),
        })
    }

    /// The fixed part as words.
    pub const fn to_words(self) -> [u32; 2] {
        [self.offset, self.length]
    }

    /// Size of the whole record; `None` beyond 32 bits.
    pub fn record_bytes(&self) -> Option<u32> {
        padded(self.length)?.checked_add(Self::BYTES)
    }
}

/// The bytes of the name at `offset` of the STRINGS section; `None` when it reaches beyond.
pub fn read_name(strings: &[u8], offset: u32) -> Option<&[u8]> {
    let (length, rest) = strings
        .get(usize::try_from(offset).ok()?..)?
        .split_first_chunk::<2>()?;
    rest.get(..usize::from(u16::from_le_bytes(*length)))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{FunctionType, read_name};
    use crate::types::ValueType::{F64, I32, I64};
    use std::vec::Vec;

    #[test]
    fn function_types_are_whole_or_none() {
        let ty = FunctionType::new(5, &[0x7f, 0x7e], &[0x7c]).unwrap();
        let mut section: Vec<u8> = ty.to_bytes().collect();
        assert_eq!(section, [5, 0, 0, 0, 2, 0, 1, 0, 0x7f, 0x7e, 0x7c, 0]);
        assert_eq!(FunctionType::read(&section, 0), Some(ty));
        assert!(ty.is(&[I32, I64], &[F64]) && !ty.is(&[I32], &[F64]));
        assert_eq!(ty.call_words(), 3);

        assert_eq!(FunctionType::read(&section[..11], 0), None, "padding cut");
        assert_eq!(FunctionType::read(&section, 4), None);
        assert_eq!(FunctionType::read(&section, u32::MAX), None);
        section[11] = 1;
        assert_eq!(FunctionType::read(&section, 0), None, "padding not zero");
        assert_eq!(FunctionType::new(0, &[0x7b], &[]), None, "no value type");
        let values = [0x7f; FunctionType::MAX_VALUES + 1];
        let most = &values[1..];
        assert!(FunctionType::new(0, most, most).is_some());
        assert_eq!(FunctionType::new(0, &values, &[]), None, "too many");
        assert_eq!(FunctionType::new(0, &[], &values), None, "too many");
    }

    #[test]
    fn names_lie_inside_their_section() {
        let strings = [2, 0, b'h', b'i', 3, 0, b'a'];
        assert_eq!(read_name(&strings, 0), Some(&b"hi"[..]));
        assert_eq!(read_name(&strings, 4), None);
        assert_eq!(read_name(&strings, 6), None);
        assert_eq!(read_name(&strings, u32::MAX), None);
    }
}
