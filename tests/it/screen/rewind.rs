//! Going back: to before a message, with the files or without, and forward again.

use super::{A_BEAT, Terminal, open};
use crate::world::{Tree, World};

const CHANGING: &str = r#"
rules:
  - when: {user: {text: change}}
    reply:
      - tool_call: {tool: edit, args: {path: a.txt, edits: [{old: one, new: ONE}]}}
      - tool_call: {tool: bash, args: {command: "rm -rf src && echo new > new.txt && chmod 755 a.txt"}}
  - when: {result: {tool: bash}}
    reply: [{text: "It is changed."}]
  - when: {user: {text: look}}
    reply: [{text: "I have looked."}]
  - reply: [{text: "I see."}]
"#;

fn esc_esc(terminal: &Terminal) {
    terminal.keys(&["Escape"]);
    std::thread::sleep(A_BEAT);
    terminal.keys(&["Escape"]);
    terminal.shows("Go back to before which message?");
}

/// The tree as it was; then one message that changed nothing, and one that did.
fn said(world: &World) -> (Tree, Terminal) {
    let before = world.tree();
    let terminal = open(world, CHANGING);
    terminal.say("hello there");
    terminal.shows("I see.");
    terminal.say("change it");
    terminal.counts("done ·", 2);
    (before, terminal)
}

/// Takes conversation and files back to before the chosen message, which is there to be changed then.
fn takes_all_back(terminal: &Terminal, draft: &str) {
    terminal.keys(&["Enter"]);
    let screen = terminal.shows("Take back what?");
    assert!(screen.contains("2 The conversation and the files"), "{screen}");
    terminal.keys(&["2"]);
    terminal.shows(draft);
    terminal.loses("Take back what?");
}

#[test]
fn esc_esc_takes_conversation_and_files_back_and_redo_brings_them_again() {
    let world = World::new();
    let (before, terminal) = said(&world);
    terminal.counts("done ·", 2);
    let after = world.tree();
    assert!(after != before && !after.contains_key("src"));

    esc_esc(&terminal);
    terminal.shows("> change it");
    takes_all_back(&terminal, "> change it");
    assert_eq!(world.tree(), before, "bit for bit");

    terminal.keys(&["C-u"]);
    terminal.say("/rollback redo");
    terminal.told("(before a rollback)");
    assert_eq!(world.tree(), after);
}

#[test]
fn the_conversation_alone_goes_back_and_the_message_is_there_to_be_changed() {
    let world = World::new();
    let terminal = open(&world, CHANGING);
    terminal.say("look round");
    terminal.shows("I have looked.");
    esc_esc(&terminal);
    terminal.keys(&["Enter"]);
    let screen = terminal.shows("The conversation only");
    assert!(screen.contains("Take back what?"), "{screen}");
    terminal.keys(&["Enter"]);
    terminal.shows("> look round");
    terminal.types(" once more");
    terminal.shows("> look round once more");
    terminal.keys(&["Enter"]);
    terminal.counts("I have looked.", 2);
    terminal.shows("1 turn ·");
}

#[test]
fn a_message_that_changed_nothing_goes_back_with_what_later_ones_changed() {
    let world = World::new();
    let (before, terminal) = said(&world);
    esc_esc(&terminal);
    terminal.keys(&["Down"]);
    terminal.shows("> hello there");
    takes_all_back(&terminal, "> hello there");
    assert_eq!(world.tree(), before, "bit for bit");
}

#[test]
fn a_named_checkpoint_is_gone_back_to() {
    let world = World::new();
    let before = world.tree();
    let terminal = open(&world, CHANGING);
    terminal.say("/checkpoint before lunch");
    terminal.told("Checkpoint c_");
    terminal.say("change it");
    terminal.shows("It is changed.");
    terminal.counts("done ·", 1);
    terminal.say("/rollback");
    let screen = terminal.shows("Checkpoints: what changed since which?");
    assert!(screen.contains("before lunch"), "{screen}");
    terminal.types("lunch");
    terminal.shows("/ lunch");
    terminal.keys(&["Enter"]);
    // First what would change.
    terminal.told("would change:");
    assert!(world.tree() != before);
    terminal.say("/rollback before lunch files");
    terminal.told("Restored");
    assert_eq!(world.tree(), before);
    // As the command line tells it: the newest first, and the way back on top.
    terminal.say("/rollback");
    let screen = terminal.shows("redo: as it was before the last rollback");
    let screen = &screen[screen.rfind("Checkpoints: what").unwrap()..];
    let at = |words: &str| screen.find(words).unwrap_or_else(|| panic!("no {words}: {screen}"));
    assert!(at("redo:") < at("before a rollback"), "{screen}");
    assert!(
        at("before a rollback") < at("before turn 1") && at("before turn 1") < at("before lunch"),
        "{screen}"
    );
}
