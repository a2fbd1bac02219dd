//! What the screen costs its user: first frame, key latency under a flood, idle, and memory after many turns.
//!
//! The release binary runs in a pseudo-terminal with the scripted model; a terminal (the `vt100` crate) reads
//! what it writes. Each figure stands beside its bar (`docs/BENCHMARKS.md`). Nothing here can fail on time.
//! `cargo bench --bench screen`
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench starts the binary and prints"
)]
#![cfg(target_os = "linux")]

#[path = "screen/pane.rs"]
mod pane;

use std::time::{Duration, Instant};

use pane::{Pane, World, cpu_ticks, memory_mb, resident_mb};

const RUNS: usize = 7;
/// Of model text or tool output, in a second.
const FLOOD: &str = "1 MB/s";
const KEYS: usize = 200;
const IDLE: Duration = Duration::from_secs(10);
const MANY_TURNS: usize = 10_000;

fn main() {
    println!("{:58} {:>10} {:>8}", "", "measured", "bar");
    start();
    flooded(
        "model text",
        "[{text: 'Some words of a reply that goes on and on, with `code` in it.\\n\\n', fill: 30000000, chunk: 1000, every_ms: 1}]",
    );
    flooded(
        "tool output",
        "[{tool_call: {tool: bash, args: {command: 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); head -c 10000 /dev/zero | tr \"\\\\0\" x | fold -w 99; sleep 0.009; done'}}}]",
    );
    idle();
    many_turns();
}

fn row(what: &str, measured: f64, unit: &str, bar: &str) {
    println!("{:58} {measured:>10.1} {bar:>8}", format!("{what}, {unit}"));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn start() {
    let (mut first, mut accepted) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let world = World::new("rules: [{reply: [{text: 'heard you'}]}]");
        let since = Instant::now();
        let mut pane = Pane::start(&world, 100, 30);
        pane.wait_for("scripted", |pane| pane.frames() > 0);
        first.push(since.elapsed().as_secs_f64() * 1e3);
        pane.write("go\r");
        pane.wait_for("the reply", |pane| pane.shows("heard you"));
        accepted.push(since.elapsed().as_secs_f64() * 1e3);
    }
    row("start to first frame", median(first), "ms", "60");
    row("start to the reply to a first prompt (scripted)", median(accepted), "ms", "100");
}

fn flooded(what: &str, reply: &str) {
    let world = World::new(&format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: {reply}\n  - reply: [{{text: over}}]"
    ));
    let mut pane = Pane::start(&world, 120, 40);
    pane.wait_for("a frame", |pane| pane.frames() > 0);
    pane.write("flood\r");
    std::thread::sleep(Duration::from_secs(2));
    let (frames, bytes, since) = (pane.frames(), pane.bytes(), Instant::now());
    let (mut latencies, mut typed) = (Vec::new(), String::new());
    for n in 0..KEYS {
        // No two neighbours alike, so that each key shows.
        let key = char::from(b'a' + (n * 7 % 26) as u8);
        typed.push(key);
        if typed.len() > 20 {
            pane.write("\x15");
            typed = key.to_string();
            let emptied = typed.clone();
            pane.wait_for("an empty line", |pane| {
                !pane.shows_typed("ahovcjqxelszgnubipwd") || pane.shows_typed(&emptied)
            });
        }
        let pressed = Instant::now();
        pane.write(&key.to_string());
        let wanted = typed.clone();
        pane.wait_for("the key", |pane| pane.shows_typed(&wanted));
        latencies.push(pressed.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = since.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    row(&format!("key latency under {FLOOD} of {what}: median"), latencies[KEYS / 2], "ms", "");
    row(
        &format!("key latency under {FLOOD} of {what}: 99th percentile"),
        latencies[KEYS * 99 / 100],
        "ms",
        "16",
    );
    row(
        &format!("frames under {FLOOD} of {what}"),
        (pane.frames() - frames) as f64 / seconds,
        "a second",
        "60",
    );
    row("what the terminal was sent meanwhile", (pane.bytes() - bytes) as f64 / seconds / 1e3, "kB/s", "");
}

fn idle() {
    let world = World::new("rules: [{reply: [{text: 'heard you'}]}]");
    let mut pane = Pane::start(&world, 100, 30);
    pane.wait_for("a frame", |pane| pane.frames() > 0);
    pane.write("go\r");
    pane.wait_for("the reply", |pane| pane.shows("heard you"));
    std::thread::sleep(Duration::from_secs(2));
    let (ticks, bytes) = (cpu_ticks(pane.pid()), pane.bytes());
    std::thread::sleep(IDLE);
    let used = (cpu_ticks(pane.pid()) - ticks) as f64 / 100.0 / IDLE.as_secs_f64() * 100.0;
    row("idle: processor", used, "%", "0");
    row("idle: bytes sent to the terminal", (pane.bytes() - bytes) as f64, "bytes", "0");
    row("idle: resident size of the process", resident_mb(pane.pid()), "MB", "40");
    row("idle: proportional size with its helper", memory_mb(pane.pid()), "MB", "");
}

fn many_turns() {
    // Without an end of its own: after folding, the script counts from the folded conversation.
    let world = World::new(
        "rules: [{reply: [{text: 'Looking once more.'}, {tool_call: {tool: read, args: {path: a.txt}}}]}]",
    );
    let turns = MANY_TURNS.to_string();
    let mut pane = Pane::start_with(&world, 100, 30, &["--max-turns", &turns]);
    pane.wait_for("a frame", |pane| pane.frames() > 0);
    let since = Instant::now();
    pane.write("go\r");
    pane.wait_long("the end", |pane| pane.shows("a limit was reached") || pane.shows("limit of"));
    row(&format!("{MANY_TURNS} turns took"), since.elapsed().as_secs_f64(), "s", "");
    row(&format!("after {MANY_TURNS} turns: resident size"), resident_mb(pane.pid()), "MB", "100");
}
