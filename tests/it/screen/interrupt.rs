//! Stopping what goes on, steering it, sending it to the background.

use super::{in_order, open};
use crate::headless::check_conversation;
use crate::world::{World, wait_until, with_mark};

#[test]
fn esc_stops_an_answer_and_one_can_go_on() {
    let world = World::new();
    let terminal = open(
        &world,
        r#"
rules:
  - when: {user: {text: stream}}
    reply: [{text: "a very long answer. ", fill: 400000, chunk: 20, every_ms: 20}]
  - reply: [{text: "Here I am again."}]
"#,
    );
    terminal.say("stream it");
    terminal.shows("a very long answer.");
    terminal.keys(&["Escape"]);
    terminal.shows("interrupted");
    terminal.loses("esc stops");
    check_conversation(&world);
    terminal.say("go on");
    terminal.shows("Here I am again.");
}

#[test]
fn esc_ends_a_command_with_all_its_processes() {
    let world = World::new();
    let mark = format!("86{}", std::process::id());
    let rules = format!(
        r#"
rules:
  - when: {{user: {{text: long}}}}
    reply: [{{tool_call: {{tool: bash, args: {{command: "echo it has begun; sleep {mark}1 & (setsid sleep {mark}2) & sleep {mark}"}}}}}}]
  - reply: [{{text: "Here I am again."}}]
"#
    );
    let terminal = open(&world, &rules);
    terminal.say("a long one");
    terminal.shows("it has begun");
    wait_until("it runs", || with_mark(&format!("sleep {mark}")).len() >= 3);
    terminal.keys(&["Escape"]);
    terminal.told("interrupted ·");
    wait_until("nothing is left of it", || with_mark(&format!("sleep {mark}")).is_empty());
    check_conversation(&world);
    terminal.say("go on");
    let history = terminal.told("Here I am again.");
    assert_eq!(history.matches("it has begun").count(), 2, "the command and its output:\n{history}");
}

/// Waits in a command until a file is there.
const WAITING: &str = r#"
rules:
  - when: {user: {text: begin}}
    reply:
      - tool_call: {tool: bash, args: {command: "echo it waits; while [ ! -e go ]; do sleep 0.02; done; echo it is over"}}
  - when: {user: {text: the other way}}
    reply: [{text: "I turn round."}]
  - when: {user: {text: and then}}
    reply: [{text: "That as well."}]
  - reply: [{text: "Straight on."}]
"#;

#[test]
fn what_is_said_meanwhile_steers_or_follows() {
    let world = World::new();
    let terminal = open(&world, WAITING);
    terminal.say("begin");
    terminal.shows("│ it waits");
    terminal.types("and then this");
    terminal.shows("> and then this");
    terminal.keys(&["M-Enter"]);
    terminal.shows("waits: and then this");
    terminal.say("the other way");
    terminal.shows("waits: the other way");
    world.write("go", "");
    let history = terminal.told("That as well.");
    let order = ["it is over", "❯ the other way", "I turn round.", "❯ and then this", "That as well."];
    in_order(&history, &order);
    terminal.loses("waits:");
    terminal.shows("3 turns");
    check_conversation(&world);
}

#[test]
fn what_was_said_and_not_taken_up_comes_back_into_the_composer() {
    let world = World::new();
    let terminal = open(&world, WAITING);
    terminal.say("begin");
    terminal.shows("│ it waits");
    terminal.say("the other way");
    terminal.shows("waits: the other way");
    terminal.keys(&["Escape"]);
    terminal.told("interrupted ·");
    terminal.shows("> the other way");
}

#[test]
fn a_background_command_that_ends_while_nothing_goes_on_is_told() {
    let world = World::new();
    let line = format!("until [ -e {} ]; do sleep 0.1; done; exit 3", world.repo().join("go").display());
    let script = format!(
        "rules:\n  - when: {{user: {{text: start}}}}\n    reply: [{{tool_call: {{tool: bash, args: {{command: '{line}', background: true}}}}}}]\n  - reply: [{{text: started}}]\n"
    );
    let terminal = open(&world, &script);
    terminal.say("start it");
    terminal.shows("1 in background");
    terminal.shows("started");
    world.write("go", "");
    terminal.shows("the background command b1 ended: exit code 3");
    terminal.loses("1 in background");
    assert!(world.session_holds("[iosm: the background command b1 ended: exit code 3;"));
    assert!(!terminal.history().contains("[iosm:"), "nobody said so");
}

#[test]
fn a_command_goes_on_in_the_background() {
    let world = World::new();
    let mark = format!("87{}", std::process::id());
    let rules = format!(
        r#"
rules:
  - when: {{user: {{text: serve}}}}
    reply: [{{tool_call: {{tool: bash, args: {{command: "echo up; sleep {mark}"}}}}}}]
  - reply: [{{text: "It runs beside."}}]
"#
    );
    let terminal = open(&world, &rules);
    terminal.say("serve it");
    terminal.shows("│ up");
    terminal.keys(&["C-b"]);
    let screen = terminal.shows("It runs beside.");
    assert!(screen.contains("goes on in the background as b1"), "{screen}");
    terminal.shows("1 in background");
    assert!(!with_mark(&format!("sleep {mark}")).is_empty());
    terminal.say("/quit");
    assert_eq!(terminal.ends(), 0);
    wait_until("nothing is left of it", || with_mark(&format!("sleep {mark}")).is_empty());
}
