//! Gives import slots, globals, the compiler's own state and tables their places in the context
//! block.
//!
//! The order is that of `wasm2mcu_abi::context`: fixed part, import slots, globals, tables. The
//! interrupt word stands before the globals: loops read it. The state is sizes of tables and lengths of segments that change, and computed segments; it stands behind the globals.
//! What code touches most lies nearest to the context pointer, where short load offsets reach it.

use wasm2mcu_abi::context::{ALIGNMENT, Context, FunctionRecord, TableRecord};

use super::module::{ExportItem, Module};
use super::support::MAX_CONTEXT_BYTES;
use crate::error::{Error, Place, Result};

/// Fills in every `offset` of `module` and its totals. `place` is where to report a context that
/// is too large.
pub(super) fn place(module: &mut Module, place: Place) -> Result<()> {
    let exported = exported_globals(module);
    let mut end = u64::from(Context::BYTES) + 4 * module.imports().count() as u64;
    for import in &module.other_imports {
        let slot = clamped(end);
        end += 4;
        match import.item {
            ExportItem::Table(index) => module.tables[index as usize].offset = slot,
            ExportItem::Memory => {
                let memory = module.memory.as_mut();
                memory.expect("an imported memory").import = Some(slot);
            }
            ExportItem::Global(index) => {
                let global = &mut module.globals[index as usize];
                global.offset = Some(slot);
                if !global.mutable {
                    end += 4 * u64::from(global.ty.words() - 1);
                }
            }
            ExportItem::Function(_) => unreachable!("functions are imported otherwise"),
        }
    }
    let globals = end;
    if let Some(word) = &mut module.interrupt_offset {
        *word = clamped(end);
        end += 4;
    }
    for (global, exported) in module.globals.iter_mut().zip(exported) {
        if global.imported {
            continue;
        }
        if global.mutable || exported || global.init.is_computed() {
            global.offset = Some(clamped(end));
            end += 4 * u64::from(global.ty.words());
        }
    }
    for table in &mut module.tables {
        let Some(size) = &mut table.size_offset else {
            continue;
        };
        if let Some(record) = &mut table.record {
            *record = clamped(end);
            *size = clamped(end + u64::from(TableRecord::SIZE));
            end += u64::from(TableRecord::BYTES);
        } else {
            *size = clamped(end);
            end += 4;
        }
    }
    let lengths = module.elements.iter_mut().map(|s| &mut s.length_offset);
    let data_lengths = module.data_shapes.iter_mut().map(|s| &mut s.length_offset);
    for word in lengths.chain(data_lengths).flatten() {
        *word = clamped(end);
        end += 4;
    }
    for segment in &mut module.elements {
        if let Some(copy) = &mut segment.copy_offset {
            *copy = clamped(end);
            end += 4 * segment.items.len() as u64;
        }
    }
    if module.open {
        module.records_offset = clamped(end);
        for function in module.functions.iter_mut().filter(|f| f.indirect) {
            function.record = Some(clamped(end));
            end += u64::from(FunctionRecord::BYTES);
        }
    }
    let own = module.tables.iter_mut();
    for table in own.filter(|table| !table.imported && table.is_in_instance()) {
        table.offset = clamped(end);
        end += 4 * u64::from(table.capacity);
    }
    let total = end.next_multiple_of(u64::from(ALIGNMENT));
    if total > MAX_CONTEXT_BYTES {
        return Err(Error::Limit {
            what: "bytes of imports, globals and tables:",
            actual: total,
            limit: MAX_CONTEXT_BYTES,
            place,
        });
    }
    module.globals_offset = clamped(globals);
    module.context_bytes = clamped(total);
    Ok(())
}

/// An offset as a word. Those that do not fit belong to a context that is refused in the end.
fn clamped(offset: u64) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn exported_globals(module: &Module) -> Vec<bool> {
    let mut exported = vec![false; module.globals.len()];
    for export in &module.exports {
        if let ExportItem::Global(index) = export.item {
            exported[index as usize] = true;
        }
    }
    exported
}
