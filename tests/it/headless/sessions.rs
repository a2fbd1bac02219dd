//! Going on with a conversation, listing conversations, and keeping two processes out of one.

use serde_json::Value;

use crate::world::{World, wait_until};

/// Answers with the number of the turn, so that a continued conversation shows itself.
const COUNTS: &str = "rules:\n  - {when: {turn: 1}, reply: [{text: first}]}\n  - {when: {turn: 2}, reply: [{text: second}]}\n  - {when: {turn: 3}, reply: [{text: third}]}\n";

#[test]
fn a_session_goes_on_by_c_by_prefix_and_by_words() {
    let world = World::new();
    let model = world.script(COUNTS);
    let first = world.json(&model, &["--tools", "read", "fix the parser"]).result();
    let id = first["session_id"].as_str().unwrap().to_owned();
    assert_eq!(world.text(&model, &["-c", "and now?"]).expect(0).out, "second\n");
    assert_eq!(world.text(&model, &["write the docs"]).expect(0).out, "first\n");
    assert_eq!(world.text(&model, &["-r", "PARSER", "again"]).expect(0).out, "third\n");

    let other = World::new();
    let model = other.script(COUNTS);
    let id_of = |ended: crate::world::Ended| ended.result()["session_id"].as_str().unwrap().to_owned();
    let ids = ["one", "two"].map(|words| id_of(other.json(&model, &["--tools", "read", words])));
    assert_eq!(other.text(&model, &["-r", &ids[0], "x"]).expect(0).out, "second\n");
    let bare = &ids[1]["s_".len().."s_".len() + 12];
    assert_eq!(other.text(&model, &["-r", bare, "x"]).expect(0).out, "second\n");
    other.text(&model, &["-r", "nowhere", "x"]).expect(2).says("no session nowhere").says(&ids[0]);
    other.text(&model, &["-r", &id, "x"]).expect(2).says("no session");
    assert_eq!(other.session_files().len(), 2, "a failed look-up begins nothing");
    world.text(&model, &["-c", "-r", &id, "x"]).expect(2);
}

#[test]
fn a_session_goes_on_with_what_it_had_last_unless_this_run_says_otherwise() {
    let world = World::new();
    let model = world.script("rules:\n  - reply: [{text: yes}]\n");
    world.json(&model, &["--profile", "plan", "--thinking", "low", "x"]).expect(0);
    let began = |ended: crate::world::Ended| {
        let line: Value = serde_json::from_str(ended.expect(0).out.lines().next().unwrap()).unwrap();
        (line["model"].as_str().unwrap().to_owned(), line["profile"].as_str().unwrap().to_owned())
    };
    let goes_on = |args: &[&str]| {
        began(world.iosm(&[&["-p", "--output-format", "stream-json", "-c"], args, &["y"]].concat()).run())
    };
    let had = (model.clone(), "plan".to_owned());
    assert_eq!(goes_on(&[]), had);
    world.settings("model: scripted/hello\nprofile: full\n");
    assert_eq!(goes_on(&[]), had, "what a session had stands above the settings");
    assert_eq!(goes_on(&["--fork"]), had);
    assert_eq!(goes_on(&["-m", "scripted/hello"]), ("scripted/hello".into(), "plan".into()));
    assert_eq!(goes_on(&[]), ("scripted/hello".into(), "plan".into()), "that is what it had last");
    assert_eq!(goes_on(&["--profile", "explore"]).1, "explore");
    // A model that cannot be had gives way, and that is said.
    world.iosm(&["-p", "-c", "-m", &model, "z"]).run().expect(0);
    std::fs::remove_file(world.base().join("script.yaml")).unwrap();
    let ended = world.iosm(&["-p", "-c", "y"]).run().expect(0).says("cannot be had; scripted/hello answers");
    ended.prints("Hello from the scripted model");
}

#[test]
fn no_session_leaves_none_behind() {
    let world = World::new();
    let model = world.script(COUNTS);
    let result = world.json(&model, &["--no-session", "x"]).expect(0).result();
    assert_eq!(result["session_id"], Value::Null);
    assert!(world.session_files().is_empty());
    world.text(&model, &["-c", "x"]).expect(2).says("no session to continue");
}

