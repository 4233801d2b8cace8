//! A first, quick look at a module for what translation must know before it meets it: names and
//! data segments, which stand behind the code, and what the code changes that most modules leave as
//! it is.
//!
//! The look forgives everything. What is malformed is left to the walk proper to report.

use std::collections::{BTreeSet, HashMap};

use wasmparser::{
    DataKind, ElementKind, ExternalKind, FunctionBody, KnownCustom, MemoryType, Name,
    NameSectionReader, Operator, Parser, Payload, TypeRef,
};

/// What the look found.
#[derive(Debug, Default)]
pub(super) struct Prescan {
    /// The module's own name.
    pub(super) module_name: Option<String>,
    /// Function names of the name section, by function index.
    pub(super) function_names: HashMap<u32, String>,
    /// For each data segment the bytes that code can read: 0 if it is active.
    pub(super) data_lengths: Vec<u32>,
    /// Whether some function contains `memory.grow`.
    pub(super) grows_memory: bool,
    /// Whether the memory is exported.
    pub(super) exports_memory: bool,
    /// Tables that are exported.
    pub(super) exported_tables: BTreeSet<u32>,
    /// Tables that some function grows.
    pub(super) grown_tables: BTreeSet<u32>,
    /// Tables that some function writes, growing them included.
    pub(super) written_tables: BTreeSet<u32>,
    /// Tables that some function takes references from.
    pub(super) read_tables: BTreeSet<u32>,
    /// Data segments that some function drops.
    pub(super) dropped_data: BTreeSet<u32>,
    /// Element segments that some function drops.
    pub(super) dropped_elements: BTreeSet<u32>,
}

impl Prescan {
    /// Looks at a module in binary format.
    pub(super) fn of(bytes: &[u8]) -> Prescan {
        let mut found = Prescan::default();
        // Whether the code can change anything.
        let mut changes = false;
        for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
            match payload {
                Payload::TableSection(tables) => {
                    changes |= tables.count() > 0;
                }
                Payload::MemorySection(memories) => {
                    changes |= memories.into_iter().flatten().any(|m| has_room(&m));
                }
                Payload::ImportSection(imports) => {
                    let mut imports = imports.into_imports().flatten();
                    changes |= imports.any(|import| matches!(import.ty, TypeRef::Memory(_)));
                }
                Payload::ExportSection(exports) => {
                    for export in exports.into_iter().map_while(Result::ok) {
                        match export.kind {
                            ExternalKind::Memory => found.exports_memory = true,
                            ExternalKind::Table => {
                                found.exported_tables.insert(export.index);
                            }
                            _ => {}
                        }
                    }
                }
                Payload::ElementSection(segments) => {
                    let mut segments = segments.into_iter().flatten();
                    changes |= segments.any(|s| matches!(s.kind, ElementKind::Passive));
                }
                // Only code that names data segments asks for the count.
                Payload::DataCountSection { .. } => changes = true,
                Payload::CodeSectionEntry(body) if changes => found.read_code(&body),
                Payload::DataSection(segments) => {
                    let lengths = segments.into_iter().flatten().map(|s| match s.kind {
                        DataKind::Passive => s.data.len() as u32,
                        DataKind::Active { .. } => 0,
                    });
                    found.data_lengths = lengths.collect();
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        found.read_names(names);
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn read_code(&mut self, body: &FunctionBody<'_>) {
        let Ok(operators) = body.get_operators_reader() else {
            return;
        };
        for op in operators.into_iter().map_while(Result::ok) {
            match op {
                Operator::MemoryGrow { .. } => self.grows_memory = true,
                Operator::TableGrow { table } => {
                    self.grown_tables.insert(table);
                    self.written_tables.insert(table);
                }
                Operator::TableGet { table } => {
                    self.read_tables.insert(table);
                }
                Operator::TableSet { table }
                | Operator::TableFill { table }
                | Operator::TableInit { table, .. } => {
                    self.written_tables.insert(table);
                }
                Operator::TableCopy {
                    dst_table,
                    src_table,
                } => {
                    self.written_tables.insert(dst_table);
                    self.read_tables.insert(src_table);
                }
                Operator::DataDrop { data_index } => {
                    self.dropped_data.insert(data_index);
                }
                Operator::ElemDrop { elem_index } => {
                    self.dropped_elements.insert(elem_index);
                }
                _ => {}
            }
        }
    }

    fn read_names(&mut self, names: NameSectionReader<'_>) {
        for name in names.into_iter().map_while(Result::ok) {
            match name {
                Name::Module { name, .. } => self.module_name = Some(name.to_owned()),
                Name::Function(map) => {
                    let named = map.into_iter().map_while(Result::ok);
                    self.function_names
                        .extend(named.map(|n| (n.index, n.name.to_owned())));
                }
                _ => {}
            }
        }
    }
}

fn has_room(memory: &MemoryType) -> bool {
    memory
        .maximum
        .is_none_or(|maximum| maximum > memory.initial)
}
