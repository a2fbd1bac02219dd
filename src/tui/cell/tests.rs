//! Cells as they look, and the transcript as events make it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::Theme;
use crate::protocol::{
    Approval, CallCounts, Closed, Cost, Disposition, Event, Item, Outcome, Part as ItemPart, Reason, Report,
    ReportKind, Setup, Stamped, Status, TaintSource, ToolCall, ToolResult, ToolStatus, Usage, Verdict,
    VerdictKind,
};
use crate::tui::text::line_width;

fn feed(transcript: &mut Transcript, events: Vec<Event>) {
    for (at, event) in events.into_iter().enumerate() {
        let seq = at as u64 + 1;
        transcript.apply(&Stamped { seq, at_ms: seq * 100, agent: "main".into(), event });
    }
}

fn call(id: &str, tool: &str, args: Value) -> Event {
    Event::ToolCall { call: ToolCall { id: id.into(), tool: tool.into(), args } }
}

fn verdict(id: &str, kind: VerdictKind, line: &str, repaired: Option<Value>) -> Event {
    let verdict = Verdict {
        kind,
        reason: (kind == VerdictKind::Deny).then_some(Reason::PolicyBlock),
        disposition: Some(Disposition::Retryable),
        user_line: line.into(),
        ..Verdict::allow("scope", "outside_workspace")
    };
    Event::Verdict { call_id: id.into(), tool: "x".into(), verdict, effects: vec![], repaired }
}

fn result(id: &str, status: ToolStatus, summary: &str) -> Event {
    Event::ToolResult {
        call_id: id.into(),
        tool: "x".into(),
        status,
        summary: summary.into(),
        bytes: 10,
        admission: "as_is".into(),
    }
}

fn asked(id: &str, call_id: &str, tool: &str, args: Value, diff: Option<&str>) -> Event {
    let mut verdict = Verdict::allow("policy", "ask_push");
    verdict.kind = VerdictKind::RequireApproval;
    verdict.user_line = "it leaves the machine".into();
    Event::ApprovalAsked(Box::new(Approval {
        id: id.into(),
        call: ToolCall { id: call_id.into(), tool: tool.into(), args },
        verdict,
        effects: vec![],
        diff: diff.map(str::to_owned),
        argv: vec![],
        reach: vec![],
        reasons: vec![],
        rule: None,
        choices: vec![],
        asked_at_ms: 1,
    }))
}

fn outcome(status: Status) -> Outcome {
    Outcome {
        status,
        text: String::new(),
        findings: vec![],
        findings_reported: false,
        structured: None,
        session_id: None,
        model: "m".into(),
        turns: 3,
        calls: CallCounts { denied: 1, ..CallCounts::default() },
        denied_tools: vec![],
        files_changed: vec!["a".into(), "b".into()],
        usage: Usage { input_tokens: 12_345, output_tokens: 678, ..Usage::default() },
        cost: Cost { usd: Some(0.0421), basis: crate::protocol::CostBasis::Catalogue },
        duration_ms: 83_000,
        errors: vec![],
    }
}

fn setup(profile: &str) -> Event {
    Event::Setup(Setup {
        model: "scripted/x".into(),
        profile: profile.into(),
        thinking: "off".into(),
        context_window: 0,
        base_url: None,
    })
}

