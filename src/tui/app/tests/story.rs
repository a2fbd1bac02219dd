//! What events and keys come to.

use super::*;
use crate::protocol::{Op, Prompt};
use crate::tui::app::effect::Pick;
use crate::tui::dialog::{Confirm, Dialog};

fn ops(effects: &[Effect]) -> Vec<Op> {
    let op = |effect: &Effect| match effect {
        Effect::Op(op) => Some(op.clone()),
        _ => None,
    };
    effects.iter().filter_map(op).collect()
}

#[test]
fn a_message_is_sent_steers_or_waits() {
    let mut desk = Desk::new(80, 24).begun();
    let prompt = |text: &str| Prompt::from(text);
    desk.write("one");
    desk.press("enter");
    assert_eq!(ops(&desk.effects()), [Op::Prompt(prompt("one"))]);
    assert!(desk.app.queued.is_empty());
    desk.happens([said("one"), Event::TurnStart { turn: 1 }]);
    desk.write("two");
    desk.press("enter");
    desk.write("three");
    desk.press("tab");
    assert_eq!(ops(&desk.effects()), [Op::Prompt(prompt("two")), Op::FollowUp(prompt("three"))]);
    assert_eq!(desk.app.queued, ["two", "three"]);
    desk.happens([said("two")]);
    assert_eq!(desk.app.queued, ["three"]);
    desk.press("esc");
    assert_eq!(ops(&desk.effects()), [Op::Cancel]);
}

#[test]
fn what_a_stopped_run_never_took_comes_back_to_be_written_on() {
    for typed in ["", "and four"] {
        let mut desk = Desk::new(80, 24).begun();
        desk.happens([Event::TurnStart { turn: 1 }]);
        for text in ["two", "three"] {
            desk.write(text);
            desk.press("enter");
        }
        desk.write(typed);
        desk.happens([finished(Status::Interrupted)]);
        assert!(desk.app.queued.is_empty() && desk.app.work.is_none());
        let wanted = if typed.is_empty() { "two\nthree".to_owned() } else { format!("two\nthree\n{typed}") };
        assert_eq!(desk.app.composer.expanded(), wanted);
    }
}

#[test]
fn work_goes_on_while_a_line_of_the_users_own_runs() {
    let mut desk = Desk::new(80, 24).begun();
    desk.happens([bash("u1", "make"), judged("u1", VerdictKind::Allow)]);
    desk.press("ctrl+b");
    assert_eq!(ops(&desk.effects()), [Op::Detach { call_id: "u1".into() }]);
    desk.happens([Event::TurnStart { turn: 1 }, bash("t1", "true"), finished(Status::Success)]);
    assert!(desk.shown().contains("Running bash"), "the run is over, the line is not");
    desk.press("esc");
    assert_eq!(ops(&desk.effects()), [Op::Cancel]);
    desk.happens([ends("u1", ToolStatus::Cancelled, "stopped")]);
    assert!(desk.app.work.is_none());
    desk.happens([bash("u2", "cat /etc/passwd"), judged("u2", VerdictKind::Deny)]);
    assert!(desk.app.work.is_none());
    desk.happens([Event::TurnStart { turn: 2 }, bash("u3", "true"), ends("u3", ToolStatus::Ok, "exit 0")]);
    assert!(desk.app.work.is_some(), "the line is over, the run is not");
}

#[test]
fn somebody_who_looks_elsewhere_is_told_and_nobody_else() {
    let told = |focused: bool, event: Event| {
        let mut desk = Desk::new(80, 24).begun();
        desk.app.focused = focused;
        desk.happens([event]);
        desk.effects().iter().any(|effect| matches!(effect, Effect::Notify(_)))
    };
    let asked = || question("q1", call("t1", "bash", json!({"command": "make"})));
    assert!(told(false, asked()) && told(false, finished(Status::Success)));
    assert!(!told(true, asked()) && !told(true, finished(Status::Error)));
    assert!(!told(false, Event::TurnStart { turn: 1 }));
}

#[test]
fn a_question_that_nobody_answers_for_the_project_is_a_no() {
    let mut desk = Desk::new(80, 24);
    let confirm =
        || Confirm::new("Trust this project?", Vec::new(), [("no", "Not now"), ("trust", "Trust")], 0);
    for (keys, effect) in
        [("esc", Effect::NoTrust), ("enter", Effect::NoTrust), ("down enter", Effect::Trust)]
    {
        desk.app.layers.open("trust", Dialog::Confirm(confirm()));
        desk.frame();
        desk.press(keys);
        assert_eq!(desk.effects(), [effect], "{keys}");
        assert!(desk.app.layers.is_empty());
    }
}

#[test]
fn a_hint_goes_by_itself() {
    let mut desk = Desk::new(80, 24).begun();
    desk.press("ctrl+b");
    assert!(desk.shown().contains("No command runs"));
    desk.now_ms += 5_000;
    assert!(!desk.shown().contains("No command runs"));
}

