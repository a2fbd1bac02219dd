//! One session after another: what stays when the next cannot be had, what goes along, what a session had last.

use super::{OBLIGING, Terminal, open, open_with};
use crate::world::{World, wait_until};

/// Says which of two models answers, and what it costs and fills.
const TALKING: &str = r#"
rules:
  - when: {user: {text: roof}}
    usage: {input_tokens: 9000, output_tokens: 100, cost_usd: 0.25}
    reply: [{text: "The roof is mended."}]
  - when: {user: {text: cellar}}
    usage: {input_tokens: 16000, output_tokens: 100, cost_usd: 0.25}
    reply: [{text: "The cellar is dry."}]
  - reply: [{text: "I see."}]
"#;

#[test]
fn a_session_that_cannot_be_had_leaves_you_where_you_are() {
    let world = World::new();
    let slow = world.base().join("slow.yaml");
    std::fs::write(&slow, "rules:\n  - reply: [{text: begun}, {delay_ms: 60000}, {text: late}]\n").unwrap();
    let slow = format!("scripted/{}", slow.display());
    let elsewhere = world.iosm(&["-p", "-m", &slow, "paint the fence"]).start();
    wait_until("the other session has begun", || world.session_holds("paint the fence"));
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.counts("done ·", 1);
    for (line, told) in [
        ("/resume zzzz", "no session zzzz"),
        ("/fork 99", "entry 99 is no message"),
        ("/resume paint the fence", "is in use by another process"),
        ("/resume mend the roof", "that is the session you are in"),
    ] {
        terminal.say(line);
        terminal.told(told);
        terminal.shows("full · script.yaml");
    }
    terminal.say("dry the cellar");
    terminal.told("The cellar is dry.");
    assert!(world.session_holds("dry the cellar"), "it went elsewhere");
    assert_eq!(world.session_files().len(), 2);
    elsewhere.signal(nix::sys::signal::Signal::SIGTERM);
    elsewhere.wait().expect(143);
}

#[test]
fn what_holds_goes_along_into_a_new_session_and_a_copy() {
    let world = World::new();
    let terminal = open_with(&world, TALKING, &[], &[]);
    terminal.say("mend the roof");
    terminal.counts("done ·", 1);
    terminal.say("/name the leaking house");
    terminal.told("is called");
    terminal.say("/model scripted/hello");
    terminal.shows("full · hello");
    terminal.keys(&["BTab"]);
    terminal.shows("plan · hello");
    terminal.say("/fork");
    let history = terminal.counts("The roof is mended.", 2);
    assert!(history.contains("iosm scripted/hello · plan · resumed"), "{history}");
    terminal.shows("plan · hello");
    terminal.say("/new");
    terminal.told("iosm scripted/hello · plan\n");
    terminal.shows("plan · hello");
    terminal.say("/resume");
    terminal.shows("the leaking house (fork)");
    terminal.keys(&["Escape"]);
    terminal.loses("Sessions of this project");
    terminal.say("/quit");
    terminal.ends();
}

#[test]
fn a_session_goes_on_with_the_model_and_the_profile_it_had_last() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.counts("done ·", 1);
    terminal.say("/profile plan");
    terminal.shows("plan · script.yaml");
    terminal.say("/quit");
    terminal.ends();

    // Nothing is configured, and nothing is asked: the session knows.
    let terminal = Terminal::start(&world, 100, 30, &["-c"]);
    terminal.shows("plan · script.yaml");
    let history = terminal.told("The roof is mended.");
    assert!(!history.contains("No model is set up"), "{history}");
    terminal.say("/quit");
    terminal.ends();

    // A flag stands above it, and a looser profile is told.
    let terminal = Terminal::start(&world, 100, 30, &["-c", "--profile", "full"]);
    terminal.shows("full · script.yaml");
    terminal.say("/quit");
    terminal.ends();
    world.settings("profile: plan\nmodel: scripted/hello\n");
    let terminal = Terminal::start(&world, 100, 30, &["-c"]);
    terminal.shows("full · script.yaml");
    terminal.told("the profile `full` of this session allows more than `plan`");
    terminal.say("/quit");
    terminal.ends();

    // A model that is gone is told, and the configured one answers.
    std::fs::remove_file(world.base().join("script.yaml")).unwrap();
    let terminal = Terminal::start(&world, 100, 30, &["-c"]);
    terminal.shows("full · hello");
    terminal.told("cannot be had; scripted/hello answers");
}

