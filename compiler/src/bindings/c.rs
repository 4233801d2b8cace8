//! A header for C over `wasm2mcu.h`.
//!
//! Values pass by `memcpy` between C's variables and the words of a call, which compilers turn into stores and
//! loads: it is right for every type, and needs no cast that a warning could be about.

use std::fmt::Write as _;

use wasm2mcu_abi::types::ValueType;

use super::names::{Names, in_comment};
use super::{BindingsError, Export, Import, Interface, Signature};

/// Functions of the header itself that an export may not hide.
const OWN: [&str; 3] = ["instantiate", "find", "instance"];

pub(super) fn header(interface: &Interface) -> Result<String, BindingsError> {
    let Interface {
        name,
        target,
        ram_bytes,
        stack_bytes,
        ..
    } = interface;
    let upper = name.to_ascii_uppercase();
    let imports = imports(interface)?;
    let mut callable = Vec::new();
    let mut others = Vec::new();
    for export in &interface.exports {
        match letters(&export.signature) {
            Some(letters) if !export.name.contains('\0') => callable.push((export, letters)),
            _ => others.push(export),
        }
    }

    let mut out = format!(
        "\
/* Typed calls of the module `{name}`, compiled for {target}.
 *
 * Made by wasm2mcu from the module; not to be edited. The functions are those of wasm2mcu.h with types: what they
 * return and when is said there.
 *
 *   static {name}_instance {name};
 *   static uint64_t ram[({upper}_RAM_BYTES + 7) / 8];
 *
 *   {name}_instantiate(&{name}, {upper}_IMAGE, {upper}_IMAGE_BYTES, &policy, &grant, NULL)
 */
#ifndef W2M_MODULE_{upper}_H
#define W2M_MODULE_{upper}_H

#include <string.h>

#include \"wasm2mcu.h\"

#ifdef __cplusplus
extern \"C\" {{
#endif

/* The image, where the firmware is linked with the object that `wasm2mcu compile --emit obj` makes. */
extern const uint8_t wasm2mcu_image_{symbol}[], wasm2mcu_image_{symbol}_end[];
#define {upper}_IMAGE ((const void *)wasm2mcu_image_{symbol})
#define {upper}_IMAGE_BYTES \\
    ((size_t)((uintptr_t)wasm2mcu_image_{symbol}_end - (uintptr_t)wasm2mcu_image_{symbol}))

/* RAM that an instance needs at least, and stack, as w2m_requirements says. */
#define {upper}_RAM_BYTES {ram_bytes}u
#define {upper}_STACK_BYTES {stack_bytes}u
",
        symbol = interface.symbol,
    );
    if !imports.is_empty() {
        out.push_str("\n/* What the module imports: the firmware defines these. */\n\n");
        for import in &imports {
            let _ = writeln!(
                out,
                "/* {}.{} */\n{} {}({});",
                in_comment(&import.import.module),
                in_comment(&import.import.name),
                result(&import.import.signature),
                import.function,
                params(&import.import.signature, "w2m_caller *caller")
            );
        }
    }
    let _ = write!(
        out,
        "
#ifdef __cplusplus
}}
#endif

/* An instance, and its exports, found once. */
typedef struct {name}_instance {{
    w2m_instance instance;
    w2m_function exports[{}];
}} {name}_instance;
",
        callable.len().max(1)
    );
    find(&mut out, name, &callable);
    instantiate(&mut out, name, &imports);
    let mut names = Names::without(&OWN);
    for ((export, _), index) in callable.iter().zip(0..) {
        call(&mut out, name, &names.unique(&export.name), index, export);
    }
    for global in &interface.globals {
        let function = names.unique(&format!("global_{}", global.name));
        let ty = c_type(global.value_type);
        let _ = write!(
            out,
            "
/* The global {text} */
static inline w2m_result {name}_{function}({name}_instance *self, {ty} *value)
{{
    uint32_t words[2];
    w2m_result done = w2m_global(&self->instance, {literal}, '{letter}', words);
    if (done == W2M_OK)
        memcpy(value, words, sizeof *value);
    return done;
}}
",
            text = in_comment(&global.name),
            literal = literal(&global.name),
            letter = letter(global.value_type).unwrap_or('i'),
        );
    }
    for export in others {
        let _ = write!(
            out,
            "\n/* Not callable from C, for its types or its name: {}{} */\n",
            in_comment(&export.name),
            export.signature
        );
    }
    out.push_str("\n#endif\n");
    Ok(out)
}

