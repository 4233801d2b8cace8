//! Straightens control flow: what is decided is no branch, what cannot but follow is one block.
//!
//! ```text
//!   B0:                                  B0:
//!     brif c, B1, B2                       trapnz c
//!   B1:                                    v2 = load p
//!     trap                     ─▶          v4 = iadd v2, 1
//!   B2:                                    ...
//!     v2 = load p
//!     jump B3(v2)
//!   B3(v3):                  (B3 has no other predecessor)
//!     v4 = iadd v3, 1
//!     ...
//! ```
//!
//! Passes that look at one block at a time see more, `merge` above all, and so does Cranelift's alias
//! analysis: where control flow is not simple, it forgets at the beginning of a block what was loaded.
//! WebAssembly's structure, `unreachable` behind a condition, and inlining leave such blocks behind.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Block, BlockArg, BlockCall, Function, Inst, InstBuilder, InstructionData, TrapCode,
};

use smallvec::SmallVec;

use crate::clif::{constant, destinations};

/// The most blocks without instructions that an edge is led past.
const EMPTY_BLOCKS: usize = 8;

/// Turns branches whose destination is known into jumps, and leads edges past blocks that do nothing.
/// Says whether blocks may have lost their last edge.
pub(super) fn fold(func: &mut Function) -> bool {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    let mut folded = false;
    for block in blocks {
        let Some(branch) = func.layout.last_inst(block) else {
            continue;
        };
        folded |= pass_by_empty(func, branch);
        if let Some(destination) = decided(func, branch) {
            jump(func, branch, destination);
            folded = true;
        }
    }
    folded
}

/// Leads the edges of a branch past empty blocks.
fn pass_by_empty(func: &mut Function, branch: Inst) -> bool {
    let targets = destinations(func, branch).iter().map(|call| {
        let first = call.block(&func.dfg.value_lists);
        let chain = std::iter::successors(Some(first), |&block| behind_empty(func, block));
        let target = chain.take(EMPTY_BLOCKS).last();
        target.filter(|&target| target != first)
    });
    let targets: SmallVec<[Option<Block>; 2]> = targets.collect();
    if targets.iter().all(Option::is_none) {
        return false;
    }
    let dfg = &mut func.dfg;
    let destinations =
        dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
    for (call, target) in destinations.iter_mut().zip(&targets) {
        if let &Some(target) = target {
            call.set_block(target, &mut dfg.value_lists);
        }
    }
    true
}

/// Where a block leads that does nothing but jump there, without arguments.
fn behind_empty(func: &Function, block: Block) -> Option<Block> {
    let pool = &func.dfg.value_lists;
    if !func.dfg.block_params(block).is_empty() {
        return None;
    }
    match func.dfg.insts[func.layout.first_inst(block)?] {
        InstructionData::Jump { destination, .. } if destination.len(pool) == 0 => {
            Some(destination.block(pool))
        }
        _ => None,
    }
}

/// Where a conditional branch always leads.
fn decided(func: &Function, branch: Inst) -> Option<BlockCall> {
    let dfg = &func.dfg;
    match dfg.insts[branch] {
        InstructionData::Brif { arg, blocks, .. } => {
            let [then, otherwise] = blocks;
            let same = same_edge(func, then, otherwise).then_some(then);
            let taken = |value| if value != 0 { then } else { otherwise };
            same.or_else(|| constant(func, arg).map(taken))
        }
        InstructionData::BranchTable { arg, table, .. } => {
            let table = &dfg.jump_tables[table];
            let entry = usize::try_from(constant(func, arg)?).ok();
            let entry = entry.and_then(|entry| table.as_slice().get(entry).copied());
            Some(entry.unwrap_or(table.default_block()))
        }
        _ => None,
    }
}

fn same_edge(func: &Function, x: BlockCall, y: BlockCall) -> bool {
    let pool = &func.dfg.value_lists;
    let resolve = |arg: BlockArg| arg.map_value(|value| func.dfg.resolve_aliases(value));
    x.block(pool) == y.block(pool) && x.args(pool).map(resolve).eq(y.args(pool).map(resolve))
}

