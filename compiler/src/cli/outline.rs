//! The map of an image whose map file is not there, from what the image itself says.
//!
//! FUNCTIONS has where functions begin, TYPES the entry thunks, exports some names. Import thunks
//! and trap routines are found as what functions call, jump tables by the comparison before them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wasm2mcu::disasm::Decoder;
use wasm2mcu::map::{Function, Map, Routine, image_sha256};
use wasm2mcu::wasm::module::Signature;
use wasm2mcu_abi::image::{FunctionType, Section};
use wasm2mcu_loader::{Image, Item};

use super::output;

/// The map beside the image if it is its own, else the outline of the image; standard error says
/// which and why.
pub(crate) fn map_or_outline(path: &Path, image: &Image<'_>) -> Map {
    let map_path = Map::path_beside(path);
    if !map_path.exists() {
        output::note(format_args!(
            "note: there is no {}: names come from exports, places in the module are not known",
            map_path.display()
        ));
        return of_image(image);
    }
    Map::read(&map_path, image.bytes()).unwrap_or_else(|error| {
        output::note(format_args!("note: going on without a map: {error}"));
        of_image(image)
    })
}

/// A function type as the compiler writes it.
pub(crate) fn signature(ty: &FunctionType<'_>) -> Signature {
    Signature {
        params: ty.params().collect(),
        results: ty.results().collect(),
    }
}

fn of_image(image: &Image<'_>) -> Map {
    let text = image.section(Section::Text);
    let imports = image.imports().count() as u32;
    let architecture = image.requirements().architecture;
    let code_bit = architecture.code_bit();
    let exported: BTreeMap<u32, String> = image
        .exports()
        .filter_map(|export| match export.item {
            Item::Function(function) => Some((function.code & !code_bit, export.name.to_string())),
            _ => None,
        })
        .collect();
    let in_tables: BTreeSet<u32> = image
        .elements()
        .flat_map(|segment| segment.codes().collect::<Vec<u32>>())
        .filter(|&code| code != 0)
        .map(|code| code & !code_bit)
        .collect();
    let starts: Vec<u32> = image.functions().collect();
    let functions_end = image.section(Section::Functions).last_chunk();
    let functions_end = functions_end.map_or(0, |&word| u32::from_le_bytes(word));

    let mut map = Map {
        image_sha256: image_sha256(image.bytes()).unwrap_or_default(),
        text_bytes: text.len() as u32,
        ..Map::default()
    };
    // The word before a function that can get into a table is its type number.
    map.data = in_tables
        .iter()
        .filter_map(|&offset| Some((offset.checked_sub(4)?, 4)))
        .collect();
    let end_before = |next: u32| {
        let end = if in_tables.contains(&next) {
            next - 4
        } else {
            next
        };
        let padded = end >= 2 && text.get(end as usize - 2..end as usize) == Some(&[0, 0]);
        if padded { end - 2 } else { end }
    };
    for (number, &offset) in starts.iter().enumerate() {
        let index = imports + number as u32;
        let next = starts.get(number + 1).copied().unwrap_or(functions_end);
        map.functions.push(Function {
            index,
            name: exported
                .get(&offset)
                .cloned()
                .unwrap_or_else(|| format!("function {index}")),
            offset,
            bytes: end_before(next).saturating_sub(offset),
            stack: None,
        });
    }

    let mut routines: BTreeMap<u32, String> = BTreeMap::new();
    let mut tables = Vec::new();
    for function in &map.functions {
        for callee in walk(text, Decoder::new(architecture), function, &mut tables) {
            let known = starts.binary_search(&callee).is_ok();
            if !known && (callee < function.offset || callee >= function.offset + function.bytes) {
                routines.insert(callee, format!("routine {callee:#x}"));
            }
        }
    }
    for &offset in in_tables
        .iter()
        .filter(|o| starts.binary_search(o).is_err())
    {
        routines.insert(offset, format!("routine {offset:#x}"));
    }
    let first = starts.first().copied().unwrap_or(map.text_bytes);
    for border in [0, functions_end] {
        if border < map.text_bytes && starts.binary_search(&border).is_err() {
            routines
                .entry(border)
                .or_insert(format!("routine {border:#x}"));
        }
    }
    for ty in image.types().filter(|ty| ty.entry != 0) {
        routines.insert(ty.entry & !code_bit, format!("entry{}", signature(&ty)));
    }
    let offsets: Vec<u32> = routines.keys().copied().collect();
    for (number, (offset, name)) in routines.into_iter().enumerate() {
        let limit = if offset < first {
            first
        } else {
            map.text_bytes
        };
        let next = offsets
            .get(number + 1)
            .map_or(limit, |&next| next.min(limit));
        map.routines.push(Routine {
            name,
            offset,
            bytes: end_before(next).saturating_sub(offset),
        });
    }
    map.data.extend(tables);
    map.data.sort_unstable();
    map
}

/// What a function branches to; its jump tables are added to `tables`.
fn walk(
    text: &[u8],
    mut decoder: Decoder,
    function: &Function,
    tables: &mut Vec<(u32, u32)>,
) -> Vec<u32> {
    let end = function.offset + function.bytes;
    let mut targets = Vec::new();
    let mut compared_with = 0;
    let mut at = function.offset;
    while at < end {
        let code = &text[at as usize..end as usize];
        let Some(inst) = decoder.decode(code, at) else {
            at += 2;
            continue;
        };
        at += inst.bytes;
        targets.extend(inst.target);
        compared_with = inst.compared_with.unwrap_or(compared_with);
        if let Some(entry_bytes) = inst.table_entry_bytes {
            let bytes = compared_with.saturating_mul(entry_bytes);
            let bytes = bytes.saturating_add(bytes % 2).min(end - at);
            tables.push((at, bytes));
            at += bytes;
        }
    }
    targets
}
