//! A copy of a conversation goes its own way.

use iosm::engine::SessionChoice;
use serde_json::Value;

use super::{COUNTS, Open};
use crate::world::{World, wait_until};

fn list(world: &World) -> Vec<Value> {
    let out = world.iosm(&["sessions", "--json"]).run().expect(0).out;
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_fork_goes_on_and_the_other_stays_as_it_is() {
    let world = World::new();
    let model = world.script(COUNTS);
    let first = world.json(&model, &["--tools", "read", "fix the parser"]).expect(0).result();
    let id = first["session_id"].as_str().unwrap().to_owned();
    let file = world.session_files().remove(0);
    let before = std::fs::read(&file).unwrap();

    let forked = world.json(&model, &["--tools", "read", "-c", "--fork", "otherwise"]).expect(0).result();
    assert_eq!((&forked["result"], &forked["turns"]), (&"second".into(), &1.into()));
    let fork = forked["session_id"].as_str().unwrap();
    assert_ne!(fork, id);
    world.text(&model, &["-r", &id, "--fork", "a third way"]).expect(0).prints("second");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let listed = list(&world);
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[2]["parent"], Value::Null);
    assert!(listed[..2].iter().all(|s| s["parent"] == *id && s["turns"] == 2), "{listed:?}");

    world.text(&model, &["-r", fork, "and on"]).expect(0).prints("third");
    world.text(&model, &["--fork", "x"]).expect(2).says("-c --fork");
    world.text(&model, &["-r", "nowhere", "--fork", "x"]).expect(2).says("no session nowhere");
    assert_eq!(world.session_files().len(), 3, "a failed copy begins nothing");
    world.iosm(&["kernel", "verify"]).run().expect(0);
    let audit: Value =
        serde_json::from_str(&world.iosm(&["audit", fork, "--json"]).run().expect(0).out).unwrap();
    let runs = audit["sessions"][0]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2, "what was copied was not done here");
}

#[test]
fn a_session_in_use_can_be_forked() {
    let world = World::new();
    let slow = world.script("rules:\n  - reply: [{text: begun}, {delay_ms: 60000}, {text: late}]\n");
    let running = world.iosm(&["-p", "-m", &slow, "wait"]).start();
    wait_until("the session has begun", || world.session_holds("wait"));
    let model = format!("{slow}2");
    let path = model.strip_prefix("scripted/").unwrap();
    std::fs::write(path, "rules:\n  - reply: [{text: mine}]\n").unwrap();
    world.text(&model, &["-c", "--fork", "x"]).expect(0).prints("mine");
    running.signal(nix::sys::signal::Signal::SIGTERM);
    running.wait().expect(143);
}

#[tokio::test]
async fn a_fork_may_end_earlier_and_brings_the_marks_of_every_branch() {
    let world = World::new();
    let model = world.script(COUNTS);
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    let (one, _) = open.say("one").await;
    open.say("two").await;
    let id = open.session.id.clone().unwrap();
    open.answer("name the long way").await.unwrap();
    open.close().await;
    // A mark on a branch that the copy does not have.
    let log = world.session_files().remove(0);
    let text = std::fs::read_to_string(&log).unwrap();
    let next = text.lines().count() + 1;
    let mark = r#""type":"taint","agent":"main","mark":{"source":"web","what":"example.com","call":"t1","since_seq":1}"#;
    let line = format!(r#"{{"id":{next},"parent":{},"ts":"2026-11-21T00:00:00.000Z",{mark}}}"#, next - 1);
    std::fs::write(&log, format!("{text}{line}\n")).unwrap();

    let choice = SessionChoice::Fork { given: Some(id.clone()), entry: Some(one) };
    let mut fork = Open::new(&world, &model, choice).await;
    assert_eq!(fork.session.desk.tree().unwrap().nodes.len(), 1);
    assert_eq!(fork.say("otherwise").await.1.text, "second");
    let taint = fork.answer("taint").await.unwrap();
    assert!(taint.contains("web:example.com"), "{taint}");
    fork.close().await;
    let listed = list(&world);
    assert_eq!((&listed[0]["parent"], &listed[0]["title"]), (&id.into(), &"the long way (fork)".into()));
    assert_eq!((&listed[1]["title"], &listed[1]["named"]), (&"the long way".into(), &true.into()));
    assert_eq!(listed[0]["taint"][0], "web:example.com");
}

#[test]
fn a_secret_that_was_taken_out_is_put_back_in_a_fork_too() {
    let world = World::new();
    let key = ["AKIA", "QLCBBU76DQTO", "EDHN"].concat();
    let before = format!("region = eu\nkey = {key}\n");
    world.write("conf.txt", &before);
    let read = "{tool: read, args: {path: conf.txt}}";
    let model = world.script(&format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{tool_call: {read}}}]\n  - reply: [{{text: done}}]\n"
    ));
    world.text(&model, &["look"]).expect(0);
    let session = std::fs::read_to_string(world.session_files().remove(0)).unwrap();
    let mark = session.split("[secret:aws_access_key#").nth(1).unwrap()[..4].to_owned();
    let whole = format!("region = fr\\nkey = [secret:aws_access_key#{mark}]\\n");
    let write = format!("{{tool: write, args: {{path: conf.txt, content: \"{whole}\"}}}}");
    let model = world.script(&format!(
        "rules:\n  - when: {{turn: 3}}\n    reply: [{{tool_call: {read}}}]\n  - when: {{turn: 4}}\n    reply: [{{tool_call: {write}}}]\n  - reply: [{{text: done}}]\n"
    ));
    world.text(&model, &["-c", "--fork", "change the region"]).expect(0);
    assert_eq!(world.read("conf.txt"), before.replace("eu", "fr"));
    let fork = std::fs::read_to_string(world.session_files().remove(1)).unwrap();
    assert!(!fork.contains(&key));
}
