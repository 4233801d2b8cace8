//! One loop: its accesses, their places in it, and what is left when it ends.
//!
//! ```text
//!   start the counter, the pointers                      so that the last access is near an end
//!   loop   accesses ─ test ─ accesses ─ count            or the test on top, or at the bottom
//!   mix counter, pointers and what was loaded into the result
//! ```

use arbitrary::{Result, Unstructured};
use wasm_encoder::{BlockType, Function, Instruction, MemArg, MemArgTarget, ValType};

use super::count::{Count, Place};
use super::{CHANGE, HOST, PARAMS, Plan, RESULT, ZEROS};

/// Local with what was loaded so far, mixed.
pub(super) const MIXED: u32 = PARAMS;
/// Local with the word that was computed last.
pub(super) const LATEST: u32 = PARAMS + 1;
/// The first local that belongs to one loop.
const FIRST_OWN: u32 = PARAMS + 2;

/// Loops in one function, those in others included.
const MOST_LOOPS: u32 = 3;
/// How deep loops stand in each other.
pub(super) const DEEPEST: u32 = 3;

pub(super) type Access = fn(MemArg) -> Instruction<'static>;

pub(super) const LOADS: [(Access, u32); 5] = [
    (Instruction::I32Load, 4),
    (Instruction::I32Load8U, 1),
    (Instruction::I32Load16U, 2),
    (Instruction::I32Load8S, 1),
    (Instruction::I32Load16S, 2),
];

pub(super) const STORES: [(Access, u32); 3] = [
    (Instruction::I32Store, 4),
    (Instruction::I32Store8, 1),
    (Instruction::I32Store16, 2),
];

/// A pointer with steps of its own, or an expression of the counter.
#[derive(Clone, Copy)]
enum Index {
    /// `local`, which makes this step in every round.
    Pointer { local: u32, step: u32 },
    /// `base + counter * factor`.
    Scaled { base: u32, factor: i32 },
    /// `base + (mixed & mask) * size`: somewhere in a table.
    Table { base: u32, mask: u32, size: u32 },
    /// `base`, in every round.
    Fixed { base: u32 },
    /// `local + counter`: a parameter of the function, or where another pointer has got to.
    Beyond { local: u32 },
}

/// An index, with how far it gets in the loop: for the addresses of accesses.
#[derive(Clone, Copy)]
struct Array {
    index: Index,
    /// Lowest and highest index on the whole way, from the index in the first round.
    lowest: i64,
    highest: i64,
}

/// A loop that is being written.
struct Walk {
    count: Count,
    /// Rounds of what comes before the test, if they are few.
    rounds: u32,
    counter: u32,
    /// Local that ends the loop if nothing else does.
    fuel: Option<u32>,
    /// Whether all it does is to load.
    pure: bool,
    arrays: Vec<Array>,
}

/// A function body that is being made.
pub(super) struct Body<'p, 'u, 'b> {
    pub(super) plan: &'p Plan,
    pub(super) u: &'u mut Unstructured<'b>,
    code: Vec<Instruction<'static>>,
    /// Locals so far.
    locals: u32,
    /// Loops so far.
    loops: u32,
    /// A pointer that an earlier loop, or one around, left somewhere.
    pointer: Option<u32>,
}

