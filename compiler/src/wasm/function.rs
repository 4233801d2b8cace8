//! One function body: validated and translated to CLIF operator by operator.

use std::collections::BTreeSet;

use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{
    self, ExtFuncData, ExternalName, FuncRef, Function, GlobalValueData, InstBuilder, SigRef,
    SourceLoc, Type, UserExternalName, UserFuncName, Value, ValueDef, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use rustc_hash::FxHashMap;
use wasm2mcu_abi::trap::TrapCode;
use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use super::contract::{self, BRIDGES, BUILTINS, Builtin, FUNCTIONS, SYMBOLS, Symbol};
use super::module::Module;
use super::operators::{self, Frame};
use super::{link, support, verdict};
use crate::error::{Error, Place, Result};

/// Allocations that one body leaves to the next.
#[derive(Default)]
pub(super) struct Scratch {
    builder: FunctionBuilderContext,
    validator: FuncValidatorAllocations,
    /// Functions that bodies made references to.
    references: BTreeSet<u32>,
}

impl Scratch {
    /// The functions that the bodies made references to.
    pub(super) fn references(&self) -> impl Iterator<Item = u32> {
        self.references.iter().copied()
    }
}

/// The state of a translation.
pub(super) struct Translator<'a> {
    pub(super) module: &'a Module,
    /// The function's index.
    pub(super) index: u32,
    pub(super) builder: FunctionBuilder<'a>,
    /// The operand stack. Meaningless while the code is not reachable.
    pub(super) stack: Vec<Value>,
    /// The constructs around the current operator, outermost first.
    pub(super) frames: Vec<Frame>,
    pub(super) reachable: bool,
    /// Constructs opened since the code became unreachable.
    pub(super) skipped: usize,
    pub(super) locals: Vec<Variable>,
    /// Branches back to the beginnings of loops.
    pub(super) loop_branches: u64,
    /// Address of the context.
    pub(super) context: Value,
    /// Address of byte 0 of the memory.
    pub(super) memory_base: Value,
    /// What the instruction set adds to the address of code.
    pub(super) code_address_bit: u8,
    /// Functions that bodies made references to.
    pub(super) references: &'a mut BTreeSet<u32>,
    callees: FxHashMap<UserExternalName, FuncRef>,
    signatures: FxHashMap<u32, SigRef>,
    /// Offset of the current operator in the module.
    offset: u64,
}

/// Translates the body of function `index`.
pub(super) fn translate(
    module: &Module,
    index: u32,
    code_address_bit: u8,
    validator: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    scratch: &mut Scratch,
) -> Result<Function> {
    let who = || Some((index, module.functions[index as usize].name.clone()));
    let explain = |error: wasmparser::Error| Error::from_parser(&error, who(), None);
    let mut validator = validator.into_validator(std::mem::take(&mut scratch.validator));

    let signature = support::clif_signature(module.signature(index));
    let name = UserFuncName::user(FUNCTIONS, index);
    let mut function = Function::with_name_signature(name, signature);
    let builder = FunctionBuilder::new(&mut function, &mut scratch.builder);
    let references = &mut scratch.references;
    let mut translator = Translator::new(module, index, code_address_bit, builder, references);

    let mut locals = body.get_locals_reader().map_err(explain)?;
    for _ in 0..locals.get_count() {
        let offset = locals.original_position();
        let (count, ty) = locals.read().map_err(explain)?;
        validator
            .define_locals(offset, count, ty)
            .map_err(explain)?;
        translator.offset = offset;
        translator.declare_locals(count, ty)?;
    }

    let mut operators = body.get_operators_reader().map_err(explain)?;
    while !operators.eof() {
        let (op, offset) = operators.read_with_offset().map_err(|error| {
            match verdict::is_vector_operator(body.as_bytes(), body.range().start, &error) {
                true => Error::unsupported(
                    "vector operator is",
                    Place {
                        function: who(),
                        offset: error.offset(),
                    },
                ),
                false => explain(error),
            }
        })?;
        validator.op(offset, &op).map_err(|error| {
            let name = operators::name(&op);
            Error::from_parser(&error, who(), Some(&name))
        })?;
        translator.start_operator(offset);
        translator.operator(&op)?;
        translator.check_size()?;
    }
    operators.finish().map_err(explain)?;
    scratch.validator = validator.into_allocations();
    translator.builder.finalize(contract::frontend_config());
    if support::is_larger(&function, support::MAX_FUNCTION_SIZE) {
        return Err(Error::Limit {
            what: "instructions and block parameters:",
            actual: support::size(&function),
            limit: support::MAX_FUNCTION_SIZE,
            place: Place {
                function: who(),
                offset: body.range().start,
            },
        });
    }
    Ok(function)
}

