//! Laws of the app, held against random keys, pastes, sizes and events in orders that no engine would send.

use crossterm::event::KeyEvent;
use proptest::prelude::*;

use super::*;
use crate::protocol::{Closed, Item, Op, Prompt, ReportKind, Severity, TaintMark, TaintSource};
use crate::tui::app::pager::Pager;
use crate::tui::app::roll::Roll;
use crate::tui::composer::fuzz_key;

/// Effects of one key, paste or event.
const MOST_EFFECTS: usize = 4;

#[derive(Debug, Clone)]
enum Happens {
    Key(KeyEvent),
    Write(String),
    Paste(String),
    Size(u16, u16),
    Focus(bool),
    Wait(u64),
    Event(Box<Event>),
    Page(String),
    Session,
}

fn text() -> impl Strategy<Value = String> {
    let nasty = proptest::sample::select(vec![
        "",
        "\n",
        "\r",
        "a\tb\u{1b}[2J\u{7}\u{9b}1m",
        "שלום \u{202e}txt.exe\u{2066}",
        "👩‍👩‍👧‍👦👍🏽🇩🇪",
        "e\u{301}\u{301}\u{301}",
        "\u{301}\u{200d}\u{fe0f}",
        "漢字かな漢字かな漢字かな",
        "```rust\nfn main() {",
        "```\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "- a\n  - b\n",
        "**bold",
        "words that go on for a while and are longer than a narrow screen is wide\n",
        "\u{0}\u{600}\u{10ffff}",
    ]);
    prop_oneof![
        8 => prop::collection::vec(nasty, 0..5).prop_map(|parts| parts.concat()),
        2 => any::<String>(),
        1 => (1..6usize).prop_map(|n| "x".repeat(n * 20_000)),
        1 => (1..6usize).prop_map(|n| "a line\n".repeat(n * 500)),
    ]
}

fn id() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["t1", "t2", "t3", "u1", "u2", "q1", "q2", ""]).prop_map(str::to_owned)
}

fn tool() -> impl Strategy<Value = ToolCall> {
    let name = prop_oneof![
        4 => proptest::sample::select(vec!["bash", "edit", "write", "read", "search", "todo"]).prop_map(str::to_owned),
        1 => text(),
    ];
    let args = text().prop_flat_map(|text| {
        proptest::sample::select(vec![
            json!({"command": text}),
            json!({"path": text, "content": text}),
            json!({"path": "a", "edits": [{"old": text, "new": "b"}, {"old": 1}]}),
            json!(text),
            json!([1, null, {"a": text}]),
            json!(null),
        ])
    });
    (id(), name, args).prop_map(|(id, tool, args)| ToolCall { id, tool, args })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    use VerdictKind::*;
    let kind =
        proptest::sample::select(vec![Allow, Allow, Transform, Wait, RequireWitness, RequireApproval, Deny]);
    (kind, text()).prop_map(|(kind, user_line)| Verdict { kind, user_line, ..Verdict::allow("a", "b") })
}

fn report() -> impl Strategy<Value = Report> {
    use ReportKind::*;
    let kind = proptest::sample::select(vec![Note, Interrupted, Provider]);
    (kind, text(), text())
        .prop_map(|(kind, message, more)| Report::new(kind, message).cause(more.clone()).hint(more))
}

fn ended() -> impl Strategy<Value = Event> {
    use Status::*;
    let status = proptest::sample::select(vec![Success, Error, Refused, Limit, Interrupted]);
    (status, text(), report()).prop_map(|(status, text, report)| {
        let finding = crate::protocol::Finding {
            path: text.clone(),
            line: Some(u32::MAX),
            severity: Severity::Low,
            title: text.clone(),
            detail: text.clone(),
            evidence: None,
            suggestion: None,
        };
        let outcome =
            Outcome { findings: vec![finding], files_changed: vec![text.clone()], text, ..outcome(status) };
        Event::Finished(Box::new(Outcome { errors: vec![report], duration_ms: u64::MAX, ..outcome }))
    })
}

