//! Work that takes long says so: a line on the terminal that counts seconds, and goes away.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_secs(1);

/// Does `work`; after a second, and every second from then on, a terminal shows `what` and how
/// long it takes. Where standard error is no terminal nothing is printed.
pub(crate) fn shown<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !stderr().is_terminal() {
        return work();
    }
    let (finished, watch) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let start = Instant::now();
            let mut width = 0;
            while watch.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let line = format!("{what}: {} s", start.elapsed().as_secs());
                width = line.chars().count();
                show(&line);
            }
            if width > 0 {
                show(&" ".repeat(width));
                show("");
            }
        });
        let result = work();
        drop(finished);
        result
    })
}

/// Overwrites the line. That a terminal is gone is no reason to stop working.
fn show(line: &str) {
    let mut stderr = stderr().lock();
    let _ = write!(stderr, "\r{line}").and_then(|()| stderr.flush());
}
