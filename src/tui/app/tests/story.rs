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
    desk.app.on_paste("/tmp/shot.png", desk.now_ms);
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
    desk.app.on_paste("/tmp/shot.png", desk.now_ms);
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
    desk.app.on_paste("", desk.now_ms);
    assert_eq!(desk.effects(), [Effect::PasteImage]);
    desk.app.on_paste("words", desk.now_ms);
    assert!(desk.effects().is_empty());
    // It is not meant for a list or a question.
    desk.app.layers.open("x", Dialog::Confirm(Confirm::new("Sure?", Vec::new(), [("y", "Yes")], 0)));
    desk.press("ctrl+v");
    assert!(desk.effects().is_empty());
}

/// Keys of somebody who writes at an even pace, each with a frame behind it.
fn types(desk: &mut Desk, text: &str, every_ms: u64) {
    for c in text.chars() {
        desk.write(c.encode_utf8(&mut [0; 4]));
        desk.frame();
        desk.now_ms += every_ms;
    }
}

#[test]
fn a_sentence_typed_across_a_question_is_no_answer_and_loses_no_letter() {
    const SENTENCE: &str = "also check that the code has docs at each place, y or n, 1 2 3 a";
    for every_ms in [1, 100, 400, 999] {
        for from in [0, 1, 10, 30] {
            let mut desk = Desk::new(80, 24).begun();
            desk.happens([Event::TurnStart { turn: 1 }, bash("t1", "make")]);
            types(&mut desk, &SENTENCE[..from], every_ms);
            desk.happens([question("q1", call("t1", "bash", json!({"command": "make"})))]);
            // One frame more or less makes no difference.
            (from % 2 == 0).then(|| desk.frame());
            types(&mut desk, &SENTENCE[from..], every_ms);
            assert_eq!(ops(&desk.effects()), [], "every {every_ms} ms from {from}");
            assert_eq!(desk.app.composer.expanded(), SENTENCE, "every {every_ms} ms from {from}");
            let shown = desk.shown();
            assert!(shown.contains("Allow bash?") && shown.contains(SENTENCE), "{shown}");
            assert!(shown.contains("you are typing"), "{shown}");
            // After a pause it takes an answer.
            desk.now_ms += 1_000;
            desk.frame();
            desk.press("y");
            assert!(matches!(&ops(&desk.effects())[..], [Op::Approve { .. }]));
        }
    }
    // After a pause of its own a word begins with the key of an answer: a rule is shown, not kept, and the
    // word is whole.
    let mut desk = Desk::new(80, 24).begun();
    desk.happens([Event::TurnStart { turn: 1 }, bash("t1", "make")]);
    desk.happens([question("q1", call("t1", "bash", json!({"command": "make"})))]);
    desk.frame();
    desk.now_ms += 5_000;
    types(&mut desk, "also this", 100);
    assert_eq!(ops(&desk.effects()), []);
    assert_eq!(desk.app.composer.expanded(), "also this");
    desk.press("enter");
    let prompt = Prompt::from("also this");
    assert_eq!(ops(&desk.effects()), [Op::Prompt(prompt)], "what was meant to be sent is sent");
}

#[test]
fn hints_name_the_keys_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keymap.yaml");
    let text = "approval: {f2: answer_yes, y: ~, a: ~, esc: ~, ctrl+c: ~}\nglobal: {esc: ~, f3: transcript, ctrl+t: ~, ctrl+o: ~}\n\
        composer: {\"?\": ~}\nlist: {esc: ~, ctrl+c: ~, f4: close}\n";
    std::fs::write(&path, text).unwrap();
    let keys = Keys::new(Keymap::load(Some(&path)).unwrap());
    let mut desk = Desk::new(80, 24).begun();
    desk.app.keys = keys;
    desk.app.dress(Styles::plain());
    let shown = desk.shown();
    assert!(shown.contains("/keys for keys"), "{shown}");
    desk.happens([Event::TurnStart { turn: 1 }]);
    let shown = desk.shown();
    assert!(!shown.contains("stops"), "{shown}");
    desk.happens([
        bash("t1", "make"),
        prints("t1", &(0..40).map(|n| format!("line {n}\n")).collect::<String>()),
        ends("t1", ToolStatus::Ok, "exit code 0"),
    ]);
    desk.happens([Event::ThinkingDelta { text: "one\ntwo".into() }, words("x\n\n")]);
    desk.happens([said(&"line\n".repeat(60))]);
    let shown = desk.shown();
    assert!(shown.contains("… 35 lines above\n") && shown.contains("thought · 2 lines\n"), "{shown}");
    assert!(shown.contains("more lines, f3 shows them"), "{shown}");
    desk.happens([question("q1", call("t1", "bash", json!({"command": "make"})))]);
    let shown = desk.shown();
    assert!(shown.contains("f2 once, n no\n"), "{shown}");
    desk.app.layers.open("trust", Dialog::Confirm(Confirm::new("Sure?", Vec::new(), [("no", "No")], 0)));
    assert!(desk.shown().contains("f4 closes"));
    // A key that another context takes before is no hint.
    let taken = "composer: {ctrl+o: undo}\n";
    std::fs::write(&path, taken).unwrap();
    desk.app.keys = Keys::new(Keymap::load(Some(&path)).unwrap());
    desk.app.dress(Styles::plain());
    let key = |action| desk.app.styles.key(crate::tui::style::WRITING, action);
    assert_eq!(
        (key(crate::config::Action::ExpandTool), key(crate::config::Action::Transcript).as_deref()),
        (None, Some("ctrl+t"))
    );
}

