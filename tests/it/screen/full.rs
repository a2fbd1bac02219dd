//! Everything on the alternate screen: the session with `--fullscreen`, and the pages that any session opens.

use super::{Terminal, open, open_with};
use crate::world::{World, wait_until};

const TALKING: &str = r#"
rules:
  - when: {user: {text: stream}}
    reply: [{text: "Row 01 of it.\n\nRow 02 of it.\n\nRow 03 of it.\n\nRow 04 of it.\n\nRow 05 of it.\n\nRow 06 of it.\n\nRow 07 of it.\n\nRow 08 of it.\n\nRow 09 of it.\n\nRow 10 of it.\n\nRow 11 of it.\n\nRow 12 of it.\n\nRow 13 of it.\n\nRow 14 of it.\n\nRow 15 of it.\n\nRow 16 of it.\n\nRow 17 of it.\n\nRow 18 of it.\n\nRow 19 of it.\n\nRow 20 of it.\n\n", chunk: 10, every_ms: 4}]
  - reply: [{text: "Good morning."}]
"#;

#[test]
fn a_session_on_the_alternate_screen_shows_scrolls_and_reflows_its_transcript_and_leaves_one_line() {
    let world = World::new();
    let terminal = open_with(&world, TALKING, &["--fullscreen"], &[]);
    assert!(terminal.is_alternate());
    terminal.say("hello");
    let screen = terminal.shows("Good morning.");
    assert!(screen.contains("iosm scripted") && screen.contains("❯ hello"), "{screen}");
    terminal.shows("done ·");
    terminal.say("stream");
    let screen = terminal.shows("Row 20 of it.");
    assert!(!screen.contains("Good morning."), "it follows the end\n{screen}");
    terminal.loses("stops");
    terminal.keys(&["PPage"]);
    terminal.shows("more lines below");
    terminal.keys(&["PPage"]);
    terminal.shows("❯ hello");
    // A step of the wheel, as the terminal says it.
    terminal.keys(&["End"]);
    terminal.loses("more lines below");
    terminal.types("\x1b[<64;5;5M");
    terminal.shows("more lines below");
    terminal.types("\x1b[<65;5;5M");
    terminal.loses("more lines below");
    terminal.keys(&["Home"]);
    terminal.shows("iosm scripted");
    terminal.resize(50, 16);
    let small = terminal.shows("iosm scripted");
    assert_eq!(small.trim_end().lines().count(), 16, "{small}");
    terminal.keys(&["End"]);
    terminal.shows("Row 20 of it.");
    terminal.resize(100, 30);
    // Its pages are on the same screen.
    terminal.keys(&["C-t"]);
    terminal.shows("transcript ");
    terminal.keys(&["q"]);
    terminal.shows("> Ask");
    assert!(terminal.is_alternate());
    terminal.say("/quit");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
    let history = terminal.history();
    let left: Vec<&str> = history.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(left[0].starts_with("iosm -c goes on with this session (s_"), "{history}");
    assert!(left[1].starts_with("ended-with-0"), "{history}");
    assert!(!history.contains("Row ") && !history.contains("hello"), "{history}");
}

#[test]
fn every_way_out_of_a_full_screen_gives_the_terminal_back() {
    use nix::sys::signal::{Signal, kill};
    let world = World::new();
    let terminal = open_with(&world, TALKING, &["--fullscreen"], &[]);
    terminal.say("hello");
    terminal.shows("done ·");
    kill(nix::unistd::Pid::from_raw(terminal.pid()), Signal::SIGTERM).unwrap();
    terminal.ends();
    terminal.is_restored();
}

/// A repository with a commit, and changes since.
fn changed() -> (World, Terminal) {
    let world = World::new();
    world.write("src/kept.rs", "fn one() {}\nfn two() {}\n");
    let git = |line: &str| drop(world.shell(line).expect(0));
    git("git add -A && git -c user.name=a -c user.email=a@b commit -qm first");
    let terminal = open(&world, TALKING);
    world.write("src/kept.rs", "fn one() {}\nfn three() {}\n");
    world.write("fresh.txt", "a line\n");
    (world, terminal)
}

