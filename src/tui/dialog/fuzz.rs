//! Laws of dialogs, held against random keys, pastes and sizes: nothing falls, nothing is drawn outside, no
//! yes is given that was not seen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::text::Line;
use serde_json::json;

use super::*;
use crate::config::Keymap;
use crate::protocol::{Approval, Choice, Effect, Op};
use crate::tui::composer::fuzz_key;

#[derive(Debug, Clone)]
enum Happens {
    Key(KeyEvent),
    Paste(String),
    Draw(u16, u16),
    Wait(u64),
    Confirm,
    Closed,
}

fn happens() -> impl Strategy<Value = Happens> {
    let answer = proptest::sample::select("yna12345".chars().collect::<Vec<_>>());
    let answer = answer.prop_map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    prop_oneof![
        8 => fuzz_key().prop_map(Happens::Key),
        4 => answer.prop_map(Happens::Key),
        1 => any::<String>().prop_map(Happens::Paste),
        4 => (1u16..60, 1u16..20).prop_map(|(width, height)| Happens::Draw(width, height)),
        3 => (0u64..900).prop_map(Happens::Wait),
        1 => Just(Happens::Confirm),
        1 => Just(Happens::Closed),
    ]
}

fn draw(layer: &dyn Layer, width: u16, height: u16) {
    let wanted = layer.height(width, height);
    assert!(wanted <= height);
    for height in [wanted, height, 1] {
        let mut buf = Buffer::filled(Rect::new(0, 0, width + 2, height + 2), Cell::new("~"));
        let area = Rect::new(1, 1, width, height);
        let cursor = layer.render(area, &mut buf, &Styles::plain());
        assert!(cursor.is_none_or(|cursor| area.contains(cursor)), "{cursor:?} {area}");
        for y in 0..height + 2 {
            for x in 0..width + 2 {
                assert!(area.contains((x, y).into()) || buf[(x, y)].symbol() == "~", "{x} {y}");
            }
        }
    }
    // A screen that has shrunk since.
    layer.render(Rect::new(0, 0, width, height), &mut Buffer::empty(Rect::new(0, 0, 1, 1)), &Styles::plain());
}

fn approvals(text: &str) -> Approvals {
    let mut approvals = Approvals::default();
    for id in ["q1", "q2"] {
        let effects = vec![Effect::Opaque { why: text.to_owned() }, Effect::net(text, None)];
        let args = json!({"command": text, text: [text], "n": 1});
        approvals.ask(Approval {
            diff: Some(format!("@@\n-{text}\n+{text}")),
            argv: vec![vec![text.to_owned()]],
            rule: Some(text.to_owned()),
            choices: vec![Choice::Once, Choice::AlwaysHere, Choice::AlwaysEverywhere],
            asked_at_ms: 0,
            ..super::tests::approval(id, text, args, effects)
        });
    }
    approvals
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_a_dialog_fall(all in proptest::collection::vec(happens(), 1..40), text in any::<String>()) {
        let row = |n: usize| PickerRow::new(n.to_string(), [text.clone(), "b".repeat(n)]).current(n == 2);
        let node = |n: usize| TreeRow { key: n.to_string(), depth: n * 7 % 5, text: text.clone(), ..TreeRow::default() };
        let line = || vec![Line::raw(text.clone()), Line::raw("x y ".repeat(40))];
        let mut layers: Vec<Box<dyn Layer>> = vec![
            Box::new(approvals(&text)),
            Box::new(Picker::new(text.clone(), (0..9).map(row).collect()).with_previews()),
            Box::new(Tree::new(text.clone(), (0..30).map(node).collect())),
            Box::new(Page::text(text.clone(), &text.repeat(20))),
            Box::new(Confirm::new(text.clone(), line(), [("a", text.as_str()), ("b", "B"), ("c", "C")], 7)),
            Box::new(Confirm::new(text.clone(), line(), [("", ""); 0], 1)),
        ];
        for layer in &mut layers {
            let mut keys = Keys::new(Keymap::built_in());
            let mut now_ms = 1_000;
            for one in &all {
                match one {
                    Happens::Key(key) => drop(layer.handle(*key, &mut keys, now_ms)),
                    Happens::Paste(text) => drop(layer.paste(text)),
                    Happens::Draw(width, height) => {
                        draw(&**layer, *width, *height);
                        layer.drawn(now_ms);
                    }
                    Happens::Wait(ms) => now_ms += ms,
                    Happens::Confirm | Happens::Closed => {}
                }
            }
            draw(&**layer, 1, 1);
            draw(&**layer, 20, 5);
        }
    }

    #[test]
    fn no_yes_comes_before_its_question_was_seen(all in proptest::collection::vec(happens(), 1..80)) {
        let mut approvals = approvals("x");
        let mut keys = Keys::new(Keymap::built_in());
        let (mut now_ms, mut shown_ms): (u64, Option<u64>) = (1_000, None);
        // When a key was last given back as not meant for the question.
        let mut typed_ms: Option<u64> = None;
        // Whether a rule has been shown since the question was.
        let mut asked_again = false;
        for one in all {
            match one {
                Happens::Key(key) => match approvals.handle(key, &mut keys, now_ms) {
                    Reply::Send(Op::Approve { choice, confirm, seen, .. }) => {
                        let first = shown_ms.expect("it was drawn");
                        prop_assert!(seen.shown_at_ms >= first && seen.after(0));
                        prop_assert!(now_ms >= seen.shown_at_ms + 500);
                        prop_assert!(typed_ms.is_none_or(|at| now_ms >= at + 1_000));
                        prop_assert!(choice != Choice::AlwaysHere || asked_again);
                        prop_assert!(confirm.is_none() || choice == Choice::AlwaysEverywhere);
                    }
                    Reply::NotMeant | Reply::NeverMeant(_) => typed_ms = Some(now_ms),
                    Reply::Closed | Reply::Chosen(_) => prop_assert!(false, "the engine closes questions"),
                    _ => {}
                },
                Happens::Paste(text) => drop(approvals.paste(&text)),
                Happens::Draw(..) => {
                    approvals.drawn(now_ms);
                    shown_ms = shown_ms.or(Some(now_ms));
                    asked_again = approvals.keeps_a_rule();
                }
                Happens::Wait(ms) => now_ms += ms,
                Happens::Confirm => {
                    approvals.confirm("q1", "word".to_owned(), "rule");
                    // What is shown anew must be drawn anew.
                    shown_ms = if approvals.len() == 2 { None } else { shown_ms };
                }
                Happens::Closed => {
                    shown_ms = if approvals.len() == 2 { None } else { shown_ms };
                    approvals.closed("q1");
                }
            }
        }
    }
}