fn event() -> impl Strategy<Value = Event> {
    let asked = (id(), tool(), verdict(), text()).prop_map(|(id, call, verdict, text)| {
        let Event::ApprovalAsked(mut asked) = question(&id, call) else { unreachable!() };
        (asked.verdict, asked.diff, asked.rule) = (verdict, Some(text.clone()), Some(text));
        Event::ApprovalAsked(asked)
    });
    let status = proptest::sample::select(vec![
        ToolStatus::Ok,
        ToolStatus::Error,
        ToolStatus::Denied,
        ToolStatus::Cancelled,
    ]);
    let some = prop_oneof![
        text().prop_map(|text| Event::Said { text, images: Vec::new(), entry: 0 }),
        text().prop_map(|text| Event::Rewound { entry: u64::MAX, text }),
        (text(), text()).prop_map(|(command, markdown)| Event::Answer { command, markdown }),
        text().prop_map(|why| Event::Compacted { before_tokens: u64::MAX, after_tokens: u64::MAX, why }),
        any::<u32>().prop_map(|running| Event::Background { running }),
        any::<u32>().prop_map(|turn| Event::TurnStart { turn }),
        Just(Event::MessageEnd { stop: "x".into() }),
        Just(Event::Switched { entry: 9 }),
        report().prop_map(|report| Event::Notice { report }),
        (text(), report()).prop_map(|(text, report)| {
            let images = vec!["/tmp/a.png".to_owned(), text.clone()];
            Event::Unsent { prompt: Prompt { text: format!("/tmp/a.png {text}"), images }, report }
        }),
        report().prop_map(|report| Event::StreamDiscarded { report }),
        (text(), any::<u64>()).prop_map(|(model, context_window)| Event::Setup(Setup {
            profile: model.clone(),
            thinking: model.clone(),
            base_url: Some(model.clone()),
            model,
            context_window,
        })),
        (text(), any::<bool>()).prop_map(|(what, cleared)| Event::Taint {
            mark: TaintMark {
                source: TaintSource::Web,
                call: "t1".into(),
                since_seq: 1,
                cleared: cleared.then(|| what.clone()),
                what,
            }
        }),
        // Sums of these are taken; no session reaches the end of a u64.
        (0..u64::from(u32::MAX), any::<f64>()).prop_map(|(tokens, usd)| Event::Usage {
            usage: Usage {
                input_tokens: tokens,
                output_tokens: tokens,
                cache_read_tokens: tokens,
                cache_write_tokens: 0
            },
            cost: Cost { usd: Some(usd), basis: CostBasis::Provider },
            context_tokens: tokens * 3,
        }),
        ended(),
    ];
    let calls = prop_oneof![
        3 => tool().prop_map(|call| Event::ToolCall { call }),
        2 => (id(), verdict()).prop_map(|(call_id, verdict)| Event::Verdict {
            call_id,
            tool: "bash".into(),
            verdict,
            effects: Vec::new(),
            repaired: None,
        }),
        3 => (id(), text()).prop_map(|(call_id, delta)| Event::ToolOutput { call_id, delta }),
        2 => (id(), status, text()).prop_map(|(id, status, summary)| ends(&id, status, &summary)),
        2 => asked,
        1 => (id(), text()).prop_map(|(id, rule)| Event::ApprovalConfirm { id, confirm: rule.clone(), rule }),
        2 => id().prop_map(|id| Event::ApprovalClosed { id, how: Closed::Withdrawn }),
    ];
    prop_oneof![
        4 => text().prop_map(|text| Event::TextDelta { text }),
        2 => text().prop_map(|text| Event::ThinkingDelta { text }),
        5 => some,
        6 => calls,
    ]
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        10 => fuzz_key().prop_map(Happens::Key),
        2 => "[a-z /@!?\u{e9}漢]{1,6}".prop_map(Happens::Write),
        1 => text().prop_map(Happens::Paste),
        3 => (1u16..80, 1u16..30).prop_map(|(width, height)| Happens::Size(width, height)),
        1 => any::<bool>().prop_map(Happens::Focus),
        2 => (0u64..2_000).prop_map(Happens::Wait),
        12 => event().prop_map(|event| Happens::Event(Box::new(event))),
        1 => text().prop_map(Happens::Page),
        1 => Just(Happens::Session),
    ]
}

/// What the loop would do with it, as far as it comes back to the state.
fn act(desk: &mut Desk) {
    let effects = desk.effects();
    assert!(effects.len() <= MOST_EFFECTS, "{effects:?}");
    for effect in effects {
        match effect {
            Effect::Op(Op::Prompt(Prompt { text, .. }) | Op::FollowUp(Prompt { text, .. })) => {
                assert!(!text.trim().is_empty(), "nothing is sent")
            }
            Effect::Transcript { .. } => page(desk, "asked for"),
            Effect::Open(_) | Effect::Fork(_) => desk.app.begin_session(),
            _ => {}
        }
    }
}

fn page(desk: &mut Desk, text: &str) {
    let items = [Item::user(text), Item::user("and more")];
    let passages = cell::Transcript::passages(&items, desk.width, &desk.app.styles);
    desk.app.pager = Some(Pager::new(text, passages));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_the_app_fall(all in prop::collection::vec(happens(), 1..60), size in (1u16..90, 1u16..40), full in any::<bool>()) {
        let mut desk = Desk::new(size.0, size.1);
        desk.app.roll = full.then(Roll::default);
        for one in all {
            match one {
                Happens::Key(key) => desk.app.on_key(key, desk.now_ms),
                Happens::Write(text) => {
                    for c in text.chars() {
                        desk.write(c.encode_utf8(&mut [0; 4]));
                        act(&mut desk);
                    }
                }
                Happens::Paste(text) => desk.app.on_paste(&text, desk.now_ms),
                Happens::Size(width, height) => (desk.width, desk.height) = (width, height),
                Happens::Focus(focused) => desk.app.focused = focused,
                Happens::Wait(ms) => desk.now_ms += ms,
                Happens::Event(event) => desk.happens([*event]),
                Happens::Page(text) => page(&mut desk, &text),
                Happens::Session => desk.app.begin_session(),
            }
            act(&mut desk);
            desk.frame();
        }
        for size in [(1, 1), (1, 40), (200, 1), (2, 3), (40, 12), (200, 60)] {
            (desk.width, desk.height) = size;
            desk.frame();
        }
        // Whatever came before, the end of a run leaves nothing open but the user's own lines and questions.
        desk.app.pager = None;
        desk.app.layers.close("keys");
        desk.happens([ends("u1", ToolStatus::Ok, ""), ends("u2", ToolStatus::Ok, ""), finished(Status::Error)]);
        desk.happens((0..60).map(|n| ends(["u1", "u2"][n % 2], ToolStatus::Ok, "")));
        desk.frame();
        prop_assert!(desk.app.transcript.live_cells().is_empty());
        prop_assert!(desk.app.work.is_none());
        desk.happens([said("the next word")]);
        desk.frame();
        let (buf, _) = desk.frame();
        let shown = paint::screen(&buf, None);
        let printed = desk.printed.last().is_some_and(|line| line.to_string() == "❯ the next word");
        let told = if full { desk.printed.is_empty() && !shown.is_empty() } else { printed };
        prop_assert!(told, "{}", shown);
    }
}
