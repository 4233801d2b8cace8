//! What modules ask for of the hardware: manifests in files, and what a module's imports say about its own.

use std::collections::BTreeSet;
use std::path::Path;

use wasm2mcu::Compiled;
use wasm2mcu::manifest::Manifest;
use wasm2mcu_abi::hardware::{FUNCTIONS, Kind, Types};
use wasm2mcu_abi::types::ValueType;

use super::Failure;
use super::input::{about, bytes};
use super::output;

/// Reads a manifest, or a policy, which is written alike.
pub(crate) fn manifest(path: &Path) -> Result<Manifest, Failure> {
    let bytes = bytes(path)?;
    let text = str::from_utf8(&bytes).map_err(|_| about(path, "this is no text"))?;
    Manifest::parse(text).map_err(|error| about(path, error))
}

/// Says what cannot work on any host: it is valid, and may be meant for a host of another kind.
pub(crate) fn notes(compiled: &Compiled) {
    let module = compiled.module();
    let mut missing = BTreeSet::new();
    for (function, import) in module.imports() {
        let described = FUNCTIONS
            .iter()
            .find(|f| f.module == import.module && f.name == import.name);
        let Some(described) = described else { continue };
        let ty = &module.types[function.type_number as usize];
        if !is(&ty.params, described.params) || !is(&ty.results, described.results) {
            output::note(format_args!(
                "note: {}.{} has another signature in the hardware ABI: {} -> {}",
                import.module,
                import.name,
                list(described.params),
                list(described.results),
            ));
        }
        let kind = Kind::ALL
            .into_iter()
            .find(|k| k.interface() == import.module);
        let asked = compiled.manifest.capabilities();
        if let Some(kind) = kind
            && asked.iter().all(|capability| capability.kind != kind)
        {
            missing.insert((kind.name(), kind.interface()));
        }
    }
    for (kind, interface) in missing {
        output::note(format_args!(
            "note: the module imports {interface}, but its manifest names no {kind} resource, so every call will be \
             refused; see --manifest"
        ));
    }
}

fn is(types: &[ValueType], described: Types) -> bool {
    types.iter().copied().eq(described.iter())
}

fn list(types: Types) -> String {
    let names: Vec<_> = types.iter().map(|ty| ty.to_string()).collect();
    format!("({})", names.join(", "))
}
