//! Addresses in loops: what does not change is computed before the loop, and what grows by a
//! constant becomes a pointer.
//!
//! WebAssembly has no addressing modes to speak of, so every access comes as a sum of its own:
//!
//! ```text
//!   loop(i):                              q = base + 4160          h = base + 9216
//!     load (base + (i + 4166))            loop(i, p = q + start):
//!     load (base + (i + 4164))      ─▶      load p+6
//!     load (base + (x << 2))+9216           load p+4
//!     i' = i + 8                            load (h + (x << 2))
//!                                           i' = i + 8; p' = p + 8
//! ```
//!
//! Addresses are sums modulo 2^32, in whatever order they are added up, so every access goes where
//! it went before; guards, which compare indices, are not touched. Nothing is moved but pure sums.
//!
//! Each access of a loop is taken apart ([`linear`]) into terms that the loop leaves alone, terms
//! that it counts with and others. A sum is rewritten only if the instructions that this
//! saves in each round outnumber those that it adds.

mod linear;
mod statics;

use std::collections::BTreeMap;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, types,
};
use cranelift_codegen::loop_analysis::Loop;
use rustc_hash::FxHashMap;

use super::dead::Uses;
use super::loops::{Induction, Loops, append_argument};
use super::lower::word_constant;
use linear::{Decomposer, Linear, MAX_SHIFT, Part, Term};

/// What the loads and stores of an instruction set add up by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressModes {
    /// A register plus a constant from this one, zero or less,
    pub min_offset: i32,
    /// to this one.
    pub max_offset: i32,
    /// A register plus another one. Where there is no such access, an instruction adds them.
    pub indexed: bool,
    /// By how many bits at most the register that is added is shifted to the left on the way.
    pub max_shift: u8,
}

impl AddressModes {
    /// Whether an access adds this constant by itself.
    fn reaches(self, offset: u32) -> bool {
        (self.min_offset..=self.max_offset).contains(&offset.cast_signed())
    }
}

/// Rewrites the addresses in every loop of a function without dead instructions, and the tests that
/// repeat the loops. Says whether there were any: values that only counted rounds for an address are
/// dead then.
pub(super) fn run(func: &mut Function, modes: AddressModes, loops: &Loops) -> bool {
    let uses = Uses::of(func);
    let mut accesses: FxHashMap<Loop, Vec<Access>> = FxHashMap::default();
    for block in func.layout.blocks() {
        let Some(innermost) = loops.innermost(block) else {
            continue;
        };
        if func.layout.is_cold(block) {
            continue;
        }
        let of_block = func.layout.block_insts(block);
        let of_block = of_block.filter_map(|inst| Access::of(func, inst, block));
        accesses.entry(innermost).or_default().extend(of_block);
    }
    let mut rewriter = Rewriter {
        func,
        modes,
        uses,
        loops,
        hoisted: FxHashMap::default(),
        changed: false,
    };
    for of in loops.inner_first() {
        if let Some(accesses) = accesses.remove(&of) {
            rewriter.pointers(of, &accesses);
            rewriter.hoist(of, &accesses);
        }
        if !rewriter.func.layout.is_cold(loops.shape(of).header) {
            rewriter.test(of);
        }
    }
    let changed = rewriter.changed;
    statics::run(func, modes, &loops.domtree) || changed
}

/// A load or store.
#[derive(Clone, Copy, Debug)]
struct Access {
    inst: Inst,
    block: Block,
}

impl Access {
    fn of(func: &Function, inst: Inst, block: Block) -> Option<Access> {
        match func.dfg.insts[inst] {
            InstructionData::Load { .. } | InstructionData::Store { .. } => {
                Some(Access { inst, block })
            }
            _ => None,
        }
    }

    /// Its address and offset.
    fn place(self, func: &Function) -> (Value, i32) {
        match func.dfg.insts[self.inst] {
            InstructionData::Load { arg, offset, .. } => (arg, offset.into()),
            InstructionData::Store { args, offset, .. } => (args[1], offset.into()),
            _ => unreachable!("an access is a load or a store"),
        }
    }

