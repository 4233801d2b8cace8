//! The disassembly and the objects of every app, against binutils: the same instructions, nothing
//! undecodable, every function by its name.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm2mcu::disasm::Style;
use wasm2mcu::{Compiled, Options};

fn apps() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    let files = fs::read_dir(folder).expect("the apps").flatten();
    let mut apps: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|e| e == "wasm"))
        .collect();
    apps.sort();
    assert!(apps.len() >= 20, "{} apps", apps.len());
    apps
}

/// What objdump says of the object: by text offset, instruction and operands.
fn objdump(compiled: &Compiled) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.o");
    fs::write(&path, compiled.object("app").unwrap()).unwrap();
    let mut command = Command::new("arm-none-eabi-objdump");
    let output = command.args(["-d", "-Mreg-names-std"]).arg(&path).output();
    let output = output.unwrap_or_else(|error| {
        panic!("{command:?}: {error}; install the GNU binutils for Arm (binutils-arm-none-eabi)")
    });
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Instructions in a listing of ours and in one of objdump, by offset in the text: `f81b 3001` and
/// `ldrb.w r3, [r11, r1]`. Ours has names of two labels where objdump has addresses.
fn ours(listing: &str) -> BTreeMap<u32, (String, String)> {
    let lines = listing.lines().filter_map(|line| {
        let (at, rest) = line.strip_prefix(' ')?.trim_start().split_once("  ")?;
        let at = u32::from_str_radix(at, 16).ok()?;
        let (encoding, text) = rest.split_at_checked(19)?;
        let text = text.split(';').next()?.trim();
        (!text.starts_with('.')).then(|| (at, (encoding.trim().to_owned(), text.to_owned())))
    });
    lines.collect()
}

fn theirs(listing: &str) -> BTreeMap<u32, (String, String)> {
    const HEADER: u32 = 128;
    let lines = listing.lines().filter_map(|line| {
        let (at, rest) = line.trim_start().split_once(":\t")?;
        let at = u32::from_str_radix(at, 16).ok()?;
        let (encoding, text) = rest.split_once('\t')?;
        let text = text.split(['@', ';']).next()?.trim().replace('\t', " ");
        let data = [".word", ".short", ".byte"]
            .iter()
            .any(|d| text.starts_with(d));
        (!data).then(|| {
            (
                at.checked_sub(HEADER).unwrap(),
                (encoding.trim().to_owned(), text),
            )
        })
    });
    lines.collect()
}

/// One spelling for what both mean, without the targets of branches.
fn spelling(text: &str) -> String {
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
    let mut mnemonic = mnemonic
        .trim_end_matches(".n")
        .trim_end_matches(".w")
        .to_owned();
    let operands = operands.split(" <").next().unwrap_or_default();
    let mut operands: Vec<String> = split(&operands.replace(", #0]", "]"));
    let is_branch = ["b", "bl", "cbz", "cbnz"].contains(&mnemonic.as_str());
    let condition = mnemonic.strip_prefix('b').filter(|rest| rest.len() == 2);
    let is_conditional = condition.is_some_and(|rest| !["ic", "lx", "fi", "fc"].contains(&rest));
    if is_branch || is_conditional {
        operands.pop();
    }
    for (other, ours) in [("cc", "lo"), ("cs", "hs")] {
        // The condition stands before the type: vmovcc.f32.
        let (name, ty) = mnemonic.split_at(mnemonic.find('.').unwrap_or(mnemonic.len()));
        let base = name.strip_suffix(other).filter(|base| !base.is_empty());
        if let Some(base) = base {
            mnemonic = format!("{base}{ours}{ty}");
        }
        for operand in &mut operands {
            if mnemonic.starts_with("it") && operand == other {
                *operand = ours.to_owned();
            }
        }
    }
    for operand in &mut operands {
        if let Some(value) = operand.strip_prefix('#') {
            let value = match (value.strip_prefix("0x"), value.contains('.')) {
                (Some(hex), _) => u32::from_str_radix(hex, 16).unwrap(),
                (_, true) if value == "0.0" => 0,
                // They show the field of the encoding.
                (_, true) => {
                    let bits = value.parse::<f32>().unwrap().to_bits();
                    bits >> 24 & 0x80 | bits >> 19 & 0x7f
                }
                _ => value.parse::<i64>().unwrap() as u32,
            };
            *operand = format!("#{value}");
        }
    }
    // The same instruction under two names: a shift is a MOV, PUSH and POP are STMDB and LDMIA.
    if mnemonic == "stmdb" && operands[0] == "sp!" {
        mnemonic = "push".to_owned();
        operands.remove(0);
    }
    if mnemonic == "ldmia" && operands[0] == "sp!" {
        mnemonic = "pop".to_owned();
        operands.remove(0);
    }
    // Words go upwards where nothing else is said.
    if let Some(base @ ("ldm" | "stm")) = mnemonic.strip_suffix("ia") {
        mnemonic = base.to_owned();
    }
    if mnemonic.starts_with("mov") && operands.len() == 3 {
        let (kind, amount) = operands[2].split_once(' ').expect("a shift");
        mnemonic = mnemonic.replacen("mov", kind, 1);
        operands[2] = amount.to_owned();
    }
    if let Some(rest) = mnemonic.strip_prefix("neg") {
        mnemonic = format!("rsb{rest}");
        operands.push("#0".to_owned());
    }
    // The destination twice, if it is the first operand too.
    if operands.len() == 3 && operands[0] == operands[1] {
        operands.remove(0);
    } else if mnemonic == "muls" && operands.len() == 3 && operands[0] == operands[2] {
        operands.remove(2);
    }
    format!("{mnemonic} {}", operands.join(", "))
}