/// Everything that the transcript can show, once.
fn everything() -> Vec<Event> {
    let push = json!({"command": "git push origin main"});
    let edit = json!({"path": "src/a.rs", "edits": [{"old": "let x = 1;\n", "new": "let y = 1;\n"}]});
    let mut events = vec![
        Event::Session {
            session_id: "s".into(),
            model: "scripted/x".into(),
            profile: "full".into(),
            thinking: "off".into(),
            workspace: "/home/me/project".into(),
            tools: vec![],
            sandbox: "sandbox: landlock, network only to what is allowed".into(),
            resumed: true,
        },
        setup("full"),
        Event::Said {
            text: "Look at 日本語 and\n\tfix the thing, please, so that it works again".into(),
            images: Vec::new(),
            entry: 1,
        },
        Event::TurnStart { turn: 1 },
        Event::ThinkingDelta { text: "First I look.\nThen I fix.".into() },
        Event::TextDelta {
            text: "I look **first**:\n\n- at `a.rs`\n- at 👩‍👩‍👧 and שלום\n\n```rust\nfn ma".into(),
        },
        Event::TextDelta { text: "in() {}\n```\n".into() },
        Event::MessageEnd { stop: "tool_calls".into() },
        call("t1", "read", json!({"path": "src/a.rs", "offset": 10, "limit": 20})),
        call("t2", "search", json!({"pattern": "fn \\w+", "path": "src", "glob": "*.rs"})),
        call("t3", "bash", json!({"command": "cargo test\necho \u{1b}[31m"})),
        verdict("t1", VerdictKind::Allow, "", None),
        verdict("t2", VerdictKind::Allow, "", None),
        verdict("t3", VerdictKind::Allow, "", None),
        result("t1", ToolStatus::Ok, "lines 10–29 of 300"),
        result("t2", ToolStatus::Ok, "12 matches in 3 files"),
    ];
    for n in 0..9 {
        let delta = format!("\u{1b}[32mtest {n} … ok\u{1b}[0m\n");
        events.push(Event::ToolOutput { call_id: "t3".into(), delta });
    }
    events.extend([
        result("t3", ToolStatus::Ok, "cargo test · exit code 0 · 0.3 s"),
        call("t4", "edit", edit),
        verdict("t4", VerdictKind::Transform, "the path was made relative", Some(json!({"path": "a.rs"}))),
        result("t4", ToolStatus::Ok, "1 replacement"),
        call("t5", "bash", push.clone()),
        asked("q1", "t5", "bash", push, None),
        Event::ApprovalClosed { id: "q1".into(), how: Closed::Declined },
        verdict("t5", VerdictKind::Deny, "declined: it leaves the machine", None),
        result("t5", ToolStatus::Denied, "refused"),
        call("t6", "write", json!({"path": "/etc/passwd", "content": "x\n"})),
        verdict("t6", VerdictKind::Deny, "/etc/passwd is outside the workspace", None),
        result("t6", ToolStatus::Denied, "refused"),
        call("t7", "todo", json!({"items": [{"text": "one", "status": "done"}, {"text": "two", "status": "doing"}, {"text": "three", "status": "pending"}]})),
        result("t7", ToolStatus::Ok, "3 tasks, 1 done"),
        call("t8", "report", json!({"findings": [{"path": "a.rs", "line": 3, "severity": "high", "title": "Wrong", "detail": "It is.", "suggestion": "Mend it."}]})),
        result("t8", ToolStatus::Ok, "1 finding"),
        call("t9", "other__tool", json!({"a": 1, "b": "c"})),
        result("t9", ToolStatus::Error, "no such thing"),
        Event::Checkpoint { id: "c1".into(), name: Some("before".into()), turn: 2, ms: 12 },
        Event::Compacted { before_tokens: 90_000, after_tokens: 12_300, why: "asked for".into() },
        Event::Rewound { entry: 1, text: "Look".into() },
        Event::Background { running: 2 },
        Event::Background { running: 2 },
        setup("plan"),
        Event::Taint {
            mark: crate::protocol::TaintMark {
                source: TaintSource::Web,
                what: "example.org".into(),
                call: "t3".into(),
                since_seq: 4,
                cleared: None,
            },
        },
        Event::Answer { command: "cost".into(), markdown: "| what | how much |\n|---|---:|\n| tokens | 12 |\n".into() },
        Event::Notice {
            report: Report::new(ReportKind::Provider, "the provider did not answer")
                .cause("the connection was refused")
                .hint("try again"),
        },
        Event::StreamDiscarded { report: Report::note("the stream broke off") },
        Event::Finished(Box::new(outcome(Status::Limit))),
    ]);
    events
}

fn drawn(cells: &[Cell], width: u16, wrap: Wrap, styles: &Styles) -> String {
    let lines = cells.iter().flat_map(|cell| cell.lines(width, wrap, styles));
    lines.map(|line| line.to_string() + "\n").collect()
}

