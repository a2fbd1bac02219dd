//! The order in which calls run: read-only ones side by side, writing ones one after the other.

use serde_json::Value;

use crate::world::World;

fn at(events: &[Value], kind: &str, id: &str) -> usize {
    events
        .iter()
        .position(|event| event["type"] == kind && event["id"] == id)
        .unwrap_or_else(|| panic!("no {kind} of {id} in {events:#?}"))
}

#[test]
fn read_only_calls_run_side_by_side() {
    let world = World::new();
    let read = "{tool: read, args: {path: a.txt}}";
    let model = world.script(&super::script_of(&[read, "{tool: search, args: {pattern: three}}", read]));
    let events = world.stream(&model, &["x"]).expect(0).events();
    let verdicts = ["t1", "t2", "t3"].map(|id| at(&events, "verdict", id));
    let results = ["t1", "t2", "t3"].map(|id| at(&events, "tool_result", id));
    assert!(verdicts.iter().max() < results.iter().min(), "all are let through before one is waited for");
}

#[test]
fn writing_calls_run_one_after_the_other() {
    let world = World::new();
    let calls = [
        "{tool: bash, args: {command: 'sleep 0.2; echo 1 >> log.txt'}}",
        "{tool: bash, args: {command: 'echo 2 >> log.txt'}}",
        "{tool: read, args: {path: log.txt}}",
        "{tool: write, args: {path: log.txt, content: \"new\\n\"}}",
        "{tool: bash, args: {command: 'cat log.txt; echo 3 >> log.txt'}}",
    ];
    let events = world.stream(&world.script(&super::script_of(&calls)), &["x"]).expect(0).events();
    for id in 1..calls.len() {
        let (this, next) = (format!("t{id}"), format!("t{}", id + 1));
        assert!(at(&events, "tool_result", &this) < at(&events, "verdict", &next), "{next} overtook {this}");
    }
    assert_eq!(world.read("log.txt"), "new\n3\n");
}

#[test]
fn ten_calls_in_one_message_get_ten_results_in_order() {
    let world = World::new();
    let mut calls = vec!["{tool: read, args: {path: a.txt}}"; 9];
    calls.insert(4, "{tool: bash, args: {command: 'echo x >> log.txt'}}");
    let model = world.script(&super::script_of(&calls));
    let events = world.stream(&model, &["x"]).expect(0).events();
    let result = events.last().unwrap();
    assert_eq!((&result["tool_calls"]["allowed"], &result["turns"]), (&10.into(), &2.into()));
    let write = at(&events, "verdict", "t5");
    for id in ["t1", "t2", "t3", "t4"] {
        assert!(at(&events, "tool_result", id) < write, "{id} had not ended before the write");
    }
    for id in ["t6", "t7", "t8", "t9", "t10"] {
        assert!(at(&events, "verdict", id) > at(&events, "tool_result", "t5"), "{id} began before it");
    }
    let file = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    let order: Vec<Value> = file
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["item"]["call_id"].clone())
        .filter(|id| !id.is_null())
        .collect();
    let wanted: Vec<Value> = (1..=10).map(|n| Value::from(format!("t{n}"))).collect();
    assert_eq!(order, wanted, "the conversation holds them in the order of the calls");
}

#[test]
fn a_command_shows_its_output_before_it_ends() {
    let world = World::new();
    let call = "{tool: bash, args: {command: 'echo early; sleep 0.3; echo late'}}";
    let events = world.stream(&world.script(&super::script_of(&[call])), &["x"]).expect(0).events();
    let outputs: Vec<_> = events.iter().filter(|event| event["type"] == "tool_output").collect();
    assert!(outputs.len() >= 2 && outputs[0]["delta"] == "early\n", "{outputs:?}");
    assert!(at(&events, "tool_output", "t1") < at(&events, "tool_result", "t1"));
}

fn shown(events: &[Value]) -> String {
    let deltas = events.iter().filter(|event| event["type"] == "tool_output");
    deltas.map(|event| event["delta"].as_str().unwrap()).collect()
}

#[test]
fn a_secret_in_live_output_is_shown_nowhere() {
    let world = World::new();
    // Put together here and by the command, so that neither this file nor the call holds it.
    let (first, second) = ("AKIAQLCB", "BU76DQTOEDHN");
    let body = "MIIEpAIBAAKCAQEA7bq3zLk8Jt0v1ZyWx5u9RrTg2HhPpMmNn4QqSsVvKkLlAaZz";
    let ends = |which: &str| format!("echo \"-----{which} RSA PRIVATE\"\" KEY-----\"");
    let script = format!(
        "echo before; printf 'key {first}'; sleep 0.4; printf '{second} end\\n'; sleep 0.4; echo between\n{}\nsleep 0.4\necho {body}\nsleep 0.4\n{}\necho after\nprintf unfinished\n",
        ends("BEGIN"),
        ends("END")
    );
    world.write("leak.sh", &script);
    let call = "{tool: bash, args: {command: 'sh leak.sh'}}";
    let ended = world.stream(&world.script(&super::script_of(&[call])), &["x"]).expect(0);
    let events = ended.events();
    for secret in [&[first, second].concat(), second, body] {
        assert!(!ended.out.contains(secret), "{secret} in {}", ended.out);
    }
    let text = shown(&events);
    let lines: Vec<&str> = text.lines().collect();
    let [before, key, between, block, after, unfinished] = lines[..] else { panic!("{lines:?}") };
    assert_eq!([before, between, after, unfinished], ["before", "between", "after", "unfinished"]);
    assert!(key.starts_with("key [secret:aws_access_key#") && key.ends_with("] end"), "{key}");
    assert!(block.starts_with("[secret:private_key#"), "{block}");
    let result = events.iter().find(|event| event["type"] == "tool_result").unwrap().to_string();
    let file = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    assert!(!result.contains(body) && file.contains(block), "the result has the same placeholder");
    let first_delta = events.iter().find(|event| event["type"] == "tool_output").unwrap();
    assert_eq!(first_delta["delta"], "before\n", "what has no secret does not wait for the rest");
}

#[test]
fn long_lines_and_keys_without_an_end() {
    let world = World::new();
    let key = ["AKIAQLCB", "BU76DQTOEDHN"].concat();
    // The key lies across 8 kB of a line that never ends.
    let long = format!("{} {key} {}", "word ".repeat(1636), "more ".repeat(2000));
    world.write("long.txt", &long);
    world.write("open.txt", &["seen\n-----BEGIN PRIVATE ", "KEY-----\nMIIEvQIBADANBg\n"].concat());
    let calls =
        ["{tool: bash, args: {command: 'cat long.txt'}}", "{tool: bash, args: {command: 'cat open.txt'}}"];
    let events = world.stream(&world.script(&super::script_of(&calls)), &["x"]).expect(0).events();
    let (first, second): (Vec<Value>, Vec<Value>) = events.into_iter().partition(|event| event["id"] == "t1");
    let text = shown(&first);
    assert!(!text.contains(&key) && !text.contains("AKIA"), "{text}");
    let (before, after) = text.split_once("[secret:aws_access_key#").unwrap();
    assert_eq!((before, after.split_once(']').unwrap().1), long.split_once(&key).unwrap());
    let text = shown(&second);
    assert!(text.starts_with("seen\n[withheld: a private key") && !text.contains("MIIEv"), "{text}");
}