#[test]
fn what_one_brought_about_is_told_in_one_quiet_line() {
    use crate::protocol::{Closed, ReportKind};
    let ended = |status, kind, message: &str| {
        let report =
            Report::new(kind, message).hint("see the verdicts above; `iosm kernel explain` shows more");
        Event::Finished(Box::new(Outcome { errors: vec![report], ..outcome(status) }))
    };
    let refused = || ended(Status::Refused, ReportKind::Refused, "the work ended on a refusal");
    let denied = |id| [judged(id, VerdictKind::Deny), ends(id, ToolStatus::Denied, "refused")];
    let begin = || {
        let mut desk = Desk::new(80, 24).begun();
        desk.happens([Event::TurnStart { turn: 1 }, bash("t1", "make"), bash("t2", "cat /etc/passwd")]);
        desk.happens([question("q1", call("t1", "bash", json!({"command": "make"})))]);
        desk
    };
    let mut desk = begin();
    desk.happens(denied("t2"));
    desk.happens([Event::ApprovalClosed { id: "q1".into(), how: Closed::Declined }]);
    desk.happens(denied("t1"));
    desk.happens([refused()]);
    let shown = desk.shown();
    assert!(shown.contains("\nyou said no to bash make · 3 turns"), "{shown}");
    assert!(!shown.contains("error:") && !shown.contains("try:"), "{shown}");
    // What the kernel refused by itself is told as that, with what tells more here.
    let mut desk = begin();
    desk.happens([Event::ApprovalClosed { id: "q1".into(), how: Closed::Declined }]);
    desk.happens(denied("t1"));
    desk.happens(denied("t2"));
    desk.happens([refused()]);
    let shown = desk.shown();
    assert!(
        shown.contains("\nended on a refusal · 3 turns") && shown.contains("try: /kernel explain t2"),
        "{shown}"
    );
    assert!(!shown.contains("error:") && !shown.contains("iosm kernel"), "{shown}");
    // A no of the run before is none of this one.
    desk.happens([Event::TurnStart { turn: 2 }, refused()]);
    assert!(desk.shown().contains("ended on a refusal"));
    let mut desk = begin();
    desk.happens([Event::ApprovalClosed { id: "q1".into(), how: Closed::Withdrawn }]);
    desk.happens([ended(Status::Interrupted, ReportKind::Interrupted, "interrupted")]);
    let shown = desk.shown();
    assert!(
        shown.contains("\nstopped by you · 3 turns") && shown.contains("stopped before an answer"),
        "{shown}"
    );
    assert!(!shown.contains("error:") && !shown.contains("interrupted"), "{shown}");
    // A fault stays one.
    desk.happens([ended(Status::Error, ReportKind::Provider, "overloaded")]);
    assert!(desk.shown().contains("error: overloaded"));
}

#[test]
fn going_through_profiles_by_key_leaves_one_line_at_most() {
    let to = |profile: &str| Event::Setup(Setup { profile: profile.into(), ..setup() });
    let answer = |markdown: &str| Event::Answer { command: "profile".into(), markdown: markdown.into() };
    let mut desk = Desk::new(80, 24).begun();
    desk.shown();
    for profile in ["plan", "iosm", "meta"] {
        desk.press("shift+tab");
        assert_eq!(ops(&desk.effects()), [Op::Command(format!("profile {profile}"))]);
        let note = Report::note("the profile was changed: what was cached is not used again");
        desk.happens([to(profile), Event::Notice { report: note }]);
        desk.happens([answer("The profile holds from here on.")]);
        let shown = desk.shown();
        assert!(shown.contains(&format!("from now on: profile {profile}\n")), "{shown}");
        assert_eq!(shown.matches("from now on").count(), 1, "{shown}");
    }
    desk.happens([Event::Notice { report: Report::note("something else") }, said("go on")]);
    let shown = desk.shown();
    assert_eq!(shown.matches("from now on").count(), 1, "{shown}");
    assert!(shown.contains("something else") && !shown.contains("cached"), "{shown}");
    assert!(shown.contains("from now on: profile meta\n") && !shown.contains("holds"), "{shown}");
    // Once round leaves nothing.
    for profile in ["full", "plan", "iosm", "meta"] {
        desk.press("shift+tab");
        desk.happens([to(profile), answer("x")]);
    }
    desk.happens([said("and on")]);
    assert!(!desk.shown().contains("from now on"));
    // What was typed is answered.
    desk.happens([to("plan"), answer("The profile `plan` holds from here on.")]);
    let shown = desk.shown();
    assert!(shown.contains("from now on: profile plan") && shown.contains("holds from here on"), "{shown}");
}

#[test]
fn the_screens_own_commands_take_no_words_that_mean_nothing() {
    let mut desk = Desk::new(80, 24).begun();
    for line in ["quit now", "keys x", "new one", "copy that"] {
        desk.app.command(line, desk.now_ms);
        assert_eq!(desk.effects(), [], "{line}");
        let shown = desk.shown();
        assert!(shown.contains("takes no words"), "{line}: {shown}");
    }
}
