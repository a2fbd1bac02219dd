//! The real binary without a screen: what it prints, how it ends, what it leaves behind.

mod background;
mod build;
mod exit_codes;
mod fetch;
mod full_disk;
mod kill;
mod large;
mod order;
mod provider;
mod self_modify;
mod sessions;
mod signals;
mod stdin;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::World;

/// An OpenAI stream that says this.
fn says(words: &str) -> String {
    let piece = json!({"choices": [{"index": 0, "delta": {"content": words}}]});
    format!("data: {piece}\n\n{}", last("stop"))
}

/// An OpenAI stream that makes these calls.
fn calls(calls: &[(&str, Value)]) -> String {
    open_calls(calls) + &last("tool_calls")
}

/// The same, as far as the calls go and no further.
fn open_calls(calls: &[(&str, Value)]) -> String {
    let calls = calls.iter().enumerate().map(|(at, (tool, args))| {
        let call = json!({
            "index": at, "id": format!("call_{at}"), "type": "function",
            "function": {"name": tool, "arguments": args.to_string()},
        });
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}))
    });
    calls.collect()
}

fn last(reason: &str) -> String {
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    let usage =
        json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}});
    format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}

/// A script whose first answer makes these calls (as YAML flow mappings), and whose second says `done`.
fn script_of(calls: &[&str]) -> String {
    let calls: String = calls.iter().map(|call| format!("      - tool_call: {call}\n")).collect();
    format!("rules:\n  - when: {{turn: 1}}\n    reply:\n{calls}  - reply: [{{text: done}}]\n")
}

/// Every call of the newest session has one result, as the next process would send them.
pub fn check_conversation(world: &World) {
    let file = world.session_files().pop().unwrap();
    let (mut calls, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let item = &entry["item"];
        for block in item["blocks"].as_array().into_iter().flatten() {
            if block["type"] == "tool_call" {
                assert!(calls.insert(block["id"].to_string()), "call ids repeat: {line}");
            }
        }
        if item["call_id"].is_string() {
            assert!(answered.insert(item["call_id"].to_string()), "answered twice: {line}");
        }
    }
    assert_eq!(calls, answered, "every call has one result");
}