    /// Gives it another address and offset.
    fn move_to(self, func: &mut Function, to: Value, by: u32) {
        let by = Offset32::new(by as i32);
        match &mut func.dfg.insts[self.inst] {
            InstructionData::Load { arg, offset, .. } => (*arg, *offset) = (to, by),
            InstructionData::Store { args, offset, .. } => (args[1], *offset) = (to, by),
            _ => unreachable!("an access is a load or a store"),
        }
    }
}

/// An access with the sum that it goes to.
#[derive(Clone, Debug)]
struct Sum {
    access: Access,
    linear: Linear,
}

struct Rewriter<'f> {
    func: &'f mut Function,
    modes: AddressModes,
    uses: Uses,
    loops: &'f Loops,
    /// The sums that stand before a branch already.
    hoisted: FxHashMap<(Inst, Vec<Term>, u32), Value>,
    /// Whether anything is not what it was.
    changed: bool,
}

impl Rewriter<'_> {
    /// Turns addresses that the loop counts with into pointers, where several share one.
    fn pointers(&mut self, of: Loop, accesses: &[Access]) {
        let shape = self.loops.shape(of);
        let (Some(entry), Some(latch)) = (shape.entry, shape.latch) else {
            return;
        };
        for (terms, group) in self.grouped(of, accesses, MAX_SHIFT) {
            let inductions: Vec<Option<Induction>> =
                terms.iter().map(|term| self.induction(of, term)).collect();
            let known = |(term, counted): (&Term, &Option<Induction>)| {
                counted.is_some() || self.is_invariant(of, term)
            };
            let moves = inductions.iter().any(Option::is_some);
            if !moves || !terms.iter().zip(&inductions).all(known) {
                continue;
            }
            for window in self.windows(&group) {
                let first = window[0].linear.constant;
                let one_place = window.iter().all(|sum| sum.linear.constant == first);
                if one_place && self.modes.indexed || self.gain(window) < 2 {
                    continue;
                }
                let mut start = Linear {
                    terms: Vec::new(),
                    constant: first,
                };
                let mut step = 0u32;
                for (term, counted) in terms.iter().zip(&inductions) {
                    let Some(counted) = counted else {
                        start.terms.push(*term);
                        continue;
                    };
                    step = step.wrapping_add(term.times(counted.step));
                    match word_constant(self.func, counted.start) {
                        Some(k) => start.constant = start.constant.wrapping_add(term.times(k)),
                        None => start.terms.push(Term {
                            part: Part::Value(counted.start),
                            ..*term
                        }),
                    }
                }
                let start = self.sum_before(entry, &start);
                let pointer = self.func.dfg.append_block_param(shape.header, types::I32);
                append_argument(self.func, entry, shape.header, start);
                self.uses.add(start);
                let mut cursor = FuncCursor::new(self.func).at_inst(latch);
                cursor.use_srcloc(latch);
                let step = cursor.ins().iconst(types::I32, i64::from(step));
                let next = cursor.ins().iadd(pointer, step);
                append_argument(self.func, latch, shape.header, next);
                [pointer, step, next]
                    .into_iter()
                    .for_each(|value| self.uses.add(value));
                for sum in window {
                    let offset = sum.linear.constant.wrapping_sub(first);
                    self.redirect(sum.access, pointer, offset);
                }
            }
        }
    }

    /// Computes before the loop what does not change in it.
    fn hoist(&mut self, of: Loop, accesses: &[Access]) {
        for (terms, group) in self.grouped(of, accesses, self.modes.max_shift) {
            let (fixed, moving): (Vec<Term>, Vec<Term>) =
                terms.iter().partition(|term| self.is_invariant(of, term));
            let Some(home) = self.home(of, &fixed) else {
                continue;
            };
            match moving[..] {
                [] => {
                    for window in self.windows(&group) {
                        if self.gain(window) == 0 {
                            continue;
                        }
                        let first = window[0].linear.constant;
                        let anchor = self.hoisted(home, &fixed, first);
                        for sum in window {
                            let offset = sum.linear.constant.wrapping_sub(first);
                            self.redirect(sum.access, anchor, offset);
                        }
                    }
                }
                [index] if !index.negative => {
                    self.hoist_base(home, &fixed, index, &group);
                }
                _ => {}
            }
        }
    }

    /// Hoists what an index is added to.
    fn hoist_base(&mut self, home: Inst, fixed: &[Term], index: Term, group: &[Sum]) {
        let Part::Value(value) = index.part else {
            return;
        };
        let mut blocks: BTreeMap<Block, Vec<Sum>> = BTreeMap::new();
        for sum in group {
            blocks
                .entry(sum.access.block)
                .or_default()
                .push(sum.clone());
        }
        for sums in blocks.into_values() {
            for window in self.windows(&sums) {
                let first = window[0].linear.constant;
                let several = window.iter().any(|sum| sum.linear.constant != first);
                // An access adds the index by itself if it has nothing else to add.
                let shared = several || !self.modes.indexed;
                if self.gain(window) <= u32::from(shared) {
                    continue;
                }
                let base = self.hoisted(home, fixed, first);
                // The list is in the order of the constants, not of the text.
                let in_text = |sum: &&Sum| sum.access.inst;
                let layout = &self.func.layout;
                let top = window
                    .iter()
                    .min_by(|x, y| layout.pp_cmp(in_text(x), in_text(y)));
                let top = top.expect("windows are not empty").access.inst;
                let shared = shared.then(|| self.indexed(top, base, value, index.shift));
                for sum in window {
                    let address = shared
                        .unwrap_or_else(|| self.indexed(sum.access.inst, base, value, index.shift));
                    let offset = sum.linear.constant.wrapping_sub(first);
                    self.redirect(sum.access, address, offset);
                }
            }
        }
    }

    /// Tests what the next round would count with instead of what this one did, which is then dead.
    fn test(&mut self, of: Loop) {
        let Some(latch) = self.loops.shape(of).latch else {
            return;
        };
        let InstructionData::Brif { arg: test, .. } = self.func.dfg.insts[latch] else {
            return;
        };
        let Some(compare) = self.func.dfg.value_def(test).inst() else {
            return;
        };
        let InstructionData::IntCompare {
            cond: cond @ (IntCC::Equal | IntCC::NotEqual),
            args: [counted, bound],
            ..
        } = self.func.dfg.insts[compare]
        else {
            return;
        };
        let Some(induction) = self.loops.induction(self.func, of, counted) else {
            return;
        };
        if self.uses.count(test) != 1 {
            return;
        }
        let Some(bound) = word_constant(self.func, bound) else {
            return;
        };
        let mut cursor = FuncCursor::new(self.func).at_inst(latch);
        cursor.use_srcloc(compare);
        let bound = bound.wrapping_add(induction.step);
        let bound = cursor.ins().iconst(types::I32, i64::from(bound));
        let next = cursor.ins().icmp(cond, induction.next, bound);
        self.func.dfg.inst_args_mut(latch)[0] = next;
        self.changed = true;
        [induction.next, bound, next]
            .into_iter()
            .for_each(|value| self.uses.add(value));
        self.uses.release(self.func, test);
    }

    /// The accesses with what they go to, by the terms of that.
    fn grouped(
        &self,
        of: Loop,
        accesses: &[Access],
        max_shift: u8,
    ) -> BTreeMap<Vec<Term>, Vec<Sum>> {
        let decomposer = Decomposer {
            func: &*self.func,
            open: |block| self.loops.contains(of, block),
            max_shift,
        };
        let mut groups: BTreeMap<Vec<Term>, Vec<Sum>> = BTreeMap::new();
        for &access in accesses {
            let (address, offset) = access.place(self.func);
            let mut linear = decomposer.of(address);
            linear.constant = linear.constant.wrapping_add(offset as u32);
            let group = groups.entry(linear.terms.clone()).or_default();
            group.push(Sum { access, linear });
        }
        for group in groups.values_mut() {
            group.sort_by_key(|sum| sum.linear.constant as i32);
        }
        groups
    }

    /// The parts of a sorted list that one register reaches.
    fn windows<'s>(&self, sums: &'s [Sum]) -> Vec<&'s [Sum]> {
        let max_offset = self.modes.max_offset.cast_unsigned();
        let mut windows = Vec::new();
        let mut rest = sums;
        while let Some(first) = rest.first() {
            let distance = |sum: &Sum| sum.linear.constant.wrapping_sub(first.linear.constant);
            let reached = rest.partition_point(|sum| distance(sum) <= max_offset);
            let (window, behind) = rest.split_at(reached);
            windows.push(window);
            rest = behind;
        }
        windows
    }

    fn induction(&self, of: Loop, term: &Term) -> Option<Induction> {
        match term.part {
            Part::Value(value) => self.loops.induction(self.func, of, value),
            Part::Symbol(_) => None,
        }
    }

    fn is_invariant(&self, of: Loop, term: &Term) -> bool {
        match term.part {
            Part::Value(value) => self.loops.is_invariant(self.func, of, value),
            Part::Symbol(_) => true,
        }
    }

    /// The branch into the outermost loop around `of` that leaves all of these terms alone.
    fn home(&self, of: Loop, terms: &[Term]) -> Option<Inst> {
        let mut home = self.loops.shape(of).entry?;
        let mut outer = self.loops.parent(of);
        while let Some(around) = outer {
            let entry = self.loops.shape(around).entry;
            match entry.filter(|_| terms.iter().all(|term| self.is_invariant(around, term))) {
                Some(entry) => home = entry,
                None => break,
            }
            outer = self.loops.parent(around);
        }
        Some(home)
    }

    /// A sum, computed once before a branch.
    fn hoisted(&mut self, home: Inst, terms: &[Term], constant: u32) -> Value {
        let key = (home, terms.to_vec(), constant);
        if let Some(&sum) = self.hoisted.get(&key) {
            return sum;
        }
        let terms = terms.to_vec();
        let sum = self.sum_before(home, &Linear { terms, constant });
        self.hoisted.insert(key, sum);
        sum
    }

    /// Computes a sum before an instruction.
    fn sum_before(&mut self, inst: Inst, sum: &Linear) -> Value {
        let mut cursor = FuncCursor::new(self.func).at_inst(inst);
        cursor.use_srcloc(inst);
        let mut total = None;
        for term in &sum.terms {
            let value = match term.part {
                Part::Symbol(symbol) => cursor.ins().symbol_value(types::I32, symbol),
                Part::Value(value) => value,
            };
            let shifted = match term.shift {
                0 => value,
                by => {
                    let by = cursor.ins().iconst(types::I32, i64::from(by));
                    self.uses.add(value);
                    self.uses.add(by);
                    cursor.ins().ishl(value, by)
                }
            };
            total = Some(match total {
                None if term.negative => {
                    self.uses.add(shifted);
                    cursor.ins().ineg(shifted)
                }
                None => shifted,
                Some(total) => {
                    self.uses.add(total);
                    self.uses.add(shifted);
                    match term.negative {
                        true => cursor.ins().isub(total, shifted),
                        false => cursor.ins().iadd(total, shifted),
                    }
                }
            });
        }
        match total {
            Some(total) if sum.constant == 0 => total,
            _ => {
                let constant = cursor.ins().iconst(types::I32, i64::from(sum.constant));
                let Some(total) = total else {
                    return constant;
                };
                self.uses.add(total);
                self.uses.add(constant);
                cursor.ins().iadd(total, constant)
            }
        }
    }

    /// `base + (index << shift)` before an instruction.
    fn indexed(&mut self, inst: Inst, base: Value, index: Value, shift: u8) -> Value {
        let mut cursor = FuncCursor::new(self.func).at_inst(inst);
        cursor.use_srcloc(inst);
        self.uses.add(index);
        let shifted = match shift {
            0 => index,
            by => {
                let by = cursor.ins().iconst(types::I32, i64::from(by));
                self.uses.add(by);
                let shifted = cursor.ins().ishl(index, by);
                self.uses.add(shifted);
                shifted
            }
        };
        self.uses.add(base);
        cursor.ins().iadd(base, shifted)
    }

    /// Makes an access go to another address.
    fn redirect(&mut self, access: Access, to: Value, by: u32) {
        let (old, _) = access.place(self.func);
        access.move_to(self.func, to, by);
        self.changed = true;
        self.uses.add(to);
        self.uses.release(self.func, old);
    }

    /// How many instructions go away in a round of the loop if these accesses no longer read their
    /// addresses, beside those that an access does by itself.
    fn gain(&self, sums: &[Sum]) -> u32 {
        let mut dying = Dying {
            func: self.func,
            uses: &self.uses,
            modes: self.modes,
            terms: &sums[0].linear.terms,
            left: FxHashMap::default(),
            gain: 0,
        };
        for sum in sums {
            let (address, offset) = sum.access.place(self.func);
            dying.access(address, offset);
        }
        dying.gain
    }
}