/// A theme in which every token has a colour of its own.
fn told_apart() -> Styles {
    let mut text = "description: for tests\ntokens:\n".to_owned();
    for (at, token) in Token::ALL.iter().enumerate() {
        text.push_str(&format!("  {}: index {}\n", token.name(), at + 100));
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("apart.yaml"), text).unwrap();
    Styles::new(&Theme::load("apart", &[dir.path()]).unwrap())
}

/// Lines with the names of their looks: `[diff.added]text`.
fn named(cells: &[Cell], width: u16, styles: &Styles) -> String {
    let mut out = String::new();
    for line in cells.iter().flat_map(|cell| cell.lines(width, Wrap::Words(width), styles)) {
        for span in &line.spans {
            let token = Token::ALL.iter().find(|token| styles.get(**token) == span.style);
            let name = token.map_or(String::new(), |token| format!("[{}]", token.name()));
            out.push_str(&format!("{name}{}", span.content));
        }
        out.push('\n');
    }
    out
}

#[test]
fn every_cell_looks_right_narrow_wide_and_coloured() {
    let mut transcript = Transcript::new();
    feed(&mut transcript, everything());
    let cells = transcript.take_cells();
    assert!(transcript.live_cells().is_empty());
    let plain = Styles::plain();
    insta::assert_snapshot!("all_40_words", drawn(&cells, 40, Wrap::Words(40), &plain));
    insta::assert_snapshot!("all_100_words", drawn(&cells, 100, Wrap::Words(100), &plain));
    insta::assert_snapshot!("all_100_terminal", drawn(&cells, 100, Wrap::Terminal, &plain));
    insta::assert_snapshot!("all_40_looks", named(&cells, 40, &told_apart()));
    insta::assert_snapshot!("all_100_looks", named(&cells, 100, &told_apart()));
}

#[test]
fn cells_come_out_in_order_once_and_only_when_finished() {
    let styles = Styles::plain();
    let text = |cells: &[Cell]| drawn(cells, 80, Wrap::Terminal, &styles);
    let mut transcript = Transcript::new();
    feed(&mut transcript, vec![Event::TextDelta { text: "One.\n\nTwo is not".into() }]);
    assert_eq!(text(&transcript.take_cells()), "\nOne.\n");
    assert_eq!(text(transcript.live_cells()), "\nTwo is not\n");
    feed(
        &mut transcript,
        vec![Event::Notice { report: Report::note("meanwhile") }, Event::TextDelta { text: " all\n".into() }],
    );
    // The blank line between the two is known; the second is not yet whole.
    assert_eq!(text(&transcript.take_cells()), "\n");
    let end = Event::MessageEnd { stop: "end_turn".into() };
    feed(
        &mut transcript,
        vec![end, call("t1", "bash", json!({"command": "a"})), call("t2", "read", json!({"path": "b"}))],
    );
    assert_eq!(text(&transcript.take_cells()), "Two is not all\n\nnote: meanwhile\n");
    feed(&mut transcript, vec![result("t2", ToolStatus::Ok, "3 lines")]);
    assert!(transcript.take_cells().is_empty());
    let output = "1\n2\n3\n4\n5\n6\n7\n";
    feed(&mut transcript, vec![Event::ToolOutput { call_id: "t1".into(), delta: output.into() }]);
    assert!(
        text(transcript.live_cells()).contains("▸ bash a\n  │ … 2 lines above\n  │ 3\n"),
        "{}",
        text(transcript.live_cells())
    );
    feed(&mut transcript, vec![result("t1", ToolStatus::Ok, "a · exit code 1 · 0.1 s")]);
    let shown = text(&transcript.take_cells());
    assert!(
        shown.starts_with("\n! bash a · exit code 1 · 0.1 s\n  │ … 2 lines above, ctrl+o shows them\n"),
        "{shown}"
    );
    assert!(shown.ends_with("  │ 7\n✓ read b · 3 lines\n"), "{shown}");
    let last = transcript.last_expandable().unwrap().expanded_lines(80, Wrap::Terminal, &styles);
    assert_eq!(last.len(), 9);
    feed(&mut transcript, vec![Event::TextDelta { text: "a\n\nb\n\nc".into() }]);
    let live: Vec<_> = transcript.live(80, 3, &styles).iter().map(ToString::to_string).collect();
    assert_eq!(live, ["b", "", "c"]);
    let printed = transcript.take_finished(80, Wrap::Terminal, &styles).len();
    assert_eq!((printed, transcript.live(80, 9, &styles).len()), (4, 2));
    feed(&mut transcript, vec![Event::MessageEnd { stop: "end_turn".into() }]);
    transcript.take_cells();
    assert!(transcript.live_cells().is_empty() && transcript.take_cells().is_empty());
}