impl Body<'_, '_, '_> {
    pub(super) fn generate(plan: &Plan, u: &mut Unstructured<'_>) -> Result<Function> {
        let mut body = Body {
            plan,
            u,
            code: Vec::new(),
            locals: FIRST_OWN,
            loops: 0,
            pointer: None,
        };
        let loops = body.u.int_in_range(1..=2)?;
        for _ in 0..loops {
            body.nest(1)?;
        }
        let mut function = Function::new([(body.locals - PARAMS, ValType::I32)]);
        for instruction in &body.code {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        Ok(function)
    }

    pub(super) fn emit(&mut self, instructions: impl IntoIterator<Item = Instruction<'static>>) {
        self.code.extend(instructions);
    }

    pub(super) fn local(&mut self) -> u32 {
        self.locals += 1;
        self.locals - 1
    }

    /// A word that a compiler knows, or half of, or does not know.
    pub(super) fn word(&mut self, value: u32) -> Result<()> {
        let constant = Instruction::I32Const(value.cast_signed());
        let zero = Instruction::GlobalGet(self.u.int_in_range(0..=ZEROS - 1)?);
        match self.u.int_in_range(0..=5)? {
            0 | 1 => self.emit([constant]),
            2 => self.emit([zero, constant, Instruction::I32Add]),
            3 | 4 => self.emit([zero, constant, Instruction::I32Xor]),
            // At most 255 more, and nobody knows that it is none.
            _ => self.emit([
                zero,
                Instruction::I32Const(0xff),
                Instruction::I32And,
                constant,
                Instruction::I32Add,
            ]),
        }
        Ok(())
    }

    /// Whether there may be one loop more.
    pub(super) fn count_loop(&mut self) -> bool {
        let is_one_more = self.loops < MOST_LOOPS;
        self.loops += u32::from(is_one_more);
        is_one_more
    }

    /// A loop of either kind, at this depth.
    pub(super) fn nest(&mut self, depth: u32) -> Result<()> {
        match self.u.ratio(2, 5)? {
            true => self.roam(depth),
            false => self.walk(depth),
        }
    }

    /// A loop that counts, at this depth.
    fn walk(&mut self, depth: u32) -> Result<()> {
        if !self.count_loop() {
            return Ok(());
        }
        let count = Count::choose(self.u)?;
        let pure = self.u.ratio(1, 2)?;
        let from_parameter = !pure && self.u.ratio(1, 12)?;
        let rounds = count.rounds();
        let needs_fuel = rounds.is_none() || from_parameter || !pure && self.u.ratio(1, 4)?;
        let mut walk = Walk {
            rounds: rounds.unwrap_or(6),
            counter: self.local(),
            fuel: needs_fuel.then(|| self.local()),
            pure,
            arrays: Vec::new(),
            count,
        };
        self.word(count.start)?;
        self.emit([Instruction::LocalSet(walk.counter)]);
        if let Some(fuel) = walk.fuel {
            self.emit([Instruction::I32Const(-1), Instruction::LocalSet(fuel)]);
        }
        // Computed before the loop, or in each of its rounds.
        let bound = self.u.ratio(2, 3)?.then(|| self.local());
        if let Some(bound) = bound {
            if from_parameter {
                self.emit([Instruction::LocalGet(1)]);
            } else {
                self.word(count.bound)?;
            }
            self.emit([Instruction::LocalSet(bound)]);
        }
        for _ in 0..self.u.int_in_range(1..=3)? {
            let array = self.array(&walk)?;
            walk.arrays.push(array);
        }
        self.emit([
            Instruction::Block(BlockType::Empty),
            Instruction::Loop(BlockType::Empty),
        ]);
        match walk.count.place {
            Place::Top => {
                self.test(&walk, bound)?;
                self.part(&walk, depth)?;
                self.step(&walk);
                self.emit([Instruction::Br(0)]);
            }
            Place::Middle => {
                self.part(&walk, depth)?;
                self.test(&walk, bound)?;
                self.part(&walk, depth)?;
                self.step(&walk);
                self.emit([Instruction::Br(0)]);
            }
            Place::Bottom => {
                self.part(&walk, depth)?;
                self.step(&walk);
                self.test(&walk, bound)?;
            }
        }
        self.emit([Instruction::End, Instruction::End]);
        let pointers = walk.arrays.iter().filter_map(|array| match array.index {
            Index::Pointer { local, .. } => Some(local),
            _ => None,
        });
        let left: Vec<u32> = pointers.chain([walk.counter]).collect();
        self.leave(&left);
        Ok(())
    }

    /// Ends the loop, or lets it go on.
    fn test(&mut self, walk: &Walk, bound: Option<u32>) -> Result<()> {
        if let Some(fuel) = walk.fuel {
            self.burn(fuel, 1);
        }
        let at_bottom = walk.count.place == Place::Bottom;
        let goes_on = walk.count.comparison;
        let comparison = match at_bottom {
            true => goes_on,
            false => goes_on.complement(),
        };
        let swapped = self.u.ratio(1, 4)?;
        for is_bound in [swapped, !swapped] {
            match (is_bound, bound) {
                (false, _) => self.emit([Instruction::LocalGet(walk.counter)]),
                (true, Some(bound)) => self.emit([Instruction::LocalGet(bound)]),
                (true, None) => self.word(walk.count.bound)?,
            }
        }
        let comparison = if swapped {
            comparison.swapped()
        } else {
            comparison
        };
        self.emit([comparison.instruction()]);
        let turned = self.u.ratio(1, 6)?;
        if turned {
            self.emit([Instruction::I32Eqz, Instruction::I32Eqz]);
        }
        self.emit([Instruction::BrIf(u32::from(!at_bottom))]);
        Ok(())
    }

    /// Counts, and moves the pointers.
    fn step(&mut self, walk: &Walk) {
        let pointers = walk.arrays.iter().filter_map(|array| match array.index {
            Index::Pointer { local, step } => Some((local, step)),
            _ => None,
        });
        let counter = (walk.counter, walk.count.step);
        for (local, step) in pointers.chain([counter]) {
            self.add(local, step.cast_signed());
        }
    }

    /// Something to go through, and what points to its beginning.
    fn array(&mut self, walk: &Walk) -> Result<Array> {
        let start = walk.count.start;
        // What comes behind the test is not there in the last round.
        let without = match walk.count.place {
            Place::Bottom => 1,
            Place::Top => 2,
            Place::Middle => self.u.int_in_range(1..=2)?,
        };
        let last = i64::from(walk.rounds.max(without) - without);
        let way = |step: u32| i64::from(step.cast_signed()) * last;
        let kind = self.u.int_in_range(0..=11)?;
        let (index, far) = match kind {
            0..=4 => {
                let step = match self.u.int_in_range(0..=4)? {
                    0..=2 => walk.count.step,
                    _ => self
                        .u
                        .choose(&[1i32, 4, 8, -1, -4, 2, 3, 12, -16])?
                        .cast_unsigned(),
                };
                let local = self.local();
                (Index::Pointer { local, step }, way(step))
            }
            5..=8 => {
                let factor = *self.u.choose(&[1i32, 4, 2, 8, -1, 3, -4, 12])?;
                let step = walk.count.step.wrapping_mul(factor.cast_unsigned());
                (Index::Scaled { base: 0, factor }, way(step))
            }
            9 => {
                let mask = *self.u.choose(&[0xff, 7, 0x3f, 1])?;
                let size = *self.u.choose(&[1, 4, 2, 12])?;
                let index = Index::Table {
                    base: 0,
                    mask,
                    size,
                };
                (index, i64::from(mask * size))
            }
            10 => (Index::Fixed { base: 0 }, 0),
            _ => {
                let parameter = self.u.int_in_range(0..=PARAMS - 1)?;
                let from_outside = self.u.ratio(1, 4)?;
                let local = match self.pointer {
                    Some(pointer) if !from_outside => pointer,
                    _ => parameter,
                };
                (Index::Beyond { local }, way(walk.count.step))
            }
        };
        let (index, far) = match index {
            // Larger than the memory: nearly always a trap in the first round.
            Index::Pointer { .. } | Index::Scaled { .. }
                if far.unsigned_abs() > self.plan.bytes().into() && self.u.ratio(9, 10)? =>
            {
                let local = self.local();
                (Index::Pointer { local, step: 1 }, way(1))
            }
            other => (other, far),
        };
        let mut array = Array {
            index,
            lowest: far.min(0),
            highest: far.max(0),
        };
        // The index of the first round, and from it the base.
        let first = self.first(&array)?;
        match &mut array.index {
            Index::Pointer { local, .. } => {
                let local = *local;
                self.start(first)?;
                self.emit([Instruction::LocalSet(local)]);
                if self.u.ratio(1, 2)? {
                    self.pointer = Some(local);
                }
            }
            Index::Scaled { base, factor } => {
                *base = first.wrapping_sub(start.wrapping_mul(factor.cast_unsigned()));
            }
            Index::Table { base, .. } | Index::Fixed { base } => *base = first,
            Index::Beyond { .. } => {}
        }
        Ok(array)
    }

    /// Where an array begins, as a word: sometimes counted from what the memory's size is then.
    fn start(&mut self, first: u32) -> Result<()> {
        if self.plan.grows() && self.u.ratio(1, 3)? {
            let below = first.wrapping_sub(self.plan.bytes());
            self.emit([
                Instruction::MemorySize(0),
                Instruction::I32Const(self.plan.page_size_log2 as i32),
                Instruction::I32Shl,
                Instruction::I32Const(below.cast_signed()),
                Instruction::I32Add,
            ]);
            return Ok(());
        }
        self.word(first)
    }

    /// The index of the first round such that the way ends near an end of the memory.
    fn first(&mut self, array: &Array) -> Result<u32> {
        let size = i64::from(self.plan.bytes());
        let slip = match self.u.int_in_range(0..=9)? {
            // A table need not be all there if nobody looks up its end.
            0..=4 if matches!(array.index, Index::Table { .. }) => {
                self.u.int_in_range(-array.highest.min(0x100)..=0)?
            }
            // What is done before the first round fails remains.
            0..=4 if matches!(array.index, Index::Fixed { .. }) => self.u.int_in_range(-6..=1)?,
            0..=2 => self.u.int_in_range(0..=4)?,
            3..=6 => self.u.int_in_range(4..=16)?,
            7 | 8 => self.u.int_in_range(16..=60)?,
            _ => self.u.int_in_range(-6..=1)?,
        };
        Ok(match self.u.int_in_range(0..=9)? {
            0..=6 => size - 1 - slip - array.highest,
            7 | 8 => slip - array.lowest,
            _ => size / 2,
        } as u32)
    }

    /// Leaves the index of an access, in this round.
    fn index(&mut self, walk: &Walk, index: Index) -> Result<()> {
        match index {
            Index::Pointer { local, .. } => self.emit([Instruction::LocalGet(local)]),
            Index::Scaled { base, factor } => {
                let turned = self.u.ratio(1, 3)?;
                if turned {
                    self.word(base)?;
                }
                self.emit([Instruction::LocalGet(walk.counter)]);
                match factor {
                    1 => {}
                    2 | 4 | 8 => {
                        let by = factor.ilog2().cast_signed();
                        self.emit([Instruction::I32Const(by), Instruction::I32Shl]);
                    }
                    _ => self.emit([Instruction::I32Const(factor), Instruction::I32Mul]),
                }
                if !turned {
                    self.word(base)?;
                }
                self.emit([Instruction::I32Add]);
            }
            Index::Table { base, mask, size } => {
                self.emit([
                    Instruction::LocalGet(MIXED),
                    Instruction::I32Const(mask.cast_signed()),
                    Instruction::I32And,
                    Instruction::I32Const(size.cast_signed()),
                    Instruction::I32Mul,
                ]);
                self.word(base)?;
                self.emit([Instruction::I32Add]);
            }
            Index::Fixed { base } => self.word(base)?,
            Index::Beyond { local } => self.emit([
                Instruction::LocalGet(local),
                Instruction::LocalGet(walk.counter),
                Instruction::I32Add,
            ]),
        }
        Ok(())
    }

    /// A part of a loop: some accesses, and what else may happen there.
    fn part(&mut self, walk: &Walk, depth: u32) -> Result<()> {
        for _ in 0..self.u.int_in_range(1..=2)? {
            // Mostly the first, so that its accesses are in several places.
            let array = match self.u.ratio(1, 2)? {
                true => *self.u.choose(&walk.arrays)?,
                false => walk.arrays[0],
            };
            let conditional = self.u.ratio(1, 8)?;
            if conditional {
                self.emit([
                    Instruction::LocalGet(MIXED),
                    Instruction::I32Const(1),
                    Instruction::I32And,
                    Instruction::If(BlockType::Empty),
                ]);
            }
            self.access(walk, &array)?;
            if conditional {
                self.emit([Instruction::End]);
            }
        }
        match self.u.int_in_range(0..=9)? {
            0 if depth < DEEPEST => self.nest(depth + 1)?,
            2 if !walk.pure => {
                let function = *self.u.choose(&[CHANGE, CHANGE, HOST])?;
                self.emit([
                    Instruction::LocalGet(MIXED),
                    Instruction::Call(function),
                    Instruction::LocalSet(LATEST),
                ]);
            }
            3 | 4 if !walk.pure => self.another_way(walk)?,
            5..=7 if !walk.pure && walk.fuel.is_some() => self.another_way(walk)?,
            8 => self.emit([
                Instruction::LocalGet(MIXED),
                Instruction::LocalGet(walk.counter),
                Instruction::I32Sub,
                Instruction::LocalSet(LATEST),
            ]),
            _ => {}
        }
        Ok(())
    }

    /// A second exit, or a second way back.
    fn another_way(&mut self, walk: &Walk) -> Result<()> {
        let from_test = walk.count.place == Place::Top;
        // A way back that leaves the test out may never end.
        let may_return = from_test || walk.fuel.is_some();
        let returns = may_return && self.u.ratio(2, 3)?;
        // Back often, since the rounds without a test are to be the last ones.
        let masks = if returns { [1, 3, 1] } else { [3, 7, 15] };
        let mask = *self.u.choose(&masks)?;
        self.emit([
            Instruction::LocalGet(MIXED),
            Instruction::I32Const(mask),
            Instruction::I32And,
            Instruction::I32Eqz,
        ]);
        if !returns {
            self.emit([Instruction::BrIf(1)]);
            return Ok(());
        }
        self.emit([Instruction::If(BlockType::Empty)]);
        if let (false, Some(fuel)) = (from_test, walk.fuel) {
            self.burn(fuel, 2);
        }
        self.step(walk);
        if self.u.ratio(1, 2)? {
            // Further than on the usual way.
            let pointers = walk.arrays.iter().filter_map(|array| match array.index {
                Index::Pointer { local, .. } => Some(local),
                _ => None,
            });
            for local in pointers.collect::<Vec<_>>() {
                let more = self.u.int_in_range(-4..=4)?;
                self.add(local, more);
            }
        }
        self.emit([Instruction::Br(1), Instruction::End]);
        Ok(())
    }

    /// Ends a loop after 32 rounds by a count that is no sum; `depth` is the loop's exit.
    pub(super) fn burn(&mut self, fuel: u32, depth: u32) {
        self.emit([
            Instruction::LocalGet(fuel),
            Instruction::I32Const(1),
            Instruction::I32ShrU,
            Instruction::LocalTee(fuel),
            Instruction::I32Eqz,
            Instruction::BrIf(depth),
        ]);
    }

    fn add(&mut self, local: u32, more: i32) {
        self.emit([
            Instruction::LocalGet(local),
            Instruction::I32Const(more),
            Instruction::I32Add,
            Instruction::LocalSet(local),
        ]);
    }

    fn access(&mut self, walk: &Walk, array: &Array) -> Result<()> {
        let stores = !walk.pure && self.u.ratio(1, 3)?;
        let (access, width) = match stores {
            true => *self.u.choose(&STORES)?,
            false => *self.u.choose(&LOADS)?,
        };
        // Near what the array was laid for, in the access and in the index.
        let offset: u64 = match self.u.int_in_range(0..=11)? {
            0..=6 => 0,
            7..=10 => self.u.int_in_range(0..=8)?,
            _ => self.u.int_in_range(0..=60)?,
        };
        let added = match self.u.int_in_range(0..=6)? {
            0..=5 => 0,
            _ => self.u.int_in_range(-12..=8)?,
        };
        self.index(walk, array.index)?;
        if added != 0 {
            self.emit([Instruction::I32Const(added), Instruction::I32Add]);
        }
        let memarg = MemArg {
            offset,
            align: self.u.int_in_range(0..=u32::ilog2(width))?,
            target: MemArgTarget::Memory(0),
            ordering: None,
        };
        if stores {
            self.emit([Instruction::LocalGet(MIXED), access(memarg)]);
            return Ok(());
        }
        self.emit([access(memarg)]);
        self.mix()
    }

    /// Mixes a loaded word in.
    pub(super) fn mix(&mut self) -> Result<()> {
        if self.u.ratio(1, 2)? {
            self.emit([Instruction::LocalTee(LATEST)]);
        }
        self.emit([
            Instruction::LocalGet(MIXED),
            Instruction::I32Const(7),
            Instruction::I32Rotl,
            Instruction::I32Add,
            Instruction::LocalSet(MIXED),
        ]);
        Ok(())
    }

    /// Mixes what a loop leaves into the result.
    pub(super) fn leave(&mut self, locals: &[u32]) {
        self.emit([Instruction::GlobalGet(RESULT)]);
        for &local in locals.iter().chain(&[MIXED, LATEST]) {
            self.emit([
                Instruction::I32Const(33),
                Instruction::I32Mul,
                Instruction::LocalGet(local),
                Instruction::I32Add,
            ]);
        }
        self.emit([Instruction::GlobalSet(RESULT)]);
    }
}