/// Operands at the commas outside of brackets.
fn split(operands: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in operands.chars() {
        depth += i32::from(c == '[' || c == '{') - i32::from(c == ']' || c == '}');
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
    }
    let parts = parts.iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// Everything that is done by floating-point instructions.
const FLOATS: &str = r#"(module (import "env" "f" (func $f (param f32 f64 f32 i32) (result f32)))
    (func (export "arithmetic") (param f32 f32) (result f32)
      (f32.div (f32.sub (local.get 0) (f32.const -0.125))
        (f32.add (f32.sqrt (local.get 0)) (f32.mul (local.get 1) (f32.const 1.9375)))))
    (func (export "signs") (param f32 f32) (result f32)
      (f32.copysign (f32.neg (local.get 0)) (f32.abs (local.get 1))))
    (func (export "rounding") (param f32) (result f32 f32 f32 f32)
      (f32.ceil (local.get 0)) (f32.floor (local.get 0))
      (f32.trunc (local.get 0)) (f32.nearest (local.get 0)))
    (func (export "choices") (param f32 f32 i32) (result f32 f32 f32 f32 f32 i32)
      (f32.min (local.get 0) (local.get 1))
      (f32.max (local.get 0) (local.get 1))
      (select (local.get 0) (local.get 1) (f32.lt (local.get 0) (f32.const 0)))
      (select (local.get 0) (local.get 1) (f32.ge (local.get 0) (local.get 1)))
      (select (local.get 0) (local.get 1) (i32.gt_u (local.get 2) (i32.const 3)))
      (f32.ne (local.get 0) (local.get 1)))
    (func (export "conversions") (param i32 f32) (result f32 f32 i32 i32 i32 i32)
      (f32.convert_i32_s (local.get 0)) (f32.convert_i32_u (local.get 0))
      (i32.trunc_f32_s (local.get 1)) (i32.trunc_f32_u (local.get 1))
      (i32.trunc_sat_f32_s (local.get 1)) (i32.trunc_sat_f32_u (local.get 1)))
    (func (export "calls") (param f32 f64) (result f32)
      (f32.add (local.get 0)
        (call $f (local.get 0) (local.get 1) (f32.const 31) (i32.const 3)))))"#;

#[test]
fn every_instruction_is_what_binutils_says() {
    let mut compared = 0;
    let mut differences = HashMap::new();
    let apps = apps()
        .into_iter()
        .map(|path| (fs::read(&path).unwrap(), path));
    let floats = (FLOATS.as_bytes().to_vec(), PathBuf::from("floats"));
    for (wasm, path) in apps.chain([floats]) {
        let compiled = wasm2mcu::compile(&wasm, &Options::default()).unwrap();
        let reference = objdump(&compiled);
        assert!(!reference.contains("UNDEFINED"), "{path:?}: {reference}");
        for function in &compiled.map(&[]).functions {
            let heading = format!(" <{}>:", function.name.replace(' ', "_"));
            assert!(reference.contains(&heading), "{path:?}:{heading}");
        }
        let listing = compiled.disassembly(Style { encodings: true });
        assert!(!listing.contains(".inst"), "{path:?}: {listing}");
        let theirs = theirs(&reference);
        let ours = ours(&listing);
        for (at, (encoding, text)) in &ours {
            let (their_encoding, their_text) = &theirs[at];
            assert_eq!(encoding, their_encoding, "{path:?} {at:#x}");
            compared += 1;
            if spelling(text) != spelling(their_text) {
                let mnemonic = text.split(' ').next().unwrap_or_default().to_owned();
                differences
                    .entry(mnemonic)
                    .or_insert_with(|| format!("{path:?} {encoding}: {text} | {their_text}"));
            }
        }
        // What only objdump shows is padding between functions.
        let padding = |(at, (encoding, _)): (&u32, &(String, String))| {
            !ours.contains_key(at) && encoding != "0000"
        };
        let missed = theirs.iter().find(|&(at, inst)| padding((at, inst)));
        assert_eq!(missed, None, "{path:?}");
    }
    assert!(compared > 30_000, "{compared} instructions");
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn branches_lead_where_binutils_says() {
    for path in apps() {
        let wasm = fs::read(&path).unwrap();
        let compiled = wasm2mcu::compile(&wasm, &Options::default()).unwrap();
        let mut decoder = wasm2mcu::isa::thumb2::disasm::Decoder::default();
        let mut branches = 0;
        for (at, (_, text)) in theirs(&objdump(&compiled)) {
            let Some((_, target)) = text.split_once(" <").and_then(|(t, _)| t.rsplit_once(' '))
            else {
                continue;
            };
            let target = u32::from_str_radix(target, 16).unwrap() - 128;
            let decoded = decoder
                .decode(&compiled.text.bytes[at as usize..], at)
                .unwrap();
            assert_eq!(decoded.target, Some(target), "{path:?} {at:#x}: {text}");
            branches += 1;
        }
        assert!(branches > 5, "{path:?}: {branches}");
    }
}