#[test]
fn a_broken_answer_says_what_does_not_count_and_begins_anew() {
    let styles = Styles::plain();
    let mut transcript = Transcript::new();
    feed(&mut transcript, vec![Event::TextDelta { text: "Half\n\nan ans".into() }]);
    transcript.take_cells();
    let report = Report::note("cut off");
    feed(
        &mut transcript,
        vec![Event::StreamDiscarded { report }, Event::TextDelta { text: "Whole\n\n".into() }],
    );
    let shown = drawn(&transcript.take_cells(), 80, Wrap::Terminal, &styles);
    assert!(shown.contains("what stands above of this answer does not count"), "{shown}");
    assert!(!shown.contains("an ans") && shown.ends_with("\nWhole\n"), "{shown}");
}

#[test]
fn a_stopped_run_leaves_nothing_open_and_a_sub_agent_is_one_line() {
    let styles = Styles::plain();
    let mut transcript = Transcript::new();
    feed(
        &mut transcript,
        vec![call("t1", "bash", json!({"command": "sleep 9"})), asked("q", "t1", "bash", json!({}), None)],
    );
    assert!(
        drawn(transcript.live_cells(), 80, Wrap::Terminal, &styles)
            .contains("? bash sleep 9 · waits for your answer")
    );
    let child = |event| Stamped { seq: 1, at_ms: 1, agent: "main/1".into(), event };
    transcript.apply(&child(call("t1", "read", json!({"path": "x"}))));
    transcript.apply(&child(Event::TextDelta { text: "not shown".into() }));
    feed(&mut transcript, vec![Event::Finished(Box::new(outcome(Status::Interrupted)))]);
    let shown = drawn(&transcript.take_cells(), 80, Wrap::Terminal, &styles);
    assert!(
        shown.contains("■ bash sleep 9 · stopped") && shown.contains("✓ main/1 · 1 call · read x"),
        "{shown}"
    );
    assert!(shown.contains("stopped by you · 3 turns") && transcript.live_cells().is_empty(), "{shown}");
}

#[test]
fn ten_thousand_turns_hold_no_more_than_one() {
    let mut transcript = Transcript::new();
    for n in 0..10_000 {
        let id = format!("t{n}");
        let output = Event::ToolOutput { call_id: id.clone(), delta: "line\n".repeat(20) };
        let text = Event::TextDelta { text: "Some words.\n\nMore words.".into() };
        let end = Event::MessageEnd { stop: "x".into() };
        let begin = call(&id, "bash", json!({"command": "a"}));
        feed(&mut transcript, vec![text, end, begin, output, result(&id, ToolStatus::Ok, "a · exit code 0")]);
        assert!(transcript.take_cells().len() >= 2);
        assert!(transcript.live_cells().is_empty());
    }
    let mut transcript = Transcript::new();
    feed(&mut transcript, vec![call("t", "bash", json!({"command": "yes"}))]);
    for _ in 0..2_000 {
        let delta = "y\n".repeat(1_000);
        feed(&mut transcript, vec![Event::ToolOutput { call_id: "t".into(), delta }]);
    }
    let Body::Tool(tool) = &transcript.live_cells()[0].body else { panic!() };
    assert!(tool.output.bytes() <= 128 * 1024, "{}", tool.output.bytes());
    let shown = drawn(transcript.live_cells(), 80, Wrap::Terminal, &Styles::plain());
    assert!(shown.contains("1999995 lines above") || shown.contains("lines above"), "{shown}");
}

