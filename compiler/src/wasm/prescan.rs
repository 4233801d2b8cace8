//! A first, quick look at a module for what translation must know before it meets it: names,
//! which stand behind the code, and whether any function grows the memory.
//!
//! The look forgives everything. What is malformed is left to the walk proper to report.

use std::collections::HashMap;

use wasmparser::{
    FunctionBody, KnownCustom, MemoryType, Name, NameSectionReader, Operator, Parser, Payload,
};

/// What the look found.
#[derive(Debug, Default)]
pub(super) struct Prescan {
    /// The module's own name.
    pub(super) module_name: Option<String>,
    /// Function names of the name section, by function index.
    pub(super) function_names: HashMap<u32, String>,
    /// Whether some function contains `memory.grow`.
    pub(super) grows_memory: bool,
}

impl Prescan {
    /// Looks at a module in binary format.
    pub(super) fn of(bytes: &[u8]) -> Prescan {
        let mut found = Prescan::default();
        let mut may_grow = false;
        for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
            match payload {
                Payload::MemorySection(memories) => {
                    may_grow = memories.into_iter().flatten().any(|m| has_room(&m));
                }
                Payload::CodeSectionEntry(body) if may_grow && !found.grows_memory => {
                    found.grows_memory = grows_memory(&body);
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

fn grows_memory(body: &FunctionBody<'_>) -> bool {
    body.get_operators_reader().is_ok_and(|operators| {
        operators
            .into_iter()
            .map_while(Result::ok)
            .any(|op| matches!(op, Operator::MemoryGrow { .. }))
    })
}
