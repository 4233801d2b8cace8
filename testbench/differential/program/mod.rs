//! Random i32 programs made to be hard on a back end.
//!
//! ```text
//!   bytes ──choices──▶ Plan: memory, globals, table, signatures of all functions
//!                        │ one Body per function: statements (statement.rs), expressions (expression.rs, idiom.rs)
//!                        ▼
//!                      module; everything is exported
//! ```
//!
//! Deep expressions and many locals make spills, calls carry 0 to 10 arguments and 0 to 6 results,
//! loads and stores lie around the limits, constants are extreme. Every program ends: loops count
//! down a local that nothing else writes, and every function takes one unit of a global on entry.
//! A choice that the bytes run out for is the simplest one, so that fewer or smaller bytes are a
//! smaller program.

mod expression;
mod idiom;
mod statement;

use arbitrary::{Result, Unstructured};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction, MemorySection, MemoryType, Module, RefType, TableSection, TableType, TypeSection,
    ValType,
};

/// Entries of functions until the program traps.
const FUEL: i32 = 400;
const FUEL_GLOBAL: u32 = 0;
const PAGE: u32 = 0x1_0000;
/// Words of parameters and of results.
const MOST_PARAMS: u32 = 10;
const MOST_RESULTS: u32 = 6;
/// Size of one function body, in choices of statements and expressions.
const BODY: u32 = 160;

/// What a program declares.
struct Plan {
    /// Parameters and results of every type.
    types: Vec<(u32, u32)>,
    /// The type of every function, imported ones first.
    functions: Vec<u32>,
    imported: u32,
    /// Whether each global is mutable; the first is the fuel.
    globals: Vec<bool>,
    /// Elements of the table; none for a null.
    table: Vec<Option<u32>>,
    min_pages: u32,
    max_pages: u32,
}

/// A program from these choices, in the binary format.
pub(crate) fn generate(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let plan = Plan::new(choices)?;
    plan.encode(choices)
}

impl Plan {
    fn new(u: &mut Unstructured<'_>) -> Result<Self> {
        let mut types = vec![(1, 1)];
        for _ in 0..u.int_in_range(0..=4)? {
            types.push((
                u.int_in_range(0..=MOST_PARAMS)?,
                u.int_in_range(0..=MOST_RESULTS)?,
            ));
        }
        // A host function is a C function: at most one result.
        let hosts: Vec<u32> = (0..)
            .zip(&types)
            .filter(|(_, (_, results))| *results <= 1)
            .map(|(number, _)| number)
            .collect();
        let mut functions = Vec::new();
        for _ in 0..u.int_in_range(0..=2)? {
            functions.push(*u.choose(&hosts)?);
        }
        let imported = functions.len() as u32;
        for _ in 0..u.int_in_range(1..=4)? {
            functions.push(u.choose_index(types.len())? as u32);
        }
        let mut globals = vec![true];
        for _ in 0..u.int_in_range(0..=4)? {
            globals.push(u.ratio(3, 4)?);
        }
        let mut table = Vec::new();
        for _ in 0..u.int_in_range(0..=6)? {
            let null = u.ratio(1, 6)?;
            table.push((!null).then_some(u.choose_index(functions.len())? as u32));
        }
        let min_pages = match u.int_in_range(0..=11)? {
            0 => 0,
            1..=7 => 1,
            _ => 2,
        };
        // The board grants less than a memory without a limit would get from the interpreter.
        let max_pages = min_pages + u.int_in_range(0..=3)? / 2 * u.int_in_range(0..=2)?;
        Ok(Self {
            types,
            functions,
            imported,
            globals,
            table,
            min_pages,
            max_pages,
        })
    }

