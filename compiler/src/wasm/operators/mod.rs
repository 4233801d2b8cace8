//! Operators to CLIF, one file per family.
//!
//! Each family is a method that says whether the operator is one of its own. Those that no family
//! knows are refused by name; a new proposal is a new file and a line in [`Translator::operator`].
//! Operators in unreachable code are validated, but neither translated nor refused.

mod call;
mod constant_table;
mod control;
mod float;
mod integer;
mod memory;
mod reference;
mod table;
mod variable;

pub(super) use control::Frame;
use wasmparser::Operator;

use super::function::Translator;
use crate::error::{Error, Result};

impl Translator<'_> {
    /// Translates one operator that the validator has accepted.
    pub(super) fn operator(&mut self, op: &Operator<'_>) -> Result<()> {
        if !self.reachable {
            self.skip(op);
            return Ok(());
        }
        let known = self.integer(op)
            || self.float(op)
            || self.variable(op)
            || self.memory(op)
            || self.reference(op)
            || self.table(op)
            || self.control(op)?
            || self.call(op);
        if known {
            Ok(())
        } else {
            let what = format!("operator {} is", name(op));
            Err(Error::unsupported(what, self.place()))
        }
    }
}

/// The operator's name in the text format.
pub(super) fn name(op: &Operator<'_>) -> String {
    macro_rules! method_name {
        ($( @$proposal:ident $op:ident $({ $($arg:ident: $type:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match op {
                $( Operator::$op { .. } => stringify!($visit), )*
                _ => "visit_unknown",
            }
        };
    }
    let method: &str = wasmparser::for_each_operator!(method_name);
    let name = method
        .trim_start_matches("visit_")
        .trim_start_matches("typed_");
    match name.split_once('_') {
        Some((space, rest)) if has_dot(space) => {
            let rest = match rest.strip_prefix("atomic_") {
                Some(access) => format!("atomic.{access}"),
                None => rest.to_owned(),
            };
            format!("{space}.{rest}")
        }
        _ => name.to_owned(),
    }
}

/// Whether the text format sets the first word of an operator's name apart by a dot.
fn has_dot(space: &str) -> bool {
    let objects = [
        "local", "global", "table", "memory", "data", "elem", "ref", "struct", "array", "any",
        "extern", "atomic", "cont",
    ];
    objects.contains(&space)
        || space.starts_with(['i', 'f', 'v']) && space.ends_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_text_format() {
        let memory = 0;
        for (op, expected) in [
            (Operator::I64Add, "i64.add"),
            (Operator::I32WrapI64, "i32.wrap_i64"),
            (Operator::I32TruncSatF64U, "i32.trunc_sat_f64_u"),
            (Operator::BrIf { relative_depth: 0 }, "br_if"),
            (Operator::MemoryGrow { mem: memory }, "memory.grow"),
            (Operator::RefIsNull, "ref.is_null"),
            (Operator::LocalGet { local_index: 0 }, "local.get"),
            (Operator::Select, "select"),
        ] {
            assert_eq!(name(&op), expected);
        }
    }
}
