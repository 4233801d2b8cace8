//! Loops, and what their guards need to go.
//!
//! ```text
//!   shape      which blocks a loop has, and the edges in, around and out
//!   affine     a value in iteration i:  start + step·i, and some more
//!   bounded    a value that stays below another one
//!   trips      how often a loop goes round, from its exit test
//!   condition  what has to hold before the loop
//!   copy       a second copy of a loop
//!   invariant  what guards and tests need is computed before the loop
//!   rounds     how often a loop goes round at most
//!   version    the pass: guards go away, in the loop or in one of two copies of it
//! ```

mod affine;
mod bounded;
mod condition;
mod copy;
mod invariant;
pub(super) mod rounds;
mod shape;
mod trips;
pub(super) mod version;
