//! The screen with everything on the alternate one: the transcript is held, seen in part, and scrolled.

use super::*;
use crate::protocol::Item;
use crate::tui::app::pager::Place;
use crate::tui::app::roll::Roll;

fn full(width: u16, height: u16) -> Desk {
    let mut desk = Desk::new(width, height);
    desk.app.roll = Some(Roll::default());
    let mut desk = desk.begun();
    desk.frame();
    desk
}

fn screen(desk: &mut Desk) -> String {
    let (buf, cursor) = desk.frame();
    assert_eq!(buf.area.height, desk.height, "it has every row");
    assert!(desk.printed.is_empty(), "nothing is printed");
    paint::screen(&buf, cursor)
}

fn talk(desk: &mut Desk, messages: std::ops::Range<usize>) {
    for n in messages {
        desk.happens([
            said(&format!("question {n}")),
            words(&format!("Answer {n}.\n\n")),
            finished(Status::Success),
        ]);
    }
}

#[test]
fn the_transcript_stands_above_the_line_one_writes_in_and_follows_what_comes() {
    let mut desk = full(60, 14);
    desk.happens([said("Why?"), Event::TurnStart { turn: 1 }, words("Because **of** it.\n\nAnd so")]);
    insta::assert_snapshot!(screen(&mut desk), @r"
    iosm anthropic/claude-sonnet-4-5 · full
    /home/me/project
    landlock, seccomp and namespaces

    ❯ Why?

    Because of it.

    And so


    ⠋ Writing  0 s · esc stops
    > █sk, or / for commands, @ for files, ! for a shell line, …
    full · claude-sonnet-4-5 · ········ 0 % · main*
    ");
    desk.happens([finished(Status::Success)]);
    talk(&mut desk, 0..5);
    let end = screen(&mut desk);
    assert!(end.contains("Answer 4.") && !end.contains("Because"), "{end}");
    desk.press("pageup");
    let above = screen(&mut desk);
    assert!(!above.contains("Answer 4.") && above.contains("more lines below · pgdn"), "{above}");
    // What comes meanwhile moves nothing.
    desk.happens([said("and?"), Event::TurnStart { turn: 2 }, words("More words.\n\nand ")]);
    let first = |screen: &str| screen.lines().next().unwrap_or_default().to_owned();
    assert_eq!(first(&screen(&mut desk)), first(&above));
    desk.press("home");
    assert!(screen(&mut desk).starts_with("iosm anthropic/claude"), "{}", screen(&mut desk));
    desk.press("end");
    assert!(screen(&mut desk).contains("More words."));
    desk.happens([finished(Status::Success)]);
    // With words in the line these keys are the line's.
    desk.write("x");
    desk.press("home");
    assert!(screen(&mut desk).contains("More words."));
    desk.press("pageup");
    assert!(screen(&mut desk).contains("more lines below"));
    // Whoever sends something sees what comes of it.
    desk.press("enter");
    assert!(!screen(&mut desk).contains("more lines below"));
    desk.app.wheel(true, 0);
    assert!(screen(&mut desk).contains("more lines below"));
    (0..4).for_each(|_| desk.app.wheel(false, 0));
    assert!(!screen(&mut desk).contains("more lines below"));
}

#[test]
fn another_width_lays_the_transcript_out_anew() {
    let mut desk = full(80, 24);
    let long = "Many words that need more than one row of a narrow window, and hardly one of a wide one.";
    desk.happens([said("Why?"), words(&format!("{long}\n\n")), finished(Status::Success)]);
    let before = screen(&mut desk);
    (desk.width, desk.height) = (40, 12);
    let narrow = screen(&mut desk);
    assert!(narrow.contains("\nof a narrow window") && narrow != before, "{narrow}");
    (desk.width, desk.height) = (80, 24);
    assert_eq!(screen(&mut desk), before);
}

#[test]
fn what_is_no_longer_held_is_shown_from_the_log() {
    let mut desk = full(60, 14);
    desk.app.recall(&[Item::user("the first of forty")], 12);
    screen(&mut desk);
    desk.press("home");
    assert!(screen(&mut desk).contains("12 earlier entries"));
    desk.press("pageup");
    assert_eq!(desk.effects(), [Effect::Transcript(Place::Before("❯ the first of forty".into()))]);
    // A session that has all its words on the screen asks for none.
    desk.app.begin_session();
    desk.happens([said("Why?")]);
    assert!(!screen(&mut desk).contains("the first of forty"));
    desk.press("pageup");
    assert_eq!(desk.effects(), []);
}

#[test]
fn a_question_leaves_the_transcript_above_it() {
    let mut desk = full(80, 24);
    talk(&mut desk, 0..20);
    let asked = call("t1", "bash", json!({"command": "cargo test"}));
    desk.happens([
        Event::TurnStart { turn: 1 },
        Event::ToolCall { call: asked.clone() },
        question("a1", asked),
    ]);
    let shown = screen(&mut desk);
    assert!(shown.contains("done · 3 turns") && shown.contains("? bash cargo test"), "{shown}");
}

#[test]
fn commands_with_a_page_of_their_own_open_it() {
    let mut desk = Desk::new(80, 24).begun();
    for (line, effect) in [
        ("diff", Effect::Changes { revision: String::new(), place: Place::Passage(0) }),
        ("diff main", Effect::Changes { revision: "main".into(), place: Place::Passage(0) }),
        ("settings", Effect::Settings),
    ] {
        desk.app.command(line, 0);
        assert_eq!(desk.effects(), [effect], "{line}");
    }
    let row = crate::tui::dialog::TreeRow { key: "3".into(), text: "Why?".into(), ..Default::default() };
    let tree = crate::tui::dialog::Tree::new("The session's branches", vec![row]);
    desk.app.layers.open("tree", crate::tui::dialog::Dialog::Tree(tree));
    assert!(desk.app.is_on_a_page());
    desk.app.say("A word", desk.now_ms);
    let (buf, _) = desk.frame();
    let shown = paint::screen(&buf, None);
    assert!(shown.contains("> Why?") && shown.lines().last().is_some_and(|line| line == "A word"), "{shown}");
    desk.press("esc");
    assert!(!desk.app.is_on_a_page());
}