#[test]
fn what_was_said_is_written_anew_and_a_draft_is_never_overwritten() {
    let rewound = || Event::Rewound { entry: 3, text: "Mend it".into() };
    let mut desk = Desk::new(80, 24).begun();
    desk.happens([rewound()]);
    assert_eq!(desk.app.composer.expanded(), "Mend it");
    let mut desk = Desk::new(80, 24).begun();
    desk.write("a draft");
    desk.happens([rewound()]);
    assert_eq!(desk.app.composer.expanded(), "a draft");
}

#[test]
fn a_session_takes_nothing_of_the_one_before() {
    let mut desk = Desk::new(80, 24).begun();
    desk.happens([Event::TurnStart { turn: 1 }, words("Half a sen"), bash("t1", "make"), usage()]);
    desk.happens([
        question("q1", call("t1", "bash", json!({"command": "make"}))),
        Event::Background { running: 1 },
    ]);
    desk.write("kept");
    desk.app.begin_session();
    desk.happens([session(), Event::Setup(setup())]);
    let shown = desk.shown();
    for gone in ["Half", "make", "in background", "Running", "$0.04"] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    assert_eq!(desk.app.footer.background, 0);
}

#[test]
fn commands_without_arguments_are_choices() {
    let mut desk = Desk::new(80, 24).begun();
    for (line, effect) in [
        ("/model", Effect::Pick(Pick::Model)),
        ("/model x/y", Effect::Op(Op::Command("model x/y".into()))),
        ("/context", Effect::Op(Op::Command("context".into()))),
        ("/context a b", Effect::Op(Op::Command("context a b".into()))),
        ("/quit", Effect::Quit(0)),
    ] {
        desk.app.composer.set_text(line);
        desk.press("esc enter");
        let effects = desk.effects();
        assert!(effects.contains(&effect), "{line}: {effects:?}");
    }
}

#[test]
fn an_image_goes_with_its_message_and_comes_back_with_it_when_it_cannot_be_sent() {
    let mut desk = Desk::new(80, 24).begun();
    desk.write("what is ");
    desk.app.on_paste("/tmp/shot.png");
    desk.press("enter");
    let prompt = Prompt { text: "what is /tmp/shot.png".into(), images: vec!["/tmp/shot.png".into()] };
    assert_eq!(ops(&desk.effects()), [Op::Prompt(prompt.clone())]);
    desk.write("and more");
    let report = Report::new(crate::protocol::ReportKind::Usage, "not sent: the image is not there");
    desk.happens([Event::Unsent { prompt: prompt.clone(), report: report.clone() }]);
    assert_eq!(desk.app.composer.expanded(), "what is /tmp/shot.png\nand more");
    desk.press("enter");
    let again = Prompt { text: "what is /tmp/shot.png\nand more".into(), ..prompt.clone() };
    assert_eq!(ops(&desk.effects()), [Op::Prompt(again)]);
    desk.frame();
    let printed = desk.printed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(printed.contains("error: not sent: the image is not there"), "{printed}");

    // While a turn runs it waits no longer.
    desk.happens([Event::TurnStart { turn: 1 }]);
    desk.app.on_paste("/tmp/shot.png");
    desk.press("tab");
    assert_eq!(desk.app.queued, ["/tmp/shot.png"]);
    let prompt = Prompt { text: "/tmp/shot.png".into(), ..prompt };
    desk.happens([Event::Unsent { prompt, report }]);
    assert!(desk.app.queued.is_empty());
    assert_eq!(desk.app.composer.expanded(), "/tmp/shot.png");

    // One that was sent, and is gone back to.
    let mut desk = Desk::new(80, 24).begun();
    desk.app.composer.know_images(&["/tmp/shot.png".to_owned()]);
    desk.happens([Event::Rewound { entry: 3, text: "see /tmp/shot.png".into() }]);
    desk.press("enter");
    let sent = Prompt { text: "see /tmp/shot.png".into(), images: vec!["/tmp/shot.png".into()] };
    assert_eq!(ops(&desk.effects()), [Op::Prompt(sent)]);
}

#[test]
fn a_key_and_an_empty_paste_fetch_the_image_on_the_clipboard() {
    let mut desk = Desk::new(80, 24).begun();
    desk.press("ctrl+v");
    assert_eq!(desk.effects(), [Effect::PasteImage]);
    desk.app.on_paste("");
    assert_eq!(desk.effects(), [Effect::PasteImage]);
    desk.app.on_paste("words");
    assert!(desk.effects().is_empty());
    // It is not meant for a list or a question.
    desk.app.layers.open("x", Dialog::Confirm(Confirm::new("Sure?", Vec::new(), [("y", "Yes")], 0)));
    desk.press("ctrl+v");
    assert!(desk.effects().is_empty());
}
