//! Which tables nobody writes after instantiation, and what is in them.
//!
//! ```text
//!   (table 3 funcref)                      text:   table[0]: $f - table[0], 0, $g - table[0]
//!   (elem (i32.const 0) $f)          ──▶   context: nothing
//!   (elem (i32.const 2) $g)                image:   no TABLES record, no ELEMENTS
//! ```
//!
//! Such a table stands in the text, as distances from itself, so it takes no RAM and needs no loader. It is
//! one of references to functions that the module has itself, keeps to itself, and no operator writes;
//! whose active segments are all known here and in bounds, so that none of them can trap.
//!
//! In an open module a reference is the address of a record in the context. A table in the text serves calls
//! alone there, which go to code of the module's own without asking a record.

use std::collections::BTreeSet;

use wasm2mcu_abi::types::ValueType;

use super::module::{Constant, Contents, ElementMode, Module, Table};
use super::prescan::Prescan;

/// Elements that all tables in the text may have together. More is no program for a microcontroller; it is
/// left where the limit of the context bounds it.
const MAX_ELEMENTS: usize = 1 << 16;

/// Finds the tables that nobody writes, and notes what is in them, and which functions have their type looked
/// at.
pub(super) fn find(module: &mut Module, prescan: &Prescan) {
    let mut left = MAX_ELEMENTS;
    for index in 0..module.tables.len() {
        let number = index as u32;
        let shared = prescan.exported_tables.contains(&number);
        let written = prescan.written_tables.contains(&number);
        let referred = module.open && prescan.read_tables.contains(&number);
        let table = &module.tables[index];
        if shared || written || referred || !stays_as_it_is(table, left) {
            continue;
        }
        if let Some(functions) = functions(module, number) {
            left -= functions.len();
            let contents = Contents::new(functions, &module.functions);
            module.tables[index].contents = Some(contents);
        }
    }
    number(module, prescan);
}

/// Numbers the functions whose type a call may look at: all that references lead to, but through a table in the
/// text of one type that serves calls alone.
fn number(module: &mut Module, prescan: &Prescan) {
    let globals = module.globals.iter().map(|global| &global.init);
    let tables = module.tables.iter().filter(|table| table.is_in_instance());
    let segments = module.elements.iter();
    let segments = segments.filter(|segment| !module.is_in_text(segment));
    let items = segments.flat_map(|segment| &segment.items);
    let elsewhere = globals.chain(tables.map(|table| &table.init)).chain(items);
    let elsewhere = elsewhere.filter_map(Constant::function);
    let constant = (0..).zip(&module.tables).filter_map(|(number, table)| {
        let contents = table.contents.as_ref()?;
        let looks = contents.types.len() > 1 || prescan.read_tables.contains(&number);
        looks.then_some(&contents.functions)
    });
    let numbered: BTreeSet<u32> = elsewhere
        .chain(constant.flatten().filter_map(|&function| function))
        .collect();
    for (index, function) in (0..).zip(&mut module.functions) {
        function.numbered = function.indirect && (module.open || numbered.contains(&index));
    }
}

/// Whether a table that nothing writes has the form for the text, and at most `most` elements.
fn stays_as_it_is(table: &Table, most: usize) -> bool {
    table.is_fixed() && table.element == ValueType::FuncRef && table.elements as usize <= most
}

/// What instantiation makes of a table, if that is known.
fn functions(module: &Module, number: u32) -> Option<Vec<Option<u32>>> {
    let table = &module.tables[number as usize];
    let mut functions = vec![known(&table.init)?; table.elements as usize];
    for segment in &module.elements {
        let ElementMode::Active { table, start } = &segment.mode else {
            continue;
        };
        if *table != number {
            continue;
        }
        let start = start.word()? as usize;
        let end = start.checked_add(segment.items.len())?;
        let written = functions.get_mut(start..end)?;
        for (element, item) in written.iter_mut().zip(&segment.items) {
            *element = known(item)?;
        }
    }
    Some(functions)
}

/// What a constant refers to, if that is known.
fn known(constant: &Constant) -> Option<Option<u32>> {
    match constant {
        Constant::Reference(function) => Some(*function),
        Constant::Number(_) | Constant::Computed(_) => None,
    }
}
