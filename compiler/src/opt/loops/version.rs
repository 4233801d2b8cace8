//! Takes guards out of loops: checks before the loop stand for those of all iterations.
//!
//! ```text
//!   loop(p = p0):                           brif (icmp ugt p0, K), slow, next
//!     trapnz (icmp ugt p, K)              next:
//!     store p                               brif (icmp ugt end-4-p0, K-p0), slow, fast
//!     p' = iadd p, 4              ─▶      fast(p = p0):
//!     brif (icmp ne p', end), loop(p')      store p; p' = iadd p, 4
//!                                           brif (icmp ne p', end), fast(p'), …
//!                                         slow:  (cold, the loop as it was)
//! ```
//!
//! Guards whose indices differ by a constant make one *group*, which one check covers. What is known
//! of the checks decides what becomes of a group:
//!
//! * all of them hold: its guards go away;
//! * one of them does not: its guards stay;
//! * otherwise, the loop is **versioned** as above. The slow copy keeps every guard, so that a trap
//!   happens where and when it would have;
//! * or, where nobody could tell when it happens, it happens **early**: in a loop that has one exit,
//!   ends for sure, and neither stores nor calls nor traps otherwise, every guard that comes first
//!   in some iteration fails exactly if a check before the loop fails. This takes no second copy.
//!
//! The checks are those of the first and of the last iteration, with what `trips` says of how many
//! there are; between them an index moves in one direction without wrapping. The size of a memory
//! that grows is the one before the loop: it only gets larger.

use std::collections::BTreeMap;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, SourceLoc, Value,
};
use cranelift_codegen::loop_analysis::LoopAnalysis;
use wasm2mcu_abi::trap::TrapCode;

use super::super::recognize::{self, Limit};
use super::affine::{Affine, Counters, Sum, Values};
use super::bounded::{Bounded, Place};
use super::condition::{Condition, Expression, can_repeat};
use super::copy;
use super::invariant;
use super::shape::{Edges, Loop, loops};
use super::trips::{self, Trips, direction};
use crate::wasm::contract::trap;
use crate::wasm::module::Memory;

/// How much larger code may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Growth {
    /// Not at all.
    Nothing,
    /// Where loops become faster.
    Versions,
}

/// Loops with so many levels of loops inside are looked at.
const MAX_HEIGHT: u32 = 1;

/// The largest loop that gets a second copy, in instructions of CLIF.
const MAX_COPIED: usize = 400;

/// Copies in one function at most: each walks through the function.
const MAX_COPIES: u32 = 100;

/// How often a loop goes round that ends when it has done its work.
const ROUNDS: u64 = 8;

/// And one that ends as well when it has found something.
const ROUNDS_TO_A_FIND: u64 = 3;

/// Distances that are taken for the largest that they can be, if that is no larger: one check for all
/// arrays then, and the slow copy for those that end so near to the end of the memory.
const MAX_SMALL: u32 = 255;

/// A second copy of a loop has so many instructions for each guard that goes, at most.
const MAX_COPIED_FOR_ONE: usize = 40;

/// Checks before one loop at most.
const MAX_CHECKS: usize = 8;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Outcome {
    /// Loops that are so high.
    pub(in super::super) loops: usize,
    /// Guards that are no longer in hot loops.
    pub(in super::super) removed: u32,
    /// Whether the flow graph changed: analyses are stale then, and constant parameters may stand
    /// around.
    pub(in super::super) changed: bool,
}

/// Takes guards out of the loops that have `height` levels of loops inside, in a function with these
/// analyses.
pub(in super::super) fn run(
    func: &mut Function,
    domtree: &DominatorTree,
    analysis: &LoopAnalysis,
    memory: &Memory,
    growth: Growth,
    height: u32,
) -> Outcome {
    let mut found = loops(domtree, analysis, height);
    let outcome = Outcome {
        loops: found.len(),
        ..Outcome::default()
    };
    found.retain(|lp| !func.layout.is_cold(lp.header) && has_guards(func, lp, memory));
    if found.is_empty() {
        return outcome;
    }
    let mut pass = Pass {
        edges: Edges::of(func),
        func,
        domtree,
        memory,
        growth,
        copies: 0,
        outcome,
    };
    for lp in &found {
        pass.visit(lp);
    }
    pass.outcome
}

