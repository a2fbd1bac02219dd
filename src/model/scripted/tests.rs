//! Tests of scripts: format, choice of rules, replies, recording.

use std::time::Duration;

use futures::StreamExt;
use serde_json::json;

use super::reply::Action;
use super::*;
use crate::model::{Delta, Stop, Thinking};
use crate::protocol::{Block, Part, ToolCall, ToolResult, ToolStatus, Usage};

fn scripted(text: &str) -> Scripted {
    let script = Script::parse(text, "test.yaml").unwrap();
    Scripted { name: "scripted/test".into(), script, failures: Mutex::default() }
}

fn refused(text: &str) -> (String, String) {
    match Script::parse(text, "test.yaml") {
        Err(ModelError::Config { message, hints }) => (message, hints.concat()),
        other => panic!("{:?}", other.map(|_| "accepted")),
    }
}

fn request(items: Vec<Item>) -> Request {
    Request {
        version: Request::VERSION,
        model: "test".into(),
        system: vec!["You are careful.".into()],
        tools: vec![],
        items,
        max_tokens: 100,
        thinking: Thinking::Off,
        session: Some("s_1".into()),
    }
}

fn said(text: &str) -> Item {
    Item::Assistant { blocks: vec![Block::Text { text: text.into() }], model: "scripted/test".into() }
}

fn called(tool: &str) -> Item {
    let call = ToolCall { id: "t1".into(), tool: tool.into(), args: json!({}) };
    Item::Assistant { blocks: vec![Block::ToolCall(call)], model: "scripted/test".into() }
}

fn result(tool: &str, status: ToolStatus, text: &str) -> Item {
    let parts = vec![Part::text(text)];
    Item::ToolResult(ToolResult { call_id: "t1".into(), tool: tool.into(), status, parts })
}

fn ask(provider: &Scripted, items: Vec<Item>) -> Vec<Result<Delta, ModelError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(provider.stream(&request(items)).collect())
}

/// The text of an answer, or the error it ended in.
fn text(provider: &Scripted, items: Vec<Item>) -> String {
    let mut out = String::new();
    for delta in ask(provider, items) {
        match delta {
            Ok(Delta::Text(more)) => out.push_str(&more),
            Ok(_) => {}
            Err(error) => return format!("! {error}"),
        }
    }
    out
}

#[test]
fn every_built_in_script_parses() {
    for name in shipped_scripts() {
        Scripted::open(name).unwrap();
    }
    let error = Scripted::open("helo").err().unwrap().report();
    assert_eq!(error.hints, ["did you mean `scripted/hello`?"]);
    assert!(matches!(Scripted::open("no/such.yaml"), Err(ModelError::Config { .. })));
}

#[test]
fn the_audit_script_plays_through() {
    let audit = Scripted::open("audit").unwrap();
    let mut items = vec![Item::user("Audit src/ for dead code")];
    let call = |items: &[Item]| {
        ask(&audit, items.to_vec()).into_iter().find_map(|delta| match delta {
            Ok(Delta::ToolCall { tool, args }) => Some((tool, args)),
            _ => None,
        })
    };
    assert_eq!(call(&items).unwrap().0, "search");
    items.extend([called("search"), result("search", ToolStatus::Ok, "src/a.rs:12: fn unused() {}\n")]);
    let (tool, args) = call(&items).unwrap();
    assert_eq!((tool.as_str(), &args["findings"][0]["path"]), ("report", &json!("src/a.rs")));
    assert_eq!(args["findings"][0]["line"], json!(12));
    let finding: crate::protocol::Finding = serde_json::from_value(args["findings"][0].clone()).unwrap();
    assert_eq!(finding.path, "src/a.rs");
    items.extend([called("report"), result("report", ToolStatus::Ok, "noted")]);
    assert!(text(&audit, items).contains("audit is done"));
}

#[test]
fn conditions_look_at_the_newest_message() {
    let provider = scripted(
        r"
rules:
  - when: {agent: main/2, user: {text: hi}}
    reply: [{text: never}]
  - when: {user: {regex: 'my name is (\w+)'}}
    reply: [{text: 'Hello $1, that is $$5 or $x.'}]
  - when: {result: {tool: bash, status: error}}
    reply: [{text: it failed}]
  - when: {prompt: {text: name}, result: {tool: bash}}
    reply: [{text: 'it ran; $1 stays'}]
  - when: {turn: 3, system: {text: careful}}
    reply: [{text: third}]
",
    );
    let name = Item::user("my name is Ada");
    assert_eq!(text(&provider, vec![name.clone()]), "Hello Ada, that is $5 or $x.");
    let failed = result("bash", ToolStatus::Error, "");
    assert_eq!(text(&provider, vec![name.clone(), called("bash"), failed]), "it failed");
    let ran = result("bash", ToolStatus::Ok, "");
    assert_eq!(text(&provider, vec![name, called("bash"), ran]), "it ran; $1 stays");
    let third = vec![Item::user("a"), said("b"), Item::user("c"), said("d"), Item::user("e")];
    assert_eq!(text(&provider, third), "third");
    let lost = text(&provider, vec![Item::user("what now?")]);
    assert!(
        lost.contains("test.yaml") && lost.contains("turn 1 of main") && lost.contains("what now?"),
        "{lost}"
    );
}

#[test]
fn a_conversation_goes_on_in_a_new_process() {
    let source = "rules:\n  - {once: true, reply: [{text: one}]}\n  - {times: 2, reply: [{text: two}]}\n  - reply: [{text: rest}]\n";
    let mut items = vec![Item::user("go")];
    let mut answers = Vec::new();
    for _ in 0..5 {
        // A provider of its own each time: nothing but the items carries over.
        let answer = text(&scripted(source), items.clone());
        items.extend([said(&answer), Item::user("go")]);
        answers.push(answer);
    }
    assert_eq!(answers, ["one", "two", "two", "rest", "rest"]);
}