#[test]
fn the_footer_and_the_clipboard_know_what_the_log_says() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.counts("done ·", 1);
    terminal.say("dry the cellar");
    terminal.counts("done ·", 2);
    terminal.shows("49 %");
    terminal.shows("$0.50");
    terminal.say("/fork");
    terminal.counts("The cellar is dry.", 2);
    let screen = terminal.shows("49 %");
    assert!(screen.contains("$0.50"), "{screen}");
    terminal.say("/quit");
    terminal.ends();

    let terminal = open_with(&world, TALKING, &["-c"], &[]);
    let screen = terminal.shows("49 %");
    assert!(screen.contains("$0.50"), "{screen}");
    terminal.say("/copy");
    terminal.shows("Copied");
    terminal.say("/rewind");
    terminal.shows("Go back to before which message?");
    terminal.keys(&["Enter"]);
    terminal.shows("The conversation only");
    terminal.keys(&["Enter"]);
    // What was paid for is paid for; the window is as it was.
    let screen = terminal.shows("28 %");
    assert!(screen.contains("$0.50"), "{screen}");
}

#[test]
fn commands_are_answered_before_there_is_a_model() {
    let world = World::new();
    let terminal = Terminal::start(&world, 100, 40, &[]);
    terminal.shows("No model is set up yet");
    terminal.keys(&["Escape"]);
    terminal.loses("No model is set up yet");
    terminal.shows("full · no model");
    terminal.say("/doctor");
    let history = terminal.told("local servers");
    for row in ["no model is configured", "key", "terminal", "index"] {
        assert!(history.contains(row), "{row}\n{history}");
    }
    terminal.say("/settings");
    terminal.shows("commit_trailers");
    terminal.keys(&["Escape"]);
    terminal.loses("commit_trailers");
    terminal.say("/context");
    terminal.told("of the window");
    // A message waits for a model, and is not lost.
    terminal.say("mend the roof");
    terminal.shows("No model is set up yet");
    terminal.keys(&["Escape"]);
    terminal.shows("> mend the roof");
    terminal.keys(&["C-u"]);
    assert_eq!(world.session_files().len(), 0, "nothing to go on with was begun");
    terminal.say("/model scripted/hello");
    terminal.shows("full · hello");
    terminal.say("hello there");
    terminal.told("Hello from the scripted model");
    assert_eq!(world.session_files().len(), 1);
    assert!(world.session_holds("hello there"));
}

#[test]
fn a_slip_in_a_command_never_reaches_the_model() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    terminal.say("/hlep me");
    terminal.shows("there is no command /hlep");
    terminal.loses("> /hlep me");
    terminal.say("/context");
    terminal.told("of the window");
    terminal.say("/hlep/init");
    terminal.shows("there is no command /hlep/init");
    terminal.keys(&["Up"]);
    terminal.shows("> /hlep/init");
    terminal.keys(&["C-u"]);
    terminal.say("/usr is a folder");
    let history = terminal.told("done ·");
    assert!(!history.contains("❯ /hlep") && history.contains("❯ /usr is a folder"), "{history}");
}

#[test]
fn people_read_their_own_time() {
    let world = World::new();
    // As far east of Greenwich as there are clocks.
    let terminal = open_with(&world, OBLIGING, &[], &[("TZ", "LINT-14")]);
    terminal.say("hello");
    terminal.counts("done ·", 1);
    let east = iosm::base::now_ms() + 14 * 3_600_000;
    let hour = |ms: u64| iosm::base::rfc3339(ms)[..13].replace('T', " ");
    terminal.say("/resume");
    let screen = terminal.shows("Sessions of this project");
    assert!(screen.contains(&hour(east)) || screen.contains(&hour(east - 60_000)), "{screen}");
}