fn has_guards(func: &Function, lp: &Loop, memory: &Memory) -> bool {
    let blocks = lp.blocks.iter();
    let mut insts = blocks.flat_map(|&block| func.layout.block_insts(block));
    insts.any(|inst| recognize::guard(func, inst, memory.min_bytes).is_some())
}

/// How high the loops can be that [`run`] wants to see, one after the other.
pub(in super::super) fn heights() -> impl Iterator<Item = u32> {
    0..=MAX_HEIGHT
}

struct Pass<'a> {
    func: &'a mut Function,
    edges: Edges,
    domtree: &'a DominatorTree,
    memory: &'a Memory,
    growth: Growth,
    copies: u32,
    outcome: Outcome,
}

/// A guard in a loop: its index is `start + step·i + [0, spread] + factor·x`.
struct Guard {
    inst: Inst,
    block: Block,
    constant: u32,
    spread: u32,
    limit: Limit,
}

/// Guards whose indices have these terms, this step and this bounded part.
struct Group {
    terms: Vec<(Value, u32)>,
    step: u32,
    bounded: Option<Part>,
    guards: Vec<Guard>,
}

/// So many times a bounded value.
type Part = (u32, Bounded);

impl Group {
    /// Whether checks of the first and the last index fail only if a guard of some iteration does: an
    /// index that leaves the memory cannot get past the end of the numbers by one step, nor by what
    /// other indices of the group are apart from it.
    fn is_exact(&self, memory: &Memory) -> bool {
        let beyond_memory = u64::from(u32::MAX - memory.max_bytes);
        let offsets = self.guards.iter().map(|guard| guard.constant.cast_signed());
        let (low, high) = (offsets.clone().min(), offsets.max());
        let apart = high.zip(low).map_or(0, |(high, low)| high.abs_diff(low));
        u64::from(apart) <= beyond_memory
            && u64::from(direction(self.step).1) <= beyond_memory
            && self.bounded.is_none()
            && self.guards.iter().all(|guard| guard.spread == 0)
    }
}

/// Terms, step, factor of what is bounded and by what, and whether the limit is a number or the size:
/// those are not compared.
type Key = (Vec<(Value, u32)>, u32, Option<(u32, Sum)>, bool);

/// What a group asks for.
struct Plan {
    guards: Vec<Inst>,
    conditions: Vec<Condition>,
    /// Whether the conditions fail only if a guard does.
    exact: bool,
    /// How often the loop goes round, as far as one can guess.
    rounds: u64,
}

