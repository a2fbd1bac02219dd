//! Checkpoints of a tree of 10,000 files: the first, one of the same tree, one after 100 changes, and
//! restoring those. Prints milliseconds.
//!
//! `cargo bench --bench checkpoint`
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "makes a tree, and says what it measured"
)]

use std::time::{Duration, Instant};

#[path = "../it/checkpoints/field.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod field;

use field::Field;

const FILES: usize = 10_000;
const CHANGED: usize = 100;
/// A file that was written a moment ago is read again by the next checkpoint.
const SETTLED: Duration = Duration::from_millis(200);

fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let done = act();
    println!("{what:<48} {:>8.1} ms", since.elapsed().as_secs_f64() * 1e3);
    done
}

fn main() {
    let field = Field::new();
    let text = "    let value = compute(input)?; // some line of some program\n";
    for at in 0..FILES {
        let lines = 20 + at % 160;
        field.put(
            &format!("src/{}/{}/file{at}.rs", at % 40, at % 7),
            format!("// {at}\n{}", text.repeat(lines)),
        );
    }
    std::thread::sleep(SETTLED);
    let first = timed("first checkpoint of 10,000 files", || field.take("first"));
    println!("{:<48} {:>8.1} MB", "its files together", first.bytes as f64 / 1e6);
    let stored = iosm::base::folder_size(&field.state());
    println!("{:<48} {:>8.1} MB", "stored", stored as f64 / 1e6);
    timed("second, nothing changed", || field.take("second"));
    timed("third, nothing changed", || field.take("third"));
    for at in 0..CHANGED {
        let at = at * 97;
        field.put(&format!("src/{}/{}/file{at}.rs", at % 40, at % 7), "changed\n");
    }
    std::thread::sleep(SETTLED);
    timed("after 100 files have changed", || field.take("changed"));
    let rolled = timed("restoring those 100 (with the state before)", || field.restore("first"));
    assert_eq!(rolled.written.len(), CHANGED);
    timed("going back", || field.restore("redo"));
    let pruned = timed("pruning all", || field.checkpoints.prune(0, false).unwrap());
    println!("{:<48} {:>8}", "objects freed", pruned.objects);
}