/// A function of the host, with its name in C and its signature.
struct Host<'i> {
    import: &'i Import,
    function: String,
    letters: String,
}

fn imports(interface: &Interface) -> Result<Vec<Host<'_>>, BindingsError> {
    let mut names = Names::without(&[]);
    let imports = interface.imports.iter();
    imports
        .map(|import| {
            if import.signature.results.len() > 1 {
                return Err(import.cannot("has several results", "C"));
            }
            if import.name.contains('\0') || import.module.contains('\0') {
                return Err(import.cannot("has a zero in its name", "C"));
            }
            let letters = letters(&import.signature);
            let name = format!("{}_{}", import.module, import.name);
            Ok(Host {
                import,
                function: format!("{}_import_{}", interface.name, names.unique(&name)),
                letters: letters.ok_or_else(|| import.cannot("passes a funcref", "C"))?,
            })
        })
        .collect()
}

fn find(out: &mut String, name: &str, callable: &[(&Export, String)]) {
    let _ = write!(
        out,
        "
/*
 * Finds the exports in self->instance, for who made that with w2m_instantiate and host functions from elsewhere. An
 * image of another module, or version of it, is W2M_NO_EXPORT or W2M_EXPORT_SIGNATURE.
 */
static inline w2m_result {name}_find({name}_instance *self)
{{
    w2m_result done = W2M_OK;
"
    );
    if callable.is_empty() {
        out.push_str("    (void)self;\n");
    }
    for ((export, letters), index) in callable.iter().zip(0..) {
        let name = literal(&export.name);
        let _ = write!(
            out,
            "    if (done == W2M_OK)
        done = w2m_find(&self->instance, {name}, \"{letters}\", &self->exports[{index}]);
"
        );
    }
    out.push_str("    return done;\n}\n");
}

fn instantiate(out: &mut String, name: &str, imports: &[Host<'_>]) {
    let _ = write!(
        out,
        "
/*
 * Makes an instance of the image that begins at `image`, where `length` bytes are: w2m_image_open, w2m_instantiate
 * with the functions above, and {name}_find. `policy` and `detail` may be null.
 */
static inline w2m_result {name}_instantiate({name}_instance *self, const void *image, size_t length,
                                            const w2m_policy *policy, const w2m_grant *grant,
                                            w2m_detail *detail)
{{
"
    );
    let hosts = if imports.is_empty() {
        "NULL, 0"
    } else {
        out.push_str("    static const w2m_host_function hosts[] = {\n");
        for host in imports {
            let _ = writeln!(
                out,
                "        W2M_HOST({}, {}, \"{}\", {}),",
                literal(&host.import.module),
                literal(&host.import.name),
                host.letters,
                host.function
            );
        }
        out.push_str("    };\n");
        "hosts, sizeof hosts / sizeof *hosts"
    };
    let _ = write!(
        out,
        "    w2m_image opened;
    w2m_result done = w2m_image_open(&opened, image, length, policy, detail);
    if (done == W2M_OK)
        done = w2m_instantiate(&self->instance, &opened, grant, {hosts}, detail);
"
    );
    let _ = write!(
        out,
        "    return done == W2M_OK ? {name}_find(self) : done;\n}}\n"
    );
}

fn call(out: &mut String, module: &str, function: &str, index: usize, export: &Export) {
    let Signature { params, results } = &export.signature;
    let words = |types: &[ValueType]| types.iter().map(|ty| ty.words() as usize).sum::<usize>();
    let several = results.len() > 1;
    if several {
        let fields = results.iter().zip(0..);
        let fields: String = fields
            .map(|(ty, number)| format!("    {} r{number};\n", c_type(*ty)))
            .collect();
        let _ = write!(
            out,
            "\n/* Results of {module}_{function} */\ntypedef struct {module}_{function}_results {{\n{fields}}} \
             {module}_{function}_results;\n"
        );
    }
    let mut list = self::params(&export.signature, &format!("{module}_instance *self"));
    match &**results {
        [] => {}
        [one] => {
            let _ = write!(list, ", {} *result", c_type(*one));
        }
        _ => {
            let _ = write!(list, ", {module}_{function}_results *results");
        }
    }
    let count = words(params).max(words(results));
    let text = format!("{}{}", in_comment(&export.name), export.signature);
    let _ = write!(
        out,
        "\n/* {text} */\nstatic inline w2m_result {module}_{function}({list})\n{{\n"
    );
    if count == 0 {
        let _ = writeln!(
            out,
            "    return w2m_call(&self->instance, &self->exports[{index}], NULL, 0);\n}}"
        );
        return;
    }
    let _ = write!(
        out,
        "    uint32_t words[{count}];\n    w2m_result done;\n\n"
    );
    let mut at = 0;
    for (ty, number) in params.iter().zip(0..) {
        let _ = writeln!(
            out,
            "    memcpy(words + {at}, &p{number}, sizeof p{number});"
        );
        at += ty.words();
    }
    let _ = writeln!(
        out,
        "    done = w2m_call(&self->instance, &self->exports[{index}], words, {count});"
    );
    match &**results {
        [] => {}
        [_] => out
            .push_str("    if (done == W2M_OK)\n        memcpy(result, words, sizeof *result);\n"),
        _ => {
            out.push_str("    if (done == W2M_OK) {\n");
            let mut at = 0;
            for (ty, number) in results.iter().zip(0..) {
                let field = format!("results->r{number}");
                let _ = writeln!(
                    out,
                    "        memcpy(&{field}, words + {at}, sizeof {field});"
                );
                at += ty.words();
            }
            out.push_str("    }\n");
        }
    }
    out.push_str("    return done;\n}\n");
}

/// Parameters as C declares them, behind a first one.
fn params(signature: &Signature, first: &str) -> String {
    let mut list = first.to_owned();
    for (ty, number) in signature.params.iter().zip(0..) {
        let _ = write!(list, ", {} p{number}", c_type(*ty));
    }
    list
}

fn result(signature: &Signature) -> &'static str {
    signature.results.first().map_or("void", |ty| c_type(*ty))
}

fn c_type(ty: ValueType) -> &'static str {
    match ty {
        ValueType::I32 => "int32_t",
        ValueType::I64 => "int64_t",
        ValueType::F32 => "float",
        ValueType::F64 => "double",
        ValueType::FuncRef | ValueType::ExternRef => "uint32_t",
    }
}

/// A signature as `wasm2mcu.h` writes it; `None` if a value has no letter there.
fn letters(signature: &Signature) -> Option<String> {
    let list = |types: &[ValueType]| {
        types
            .iter()
            .copied()
            .map(letter)
            .collect::<Option<String>>()
    };
    let (results, params) = (list(&signature.results)?, list(&signature.params)?);
    let results = if results.is_empty() { "v" } else { &results };
    Some(format!("{results}({params})"))
}

fn letter(ty: ValueType) -> Option<char> {
    Some(match ty {
        ValueType::I32 => 'i',
        ValueType::I64 => 'I',
        ValueType::F32 => 'f',
        ValueType::F64 => 'F',
        ValueType::ExternRef => 'e',
        ValueType::FuncRef => return None,
    })
}

/// A name as a string of C: bytes that are not plain in octal, so that no trigraph or escape comes about.
fn literal(name: &str) -> String {
    let bytes = name.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'?' => format!("\\{byte:03o}"),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    });
    format!("\"{}\"", bytes.collect::<String>())
}
