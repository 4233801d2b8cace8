//! Trap stubs: the calls behind a function's code that its checks branch to.

use wasm2mcu_abi::trap::TrapCode;

use super::buffer::{CodeBuffer, Label, Relax};

/// How exactly a trap can be placed on the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrapStubs {
    /// One stub per function and trap code: a trap tells the function, one of the host the place.
    #[default]
    PerFunction,
    /// One stub per check: a trap tells the place.
    PerSite,
}

/// A trap stub that stands behind the function's code.
#[derive(Clone, Copy, Debug)]
pub struct Stub {
    /// Where checks branch to.
    pub label: Label,
    /// The trap.
    pub code: TrapCode,
    /// Byte offset of the operator of the first check.
    pub source: u32,
}

/// A stub and where it is asked for, by the least length of the code so far.
#[derive(Clone, Debug)]
struct Asked {
    stub: Stub,
    at: Vec<u32>,
}

/// The stubs that the code so far asks for.
#[derive(Debug)]
pub struct Stubs {
    kind: TrapStubs,
    stubs: Vec<Asked>,
    /// How far stubs that stand among the code may be from their checks.
    span: Option<u32>,
}

/// Checks that a stub among the code is worth: each saves two bytes, and the stub has four.
const WORTH: usize = 3;

impl Stubs {
    /// No stub yet.
    pub fn new(kind: TrapStubs) -> Stubs {
        Stubs {
            kind,
            stubs: Vec::new(),
            span: None,
        }
    }

    /// Lets shared stubs stand among the code as well, up to `span` bytes from their checks, where
    /// that makes branches shorter:
    ///
    /// ```text
    ///   cmp; bhi.w ┐            cmp; bhi ┐
    ///   b there    │            b there  │
    ///              │      ─▶    bl trap ◀┤
    ///   cmp; bhi.w ┤            cmp; bhi ┘
    ///   …          │            …
    ///   bl trap ◀──┘
    /// ```
    pub fn among_code(&mut self, span: u32) {
        self.span = (self.kind == TrapStubs::PerFunction).then_some(span);
    }

    /// Whether the checks for `code` share stubs. Those for traps of the host do not: it is worth its
    /// four bytes to know which of its functions asked.
    fn shares(&self, code: TrapCode) -> bool {
        self.kind == TrapStubs::PerFunction && code != TrapCode::Host
    }

    /// The label of a stub for `code`, which the end of the function provides, for a check of the
    /// operator at byte `source`.
    pub fn label<R: Relax, K>(
        &mut self,
        buffer: &mut CodeBuffer<R, K>,
        code: TrapCode,
        source: u32,
    ) -> Label {
        let shared = self.shares(code);
        let here = buffer.least_length();
        let there = self.stubs.iter_mut().rev();
        let there = there
            .filter(|asked| shared && asked.stub.code == code)
            .find(|asked| match (self.span, asked.at.last()) {
                // Once it stands, that is its place.
                (Some(span), Some(&last)) if buffer.is_bound(asked.stub.label) => {
                    here - last <= span
                }
                _ => true,
            });
        if let Some(asked) = there {
            if !buffer.is_bound(asked.stub.label) {
                asked.at.push(here);
            }
            return asked.stub.label;
        }
        let label = buffer.label();
        self.stubs.push(Asked {
            stub: Stub {
                label,
                code,
                source,
            },
            at: vec![here],
        });
        label
    }

    /// Says that a call of the trap `code` comes next: where stubs are shared, the first such place
    /// is the stub.
    pub fn call_here<R: Relax, K>(
        &mut self,
        buffer: &mut CodeBuffer<R, K>,
        code: TrapCode,
        source: u32,
    ) {
        if self.shares(code) {
            let label = self.label(buffer, code, source);
            if !buffer.is_bound(label) {
                buffer.bind(label);
            }
        }
        buffer.trap_site(code, source);
    }

    /// The stubs that had better stand here, behind code that control does not leave downwards: many
    /// checks reach them from here, and not for much longer.
    pub fn take_due<R: Relax, K>(&mut self, buffer: &CodeBuffer<R, K>) -> Vec<Stub> {
        let Some(span) = self.span else {
            return Vec::new();
        };
        let here = buffer.least_length();
        let mut due = Vec::new();
        for asked in &mut self.stubs {
            let reached = asked.at.iter().filter(|&&at| here - at <= span);
            let oldest = reached.clone().next().map_or(0, |&at| here - at);
            let is_due = reached.count() >= WORTH && oldest > span / 2;
            if is_due && !buffer.is_bound(asked.stub.label) {
                asked.at.push(here);
                due.push(asked.stub);
            }
        }
        due
    }

    /// The stubs, for the end of the function; those with a bound label need no code any more.
    pub fn take(&mut self) -> Vec<Stub> {
        let stubs = std::mem::take(&mut self.stubs).into_iter();
        stubs.map(|asked| asked.stub).collect()
    }
}
