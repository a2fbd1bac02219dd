//! The first run: nothing is set up, and a project brings files of its own.

use std::os::unix::fs::PermissionsExt;

use super::{Terminal, in_order};
use crate::world::World;
use crate::world::server::{Answer, Server};

#[test]
fn with_nothing_set_up_the_demo_runs_to_its_end() {
    let world = World::new();
    let terminal = Terminal::start(&world, 100, 30, &[]);
    let screen = terminal.shows("No model is set up yet");
    for way in ["key for anthropic", "key for openai", "GGUF file", "demo"] {
        assert!(screen.contains(way), "{way}\n{screen}");
    }
    terminal.types("demo");
    terminal.shows("> Watch the demo");
    terminal.keys(&["Enter"]);
    terminal.shows("> The tests fail.");
    terminal.keys(&["Enter"]);
    let history = terminal.told("done ·");
    in_order(&history, &["❯ The tests fail.", "failed", "refused", "0 failed", "Fixed:", "done ·"]);
    terminal.say("/quit");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(world.read("a.txt"), "one\ntwo\n");
}

#[test]
fn a_wrong_key_is_told_and_a_right_one_kept() {
    let world = World::new();
    let wrong = Answer::status(
        401,
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
    );
    let right = Answer::status(200, r#"{"data":[{"type":"model","id":"claude-x"}],"has_more":false}"#);
    let server = Server::hosted(vec![wrong, right]);
    let terminal = Terminal::start_with(&world, 100, 30, &[], &[("ANTHROPIC_BASE_URL", &server.url)]);
    terminal.shows("No model is set up yet");
    let enter = |key: &str| {
        terminal.types("for anthropic");
        terminal.shows("> Enter a key for anthropic");
        terminal.keys(&["Enter"]);
        terminal.shows("enter checks it");
        terminal.types(key);
        terminal.shows(&"•".repeat(key.len()));
        terminal.keys(&["Enter"]);
    };
    enter("sk-wrong");
    let screen = terminal.shows("refused the API key");
    assert!(!screen.contains("sk-wrong"), "{screen}");
    terminal.shows("No model is set up yet");
    enter("sk-right-one");
    terminal.shows("full · claude");
    assert!(!terminal.history().contains("sk-right-one"));
    let kept = world.state().join("config/auth.yaml");
    assert!(std::fs::read_to_string(&kept).unwrap().contains("sk-right-one"));
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(server.asked()[1].head.contains("sk-right-one"));
}

#[test]
fn the_files_of_a_project_count_once_they_are_trusted() {
    let world = World::new();
    world.write(".iosm/settings.yaml", "profile: plan\n");
    let model = world.script(super::OBLIGING);
    let terminal = Terminal::start(&world, 100, 30, &["-m", &model]);
    let screen = terminal.shows("Trust this project?");
    assert!(screen.contains(".iosm/settings.yaml"), "{screen}");
    terminal.keys(&["Enter"]);
    terminal.shows("untrusted project");
    terminal.shows("full · script.yaml");
    terminal.say("hello");
    terminal.shows("done ·");
    terminal.say("/quit");
    terminal.ends();

    let terminal = Terminal::start(&world, 100, 30, &["-m", &model]);
    terminal.shows("Trust this project?");
    terminal.keys(&["2"]);
    let screen = terminal.shows("plan · script.yaml");
    assert!(!screen.contains("untrusted project"), "{screen}");
    terminal.say("/quit");
    terminal.ends();

    let terminal = Terminal::start(&world, 100, 30, &["-m", &model]);
    let screen = terminal.shows("plan · script.yaml");
    assert!(!screen.contains("Trust this project?"), "{screen}");
}
