//! Terminals: large, small, changing, without colours, and none at all.

use super::{GUARD, OBLIGING, Terminal, open, open_with};
use crate::world::World;

const LINES: usize = 120;

fn row(n: usize) -> String {
    format!("Row {n:03} of the answer has more words in it than fit into fifty columns of a terminal.")
}

#[test]
fn a_window_that_changes_in_the_middle_of_an_answer_loses_and_doubles_nothing() {
    let world = World::new();
    let rows: String = (1..=LINES).map(|n| format!("{}\\n\\n", row(n))).collect();
    let rules = format!("rules:\n  - reply: [{{text: \"{rows}\", chunk: 60, every_ms: 5}}]\n");
    let terminal = open(&world, &rules);
    terminal.say("tell me");
    terminal.told("Row 030");
    terminal.resize(50, 30);
    terminal.told("Row 060");
    terminal.resize(120, 20);
    terminal.told("Row 090");
    terminal.resize(70, 40);
    let history = terminal.told("done ·");
    let told: Vec<&str> = history.lines().map(str::trim_end).filter(|line| line.starts_with("Row")).collect();
    let expected: Vec<String> = (1..=LINES).map(row).collect();
    assert_eq!(told, expected, "{history}");
    assert_eq!(history.matches("❯ tell me").count(), 1);
    assert_eq!(history.matches("full · script.yaml").count(), 1, "one footer:\n{history}");
}

const ASKING: &str = r#"
rules:
  - when: {user: {text: note}}
    reply: [{tool_call: {tool: write, args: {path: ../beside.txt, content: "kept\n"}}}]
  - reply: [{text: "It is written down."}]
"#;

#[test]
fn a_question_can_be_answered_in_a_small_and_in_a_large_terminal() {
    for (cols, rows) in [(40, 12), (200, 60)] {
        let world = World::new();
        let model = world.script(ASKING);
        let terminal = Terminal::start(&world, cols, rows, &["-m", &model]);
        terminal.shows("full · script.yaml");
        terminal.say("note it");
        let screen = terminal.shows("Allow write?");
        assert!(screen.contains("y once") || screen.contains("Yes, this once"), "{screen}");
        std::thread::sleep(GUARD);
        terminal.keys(&["y"]);
        terminal.shows("It is written down.");
        terminal.shows("done ·");
        assert_eq!(std::fs::read_to_string(world.base().join("beside.txt")).unwrap(), "kept\n");
        terminal.say("/quit");
        assert_eq!(terminal.ends(), 0);
    }
}

/// Numbers of the SGR sequences in a text.
fn inks(coloured: &str) -> Vec<u32> {
    let sequences = coloured.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        (rest.as_bytes()[end] == b'm').then(|| rest[..end].to_owned())
    });
    let number = |text: &str| text.parse().unwrap_or(0);
    sequences.flat_map(|sequence| sequence.split([';', ':']).map(number).collect::<Vec<_>>()).collect()
}

#[test]
fn no_color_means_no_colour() {
    let world = World::new();
    let is_colour = |ink: &u32| matches!(ink, 30..=38 | 40..=48 | 90..=107);
    for (variables, coloured) in [(vec![], true), (vec![("NO_COLOR", "1")], false)] {
        let terminal = open_with(&world, ASKING, &[], &variables);
        terminal.say("note it");
        terminal.shows("Allow write?");
        let question = inks(&terminal.coloured());
        assert_eq!(question.iter().any(is_colour), coloured, "{question:?}");
    }
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let world = World::new();
    let model = world.script(OBLIGING);
    let terminal = Terminal::start_with(&world, 100, 30, &["-m", &model], &[("TERM", "dumb")]);
    assert_eq!(terminal.ends(), 2);
    let screen = terminal.screen();
    assert!(screen.contains("TERM") && screen.contains("iosm -p"), "{screen}");

    for line in ["\"$IOSM\" </dev/null | cat", "\"$IOSM\" </dev/null >/dev/null"] {
        let ended = world.shell(line);
        assert!(ended.err.contains("terminal") && ended.err.contains("iosm -p"), "{line}: {ended:?}");
    }
    let ended = world.shell("\"$IOSM\" </dev/null >/dev/null");
    assert_eq!(ended.code(), 2, "{ended:?}");
}
