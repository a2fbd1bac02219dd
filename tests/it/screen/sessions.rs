//! Sessions: another one, an old one, a copy of one, a branch of one, and one as a page.

use super::{Terminal, in_order, open};
use crate::world::World;

const TALKING: &str = r#"
rules:
  - when: {user: {text: roof}}
    reply: [{text: "The roof is mended."}]
  - when: {user: {text: cellar}}
    reply: [{text: "The cellar is dry."}]
  - reply: [{text: "I see."}]
"#;

#[test]
fn a_new_session_begins_and_an_old_one_is_found_by_its_words() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.shows("done ·");
    terminal.say("/name the leaking house");
    terminal.loses("> /name");
    terminal.say("/new");
    terminal.counts("sandbox full", 2);
    terminal.shows("full · script.yaml");
    terminal.say("dry the cellar");
    terminal.counts("done ·", 2);
    terminal.say("/resume");
    let screen = terminal.shows("Sessions of this project");
    assert!(screen.contains("the leaking house") && screen.contains("dry the cellar"), "{screen}");
    terminal.types("leaking");
    terminal.shows("> the leaking house");
    terminal.loses("dry the cellar ");
    terminal.keys(&["Enter"]);
    let history = terminal.counts("The roof is mended.", 2);
    in_order(&history, &["resumed", "❯ mend the roof", "The roof is mended."]);
    terminal.say("and then?");
    terminal.shows("I see.");
    assert_eq!(world.session_files().len(), 2);
    assert!(!world.session_holds("and then?"), "it went to the older one");
    terminal.say("/quit");
    terminal.ends();

    // The same list at the start.
    let terminal = Terminal::start(&world, 100, 30, &["-m", &world.script(TALKING), "-r"]);
    terminal.shows("Sessions of this project");
    terminal.types("cellar");
    terminal.shows("> dry the cellar");
    terminal.keys(&["Enter"]);
    terminal.told("The cellar is dry.");
}

#[test]
fn a_list_left_at_the_start_is_no_dead_end() {
    let world = World::new();
    world.text(&world.script(TALKING), &["mend the roof"]).expect(0);
    let terminal = Terminal::start(&world, 100, 30, &["-m", &world.script(TALKING), "-r"]);
    terminal.shows("Sessions of this project");
    terminal.keys(&["Escape"]);
    terminal.shows("full · script.yaml");
    terminal.say("dry the cellar");
    terminal.shows("The cellar is dry.");
}

#[test]
fn a_fork_leaves_the_first_session_alone() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.shows("done ·");
    terminal.say("/fork");
    terminal.counts("The roof is mended.", 2);
    terminal.shows("full · script.yaml");
    terminal.say("dry the cellar");
    terminal.shows("The cellar is dry.");
    let files = world.session_files();
    assert_eq!(files.len(), 2);
    let holds = |at: usize, words: &str| std::fs::read_to_string(&files[at]).unwrap().contains(words);
    assert!(holds(0, "roof") && !holds(0, "cellar"));
    assert!(holds(1, "cellar"));
}

#[test]
fn branches_are_seen_and_gone_to() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.counts("done ·", 1);
    terminal.keys(&["Escape"]);
    std::thread::sleep(super::A_BEAT);
    terminal.keys(&["Escape"]);
    terminal.shows("Go back to before which message?");
    terminal.keys(&["Enter"]);
    terminal.shows("The conversation only");
    terminal.keys(&["Enter"]);
    terminal.shows("> mend the roof");
    terminal.keys(&["C-u"]);
    terminal.say("dry the cellar");
    terminal.counts("done ·", 2);
    terminal.say("/tree");
    let screen = terminal.shows("The session's branches");
    assert!(screen.contains("mend the roof") && screen.contains("dry the cellar"), "{screen}");
    terminal.keys(&["Up"]);
    terminal.keys(&["Enter"]);
    terminal.loses("The session's branches");
    terminal.say("and then?");
    terminal.counts("done ·", 3);
    terminal.keys(&["C-t"]);
    let page = terminal.shows("transcript ");
    assert!(page.contains("mend the roof") && !page.contains("dry the cellar"), "{page}");
}

#[test]
fn a_session_becomes_a_page() {
    let world = World::new();
    let terminal = open(&world, TALKING);
    terminal.say("mend the roof");
    terminal.shows("done ·");
    terminal.say("/export html");
    terminal.told(".html");
    let pages: Vec<_> = std::fs::read_dir(world.repo())
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .collect();
    assert_eq!(pages.len(), 1, "{pages:?}\n{}", terminal.history());
    assert!(std::fs::read_to_string(&pages[0]).unwrap().contains("The roof is mended."));
}