/// Replaces a branch by a jump.
fn jump(func: &mut Function, branch: Inst, destination: BlockCall) {
    let pool = &func.dfg.value_lists;
    let block = destination.block(pool);
    let args: Vec<BlockArg> = destination.args(pool).collect();
    func.replace(branch).jump(block, &args);
}

/// Turns branches around a trap into conditional traps, with the trap's source location. Says whether
/// blocks may have lost their last edge.
pub(super) fn trap_in_place(func: &mut Function) -> bool {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    let mut changed = false;
    for block in blocks {
        let Some(branch) = func.layout.last_inst(block) else {
            continue;
        };
        let InstructionData::Brif { arg, blocks, .. } = func.dfg.insts[branch] else {
            continue;
        };
        let traps = blocks.map(|call| only_trap(func, call.block(&func.dfg.value_lists)));
        let (trap, code, if_set) = match traps {
            [Some((trap, code)), _] => (trap, code, true),
            [None, Some((trap, code))] => (trap, code, false),
            [None, None] => continue,
        };
        let location = func.srcloc(trap);
        let mut cursor = FuncCursor::new(func).at_inst(branch).with_srcloc(location);
        match if_set {
            true => cursor.ins().trapnz(arg, code),
            false => cursor.ins().trapz(arg, code),
        };
        jump(func, branch, blocks[usize::from(if_set)]);
        changed = true;
    }
    changed
}

/// The trap that is all that a block does.
fn only_trap(func: &Function, block: Block) -> Option<(Inst, TrapCode)> {
    let first = func.layout.first_inst(block)?;
    match func.dfg.insts[first] {
        InstructionData::Trap { code, .. } => Some((first, code)),
        _ => None,
    }
}

/// Makes blocks that follow each other in every run one block, and says whether there were any. Every
/// block must be reachable.
pub(super) fn join(func: &mut Function) -> bool {
    let edges = edges_in(func);
    let follower = |func: &Function, block: Block| {
        let last = func.layout.last_inst(block)?;
        let InstructionData::Jump { destination, .. } = func.dfg.insts[last] else {
            return None;
        };
        let next = destination.block(&func.dfg.value_lists);
        (edges[next] == 1).then_some((last, destination))
    };
    let blocks: Vec<Block> = func.layout.blocks().collect();
    // Blocks that will become part of another one; the entry has no edges in.
    let mut follows: SecondaryMap<Block, bool> = SecondaryMap::new();
    follows.resize(func.dfg.num_blocks());
    for &block in &blocks {
        if let Some((_, destination)) = follower(func, block) {
            follows[destination.block(&func.dfg.value_lists)] = true;
        }
    }
    let mut joined = false;
    for head in blocks.into_iter().filter(|&block| !follows[block]) {
        while let Some((last, destination)) = follower(func, head) {
            append(func, head, last, destination);
            joined = true;
        }
    }
    joined
}

/// Puts the block that `jump`, at the end of `head`, leads to in the place of the jump.
fn append(func: &mut Function, head: Block, jump: Inst, destination: BlockCall) {
    let pool = &func.dfg.value_lists;
    let block = destination.block(pool);
    let args: Vec<BlockArg> = destination.args(pool).collect();
    let params = func.dfg.block_params(block).to_vec();
    func.dfg.detach_block_params(block);
    for (param, arg) in params.into_iter().zip(args) {
        let arg = arg.as_value().expect("no call is a terminator");
        func.dfg.change_to_alias(param, arg);
    }
    func.layout.remove_inst(jump);
    while let Some(inst) = func.layout.first_inst(block) {
        func.layout.remove_inst(inst);
        func.layout.append_inst(inst, head);
    }
    func.layout.remove_block(block);
}

/// How many edges lead to each block.
pub(super) fn edges_in(func: &Function) -> SecondaryMap<Block, u32> {
    let mut edges: SecondaryMap<Block, u32> = SecondaryMap::new();
    edges.resize(func.dfg.num_blocks());
    for block in func.layout.blocks() {
        let Some(last) = func.layout.last_inst(block) else {
            continue;
        };
        for destination in destinations(func, last) {
            edges[destination.block(&func.dfg.value_lists)] += 1;
        }
    }
    edges
}
