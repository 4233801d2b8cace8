//! Blocks, branches and the end of reachability.
//!
//! A construct gets a block of its own for its end only if some branch goes there: what is merely
//! fallen through to stays in the current block, since no later pass merges blocks.

use cranelift_codegen::ir::{Block, BlockArg, Inst, InstBuilder, JumpTableData, Type, Value};
use wasm2mcu_abi::trap::TrapCode;
use wasmparser::{BlockType, BrTable, Operator};

use super::super::function::Translator;
use super::super::support;
use crate::error::Result;

/// An open construct.
pub(in super::super) struct Frame {
    kind: Kind,
    /// Values on the stack below the construct's parameters.
    height: usize,
    parameters: Vec<Type>,
    /// Values that the construct leaves.
    results: usize,
    /// Block of the code behind the construct; its parameters are the results.
    end: Block,
    /// Whether some branch goes to `end`.
    end_reached: bool,
}

enum Kind {
    /// The function's body, a `block`, or an `if` behind its `else`.
    Plain,
    Loop {
        header: Block,
    },
    /// An `if` before its `else`.
    If {
        branch: Inst,
        /// Where the branch goes on zero: to `end` itself as long as an `else` may be missing.
        otherwise: Block,
    },
}

impl Translator<'_> {
    /// Translates `op` if it is a control operator.
    pub(super) fn control(&mut self, op: &Operator<'_>) -> Result<bool> {
        match op {
            Operator::Nop => {}
            Operator::Unreachable => self.trap(TrapCode::Unreachable),
            Operator::Block { blockty } => {
                let (parameters, results) = self.block_types(*blockty)?;
                self.open(Kind::Plain, parameters, &results);
            }
            Operator::Loop { blockty } => {
                let (parameters, results) = self.block_types(*blockty)?;
                let header = self.block_with(&parameters);
                let args = self.pop_many(parameters.len());
                self.builder.ins().jump(header, &block_args(&args));
                self.builder.switch_to_block(header);
                self.stack.extend(self.builder.block_params(header));
                self.open(Kind::Loop { header }, parameters, &results);
            }
            Operator::If { blockty } => self.open_if(*blockty)?,
            Operator::Else => self.open_else(),
            Operator::End => self.close(),
            Operator::Br { relative_depth } => self.branch(*relative_depth),
            Operator::BrIf { relative_depth } => self.branch_if(*relative_depth),
            Operator::BrTable { targets } => self.branch_table(targets)?,
            Operator::Return => self.return_results(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Follows the nesting of constructs through unreachable code.
    pub(super) fn skip(&mut self, op: &Operator<'_>) {
        match op {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.skipped += 1;
            }
            Operator::End if self.skipped > 0 => self.skipped -= 1,
            Operator::End => self.close(),
            Operator::Else if self.skipped == 0 => self.open_else(),
            _ => {}
        }
    }

    /// Opens the construct that is the function itself.
    pub(in super::super) fn open_function(&mut self, results: &[Type]) {
        self.open(Kind::Plain, Vec::new(), results);
    }

    fn open(&mut self, kind: Kind, parameters: Vec<Type>, results: &[Type]) {
        let end = self.block_with(results);
        self.frames.push(Frame {
            kind,
            height: self.stack.len() - parameters.len(),
            parameters,
            results: results.len(),
            end,
            end_reached: false,
        });
    }

    fn open_if(&mut self, ty: BlockType) -> Result<()> {
        let (parameters, results) = self.block_types(ty)?;
        let condition = self.pop_condition();
        let then = self.builder.create_block();
        let end = self.block_with(&results);
        // Without an `else`, the parameters are the results.
        let otherwise = if parameters == results {
            end
        } else {
            self.block_with(&parameters)
        };
        let args = block_args(self.peek_many(parameters.len()));
        let branch = self
            .builder
            .ins()
            .brif(condition, then, &[], otherwise, &args);
        self.builder.seal_block(then);
        self.builder.switch_to_block(then);
        self.frames.push(Frame {
            kind: Kind::If { branch, otherwise },
            height: self.stack.len() - parameters.len(),
            parameters,
            results: results.len(),
            end,
            end_reached: false,
        });
        Ok(())
    }

    fn open_else(&mut self) {
        let Some(mut frame) = self.frames.pop() else {
            return;
        };
        if self.reachable {
            self.jump_to_end(&mut frame);
        }
        if let Kind::If { branch, otherwise } = frame.kind {
            let mut block = otherwise;
            if block == frame.end {
                block = self.block_with(&frame.parameters);
                self.builder
                    .change_jump_destination(branch, frame.end, block);
            }
            self.builder.seal_block(block);
            self.builder.switch_to_block(block);
            self.stack.truncate(frame.height);
            self.stack.extend(self.builder.block_params(block));
            self.reachable = true;
        }
        frame.kind = Kind::Plain;
        self.frames.push(frame);
    }

    fn close(&mut self) {
        let Some(mut frame) = self.frames.pop() else {
            return;
        };
        match frame.kind {
            Kind::Loop { header } => self.builder.seal_block(header),
            // No `else` was seen, so zero goes to the end.
            Kind::If { .. } => frame.end_reached = true,
            Kind::Plain => {}
        }
        if frame.end_reached {
            if self.reachable {
                self.jump_to_end(&mut frame);
            }
            self.builder.seal_block(frame.end);
            self.builder.switch_to_block(frame.end);
            self.stack.truncate(frame.height);
            self.stack.extend(self.builder.block_params(frame.end));
            self.reachable = true;
        } else if !self.reachable {
            self.stack.truncate(frame.height);
        }
        if self.frames.is_empty() && self.reachable {
            self.return_results();
        }
    }

    fn jump_to_end(&mut self, frame: &mut Frame) {
        let args = block_args(self.peek_many(frame.results));
        self.builder.ins().jump(frame.end, &args);
        frame.end_reached = true;
    }

    fn branch(&mut self, depth: u32) {
        if depth as usize + 1 == self.frames.len() {
            return self.return_results();
        }
        let (target, args) = self.target(depth);
        self.builder.ins().jump(target, &args);
        self.reachable = false;
    }

    fn branch_if(&mut self, depth: u32) {
        let condition = self.pop_condition();
        let (target, args) = self.target(depth);
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, target, &args, next, &[]);
        self.builder.seal_block(next);
        self.builder.switch_to_block(next);
    }

    fn branch_table(&mut self, table: &BrTable<'_>) -> Result<()> {
        let index = self.pop();
        if table.is_empty() {
            self.branch(table.default());
            return Ok(());
        }
        let call = |translator: &mut Self, depth| {
            let (target, args) = translator.target(depth);
            let pool = &mut translator.builder.func.dfg.value_lists;
            cranelift_codegen::ir::BlockCall::new(target, args, pool)
        };
        let default = call(self, table.default());
        let mut calls = Vec::with_capacity(table.len() as usize);
        for depth in table.targets() {
            calls.push(call(self, depth?));
        }
        let jumps = JumpTableData::new(default, &calls);
        let jumps = self.builder.create_jump_table(jumps);
        self.builder.ins().br_table(index, jumps);
        self.reachable = false;
        Ok(())
    }

    fn return_results(&mut self) {
        let results = self.module.signature(self.index).results.len();
        let values = self.pop_many(results);
        self.builder.ins().return_(&values);
        self.reachable = false;
    }

    /// Block and arguments of a branch out of `depth` constructs; the arguments stay on the stack.
    fn target(&mut self, depth: u32) -> (Block, Vec<BlockArg>) {
        let position = self.frames.len() - 1 - depth as usize;
        let frame = &mut self.frames[position];
        // Not the blocks' own parameters: locals can add some to a loop's header.
        let (block, arguments) = match frame.kind {
            Kind::Loop { header } => {
                self.loop_branches += 1;
                (header, frame.parameters.len())
            }
            Kind::Plain | Kind::If { .. } => {
                frame.end_reached = true;
                (frame.end, frame.results)
            }
        };
        (block, block_args(self.peek_many(arguments)))
    }

    fn block_with(&mut self, parameters: &[Type]) -> Block {
        let block = self.builder.create_block();
        for &ty in parameters {
            self.builder.append_block_param(block, ty);
        }
        block
    }

    fn block_types(&self, ty: BlockType) -> Result<(Vec<Type>, Vec<Type>)> {
        match ty {
            BlockType::Empty => Ok((Vec::new(), Vec::new())),
            BlockType::Type(ty) => {
                let result = support::known(ty, &self.place())?;
                Ok((Vec::new(), vec![support::clif_type(result)]))
            }
            BlockType::FuncType(index) => {
                let number = self.module.type_numbers[index as usize];
                let signature = &self.module.types[number as usize];
                let types = |types: &[_]| types.iter().copied().map(support::clif_type).collect();
                Ok((types(&signature.params), types(&signature.results)))
            }
        }
    }
}

fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().copied().map(BlockArg::Value).collect()
}