#[test]
fn errors_come_as_often_as_they_are_written() {
    let source = "rules:\n  - {times: 2, reply: [{text: half}, {error: {status: 429, message: slow down, retry_after_s: 2}}]}\n  - {once: true, reply: [{cut: true}]}\n  - {once: true, reply: [{text: first}]}\n  - reply: [{text: second}]\n";
    let provider = scripted(source);
    let go = || vec![Item::user("go")];
    for _ in 0..2 {
        let outcome = ask(&provider, go());
        let error = outcome[1].clone().unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
        assert!(error.to_string().contains("slow down"), "{error}");
    }
    assert!(matches!(ask(&provider, go())[0], Err(ModelError::Cut { .. })));
    assert_eq!(text(&provider, go()), "first");
    // A new process sees from the items alone that all of those are behind it.
    let later = vec![Item::user("go"), said("first"), Item::user("again")];
    assert_eq!(text(&scripted(source), later.clone()), "second");
    assert_eq!(text(&provider, later), "second");
}

#[test]
fn big_texts_come_in_chunks_and_usage_is_estimated() {
    let provider =
        scripted("rules:\n  - reply: [{text: 'жx', fill: 200, chunk: 7}, {thinking: ab, repeat: 3}]\n");
    let deltas: Vec<Delta> = ask(&provider, vec![Item::user("go")]).into_iter().map(Result::unwrap).collect();
    let sizes: Vec<usize> = deltas
        .iter()
        .filter_map(|delta| match delta {
            Delta::Text(text) => Some(text.len()),
            _ => None,
        })
        .collect();
    assert!(sizes.iter().all(|size| *size <= 7) && (199..=200).contains(&sizes.iter().sum::<usize>()));
    assert!(deltas.contains(&Delta::Thinking("ababab".into())));
    let [Delta::Usage { usage, cost_usd: None }, Delta::End(Stop::EndTurn)] = &deltas[deltas.len() - 2..]
    else {
        panic!("{deltas:?}")
    };
    assert!(usage.input_tokens > 0 && usage.output_tokens > 0);

    let given =
        scripted("rules:\n  - {reply: [], stop: max_tokens, usage: {input_tokens: 7, cost_usd: 0.5}}\n");
    let usage = Usage { input_tokens: 7, ..Usage::default() };
    let expected = [Delta::Usage { usage, cost_usd: Some(0.5) }, Delta::End(Stop::MaxTokens)];
    let deltas: Vec<Delta> = ask(&given, vec![]).into_iter().map(Result::unwrap).collect();
    assert_eq!(deltas, expected);
}

#[test]
fn delays_stand_between_what_is_said() {
    let script =
        Script::parse("rules:\n  - reply: [{text: abcd, chunk: 2, every_ms: 5}, {delay_ms: 9}]\n", "x")
            .unwrap();
    let actions = reply::actions(&script.rules[0], &[], &request(vec![]));
    assert_eq!(actions[1], Action::Wait(Duration::from_millis(5)));
    assert_eq!(actions[3], Action::Wait(Duration::from_millis(9)));
}

#[test]
fn mistakes_are_named_with_their_place() {
    let (message, hint) = refused("rules:\n  - when: {usr: {text: x}}\n    reply: []\n");
    assert!(message.starts_with("test.yaml:2:") && message.contains("`usr`"), "{message}");
    assert_eq!(hint, "did you mean `user`?");
    assert!(
        refused("rules:\n  - reply: [{text: a, cut: true}]\n").0.contains("rule 1: step 1: give exactly one")
    );
    assert!(
        refused("rules:\n  - {name: x, reply: [], when: {user: {regex: '('}}}\n")
            .0
            .contains("rule 1 (x): bad regex")
    );
    assert!(refused("rules:\n  - {once: true, times: 2, reply: []}\n").0.contains("once"));
    assert!(refused("rules:\n  - reply: [{error: {status: 200}}]\n").0.contains("between 400"));
    assert!(refused("rules:\n  - reply: [{delay_ms: 1, chunk: 2}]\n").0.contains("belong to text"));
}

#[test]
fn a_recorded_conversation_plays_again() {
    let call =
        ToolCall { id: "t1".into(), tool: "bash".into(), args: json!({"command": "echo '$1: \"x\"'"}) };
    let blocks = vec![
        Block::Thinking { text: "hm\n- a: b".into(), signature: Some("s".into()), redacted: false },
        Block::Text { text: "Line one\n  #two: \u{7} \u{1F980}\t'".into() },
        Block::ToolCall(call.clone()),
    ];
    let items = vec![
        Item::user("go"),
        Item::Assistant { blocks, model: "openai/x".into() },
        result("bash", ToolStatus::Ok, "1"),
        said("done"),
    ];
    let mut recorder = Recorder::default();
    recorder.add("main", &items);
    let provider = scripted(&recorder.script("A session: with \"quotes\""));
    let first: Vec<Delta> = ask(&provider, items[..1].to_vec()).into_iter().map(Result::unwrap).collect();
    assert_eq!(first[0], Delta::Thinking("hm\n- a: b".into()));
    assert_eq!(first[1], Delta::Text("Line one\n  #two: \u{7} \u{1F980}\t'".into()));
    assert_eq!(first[2], Delta::ToolCall { tool: call.tool, args: call.args });
    assert_eq!(text(&provider, items[..3].to_vec()), "done");
    assert!(Script::parse(&Recorder::default().script(""), "x").is_ok());
}
