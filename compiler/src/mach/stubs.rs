//! Trap stubs: the calls behind a function's code that its checks branch to.

use wasm2mcu_abi::trap::TrapCode;

use super::buffer::{CodeBuffer, Label, Relax};

/// How exactly a trap can be placed on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapStubs {
    /// One stub per function and trap code: a trap tells the function.
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

/// The stubs that the code so far asks for.
#[derive(Debug)]
pub struct Stubs {
    kind: TrapStubs,
    stubs: Vec<Stub>,
}

impl Stubs {
    /// No stub yet.
    pub fn new(kind: TrapStubs) -> Stubs {
        Stubs {
            kind,
            stubs: Vec::new(),
        }
    }

    /// The label of a stub for `code`, which the end of the function provides, for a check of the
    /// operator at byte `source`.
    pub fn label<R: Relax, K>(
        &mut self,
        buffer: &mut CodeBuffer<R, K>,
        code: TrapCode,
        source: u32,
    ) -> Label {
        let shared = self.kind == TrapStubs::PerFunction;
        let there = self.stubs.iter().find(|stub| shared && stub.code == code);
        if let Some(stub) = there {
            return stub.label;
        }
        let label = buffer.label();
        self.stubs.push(Stub {
            label,
            code,
            source,
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
        if self.kind == TrapStubs::PerFunction {
            let label = self.label(buffer, code, source);
            if !buffer.is_bound(label) {
                buffer.bind(label);
            }
        }
        buffer.trap_site(code, source);
    }

    /// The stubs, for the end of the function; those with a bound label need no code any more.
    pub fn take(&mut self) -> Vec<Stub> {
        std::mem::take(&mut self.stubs)
    }
}
