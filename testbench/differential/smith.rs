//! Modules of wasm-smith: as they are, without floats, or brought down to i32. NaNs are canonical, so that
//! results do not depend on what an engine makes of one; only promotion and demotion show what one
//! carries, and the runtime keeps that as the interpreter does.
//!
//! Replacing every i64 by an i32 keeps a module valid (conversions become nothing, the wider accesses
//! become words), so that i32 code gets as many modules as the mixture does.

use arbitrary::{Error as Exhausted, Unstructured};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{ExportSection, Instruction, MemArg, ValType};
use wasm_smith::{Config, InstructionKind, InstructionKinds};
use wasmparser::ExternalKind;

/// Entries of functions and rounds of loops until a module traps.
const FUEL: u32 = 500;

/// The numbers that a module computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// i32 only.
    Words,
    /// i32 and i64.
    Integers,
    /// Floats as well.
    All,
}

/// A module from these choices, in the binary format; `newer` adds the proposals that came after
/// the first standard.
pub(crate) fn generate(
    choices: &mut Unstructured<'_>,
    numbers: Numbers,
    newer: bool,
) -> Result<Vec<u8>, Exhausted> {
    let floats = numbers == Numbers::All;
    let kinds = [
        InstructionKind::NumericInt,
        InstructionKind::Parametric,
        InstructionKind::Variable,
        InstructionKind::MemoryInt,
        InstructionKind::Table,
        InstructionKind::Control,
        // Behind the others, so that they can be left out.
        InstructionKind::Numeric,
        InstructionKind::Memory,
        InstructionKind::Reference,
    ];
    let kinds = match (floats, newer) {
        (false, _) => &kinds[..6],
        (true, false) => &kinds[..8],
        (true, true) => &kinds[..],
    };
    let mut hidden = Hidden {
        tables: choices.arbitrary()?,
        // An export allows references to a function.
        functions: !newer && choices.arbitrary()?,
    };
    let config = Config {
        allow_floats: floats,
        canonicalize_nans: floats,
        allowed_instructions: InstructionKinds::new(kinds),
        bulk_memory_enabled: newer,
        reference_types_enabled: newer,
        exceptions_enabled: false,
        gc_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        tail_call_enabled: newer,
        threads_enabled: false,
        memory64_enabled: false,
        saturating_float_to_int_enabled: floats,
        wide_arithmetic_enabled: false,
        compact_imports_enabled: false,
        extended_const_enabled: choices.arbitrary()?,
        export_everything: true,
        min_funcs: 1,
        max_funcs: 8,
        max_instructions: 400,
        max_globals: 8,
        max_imports: 0,
        max_types: 12,
        max_data_segments: 4,
        max_memories: 1,
        min_memories: 1,
        max_memory32_bytes: 3 * 0x1_0000,
        memory_max_size_required: true,
        max_table_elements: 40,
        ..Config::default()
    };
    let mut module = wasm_smith::Module::new(config, choices)?;
    module
        .ensure_termination(FUEL)
        .map_err(|_| Exhausted::IncorrectFormat)?;
    let mut wide = wasm_encoder::Module::new();
    hidden
        .parse_core_module(&mut wide, wasmparser::Parser::new(0), &module.to_bytes())
        .map_err(|_| Exhausted::IncorrectFormat)?;
    let wide = wide.finish();
    match numbers {
        Numbers::Words => narrowed(&wide).map_err(|_| Exhausted::IncorrectFormat),
        Numbers::Integers | Numbers::All => Ok(wide),
    }
}

/// Leaves out exports, so that the compiler knows more of what they named.
struct Hidden {
    tables: bool,
    /// Every other one.
    functions: bool,
}

impl Reencode for Hidden {
    type Error = std::convert::Infallible;

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        for export in section {
            let export = export?;
            let hidden = match export.kind {
                ExternalKind::Table => self.tables,
                ExternalKind::Func => self.functions && export.index % 2 == 1,
                _ => false,
            };
            if !hidden {
                self.parse_export(exports, export)?;
            }
        }
        Ok(())
    }
}

/// The module with i32 in place of i64.
fn narrowed(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    let mut module = wasm_encoder::Module::new();
    Narrow.parse_core_module(&mut module, wasmparser::Parser::new(0), wasm)?;
    Ok(module.finish())
}

struct Narrow;

impl Reencode for Narrow {
    type Error = std::convert::Infallible;

    fn val_type(&mut self, ty: wasmparser::ValType) -> Result<ValType, Error> {
        match ty {
            wasmparser::ValType::I64 => Ok(ValType::I32),
            other => wasm_encoder::reencode::utils::val_type(self, other),
        }
    }

    fn instruction<'a>(
        &mut self,
        operator: wasmparser::Operator<'a>,
    ) -> Result<Instruction<'a>, Error> {
        let wide = wasm_encoder::reencode::utils::instruction(self, operator)?;
        Ok(narrow_instruction(wide))
    }
}

fn narrow_instruction(wide: Instruction<'_>) -> Instruction<'_> {
    use Instruction as I;
    let word = |memarg: MemArg| MemArg {
        align: memarg.align.min(2),
        ..memarg
    };
    match wide {
        I::I64Const(value) => I::I32Const(value as i32),
        I::I32WrapI64 | I::I64ExtendI32S | I::I64ExtendI32U | I::I64Extend32S => I::Nop,
        I::I64Load(memarg) | I::I64Load32S(memarg) | I::I64Load32U(memarg) => {
            I::I32Load(word(memarg))
        }
        I::I64Load8S(memarg) => I::I32Load8S(memarg),
        I::I64Load8U(memarg) => I::I32Load8U(memarg),
        I::I64Load16S(memarg) => I::I32Load16S(memarg),
        I::I64Load16U(memarg) => I::I32Load16U(memarg),
        I::I64Store(memarg) | I::I64Store32(memarg) => I::I32Store(word(memarg)),
        I::I64Store8(memarg) => I::I32Store8(memarg),
        I::I64Store16(memarg) => I::I32Store16(memarg),
        I::I64Eqz => I::I32Eqz,
        I::I64Eq => I::I32Eq,
        I::I64Ne => I::I32Ne,
        I::I64LtS => I::I32LtS,
        I::I64LtU => I::I32LtU,
        I::I64GtS => I::I32GtS,
        I::I64GtU => I::I32GtU,
        I::I64LeS => I::I32LeS,
        I::I64LeU => I::I32LeU,
        I::I64GeS => I::I32GeS,
        I::I64GeU => I::I32GeU,
        I::I64Clz => I::I32Clz,
        I::I64Ctz => I::I32Ctz,
        I::I64Popcnt => I::I32Popcnt,
        I::I64Add => I::I32Add,
        I::I64Sub => I::I32Sub,
        I::I64Mul => I::I32Mul,
        I::I64DivS => I::I32DivS,
        I::I64DivU => I::I32DivU,
        I::I64RemS => I::I32RemS,
        I::I64RemU => I::I32RemU,
        I::I64And => I::I32And,
        I::I64Or => I::I32Or,
        I::I64Xor => I::I32Xor,
        I::I64Shl => I::I32Shl,
        I::I64ShrS => I::I32ShrS,
        I::I64ShrU => I::I32ShrU,
        I::I64Rotl => I::I32Rotl,
        I::I64Rotr => I::I32Rotr,
        I::I64Extend8S => I::I32Extend8S,
        I::I64Extend16S => I::I32Extend16S,
        other => other,
    }
}
