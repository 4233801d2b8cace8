//! `wasm2mcu inspect`: what an image needs and holds, in the loader's eyes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use wasm2mcu_abi::hardware::Manifest;
use wasm2mcu_abi::image::{ABI_VERSION, FORMAT_VERSION, MemoryFlags, RecordType, Section, field};
use wasm2mcu_loader::{Image, ImportItem, Item, Policy};

use super::input::{Input, about};
use super::{Failure, outline, output};

/// Show what an image needs and holds
///
/// Checks an image as the loader does and shows its header, what it requires of a device, its
/// imports and exports, and where its bytes go. A broken image is refused in the loader's words.
/// Names of functions come from IMAGE.map where that is there.
#[derive(clap::Args)]
#[command(after_long_help = KEYS)]
pub(crate) struct Args {
    /// The image.
    #[arg(value_name = "IMAGE.w2m")]
    image: PathBuf,
    /// Print JSON, with the keys that the long help describes.
    #[arg(long)]
    json: bool,
}

const KEYS: &str = "\
Keys of --json (sizes in bytes; new keys may be added, none change their meaning):
  format_version, abi_version, architecture, features[]
  image_bytes, sha256, hash_valid, source_sha256 (null if not recorded), signed
  key_id, signature (null without one; not checked, see `verify`), security_counter (0 if not recorded)
  requirements: context_bytes, of it globals_bytes and tables_bytes, stack_bytes, memory_min, memory_max, memory_fixed, guard_zone
  manifest[]: what the module asks for of the hardware, as text
  imports[]: module, name, signature
  exports[]: name, kind (function, table, memory, global), type, stack_bytes (functions)
  sections[]: name, bytes
  functions[]: index, name, offset, bytes, stack_bytes (null without a map)";

#[derive(Serialize)]
struct Report {
    format_version: u16,
    abi_version: u16,
    architecture: String,
    features: Vec<String>,
    image_bytes: usize,
    sha256: String,
    hash_valid: bool,
    source_sha256: Option<String>,
    signed: bool,
    key_id: Option<String>,
    signature: Option<String>,
    security_counter: u32,
    requirements: Requirements,
    manifest: Vec<String>,
    imports: Vec<Import>,
    exports: Vec<Export>,
    sections: Vec<Size>,
    functions: Vec<Function>,
}

#[derive(Serialize)]
struct Requirements {
    context_bytes: u32,
    globals_bytes: u32,
    tables_bytes: u32,
    stack_bytes: u32,
    memory_min: u32,
    memory_max: u32,
    memory_fixed: bool,
    guard_zone: u32,
    interruptible: bool,
}

#[derive(Serialize)]
struct Import {
    module: String,
    name: String,
    signature: String,
}

#[derive(Serialize)]
struct Export {
    name: String,
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
    stack_bytes: Option<u32>,
}

#[derive(Serialize)]
struct Size {
    name: &'static str,
    bytes: usize,
}

#[derive(Serialize)]
struct Function {
    index: u32,
    name: String,
    offset: u32,
    bytes: u32,
    stack_bytes: Option<u32>,
}

/// Prints the report.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let Input::Image(bytes) = Input::read(&args.image)? else {
        return Err(about(&args.image, "this is a module; compile it first"));
    };
    let image = Image::parse(&bytes).map_err(|error| about(&args.image, error))?;
    let map = outline::map_or_outline(&args.image, &image);
    let functions = map.functions.into_iter().map(|function| Function {
        index: function.index,
        name: function.name,
        offset: function.offset,
        bytes: function.bytes,
        stack_bytes: function.stack.map(|stack| stack.frame),
    });
    let manifest = wasm2mcu_host::manifest(&image).map_err(|error| about(&args.image, error))?;
    let report = report(&image, &manifest, functions.collect());
    let text = if args.json {
        let json = serde_json::to_string_pretty(&report);
        json.map_err(|error| about(&args.image, error))? + "\n"
    } else {
        table(report)
    };
    output::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The type of an import in the words that exports are shown with.
fn imported(item: &ImportItem<'_>) -> String {
    match item {
        ImportItem::Function(ty) => outline::signature(ty).to_string(),
        ImportItem::Table { element, .. } => format!("table of {element}"),
        ImportItem::Memory { .. } => "memory".to_owned(),
        ImportItem::Global {
            value_type,
            mutable,
        } => {
            let mutable = if *mutable { "mut " } else { "" };
            format!("global {mutable}{value_type}")
        }
    }
}