#[test]
fn sessions_are_listed_and_shown() {
    let world = World::new();
    world.iosm(&["sessions"]).run().expect(0).says("no sessions in this project yet");
    assert_eq!(world.iosm(&["sessions", "--json"]).run().expect(0).out.trim(), "[]");
    let model = world.script(COUNTS);
    world.text(&model, &["fix the parser\nwith care"]).expect(0);
    world.text(&model, &["write the docs"]).expect(0);
    world.text(&model, &["-c", "go on"]).expect(0);
    let list: Value = serde_json::from_str(&world.iosm(&["sessions", "--json"]).run().expect(0).out).unwrap();
    let titles: Vec<&str> = list.as_array().unwrap().iter().map(|s| s["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["write the docs", "fix the parser"], "newest first");
    assert_eq!((&list[0]["turns"], &list[1]["turns"]), (&2.into(), &1.into()));
    let shown = world.iosm(&["sessions", "show", "parser"]).run().expect(0).out;
    assert!(shown.contains("fix the parser\nwith care") && shown.contains("first"), "{shown}");
    world.iosm(&["sessions", "show", "nowhere"]).run().expect(2).says("no session nowhere");
    let plain = world.iosm(&["sessions"]).run().expect(0).out;
    assert!(plain.lines().next().unwrap().contains("2 turns"), "{plain}");
}

#[test]
fn a_session_of_another_project_is_not_found() {
    let (one, other) = (World::new(), World::new());
    let model = one.script(COUNTS);
    one.text(&model, &["x"]).expect(0);
    // The same state, another repository.
    let run = one.iosm(&["-p", "-c", "-m", &model, "x"]).within(&other.repo()).run();
    run.expect(2).says("no session to continue in this project");
}

#[test]
fn a_second_process_is_kept_out_of_a_session() {
    let world = World::new();
    let slow = world.script("rules:\n  - reply: [{text: begun}, {delay_ms: 60000}, {text: late}]\n");
    let running = world.iosm(&["-p", "-m", &slow, "wait"]).start();
    wait_until("the session has begun", || world.session_holds("wait"));
    world.text(&slow, &["-c", "x"]).expect(2).says("is in use by another process");
    running.signal(nix::sys::signal::Signal::SIGTERM);
    running.wait().expect(143);
    let model = world.script("rules:\n  - reply: [{text: mine now}]\n");
    assert_eq!(world.text(&model, &["-c", "x"]).expect(0).out, "mine now\n");
}

#[test]
fn a_prompt_is_needed_where_nothing_waits_for_an_answer() {
    let world = World::new();
    let model = world.script(COUNTS);
    world.text(&model, &["x"]).expect(0);
    world.text(&model, &["-c"]).expect(2).says("nothing in this conversation waits").says("go on");
    let result = world.json(&model, &["-c"]).expect(2).result();
    assert_eq!(result["turns"], 0, "nothing was asked");
}

#[test]
fn a_recorded_session_plays_again() {
    let world = World::new();
    let first = "{tool: read, args: {path: a.txt}}";
    let second = "{tool: bash, args: {command: \"echo 'a: \\\"b\\\"' > c.txt; cat c.txt\"}}";
    let model = world.script(&format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{text: \"# Look:\\n\"}}, {{tool_call: {first}}}, {{tool_call: {second}}}]\n  - reply: [{{text: \"yes: 'no' | \u{e9}\\n\\n- done\"}}]\n"
    ));
    let take = world.repo().join("take.yaml");
    let result =
        world.json(&model, &["--record", "take.yaml", "--tools", "read,bash", "x"]).expect(0).result();
    assert!(take.is_file());
    let again = World::new();
    let replay = format!("scripted/{}", take.display());
    let replayed = again.json(&replay, &["--tools", "read,bash", "x"]).expect(0).result();
    for key in ["result", "turns", "tool_calls", "status"] {
        assert_eq!(replayed[key], result[key], "{key}");
    }
    assert_eq!(again.read("c.txt"), world.read("c.txt"));
}