impl Pass<'_> {
    fn visit(&mut self, lp: &Loop) {
        let (entry, is_new) = lp.preheader(self.func, &mut self.edges);
        self.outcome.changed |= is_new;
        self.outcome.changed |= invariant::hoist(self.func, lp, entry);
        let counters = Counters::of(self.func, &self.edges, lp);
        self.lead(lp, &counters, entry);
        let groups = self.groups(lp, &counters);
        let (mut early, mut versions) = (Vec::new(), Vec::new());
        let mut certain = Vec::new();
        let pure = self.is_pure(lp);
        for group in &groups {
            let Some(plan) = self.plan(lp, &counters, group, pure) else {
                continue;
            };
            if plan.conditions.is_empty() {
                certain.extend(plan.guards);
            } else if plan.exact {
                early.push(plan);
            } else {
                versions.push(plan);
            }
        }
        self.remove(&certain);
        for plan in &early {
            self.trap_early(lp, entry, plan);
        }
        if self.growth == Growth::Versions {
            self.version(lp, entry, versions);
        }
    }

    /// Moves guards of what the loop leaves alone before it, if nothing that anybody can tell comes
    /// before them in the first iteration.
    fn lead(&mut self, lp: &Loop, counters: &Counters, entry: Inst) {
        let mut next = self.func.layout.first_inst(lp.header);
        while let Some(inst) = next {
            next = self.func.layout.next_inst(inst);
            if recognize::is_barrier(self.func, inst) {
                break;
            }
            let func = &*self.func;
            let Some((index, limit)) = recognize::guard(func, inst, self.memory.min_bytes) else {
                continue;
            };
            let values = Values {
                func,
                lp,
                counters,
                place: None,
            };
            let index = values.affine(index);
            let Some(index) = index.as_ref().and_then(Affine::invariant) else {
                continue;
            };
            let limit = match limit {
                Limit::Constant(limit) => Expression::constant(limit),
                Limit::Size(size, end) if can_repeat(func, lp, size) => {
                    Expression::Size(size).minus(Expression::constant(end))
                }
                Limit::Size(..) => continue,
            };
            let plan = Plan {
                guards: vec![inst],
                conditions: vec![Condition::at_most(Expression::sum(index.clone()), limit)],
                exact: true,
                rounds: 1,
            };
            self.trap_early(lp, entry, &plan);
        }
    }

    /// The guards of a loop, without those that are in cold copies of loops inside.
    fn groups(&self, lp: &Loop, counters: &Counters) -> Vec<Group> {
        let func = &*self.func;
        let small = lp.insts(func) <= MAX_COPIED;
        let mut groups: BTreeMap<Key, (Option<Part>, Vec<Guard>)> = BTreeMap::new();
        let hot = lp
            .blocks
            .iter()
            .filter(|&&block| !func.layout.is_cold(block));
        for &block in hot {
            let place = Place {
                edges: &self.edges,
                domtree: self.domtree,
                block,
            };
            let values = Values {
                func,
                lp,
                counters,
                // Such guards go with a second copy only.
                place: small.then_some(place),
            };
            for inst in func.layout.block_insts(block) {
                let guard = recognize::guard(func, inst, self.memory.min_bytes);
                let Some((index, limit)) = guard else {
                    continue;
                };
                let Some(index) = values.affine(index) else {
                    continue;
                };
                let sized = match limit {
                    Limit::Constant(_) => false,
                    Limit::Size(size, _) if can_repeat(func, lp, size) => true,
                    Limit::Size(..) => continue,
                };
                let part = index.bounded.as_ref();
                let part = part.map(|(factor, bounded)| (*factor, bounded.most.clone()));
                let group = groups.entry((index.start.terms, index.step, part, sized));
                let (part, guards) = group.or_default();
                // Whoever needs more premises brings them.
                match (&mut *part, index.bounded) {
                    (Some((_, known)), Some((_, more))) => known.premises.extend(more.premises),
                    (part, more) => *part = more,
                }
                guards.push(Guard {
                    inst,
                    block,
                    constant: index.start.constant,
                    spread: index.spread,
                    limit,
                });
            }
        }
        let group = |((terms, step, ..), (bounded, guards)): (Key, _)| Group {
            terms,
            step,
            bounded,
            guards,
        };
        groups.into_iter().map(group).collect()
    }

    /// What has to hold for the guards of a group to go; `None` if it cannot, or nobody knows.
    fn plan(&self, lp: &Loop, counters: &Counters, group: &Group, pure: bool) -> Option<Plan> {
        let func = &*self.func;
        let values = Values {
            func,
            lp,
            counters,
            place: None,
        };
        let blocks: Vec<Block> = group.guards.iter().map(|guard| guard.block).collect();
        let trips = trips::trips(&values, &self.edges, self.domtree, &blocks);
        let mut conditions = Vec::new();
        if group.step != 0 {
            conditions.extend(trips.as_ref()?.premises.iter().cloned());
        }
        if let Some((_, bounded)) = &group.bounded {
            // What moves and is bounded as well is too much for one check.
            (group.step == 0).then_some(())?;
            conditions.extend(bounded.premises.iter().cloned());
        }
        conditions.extend(self.bounds(group, trips.as_ref())?);
        let mut open = Vec::new();
        for condition in conditions {
            match condition.decide(func) {
                Some(true) => {}
                Some(false) => return None,
                None if open.contains(&condition) => {}
                None => open.push(condition),
            }
        }
        let rounds = match &trips {
            Some(Trips { distance, step, .. }) if distance.exact().is_some() => {
                u64::from(distance.exact().unwrap_or(0) / step) + 1
            }
            _ if lp.exits(func).len() == 1 => ROUNDS,
            _ => ROUNDS_TO_A_FIND,
        };
        let exact = pure
            && group.is_exact(self.memory)
            && trips.is_some_and(|trips| {
                (group.step == 0 || trips.distance.exact().is_some() || !self.is_small(&trips))
                    && trips.is_exact(func)
                    && self.is_only_exit(lp, &trips, &blocks)
            });
        Some(Plan {
            guards: group.guards.iter().map(|guard| guard.inst).collect(),
            conditions: open,
            exact,
            rounds,
        })
    }

    /// Whether `bounds` takes the loop to be as long as it can be.
    fn is_small(&self, trips: &Trips) -> bool {
        let distance = Expression::sum(trips.distance.clone());
        distance.small(self.func, MAX_SMALL).is_some()
    }

    /// The first and the last index of a group are in bounds.
    fn bounds(&self, group: &Group, trips: Option<&Trips>) -> Option<Vec<Condition>> {
        let least = |guard: &Guard| guard.constant.cast_signed();
        let constant = group.guards.iter().map(least).min()?;
        // How far beyond the lowest index of the group this guard's one is.
        let beyond = |guard: &Guard| {
            let above = i64::from(least(guard)) - i64::from(constant);
            above as u64 + u64::from(guard.spread)
        };
        let start = Expression::sum(Sum {
            terms: group.terms.clone(),
            constant: constant.cast_unsigned(),
        });
        let (falls, step) = direction(group.step);
        let mut conditions = Vec::new();
        // How far the last index is from the first at most, if that is a constant.
        let moved = match trips {
            _ if step == 0 => Some(0),
            Some(trips) => {
                let distance = Expression::sum(trips.distance.clone());
                let most = distance.exact().or_else(|| {
                    let most = distance.small(self.func, MAX_SMALL)?;
                    conditions.push(Condition::at_most(distance, Expression::constant(most)));
                    Some(most)
                });
                most.map(|most| u64::from(most / trips.step) * u64::from(step))
            }
            None => return None,
        };
        let upward = moved.filter(|_| !falls).unwrap_or(0);

        let mut limit = None;
        let mut end = 0;
        for guard in &group.guards {
            let beyond = beyond(guard) + upward;
            match guard.limit {
                Limit::Constant(constant) => {
                    let here = u64::from(constant).checked_sub(beyond)? as u32;
                    let before = limit.unwrap_or(u32::MAX);
                    limit = Some(before.min(here));
                }
                Limit::Size(_, less) => end = end.max(u64::from(less) + beyond),
            }
        }
        let limit = match (limit, group.guards[0].limit) {
            (Some(limit), _) => Expression::constant(limit),
            (None, Limit::Size(size, _)) => {
                if end > u64::from(self.memory.max_bytes) {
                    return None;
                }
                let (size, end) = (Expression::Size(size), Expression::constant(end as u32));
                if end.exact() > Some(self.memory.min_bytes) {
                    conditions.push(Condition::at_most(end.clone(), size.clone()));
                }
                size.minus(end)
            }
            (None, Limit::Constant(_)) => return None,
        };
        conditions.push(Condition::at_most(start.clone(), limit.clone()));
        if let Some((factor, bounded)) = &group.bounded {
            let room = limit.clone().minus(start.clone()).over(*factor);
            conditions.push(Condition::at_most(
                Expression::sum(bounded.most.clone()),
                room,
            ));
        }
        match (moved, trips) {
            (Some(moved), _) if falls => {
                let moved = Expression::constant(u32::try_from(moved).ok()?);
                conditions.push(Condition::at_most(moved, start));
            }
            (None, Some(trips)) => {
                let room = match falls {
                    true => start,
                    false => limit.minus(start),
                };
                conditions.push(enough(trips, step, room));
            }
            _ => {}
        }
        Some(conditions)
    }

    /// Whether nobody can tell at which of several moments the loop traps.
    fn is_pure(&self, lp: &Loop) -> bool {
        let mut insts = lp
            .blocks
            .iter()
            .flat_map(|&block| self.func.layout.block_insts(block));
        insts.all(|inst| match self.func.dfg.insts[inst] {
            InstructionData::Jump { .. } | InstructionData::Brif { .. } => true,
            _ => !recognize::is_barrier(self.func, inst),
        })
    }

    /// Whether these blocks run in every iteration up to the one in which the test that `trips` is
    /// about ends the loop, that one included, and nothing else ends it.
    fn is_only_exit(&self, lp: &Loop, trips: &Trips, blocks: &[Block]) -> bool {
        let inner_loops = lp.blocks.iter().any(|&block| {
            let back = self.edges.to(block).iter();
            block != lp.header
                && back
                    .filter(|edge| lp.contains(edge.from))
                    .any(|edge| self.domtree.block_dominates(block, edge.from))
        });
        // What comes behind the test does not run in the last iteration.
        let comes_first = |&block: &Block| self.domtree.block_dominates(block, trips.exit.from);
        !inner_loops && lp.exits(self.func) == [trips.exit] && blocks.iter().all(comes_first)
    }

    fn remove(&mut self, guards: &[Inst]) {
        for &guard in guards {
            self.func.layout.remove_inst(guard);
        }
        self.outcome.removed += guards.len() as u32;
        self.outcome.changed |= !guards.is_empty();
    }

    fn trap_early(&mut self, lp: &Loop, entry: Inst, plan: &Plan) {
        let source = self.func.srcloc(plan.guards[0]);
        for condition in &plan.conditions {
            let mut cursor = at(self.func, entry, source);
            let fails = condition.emit_failure(&mut cursor, lp);
            cursor
                .ins()
                .trapnz(fails, trap(TrapCode::MemoryOutOfBounds));
        }
        self.remove(&plan.guards);
    }

    fn version(&mut self, lp: &Loop, entry: Inst, mut plans: Vec<Plan>) {
        let size = lp.insts(self.func);
        if self.copies == MAX_COPIES || size > MAX_COPIED {
            return;
        }
        // The most guards for the fewest checks first.
        plans.sort_by_key(|plan| 8 * plan.conditions.len() / plan.guards.len());
        let mut conditions: Vec<Condition> = Vec::new();
        let mut guards = Vec::new();
        for plan in plans {
            let new = |condition: &&Condition| !conditions.contains(condition);
            let more: Vec<Condition> = plan.conditions.iter().filter(new).cloned().collect();
            let gain = plan.rounds * plan.guards.len() as u64;
            if conditions.len() + more.len() > MAX_CHECKS || gain < 2 * more.len() as u64 {
                continue;
            }
            conditions.extend(more);
            guards.extend(plan.guards);
        }
        if guards.is_empty() || size > guards.len() * MAX_COPIED_FOR_ONE {
            return;
        }
        let source = self.func.srcloc(guards[0]);
        let slow_header = copy::copy(self.func, self.domtree, &mut self.edges, lp);
        self.remove(&guards);
        self.copies += 1;

        let func = &mut *self.func;
        let mut block = func.layout.inst_block(entry).expect("a jump in the layout");
        self.edges.leave(func, block);
        let InstructionData::Jump { destination, .. } = func.dfg.insts[entry] else {
            unreachable!("a preheader ends with a jump");
        };
        let arguments: Vec<_> = destination.args(&func.dfg.value_lists).collect();
        let slow = func.dfg.make_block();
        func.layout.append_block(slow);
        func.layout.set_cold(slow);
        let mut cursor = FuncCursor::new(func).at_bottom(slow);
        cursor.ins().jump(slow_header, arguments.iter());

        func.layout.remove_inst(entry);
        for (number, condition) in conditions.iter().enumerate() {
            let mut cursor = FuncCursor::new(func).at_bottom(block).with_srcloc(source);
            let fails = condition.emit_failure(&mut cursor, lp);
            if number + 1 == conditions.len() {
                cursor
                    .ins()
                    .brif(fails, slow, &[], lp.header, arguments.iter());
                self.edges.enter(func, block);
                break;
            }
            let next = cursor.func.dfg.make_block();
            cursor.func.layout.insert_block_after(next, block);
            cursor.ins().brif(fails, slow, &[], next, &[]);
            self.edges.enter(func, block);
            block = next;
        }
        self.edges.enter(func, slow);
    }
}

fn at(func: &mut Function, inst: Inst, source: SourceLoc) -> FuncCursor<'_> {
    FuncCursor::new(func).at_inst(inst).with_srcloc(source)
}

/// There is room for all iterations, an index moving by `step` in each.
fn enough(trips: &Trips, step: u32, room: Expression) -> Condition {
    let distance = Expression::sum(trips.distance.clone());
    if step.is_multiple_of(trips.step) {
        Condition::at_most(distance, room.over(step / trips.step))
    } else if trips.step.is_multiple_of(step) {
        Condition::at_most(distance.over(trips.step / step), room)
    } else {
        Condition::at_most(distance.over(trips.step), room.over(step))
    }
}
