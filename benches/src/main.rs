//! Workloads and comparisons.
fn main() {}
