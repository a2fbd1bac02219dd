//! Lists and pages: profiles, models, themes, keys, the transcript.

use super::{open, open_with};
use crate::world::World;

const LOOKING: &str = r#"
rules:
  - when: {user: {text: look}}
    reply: [{tool_call: {tool: bash, args: {command: "seq 1 40"}}}]
  - reply: [{text: "I have looked."}]
"#;

#[test]
fn shift_tab_goes_through_the_profiles() {
    let world = World::new();
    let terminal = open(&world, LOOKING);
    for profile in ["plan", "iosm", "meta", "full"] {
        terminal.keys(&["BTab"]);
        terminal.shows(&format!("{profile} · script.yaml"));
    }
}

#[test]
fn a_model_and_a_theme_are_chosen_from_lists() {
    let world = World::new();
    let terminal = open(&world, LOOKING);
    terminal.say("/model");
    terminal.shows("Models");
    terminal.types("hello");
    terminal.shows("> scripted/hello");
    terminal.keys(&["Enter"]);
    terminal.shows("full · hello");
    terminal.say("/theme");
    terminal.shows("high-contrast");
    terminal.types("light");
    terminal.shows("> light");
    terminal.keys(&["Enter"]);
    terminal.loses("high-contrast");
    let settings = world.state().join("config/settings.yaml");
    crate::world::wait_until("it is kept", || {
        std::fs::read_to_string(&settings).unwrap_or_default().contains("light")
    });
}

#[test]
fn the_footer_says_that_untrusted_words_were_read_until_somebody_clears_them() {
    let world = World::new();
    let outside = world.base().join("elsewhere.txt");
    std::fs::write(&outside, "words of somebody\n").unwrap();
    let read = format!("{{tool: read, args: {{path: {}}}}}", outside.display());
    let script = format!(
        "rules:\n  - when: {{user: {{text: look}}}}\n    reply: [{{tool_call: {read}}}]\n  - reply: [{{text: seen}}]\n"
    );
    let terminal = open_with(&world, &script, &["--allow", "read(**)"], &[]);
    terminal.say("look there");
    terminal.shows("· tainted");
    terminal.say("/taint clear all");
    terminal.loses("· tainted");
}

#[test]
fn a_fork_from_no_message_is_refused() {
    let world = World::new();
    let terminal = open(&world, LOOKING);
    terminal.say("hello");
    terminal.shows("I have looked.");
    terminal.say("/fork there");
    terminal.shows("`there` is no entry; /tree lists them by number");
}

#[test]
fn the_page_of_keys_comes_and_goes() {
    let world = World::new();
    let terminal = open(&world, LOOKING);
    terminal.keys(&["?"]);
    terminal.shows("Send; while a turn runs, steer it");
    terminal.keys(&["Escape"]);
    terminal.loses("steer it");
    terminal.shows("> Ask");
    terminal.types("why?");
    terminal.shows("> why?");
}

#[test]
fn the_transcript_is_searched_and_left_without_a_trace() {
    let world = World::new();
    let terminal = open(&world, LOOKING);
    terminal.say("look at it");
    terminal.shows("I have looked.");
    let before = terminal.shows("done ·");
    let history = terminal.history();
    terminal.keys(&["C-t"]);
    terminal.shows("transcript ");
    assert!(terminal.is_alternate());
    terminal.keys(&["/"]);
    terminal.types("LOOK AT");
    terminal.shows("/LOOK AT  1 line");
    terminal.keys(&["Enter"]);
    terminal.shows("❯ look at it");
    terminal.keys(&["q"]);
    terminal.shows("> Ask");
    assert!(!terminal.is_alternate());
    assert_eq!(terminal.screen(), before);
    assert_eq!(terminal.history(), history);

    // Everything that the last command printed.
    assert!(before.contains("lines above"), "{before}");
    terminal.keys(&["C-o"]);
    let page = terminal.shows("transcript ");
    assert!(page.contains("seq 1 40") && page.contains("│ 2\n"), "{page}");
    terminal.keys(&["C-t"]);
    terminal.shows("> Ask");
    assert_eq!(terminal.history(), history);
}