#[test]
fn a_resumed_conversation_is_shown_as_it_was() {
    let tool_call = ToolCall { id: "t1".into(), tool: "read".into(), args: json!({"path": "a.rs"}) };
    let items = [
        Item::user("hello"),
        Item::Assistant {
            blocks: vec![
                crate::protocol::Block::Text { text: "I *read*.".into() },
                crate::protocol::Block::ToolCall(tool_call),
            ],
            model: "m".into(),
        },
        Item::ToolResult(ToolResult {
            call_id: "t1".into(),
            tool: "read".into(),
            status: ToolStatus::Ok,
            parts: vec![ItemPart::text("first\nsecond")],
        }),
    ];
    let shown = drawn(&Transcript::from_items(&items), 80, Wrap::Terminal, &Styles::plain());
    assert_eq!(shown, "\n❯ hello\n\nI read.\n\n✓ read a.rs · first\n");
    let passages = Transcript::passages(&items, 80, &Styles::plain());
    assert_eq!(passages[2].text, "✓ read a.rs · first\n  │ first\n  │ second");
    assert!(passages[2].is_call && !passages[1].is_call);
}

fn any_event() -> impl Strategy<Value = Event> {
    let id = prop::sample::select(vec!["t1", "t2"]).prop_map(str::to_owned);
    let text = prop::sample::select(vec![
        "",
        "word word",
        "日本語\n\n",
        "- a\n\t\u{1b}[1m",
        "```\n",
        "|a|b|\n|-|-|\n|c|d|\n",
        "👩‍👩‍👧\u{202e}\r\n",
    ]);
    let tool = prop::sample::select(vec!["bash", "edit", "write", "read", "search", "todo", "report", "x"]);
    let every = everything();
    (id, text, tool, 0..every.len() + 8).prop_map(move |(id, text, tool, kind)| {
        let text = text.to_owned();
        match kind.checked_sub(every.len()) {
            None => every[kind].clone(),
            Some(0 | 1) => Event::TextDelta { text },
            Some(2) => Event::ThinkingDelta { text },
            Some(3) => {
                call(&id, tool, json!({"path": text, "content": text, "command": text, "items": text}))
            }
            Some(4) => call(&id, tool, Value::String(text)),
            Some(5) => Event::ToolOutput { call_id: id, delta: text },
            Some(6) => verdict(&id, VerdictKind::Wait, &text, Some(Value::Null)),
            Some(_) => result(&id, ToolStatus::Error, &text),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_stream_of_events_breaks_the_layout(events in prop::collection::vec(any_event(), 0..24), width in 1u16..130) {
        let styles = Styles::plain();
        let mut transcript = Transcript::new();
        for event in events {
            transcript.apply(&Stamped { seq: 1, at_ms: 1, agent: "main".into(), event });
            let mut cells = transcript.take_cells();
            cells.extend(transcript.live_cells().iter().cloned());
            cells.extend(transcript.last_expandable().cloned());
            for cell in cells {
                let lines = cell.lines(width, Wrap::Words(width), &styles);
                for line in lines.iter().chain(&cell.expanded_lines(width, Wrap::Words(width), &styles)) {
                    prop_assert!(line_width(line) <= usize::from(width), "{:?} in {width}", line.to_string());
                    prop_assert!(!line.to_string().contains(char::is_control));
                }
                cell.lines(width, Wrap::Terminal, &styles);
            }
        }
    }
}

#[test]
fn an_image_of_a_message_is_a_short_mark_live_and_recalled() {
    let data = "iVBORw0KGgo".repeat(1_000);
    let part = ItemPart::Image { media_type: "image/png".into(), data };
    let items = [Item::User { parts: vec![ItemPart::text("see a.png"), part] }];
    let recalled = Transcript::from_items(&items);
    let mut live = Transcript::new();
    let event = Event::Said { text: "see a.png".into(), images: vec!["image/png".into()], entry: 1 };
    live.apply(&Stamped { seq: 1, at_ms: 0, agent: "main".into(), event });
    for cells in [recalled, live.take_cells()] {
        let lines: Vec<String> = cells[0]
            .lines(60, Wrap::Words(60), &Styles::plain())
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect();
        assert_eq!(lines, ["", "❯ see a.png", "  [image: image/png]"]);
    }
}
