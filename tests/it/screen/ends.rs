//! Ends of all kinds: quitting, signals, a kill in the middle of a turn, no room at the start, a stop by the shell.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{OBLIGING, Terminal, open};
use crate::headless::check_conversation;
use crate::world::World;

/// Says this and that, in a stream that takes its time.
const SLOW: &str = r#"
rules:
  - when: {user: {text: stream}}
    reply: [{text: "a very long answer. ", fill: 400000, chunk: 20, every_ms: 20}]
  - when: {user: {text: hello}}
    reply: [{text: "Good morning."}]
  - reply: [{text: "Here I am again."}]
"#;

/// Runs `iosm` between two looks at the terminal's settings.
fn measured(world: &World, rules: &str) -> Terminal {
    let model = world.script(rules);
    let line = format!(
        "stty -g > ../before; {} -m '{model}'; echo ended-with-$?; stty -g > ../after",
        env!("CARGO_BIN_EXE_iosm")
    );
    let terminal = Terminal::shell(world, 100, 30, &line, &[]);
    terminal.shows("full · script.yaml");
    terminal
}

fn is_as_before(world: &World, terminal: &Terminal) {
    terminal.is_restored();
    let read = |name: &str| std::fs::read_to_string(world.base().join(name)).unwrap();
    assert_eq!(read("before"), read("after"));
}

#[test]
fn every_way_out_leaves_the_terminal_as_it_was() {
    for (keys, code) in [(vec!["C-d"], 0), (vec!["C-c", "C-c"], 0), (vec!["/quit", "Enter"], 0)] {
        let world = World::new();
        let terminal = measured(&world, SLOW);
        terminal.say("hello");
        terminal.shows("done ·");
        for key in &keys {
            terminal.keys(&[key]);
            std::thread::sleep(super::A_BEAT);
        }
        assert_eq!(terminal.ends(), code, "{keys:?}");
        is_as_before(&world, &terminal);
        let history = terminal.history();
        assert!(!history.contains("> Ask"), "the line one wrote in has gone:\n{history}");
        assert_eq!(history.matches("Good morning.").count(), 1, "{history}");
    }
}

#[test]
fn told_to_end_in_the_middle_of_a_turn_it_ends_in_order() {
    let world = World::new();
    let terminal = measured(&world, SLOW);
    terminal.say("stream it");
    terminal.shows("a very long answer.");
    kill(Pid::from_raw(terminal.pid()), Signal::SIGTERM).unwrap();
    assert_eq!(terminal.ends(), 143);
    is_as_before(&world, &terminal);
    check_conversation(&world);
}

#[test]
fn killed_in_the_middle_of_a_turn_the_conversation_goes_on() {
    let world = World::new();
    let terminal = open(&world, SLOW);
    terminal.say("hello");
    terminal.shows("done ·");
    terminal.say("stream it");
    terminal.shows("a very long answer.");
    kill(Pid::from_raw(terminal.pid()), Signal::SIGKILL).unwrap();
    assert_eq!(terminal.ends(), 137);

    let terminal = super::open_with(&world, SLOW, &["-c"], &[]);
    let history = terminal.told("❯ stream it");
    super::in_order(&history, &["resumed", "❯ hello", "Good morning.", "❯ stream it"]);
    terminal.say("go on");
    terminal.shows("Here I am again.");
    check_conversation(&world);
    assert_eq!(world.session_files().len(), 1);
}

#[test]
fn where_no_state_can_be_kept_it_says_so() {
    let world = World::new();
    std::fs::write(world.state(), "no folder").unwrap();
    let terminal = Terminal::start(&world, 100, 30, &["-m", "scripted/hello"]);
    assert_ne!(terminal.ends(), 0);
    let screen = terminal.screen();
    assert!(screen.contains(world.state().to_str().unwrap()) && !screen.contains("panicked"), "{screen}");
    terminal.is_restored();
}

#[test]
fn on_a_full_disk_it_says_so_and_can_be_left() {
    let world = World::new();
    let model = world.script(OBLIGING);
    let line =
        format!("trap '' XFSZ; ulimit -f 0; {} -m '{model}'; echo ended-with-$?", env!("CARGO_BIN_EXE_iosm"));
    let terminal = Terminal::shell(&world, 100, 30, &line, &[]);
    terminal.told("File too large");
    terminal.keys(&["C-d"]);
    terminal.ends();
    terminal.is_restored();
}

#[test]
fn a_stop_by_the_shell_and_going_on() {
    let world = World::new();
    let model = world.script(SLOW);
    let line = format!(
        "set -m; {} -m '{model}'; echo stopped-with-$?; read go; fg; echo ended-with-$?",
        env!("CARGO_BIN_EXE_iosm")
    );
    let terminal = Terminal::shell(&world, 100, 30, &line, &[]);
    terminal.shows("full · script.yaml");
    terminal.say("hello");
    terminal.shows("done ·");
    terminal.types("half a");
    terminal.shows("> half a");
    terminal.keys(&["C-z"]);
    terminal.shows("stopped-with-");
    terminal.keys(&["Enter"]);
    terminal.shows("> half a");
    terminal.types(" line");
    terminal.shows("> half a line");
    terminal.keys(&["Enter"]);
    terminal.shows("Here I am again.");
    assert_eq!(terminal.history().matches("full · script.yaml").count(), 1, "{}", terminal.history());
    terminal.keys(&["C-d"]);
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
}