/// Counts the instructions of sums that lose their last reader.
struct Dying<'f> {
    func: &'f Function,
    uses: &'f Uses,
    modes: AddressModes,
    /// What the sums are made of: it stays.
    terms: &'f [Term],
    left: FxHashMap<Value, u32>,
    gain: u32,
}

impl Dying<'_> {
    /// Whether `value` loses its last reader, and what defines it.
    fn release(&mut self, value: Value) -> Option<[Value; 2]> {
        if self
            .terms
            .iter()
            .any(|term| term.part == Part::Value(value))
        {
            return None;
        }
        let left = self.left.entry(value).or_insert(self.uses.count(value));
        *left = left.saturating_sub(1);
        if *left > 0 {
            return None;
        }
        let inst = self.func.dfg.value_def(value).inst()?;
        match self.func.dfg.insts[inst] {
            InstructionData::Binary {
                opcode: Opcode::Iadd | Opcode::Isub | Opcode::Ishl,
                args,
            } => Some(args),
            _ => None,
        }
    }

    fn access(&mut self, address: Value, offset: i32) {
        let modes = self.modes;
        if !modes.reaches(offset as u32) {
            self.gain += 1;
        }
        // An access adds one register or one constant by itself.
        let Some([x, y]) = self.release(address) else {
            return;
        };
        match word_constant(self.func, y) {
            Some(k) if modes.reaches(k.wrapping_add(offset as u32)) => {}
            Some(k) => self.gain += cost(k),
            None if offset == 0 && modes.indexed => {}
            None => self.gain += 1,
        }
        self.operand(x);
        self.operand(y);
    }

    fn operand(&mut self, value: Value) {
        let shifted = self.uses.count(value) == 1;
        let Some([x, y]) = self.release(value) else {
            return;
        };
        let inst = self.func.dfg.value_def(value).inst();
        let shift = inst.is_some_and(|inst| self.func.dfg.insts[inst].opcode() == Opcode::Ishl);
        match word_constant(self.func, y) {
            // Whoever adds a value shifts it as well.
            Some(by) if shift => {
                let free = shifted && by <= self.modes.max_shift.into();
                self.gain += u32::from(!free);
            }
            Some(k) => self.gain += cost(k),
            None => self.gain += 1,
        }
        self.operand(x);
        self.operand(y);
    }
}

/// How many instructions add a constant.
fn cost(constant: u32) -> u32 {
    let magnitude = (constant as i32).unsigned_abs();
    if magnitude < 4096 { 1 } else { 2 }
}