impl<'a> Translator<'a> {
    fn new(
        module: &'a Module,
        index: u32,
        code_address_bit: u8,
        mut builder: FunctionBuilder<'a>,
        references: &'a mut BTreeSet<u32>,
    ) -> Translator<'a> {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let context = symbol(&mut builder, Symbol::Context);
        let memory_base = symbol(&mut builder, Symbol::MemoryBase);
        let mut translator = Translator {
            module,
            index,
            builder,
            stack: Vec::new(),
            frames: Vec::new(),
            reachable: true,
            skipped: 0,
            locals: Vec::new(),
            loop_branches: 0,
            context,
            memory_base,
            code_address_bit,
            references,
            callees: FxHashMap::default(),
            signatures: FxHashMap::default(),
            offset: 0,
        };
        let parameters = translator.builder.block_params(entry).to_vec();
        for value in parameters {
            let ty = translator.builder.func.dfg.value_type(value);
            translator.declare_local(ty, value);
        }
        let results: Vec<Type> = translator
            .builder
            .func
            .signature
            .returns
            .iter()
            .map(|result| result.value_type)
            .collect();
        translator.open_function(&results);
        translator
    }

    fn declare_locals(&mut self, count: u32, ty: wasmparser::ValType) -> Result<()> {
        let place = self.place();
        let ty = support::clif_type(support::known(ty, &place)?);
        let zero = self.constant_of(ty, 0);
        for _ in 0..count {
            self.declare_local(ty, zero);
        }
        Ok(())
    }

    fn declare_local(&mut self, ty: Type, value: Value) {
        let variable = self.builder.declare_var(ty);
        self.builder.def_var(variable, value);
        self.locals.push(variable);
    }

    fn start_operator(&mut self, offset: u64) {
        self.offset = offset;
        // The module's size limit keeps offsets below the value that means "none".
        self.builder.set_srcloc(SourceLoc::new(offset as u32));
    }

    /// Refuses a function that grows beyond what its size in the module lets expect.
    fn check_size(&self) -> Result<()> {
        let dfg = &self.builder.func.dfg;
        let locals = self.locals.len() as u64;
        let measures = [
            (
                "instructions:",
                dfg.num_insts() as u64,
                support::MAX_FUNCTION_SIZE,
            ),
            (
                "values for locals and operators:",
                dfg.num_values() as u64,
                support::MAX_VALUES,
            ),
            (
                "words for what its branches pass:",
                dfg.value_lists.capacity() as u64,
                support::MAX_BRANCH_ARGUMENTS,
            ),
            (
                "locals, times blocks:",
                locals * dfg.num_blocks() as u64,
                support::MAX_LOCAL_BLOCKS,
            ),
            // The end of a loop can give each of its branches an argument for each local.
            (
                "locals, times branches to loops:",
                locals * self.loop_branches,
                support::MAX_LOOP_ARGUMENTS,
            ),
        ];
        match measures
            .into_iter()
            .find(|(_, actual, limit)| actual > limit)
        {
            None => Ok(()),
            Some((what, actual, limit)) => Err(Error::Limit {
                what,
                actual,
                limit,
                place: self.place(),
            }),
        }
    }

    /// Where the current operator stands.
    pub(super) fn place(&self) -> Place {
        let name = &self.module.functions[self.index as usize].name;
        Place {
            function: Some((self.index, name.clone())),
            offset: self.offset,
        }
    }

    /// Takes the topmost value.
    ///
    /// The validator accepted the operator, so the value is there: a missing one is a bug that
    /// must not go on.
    pub(super) fn pop(&mut self) -> Value {
        self.stack.pop().expect("validated operand")
    }

    /// Takes the two topmost values, the lower one first.
    pub(super) fn pop2(&mut self) -> (Value, Value) {
        let upper = self.pop();
        (self.pop(), upper)
    }

    /// Takes the `count` topmost values, the lowest first.
    pub(super) fn pop_many(&mut self, count: usize) -> Vec<Value> {
        self.stack.split_off(self.stack.len() - count)
    }

    /// The topmost value.
    pub(super) fn top(&self) -> Value {
        self.peek_many(1)[0]
    }

    /// The `count` topmost values, the lowest first.
    pub(super) fn peek_many(&self, count: usize) -> &[Value] {
        &self.stack[self.stack.len() - count..]
    }

    /// Takes a value that is asked only whether it is zero: the flag itself, where the value is
    /// an extended comparison.
    pub(super) fn pop_condition(&mut self) -> Value {
        let value = self.pop();
        match self.definition(value) {
            Some(ir::InstructionData::Unary {
                opcode: ir::Opcode::Uextend,
                arg,
            }) => arg,
            _ => value,
        }
    }

    /// The constant that a value is, if it is one.
    pub(super) fn constant(&self, value: Value) -> Option<u32> {
        match self.definition(value)? {
            ir::InstructionData::UnaryImm {
                opcode: ir::Opcode::Iconst,
                imm,
            } => Some(imm.bits() as u32),
            _ => None,
        }
    }

    fn definition(&self, value: Value) -> Option<ir::InstructionData> {
        let dfg = &self.builder.func.dfg;
        match dfg.value_def(value) {
            ValueDef::Result(inst, _) => Some(dfg.insts[inst]),
            _ => None,
        }
    }

    /// A constant of any type, from its bits.
    pub(super) fn constant_of(&mut self, ty: Type, bits: u64) -> Value {
        match ty {
            types::F32 => self.builder.ins().f32const(Ieee32::with_bits(bits as u32)),
            types::F64 => self.builder.ins().f64const(Ieee64::with_bits(bits)),
            _ => self.builder.ins().iconst(ty, bits as i64),
        }
    }

    /// An i32 constant.
    pub(super) fn word(&mut self, value: u32) -> Value {
        self.builder.ins().iconst(types::I32, i64::from(value))
    }

    /// Ends the block: what follows is not reachable.
    pub(super) fn trap(&mut self, code: TrapCode) {
        self.builder.ins().trap(contract::trap(code));
        self.reachable = false;
    }

    /// The callee of a direct call.
    pub(super) fn callee(&mut self, function: u32) -> FuncRef {
        let type_number = self.module.functions[function as usize].type_number;
        let signature = self.signature_ref(type_number);
        self.import(UserExternalName::new(FUNCTIONS, function), signature)
    }

    /// What calls functions of this type of other instances.
    pub(super) fn bridge(&mut self, type_number: u32) -> FuncRef {
        let signature = link::bridge_signature(self.module, type_number);
        let signature = self.builder.import_signature(signature);
        self.import(UserExternalName::new(BRIDGES, type_number), signature)
    }

    /// A builtin as a callee.
    pub(super) fn builtin(&mut self, builtin: Builtin) -> FuncRef {
        let signature = self.builder.import_signature(builtin.signature());
        self.import(UserExternalName::new(BUILTINS, builtin as u32), signature)
    }

    fn import(&mut self, name: UserExternalName, signature: SigRef) -> FuncRef {
        if let Some(&callee) = self.callees.get(&name) {
            return callee;
        }
        let callee = declare(&mut self.builder, name.clone(), signature);
        self.callees.insert(name, callee);
        callee
    }

    /// The signature with this type number.
    pub(super) fn signature_ref(&mut self, type_number: u32) -> SigRef {
        if let Some(&known) = self.signatures.get(&type_number) {
            return known;
        }
        let signature = support::clif_signature(&self.module.types[type_number as usize]);
        let reference = self.builder.import_signature(signature);
        self.signatures.insert(type_number, reference);
        reference
    }
}

/// Declares a function of the text that `builder` is about to call.
pub(super) fn declare(
    builder: &mut FunctionBuilder<'_>,
    name: UserExternalName,
    signature: SigRef,
) -> FuncRef {
    let reference = builder.func.declare_imported_user_function(name);
    builder.import_function(ExtFuncData {
        name: ExternalName::user(reference),
        signature,
        colocated: true,
        patchable: false,
    })
}

/// Emits the address that a pinned register holds.
pub(super) fn symbol(builder: &mut FunctionBuilder<'_>, symbol: Symbol) -> Value {
    address(builder, UserExternalName::new(SYMBOLS, symbol as u32))
}

/// Emits an address that has a name.
pub(super) fn address(builder: &mut FunctionBuilder<'_>, name: UserExternalName) -> Value {
    let reference = builder.func.declare_imported_user_function(name);
    let global = builder.create_global_value(GlobalValueData::Symbol {
        name: ExternalName::user(reference),
        offset: 0.into(),
        colocated: true,
        tls: false,
    });
    builder.ins().symbol_value(types::I32, global)
}