fn report(image: &Image<'_>, manifest: &Manifest<'_>, functions: Vec<Function>) -> Report {
    let needs = image.requirements();
    let record = |wanted| image.trailer().find(|r| r.record_type == wanted);
    let bytes = |wanted| record(wanted).map(|r| hex(r.value));
    let kind = u32::from_le_bytes(
        *image.bytes()[field::MEMORY_KIND as usize..]
            .first_chunk()
            .expect("a checked header"),
    );
    let flags = MemoryFlags((kind >> 8) as u8);
    let imports = image.imports().map(|import| Import {
        module: import.module.to_string(),
        name: import.name.to_string(),
        signature: imported(&import.item),
    });
    let exports = image.exports().map(|export| {
        let (kind, ty, stack_bytes) = match export.item {
            Item::Function(function) => (
                "function",
                outline::signature(&function.function_type).to_string(),
                Some(function.stack_bytes),
            ),
            Item::Table(number) => ("table", format!("table {number}"), None),
            Item::Memory => ("memory", "memory 0".to_owned(), None),
            Item::Global(global) => {
                let mutable = if global.mutable { "mut " } else { "" };
                ("global", format!("{mutable}{}", global.value_type), None)
            }
        };
        Export {
            name: export.name.to_string(),
            kind,
            ty,
            stack_bytes,
        }
    });
    let features = needs.features.names(needs.architecture).to_string();
    Report {
        format_version: FORMAT_VERSION,
        abi_version: ABI_VERSION,
        architecture: needs.architecture.to_string(),
        features: features
            .split(", ")
            .filter(|feature| *feature != "none")
            .map(str::to_owned)
            .collect(),
        image_bytes: image.bytes().len(),
        sha256: bytes(RecordType::SHA256).unwrap_or_default(),
        hash_valid: image.verify(&Policy::unsigned()).is_ok(),
        source_sha256: bytes(RecordType::SOURCE_SHA256),
        signed: record(RecordType::ED25519).is_some(),
        key_id: image.key_id().map(|id| id.to_string()),
        signature: bytes(RecordType::ED25519),
        security_counter: image.security_counter(),
        requirements: Requirements {
            context_bytes: needs.context_bytes,
            globals_bytes: needs.globals_bytes,
            tables_bytes: needs.tables_bytes,
            stack_bytes: needs.stack_bytes,
            memory_min: needs.memory_min,
            memory_max: needs.memory_max,
            memory_fixed: flags.contains(MemoryFlags::FIXED),
            guard_zone: needs.guard_zone,
            interruptible: needs.interrupt.is_some(),
        },
        manifest: manifest.capabilities().map(|c| c.to_string()).collect(),
        imports: imports.collect(),
        exports: exports.collect(),
        sections: Section::ALL
            .map(|section| Size {
                name: section.name(),
                bytes: image.section(section).len(),
            })
            .into(),
        functions,
    }
}

/// The report for people; functions by size, the largest first.
fn table(mut report: Report) -> String {
    report
        .functions
        .sort_by_key(|f| (std::cmp::Reverse(f.bytes), f.index));
    let needs = &report.requirements;
    let hash = if report.hash_valid {
        "matches"
    } else {
        "DOES NOT MATCH the content"
    };
    let features = match &report.features[..] {
        [] => "none".to_owned(),
        features => features.join(", "),
    };
    let memory = if needs.memory_fixed {
        format!("{} bytes, fixed: guards rely on it", needs.memory_min)
    } else {
        format!("{} to {} bytes", needs.memory_min, needs.memory_max)
    };
    let mut text = String::new();
    let mut put =
        |line: String| writeln!(text, "{}", line.trim_end()).expect("writing to a string");
    put(format!(
        "format {}, ABI {}, {}, features: {features}",
        report.format_version, report.abi_version, report.architecture
    ));
    put(format!(
        "{} bytes, SHA-256 {} {hash}",
        report.image_bytes, report.sha256
    ));
    if let Some(source) = &report.source_sha256 {
        put(format!("compiled from a module with SHA-256 {source}"));
    }
    let key = report.key_id.as_deref().unwrap_or_default();
    put(match &report.signature {
        Some(signature) => format!("signed by key {key}, not checked here: {signature}"),
        None => "not signed".to_owned(),
    });
    put(format!("security counter {}", report.security_counter));
    put(String::new());
    put("requires".to_owned());
    put(format!("  memory   {memory}"));
    put(format!(
        "  context  {} bytes: globals {}, tables {}",
        needs.context_bytes, needs.globals_bytes, needs.tables_bytes
    ));
    put(format!(
        "  stack    {} bytes, recursion excluded",
        needs.stack_bytes
    ));
    if needs.guard_zone != 0 {
        put(format!(
            "  guard zone of {} bytes behind the memory",
            needs.guard_zone
        ));
    }
    if needs.interruptible {
        put("can be interrupted".to_owned());
    }
    if !report.manifest.is_empty() {
        put(String::new());
        put("asks for".to_owned());
    }
    for capability in &report.manifest {
        put(format!("  {capability}"));
    }
    if !report.imports.is_empty() {
        put(String::new());
        put("imports".to_owned());
    }
    for import in &report.imports {
        let name = format!("{}.{}", import.module, import.name);
        put(format!("  {name:<32}  {}", import.signature));
    }
    if !report.exports.is_empty() {
        put(String::new());
        put("exports".to_owned());
    }
    for export in &report.exports {
        let stack = export
            .stack_bytes
            .map_or(String::new(), |b| format!("stack {b}"));
        put(format!(
            "  {:<24}  {:<8}  {:<24}  {stack}",
            export.name, export.kind, export.ty
        ));
    }
    put(String::new());
    put("  bytes  section".to_owned());
    for section in report.sections.iter().filter(|section| section.bytes != 0) {
        put(format!("{:>7}  {}", section.bytes, section.name));
    }
    put(String::new());
    put("  bytes  stack   index  function".to_owned());
    for function in &report.functions {
        let stack = function
            .stack_bytes
            .map_or("?".to_owned(), |bytes| bytes.to_string());
        put(format!(
            "{:>7}  {stack:>5}  {:>6}  {}",
            function.bytes, function.index, function.name
        ));
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
