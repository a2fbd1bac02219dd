//! The line one writes in: pastes, shell lines, mentions, commands, history, the editor.

use super::{OBLIGING, open, open_with};
use crate::world::World;

#[test]
fn a_paste_of_5000_lines_is_a_chip_and_is_sent_whole() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    let pasted: String = (1..=5000).map(|n| format!("pasted line number {n}\n")).collect();
    terminal.types("see ");
    terminal.shows("> see");
    terminal.paste(&pasted);
    let screen = terminal.shows("5,000 lines");
    assert!(!screen.contains("pasted line number 7"), "{screen}");
    terminal.keys(&["Enter"]);
    terminal.shows("done ·");
    let file = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    for n in [1, 2, 2500, 4999, 5000] {
        assert!(file.contains(&format!("pasted line number {n}")), "{n}");
    }
    let history = terminal.history();
    assert!(history.matches("pasted line number").count() < 100, "it is told briefly");
}

#[test]
fn shell_lines_are_run_and_told_where_that_is_wanted() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    terminal.say("!echo told-$((40 + 2))");
    terminal.shows("│ told-42");
    terminal.loses("esc stops");
    terminal.say("!!echo quiet-$((40 + 3))");
    terminal.shows("│ quiet-43");
    terminal.loses("esc stops");
    terminal.say("and now?");
    let history = terminal.told("done ·");
    assert_eq!(history.matches("told-42").count(), 1, "shown once:\n{history}");
    assert!(world.session_holds("told-42") && !world.session_holds("quiet-43"));
}

#[test]
fn mentions_and_commands_are_completed() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    terminal.types("see @b.t");
    terminal.shows("> src/b.txt");
    terminal.keys(&["Tab"]);
    terminal.shows("> see @src/b.txt");
    terminal.keys(&["C-u"]);
    terminal.types("/per");
    let screen = terminal.shows("> permissions");
    assert!(screen.contains("Show the policy"), "explained:\n{screen}");
    terminal.keys(&["Tab"]);
    terminal.shows("> /permissions");
    terminal.keys(&["C-u"]);
    terminal.say("/hepl");
    terminal.shows("did you mean /help?");
    terminal.loses("> /hepl");
    terminal.say("/help model");
    terminal.told("/model");
}

#[test]
fn what_was_sent_before_is_found_again_also_in_another_session() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    terminal.say("mend the roof");
    terminal.shows("done ·");
    terminal.say("/quit");
    terminal.ends();
    let terminal = open(&world, OBLIGING);
    terminal.keys(&["C-r"]);
    terminal.shows("history:");
    terminal.types("roof");
    terminal.shows("> mend the roof");
    terminal.keys(&["Tab"]);
    terminal.loses("history:");
    terminal.keys(&["Enter"]);
    terminal.told("❯ mend the roof");
}

#[test]
fn an_external_editor_writes_the_message() {
    let world = World::new();
    let editor = world.base().join("editor.sh");
    std::fs::write(&editor, "#!/bin/sh\ngrep -q 'half a' \"$1\" && echo 'a whole line' > \"$1\"\n").unwrap();
    let line = format!("sh {}", editor.display());
    let terminal = open_with(&world, OBLIGING, &[], &[("EDITOR", &line)]);
    terminal.types("half a");
    terminal.shows("> half a");
    terminal.keys(&["C-g"]);
    terminal.shows("> a whole line");
    terminal.keys(&["Enter"]);
    terminal.shows("done ·");
    assert!(world.session_holds("a whole line"));
}

#[test]
fn keys_that_a_terminal_sends_as_control_codes_do_what_help_says() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    for undo in ["C-_", "C-/"] {
        terminal.types("one two");
        terminal.shows("> one two");
        terminal.keys(&["C-w"]);
        terminal.loses("> one two");
        terminal.keys(&[undo]);
        terminal.shows("> one two");
        terminal.keys(&["C-u"]);
        terminal.loses("> one");
    }
}

#[test]
fn a_failing_command_stands_above_its_error_and_profiles_leave_one_line() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    terminal.say("/permissions remove");
    let history = terminal.told("error: /permissions remove: the number of an answer is missing");
    super::in_order(&history, &["/permissions remove\n", "error: /permissions remove"]);
    terminal.say("begin");
    terminal.told("done ·");
    for profile in ["plan", "iosm", "meta"] {
        terminal.keys(&["BTab"]);
        terminal.shows(&format!("from now on: profile {profile}"));
    }
    terminal.say("go on");
    let history = terminal.counts("done ·", 2);
    assert_eq!(history.matches("from now on").count(), 1, "{history}");
    assert!(!history.contains("holds from here on") && !history.contains("cached"), "{history}");
}
