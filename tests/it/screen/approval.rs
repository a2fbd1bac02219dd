//! Questions: what is shown, a yes, a no with words, a rule that is kept, keys that are no answer.

use super::{GUARD, Terminal, in_order, open};
use crate::world::World;

/// Looks, then writes beside the workspace, which has to be asked for; says what came of it.
const ASKING: &str = r#"
rules:
  - when: {user: {text: note}}
    reply:
      - text: "I **look** first.\n"
      - tool_call: {tool: read, args: {path: a.txt}}
  - when: {result: {tool: read}}
    reply:
      - text: "Now I write.\n"
      - tool_call: {tool: write, args: {path: ../beside.txt, content: "kept for later\n"}}
  - when: {user: {text: again}}
    reply:
      - tool_call: {tool: write, args: {path: ../beside.txt, content: "kept again\n"}}
  - when: {result: {tool: write, status: denied}}
    reply: [{text: "Then I leave it."}]
  - reply: [{text: "It is written down."}]
"#;

fn beside(world: &World) -> Option<String> {
    std::fs::read_to_string(world.base().join("beside.txt")).ok()
}

/// The question is there, and takes answers.
fn asked(terminal: &Terminal) -> String {
    let screen = terminal.shows("Allow write?");
    std::thread::sleep(GUARD);
    screen
}

#[test]
fn a_question_shows_what_the_call_would_do_and_a_yes_lets_it() {
    let world = World::new();
    let terminal = open(&world, ASKING);
    terminal.say("note it");
    let screen = asked(&terminal);
    for words in [
        "The change:",
        "+ kept for later",
        "It would:",
        "write ",
        "beside.txt",
        "outside the workspace",
        "rule",
    ] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    assert_eq!(beside(&world), None);
    terminal.keys(&["y"]);
    let history = terminal.told("done ·");
    let parts = [
        "sandbox full",
        "❯ note it",
        "I look first.",
        "read a.txt",
        "Now I write.",
        "write ../beside.txt",
        "you allowed it",
        "+ kept for later",
        "It is written down.",
        "done ·",
    ];
    in_order(&history, &parts);
    for part in parts {
        assert_eq!(history.matches(part).count(), 1, "{part}\n{history}");
    }
    assert!(!history.contains("Allow write?"), "the question has gone:\n{history}");
    assert_eq!(beside(&world).unwrap(), "kept for later\n");
}

#[test]
fn a_no_with_words_is_told_to_the_model_and_nothing_is_written() {
    let world = World::new();
    let terminal = open(&world, ASKING);
    terminal.say("note it");
    asked(&terminal);
    terminal.keys(&["n"]);
    terminal.shows("No; tell the model");
    terminal.types("keep out of there");
    terminal.shows("keep out of there");
    terminal.keys(&["Enter"]);
    let history = terminal.told("Then I leave it.");
    assert!(history.contains("write ../beside.txt") && history.contains("refused"), "{history}");
    assert!(history.contains("keep out of there"), "what was said to it is seen again:\n{history}");
    assert!(world.session_holds("keep out of there"));
    assert_eq!(beside(&world), None);
}

#[test]
fn a_rule_kept_with_always_answers_the_next_question() {
    let world = World::new();
    let terminal = open(&world, ASKING);
    terminal.say("note it");
    asked(&terminal);
    terminal.keys(&["a"]);
    // The rule is shown before it is kept, and one key has kept nothing.
    let screen = terminal.shows("Keep this rule?");
    assert!(screen.contains("in this project:") && screen.contains("beside.txt"), "{screen}");
    assert!(!world.iosm(&["config", "approvals"]).run().expect(0).out.contains("beside.txt"));
    std::thread::sleep(GUARD);
    terminal.keys(&["Enter"]);
    terminal.counts("It is written down.", 1);
    terminal.say("again");
    terminal.counts("It is written down.", 2);
    assert_eq!(beside(&world).unwrap(), "kept again\n");
    assert_eq!(terminal.history().matches("you allowed it").count(), 1);
    let kept = world.iosm(&["config", "approvals"]).run().expect(0);
    assert!(kept.out.contains("beside.txt"), "{}", kept.out);
    terminal.say("/permissions");
    terminal.shows("beside.txt");
}

/// Writes after a while, so that somebody can be in the middle of a sentence.
const SLOWLY: &str = r#"
rules:
  - when: {user: {text: note}}
    reply:
      - text: "I think. "
        fill: 400
        chunk: 20
        every_ms: 100
      - tool_call: {tool: write, args: {path: ../beside.txt, content: "kept for later\n"}}
  - when: {result: {tool: write, status: denied}}
    reply: [{text: "Then I leave it."}]
  - reply: [{text: "It is written down."}]
"#;

#[test]
fn a_sentence_typed_across_a_question_answers_nothing_and_loses_nothing() {
    const SENTENCE: &str = "also check that the code has docs at each place, yes and always, n or 1 2 3";
    let world = World::new();
    let terminal = open(&world, SLOWLY);
    terminal.say("note it");
    terminal.shows("I think.");
    let mut seen = false;
    for c in SENTENCE.chars() {
        terminal.types(&c.to_string());
        std::thread::sleep(std::time::Duration::from_millis(80));
        seen |= terminal.screen().contains("Allow write?");
    }
    assert!(seen, "the question came while one typed");
    let screen = terminal.shows(SENTENCE);
    assert!(screen.contains("Allow write?"), "it waits:\n{screen}");
    assert_eq!(beside(&world), None);
    assert!(!world.iosm(&["config", "approvals"]).run().expect(0).out.contains("beside.txt"));
    std::thread::sleep(GUARD);
    terminal.shows("y once");
    terminal.keys(&["n"]);
    terminal.shows("No; tell the model");
    terminal.keys(&["Enter"]);
    terminal.told("Then I leave it.");
    terminal.shows(&format!("> {SENTENCE}"));
    assert_eq!(beside(&world), None);
}

#[test]
fn keys_typed_before_a_question_is_seen_do_not_answer_it() {
    let world = World::new();
    let terminal = open(&world, ASKING);
    terminal.say("note it");
    // Keys right behind an Enter would be a paste.
    terminal.told("❯ note it");
    for _ in 0..100 {
        terminal.types("y");
        if terminal.screen().contains("Allow write?") {
            break;
        }
    }
    std::thread::sleep(GUARD);
    terminal.shows("Allow write?");
    assert_eq!(beside(&world), None);
    terminal.keys(&["n"]);
    terminal.shows("No; tell the model");
    terminal.keys(&["Enter"]);
    terminal.told("Then I leave it.");
    terminal.shows("> y");
    assert_eq!(beside(&world), None);
}