#[test]
fn what_has_changed_is_a_page_that_is_searched_and_left_without_a_trace() {
    let (_world, terminal) = changed();
    // The branch comes a moment later.
    terminal.shows("· main");
    let history = terminal.history();
    terminal.say("/diff");
    let page = terminal.shows("fn three() {}");
    assert!(terminal.is_alternate());
    assert!(page.contains("src/kept.rs  changed +1 −1") && page.contains("fresh.txt  new +1 −0"), "{page}");
    assert!(page.contains("2 files +2 −1"), "{page}");
    terminal.keys(&["/"]);
    terminal.types("three");
    terminal.shows("/three  1 lines");
    terminal.keys(&["Enter", "Escape"]);
    terminal.shows("> Ask");
    assert!(!terminal.is_alternate());
    assert_eq!(terminal.history(), history);
    // Side by side where there is room, also of a page that is open.
    terminal.say("/diff HEAD");
    terminal.shows("fn three() {}");
    terminal.resize(160, 30);
    let wide = terminal.shows(" │ ");
    let row = wide.lines().find(|line| line.contains("fn two()")).unwrap_or_default();
    assert!(row.contains("fn three()"), "{wide}");
    terminal.keys(&["q"]);
    terminal.say("/diff nowhere");
    terminal.shows("nowhere");
    assert!(!terminal.is_alternate());
}

#[test]
fn the_tree_and_the_keys_are_pages_that_leave_no_trace() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("hello");
    terminal.shows("done ·");
    let history = terminal.history();
    for (line, shows) in [("/tree", "> hello"), ("/keys", "Send; while a turn runs")] {
        terminal.say(line);
        terminal.shows(shows);
        assert!(terminal.is_alternate(), "{line}");
        terminal.keys(&["Escape"]);
        terminal.shows("> Ask");
        assert!(!terminal.is_alternate(), "{line}");
        assert_eq!(terminal.history(), history, "{line}");
    }
}

#[test]
fn settings_are_seen_changed_and_kept_in_a_dialog() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    let history = terminal.history();
    terminal.say("/settings");
    let page = terminal.shows("limits.turns");
    assert!(terminal.is_alternate());
    for (key, value) in
        [("theme", "dark"), ("wrap", "terminal"), ("policy", "coding"), ("checkpoints", "true")]
    {
        let row = page.lines().find(|line| line.contains(&format!("{key} "))).unwrap_or_default();
        assert!(row.contains(value) && row.contains("built in"), "{key}\n{page}");
    }
    assert!(page.lines().any(|line| line.contains("model ") && line.contains("flag --model")), "{page}");
    let settings = world.state().join("config/settings.yaml");
    let holds = |words: &str| std::fs::read_to_string(&settings).unwrap_or_default().contains(words);
    terminal.keys(&["Enter"]);
    terminal.shows("high-contrast");
    terminal.types("light");
    terminal.shows("> light");
    terminal.keys(&["Enter"]);
    terminal.shows("Kept in settings.yaml");
    wait_until("the theme is kept", || holds("theme: \"light\""));
    // A number, a wrong one, and none. What comes faster than a person types is taken for a paste.
    let write = |value: &str| {
        terminal.shows("enter keeps it");
        terminal.types(value);
        terminal.shows(&format!("> {value}"));
        terminal.keys(&["Enter"]);
    };
    terminal.keys(&["Down", "Down", "Down", "Down", "Down", "Enter"]);
    write("0");
    terminal.shows("limits.turns must be a whole number above 0");
    terminal.keys(&["Enter"]);
    write("30");
    let page = terminal.shows("it counts from the next session on");
    assert!(
        page.lines().any(|line| line.contains("> limits.turns") && line.contains("settings.yaml")),
        "{page}"
    );
    assert!(holds("limits:\n  turns: 30\n"));
    terminal.keys(&["Enter"]);
    terminal.shows("> 30");
    terminal.keys(&["C-u"]);
    terminal.loses("> 30");
    terminal.keys(&["Enter"]);
    terminal.shows("> limits.turns              not set");
    wait_until("the limit is taken out", || !holds("limits"));
    // The session's own changes at once.
    terminal.keys(&["Up", "Enter"]);
    terminal.shows("medium");
    terminal.types("high");
    terminal.shows("> high");
    terminal.keys(&["Enter"]);
    wait_until("the level is kept", || holds("thinking: \"high\""));
    terminal.shows("> thinking");
    terminal.keys(&["Escape"]);
    terminal.shows("> Ask");
    assert!(!terminal.is_alternate());
    let after = terminal.told("thinking high");
    assert!(after.starts_with(history.split("> Ask").next().unwrap().trim_end()), "{after}");
}
