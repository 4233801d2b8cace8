//! An ordinary program: arguments, environment, time, sleep, input, output, exit status.
//!
//! rustc --edition 2024 --target wasm32-wasip1 -C opt-level=z -C lto -C panic=abort -C strip=symbols \
//!     -C link-arg=--stack-first -C link-arg=-zstack-size=8192 -C link-arg=--no-growable-memory

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

fn main() {
    let arguments: Vec<String> = env::args().collect();
    println!("{} arguments: {arguments:?}", arguments.len());
    let level: u32 = env::var("LEVEL")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    eprintln!("level {level}");

    let begin = Instant::now();
    thread::sleep(Duration::from_millis(1500));
    println!("slept for {} ms", begin.elapsed().as_millis());

    // Hashing is seeded with random numbers.
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines() {
        for word in line.expect("input").split_whitespace() {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort();
    println!("words: {counts:?}");

    match fs::read_to_string("config.txt") {
        Ok(_) => println!("there are files"),
        Err(error) => println!("no file: {:?}", error.kind()),
    }
    process::exit(level as i32 + 40);
}
