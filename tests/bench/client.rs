//! What the client itself costs: the release binary against a loopback provider that answers at once.
//!
//! Each figure is a median of several runs and stands beside the bar and what other clients took for the
//! same work on the machine where the bars were set (`docs/BENCHMARKS.md`). Nothing here can fail on time.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench starts the binary and prints"
)]
#![cfg(target_os = "linux")]

#[path = "client/measure.rs"]
mod measure;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../it/world/server.rs"]
mod server;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use measure::{Cost, World, median, peak_memory};
use server::{Answer, Server};

const RUNS: usize = 7;
const TURNS: usize = 20;
const MODEL: &str = "openai_compatible/bench";

fn main() {
    if measure::is_meter() {
        return measure::meter();
    }
    println!("medians of {RUNS} runs; peers: codex, claude, pi, opencode, gemini, iosm-cli 0.2.8\n");
    println!("{:46} {:>10} {:>8}   peers", "", "measured", "bar");
    version();
    text_turn();
    let read = ("read", json!({"path": "a.txt"}));
    tool_turns("read", &read, 3.0, "60 21 7 155 25 7", true);
    tool_turns("bash true", &("bash", json!({"command": "true"})), 6.0, "60 21 7 155 25 7", false);
    long_reply();
}

fn row(what: &str, measured: f64, unit: &str, bar: f64, peers: &str) {
    let digits = if unit == "s" { 3 } else { 1 };
    let bar = if unit == "bytes" { format!("{bar:.0}") } else { format!("{bar}") };
    let measured = if unit == "bytes" { format!("{measured:.0}") } else { format!("{measured:.digits$}") };
    println!("{:46} {measured:>10} {bar:>8}   {peers}", format!("{what}, {unit}"));
}

fn version() {
    let world = World::new();
    let costs: Vec<Cost> = (0..RUNS).map(|_| world.run(&["--version"])).collect();
    row("--version: CPU", median(&costs, |cost| cost.cpu_s), "s", 0.010, "0.009 0.11 1.19 0.86 1.78 1.77");
    row("--version: peak", median(&costs, |cost| cost.peak_mb), "MB", 15.0, "16 213 138 188 193 177");
}

/// The arguments of a headless run against a server.
fn headless(url: &str) -> Vec<String> {
    let base = format!("{url}/v1");
    ["-p", "-m", MODEL, "--base-url", &base, "do it"].map(str::to_owned).to_vec()
}

/// One run against a fresh server, and what it asked.
fn run(answers: &[Answer]) -> (Cost, Vec<server::Asked>) {
    let (world, server) = (World::new(), Server::hosted(answers.to_vec()));
    let args = headless(&server.url);
    let cost = world.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let asked = server.asked();
    assert_eq!(asked.len(), answers.len(), "the run asked as often as there are answers");
    (cost, asked)
}

fn text_turn() {
    let answers = [Answer::Stream { body: says("Hello."), piece: 4096 }];
    let runs: Vec<_> = (0..RUNS).map(|_| run(&answers)).collect();
    row("text turn: CPU", median(&runs, |run| run.0.cpu_s), "s", 0.04, "0.21 0.69 1.50 4.93 2.24 1.85");
    let starts = median(&runs, |(cost, asked)| seconds(cost.started, asked[0].came));
    row("start to first request", starts, "s", 0.06, "0.31 1.05 2.7 4.95 3.4 2.3");
    let body: Value = serde_json::from_str(&runs[0].1[0].body).expect("the request is JSON");
    let tools = body["tools"].as_array().map_or(0, Vec::len);
    let peers = "38285 (10) 76685 (24) 5564 (4) 30763 (10) 55451 (16) 40589 (24)";
    row(&format!("first request ({tools} tools)"), runs[0].1[0].body.len() as f64, "bytes", 8000.0, peers);
    // Slowly, so that memory can be looked at while the answer comes.
    let pieces = says("Hello.").split_inclusive("\n\n").map(|piece| piece.as_bytes().to_vec()).collect();
    let slow = Answer::Pieces { pieces, every: Duration::from_millis(30) };
    let peaks: Vec<f64> = (0..RUNS)
        .map(|_| {
            let (world, server) = (World::new(), Server::hosted(vec![slow.clone()]));
            peak_memory(&world, &headless(&server.url))
        })
        .collect();
    row(
        "text turn: peak PSS of all processes",
        median(&peaks, |peak| *peak),
        "MB",
        30.0,
        "151 312 157 621 354 208",
    );
}

fn tool_turns(name: &str, call: &(&str, Value), bar_ms: f64, peers: &str, with_cpu: bool) {
    let mut answers = vec![Answer::Stream { body: calls(call), piece: 4096 }; TURNS];
    answers.push(Answer::Stream { body: says("Done."), piece: 4096 });
    let runs: Vec<_> = (0..RUNS).map(|_| run(&answers)).collect();
    let cpu = median(&runs, |run| run.0.cpu_s);
    let cpu_bar = if with_cpu { "1.04 1.34 1.58 9.9 3.4 2.2" } else { "" };
    row(&format!("{TURNS} turns of {name}: CPU"), cpu, "s", 0.15, cpu_bar);
    let turns: Vec<f64> = runs.iter().flat_map(|(_, asked)| asked.windows(2).map(turn_ms)).collect();
    row(&format!("a turn of {name}: client time"), median(&turns, |ms| *ms), "ms", bar_ms, peers);
}

/// From the last byte of an answer to the arrival of the next request.
fn turn_ms(pair: &[server::Asked]) -> f64 {
    seconds(pair[0].answered.expect("it was answered"), pair[1].came) * 1e3
}

fn long_reply() {
    let words = "All work and no play makes a client slow. ";
    let body: String = (0..200_000 / words.len()).map(|_| piece(words)).collect();
    let answers = [Answer::Stream { body: body + &last("stop"), piece: 4096 }];
    let runs: Vec<_> = (0..RUNS).map(|_| run(&answers)).collect();
    row("200 kB reply: CPU", median(&runs, |run| run.0.cpu_s), "s", 0.08, "0.41 1.29 1.69 6.9 3.8 2.2");
    row("200 kB reply: peak", median(&runs, |run| run.0.peak_mb), "MB", 30.0, "");
}

fn seconds(from: SystemTime, to: SystemTime) -> f64 {
    to.duration_since(from).unwrap_or_default().as_secs_f64()
}

fn says(words: &str) -> String {
    piece(words) + &last("stop")
}

fn piece(words: &str) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": words}}]}))
}

fn calls((tool, args): &(&str, Value)) -> String {
    let call = json!({"index": 0, "id": "c", "type": "function", "function": {"name": tool, "arguments": args.to_string()}});
    let delta = json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
    format!("data: {delta}\n\n{}", last("tool_calls"))
}

fn last(reason: &str) -> String {
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}});
    format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}