    fn encode(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let i32s = |count| vec![ValType::I32; count as usize];
        let mut module = Module::new();

        let mut types = TypeSection::new();
        for &(params, results) in &self.types {
            types.ty().function(i32s(params), i32s(results));
        }
        // Types of blocks: n words in, n words out.
        for words in 0..=BLOCK_WORDS {
            types.ty().function(i32s(words), i32s(words));
        }
        module.section(&types);

        let (imports, defined) = self.functions.split_at(self.imported as usize);
        let mut section = ImportSection::new();
        for (number, ty) in imports.iter().enumerate() {
            section.import("host", &format!("h{number}"), EntityType::Function(*ty));
        }
        module.section(&section);
        let mut section = FunctionSection::new();
        for ty in defined {
            section.function(*ty);
        }
        module.section(&section);

        let mut section = TableSection::new();
        section.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: self.table.len() as u64,
            maximum: None,
            shared: false,
        });
        module.section(&section);
        let mut section = MemorySection::new();
        section.memory(MemoryType {
            minimum: self.min_pages.into(),
            maximum: Some(self.max_pages.into()),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        module.section(&section);

        let mut section = GlobalSection::new();
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        // Otherwise nobody writes to it.
        if u.ratio(1, 3)? {
            exports.export("table", ExportKind::Table, 0);
        }
        for (number, &mutable) in (0..).zip(&self.globals) {
            let value = match number {
                FUEL_GLOBAL => FUEL,
                _ => expression::constant(u, self.min_pages * PAGE)?,
            };
            let ty = GlobalType {
                val_type: ValType::I32,
                mutable,
                shared: false,
            };
            section.global(ty, &ConstExpr::i32_const(value));
            exports.export(&format!("g{number}"), ExportKind::Global, number);
        }
        module.section(&section);
        for (number, _) in defined.iter().enumerate() {
            let index = self.imported + number as u32;
            exports.export(&format!("f{number}"), ExportKind::Func, index);
        }
        module.section(&exports);

        let mut section = ElementSection::new();
        for (place, function) in (0..).zip(&self.table) {
            if let Some(function) = function {
                let functions = Elements::Functions(vec![*function].into());
                section.active(None, &ConstExpr::i32_const(place), functions);
            }
        }
        module.section(&section);

        let mut section = CodeSection::new();
        for index in self.imported..self.functions.len() as u32 {
            section.function(&Body::generate(self, index, u)?);
        }
        module.section(&section);

        let mut section = DataSection::new();
        if self.min_pages > 0 {
            let bytes = (0..64u32).map(|n| (n * 37 + 0x71) as u8);
            section.active(0, &ConstExpr::i32_const(8), bytes);
        }
        module.section(&section);
        Ok(module.finish())
    }

    fn signature(&self, function: u32) -> (u32, u32) {
        self.types[self.functions[function as usize] as usize]
    }

    /// The type of a block that takes and leaves this many words.
    fn block_type(&self, words: u32) -> BlockType {
        match words {
            0 => BlockType::Empty,
            words => BlockType::FunctionType(self.types.len() as u32 + words),
        }
    }
}

/// Most words that a block takes and leaves.
const BLOCK_WORDS: u32 = 3;

/// A function body that is being made.
struct Body<'p, 'u, 'b> {
    plan: &'p Plan,
    /// This function's index; it calls directly only functions behind it, and imports.
    index: u32,
    u: &'u mut Unstructured<'b>,
    code: Vec<Instruction<'static>>,
    /// Locals that statements may write.
    locals: u32,
    /// Locals that count loops, behind those.
    counters: u32,
    /// Words that a branch to each enclosing label carries, the innermost last; `None` for a loop.
    labels: Vec<Option<u32>>,
    /// How much may still be generated.
    budget: u32,
    /// Loops around this place.
    loops: u32,
}

impl<'p> Body<'p, '_, '_> {
    fn generate(plan: &'p Plan, index: u32, u: &mut Unstructured<'_>) -> Result<Function> {
        let (params, results) = plan.signature(index);
        let locals = params + u.int_in_range(0..=20)?;
        let mut body = Body {
            plan,
            index,
            u,
            code: Vec::new(),
            locals,
            counters: 0,
            labels: vec![Some(results)],
            budget: BODY,
            loops: 0,
        };
        body.take_fuel();
        for _ in 0..body.u.int_in_range(0..=12)? {
            body.statement(3)?;
        }
        for _ in 0..results {
            body.expression(4)?;
        }
        let declared = body.locals + body.counters - params;
        let mut function = Function::new([(declared, ValType::I32)]);
        for instruction in &body.code {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        Ok(function)
    }

    fn take_fuel(&mut self) {
        self.code.extend([
            Instruction::GlobalGet(FUEL_GLOBAL),
            Instruction::I32Eqz,
            Instruction::If(BlockType::Empty),
            Instruction::Unreachable,
            Instruction::End,
            Instruction::GlobalGet(FUEL_GLOBAL),
            Instruction::I32Const(1),
            Instruction::I32Sub,
            Instruction::GlobalSet(FUEL_GLOBAL),
        ]);
    }

    fn emit(&mut self, instruction: Instruction<'static>) {
        self.code.push(instruction);
    }

    /// One of `0..count`, the first if the choices are used up.
    fn pick(&mut self, count: u32) -> Result<u32> {
        self.u.int_in_range(0..=count - 1)
    }

    /// Whether something of this size may still be generated; takes it from the budget.
    fn affords(&mut self, size: u32) -> bool {
        let affordable = self.budget >= size && !self.u.is_empty();
        if affordable {
            self.budget -= size;
        }
        affordable
    }
}
