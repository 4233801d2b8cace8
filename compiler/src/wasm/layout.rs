//! Gives import slots, globals, the compiler's own state and tables their places in the context
//! block.
//!
//! The order is that of `wasm2mcu_abi::context`: fixed part, import slots, globals, tables. The
//! state is sizes of tables and lengths of segments that change, and computed segments; it stands behind the globals.
//! What code touches most lies nearest to the context pointer, where short load offsets reach it.

use wasm2mcu_abi::context::{ALIGNMENT, Context};

use super::module::{ExportItem, Module};
use super::support::MAX_CONTEXT_BYTES;
use crate::error::{Error, Place, Result};

/// Fills in every `offset` of `module` and its totals. `place` is where to report a context that
/// is too large.
pub(super) fn place(module: &mut Module, place: Place) -> Result<()> {
    let exported = exported_globals(module);
    let mut end = u64::from(Context::BYTES) + 4 * module.imports().count() as u64;
    let globals = end;
    for (global, exported) in module.globals.iter_mut().zip(exported) {
        if global.mutable || exported || global.init.is_computed() {
            global.offset = Some(clamped(end));
            end += 4 * u64::from(global.ty.words());
        }
    }
    let lengths = module.elements.iter_mut().map(|s| &mut s.length_offset);
    let data_lengths = module.data_shapes.iter_mut().map(|s| &mut s.length_offset);
    let sizes = module.tables.iter_mut().map(|t| &mut t.size_offset);
    for word in sizes.chain(lengths).chain(data_lengths).flatten() {
        *word = clamped(end);
        end += 4;
    }
    for segment in &mut module.elements {
        if let Some(copy) = &mut segment.copy_offset {
            *copy = clamped(end);
            end += 4 * segment.items.len() as u64;
        }
    }
    for table in &mut module.tables {
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
