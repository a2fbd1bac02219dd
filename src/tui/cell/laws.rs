//! Laws of the transcript: what is printed depends on what happened, not on how it came in pieces.

use proptest::prelude::*;
use ratatui::text::Line;
use serde_json::json;

use super::*;
use crate::protocol::{
    Cost, Event, Outcome, Report, ReportKind, Stamped, Status, TaintMark, TaintSource, ToolCall, ToolStatus,
    Usage, Verdict, VerdictKind,
};
use crate::tui::style::Styles;
use crate::tui::text::Wrap;

fn apply(transcript: &mut Transcript, event: Event) {
    transcript.apply(&Stamped { seq: 1, at_ms: 1, agent: "main".into(), event });
}

fn strings(lines: Vec<Line<'static>>) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

fn taken(transcript: &mut Transcript) -> Vec<String> {
    strings(transcript.take_finished(60, Wrap::Terminal, &Styles::plain()))
}

fn live(transcript: &Transcript, width: u16) -> Vec<String> {
    strings(transcript.live(width, 1_000, &Styles::plain()))
}

/// What is printed of these events when it is taken after each of them.
fn printed(events: impl IntoIterator<Item = Event>) -> Vec<String> {
    let mut transcript = Transcript::new();
    let mut lines = Vec::new();
    for event in events {
        apply(&mut transcript, event);
        lines.extend(taken(&mut transcript));
    }
    lines
}

fn words(text: &str) -> Event {
    Event::TextDelta { text: text.to_owned() }
}

fn end() -> Event {
    Event::MessageEnd { stop: "end_turn".into() }
}

fn call(id: &str, tool: &str, args: serde_json::Value) -> Event {
    Event::ToolCall { call: ToolCall { id: id.into(), tool: tool.into(), args } }
}

fn bash(id: &str) -> Event {
    call(id, "bash", json!({"command": format!("run {id}")}))
}

fn prints(id: &str, delta: &str) -> Event {
    Event::ToolOutput { call_id: id.into(), delta: delta.into() }
}

fn ends(id: &str) -> Event {
    Event::ToolResult {
        call_id: id.into(),
        tool: "bash".into(),
        status: ToolStatus::Ok,
        summary: "3 lines".into(),
        bytes: 1,
        admission: "as_is".into(),
    }
}

fn judged(id: &str, kind: VerdictKind) -> Event {
    let mut verdict = Verdict::allow("user_policy", "a_rule");
    verdict.kind = kind;
    verdict.user_line = "because".into();
    Event::Verdict { call_id: id.into(), tool: "bash".into(), verdict, effects: Vec::new(), repaired: None }
}

fn finished(status: Status) -> Event {
    let outcome = Outcome::unbegun("scripted/x".into(), Report::note("x"));
    Event::Finished(Box::new(Outcome { status, errors: Vec::new(), ..outcome }))
}

fn notice() -> Event {
    Event::Notice { report: Report::note("a word on the side") }
}

fn answer() -> Event {
    Event::Answer { command: "context".into(), markdown: "half **full**".into() }
}

/// Markdown of every kind, and things that are none.
fn piece() -> impl Strategy<Value = String> {
    let fixed = proptest::sample::select(vec![
        "# Title\n",
        "Some *words* of text, with `code` and a [link](https://a.b).\n",
        "\n",
        "\n\n\n",
        "- one\n- two\n  more\n",
        "1. a\n\n   b\n2. c\n",
        "```rust\nfn main() {\n\n}\n```\n",
        "```\nnever ends\n",
        "~~~py\nx = 1\n~~~\n",
        "| a | b |\n|---|--:|\n| 1 | 日本語 |\n",
        "> quoted\n> on\n",
        "---\n",
        "Head\n====\n",
        "    indented\n",
        "<b>html</b>\n",
        "漢字かな と 👩‍👩‍👧‍👦 and e\u{301}\n",
        "שלום עולם\r\n",
        "a\tb\u{1b}[31mc\u{7}\n",
        "no line end",
        "\r",
        "[ref]: http://x.y\n",
    ]);
    prop_oneof![6 => fixed.prop_map(str::to_owned), 1 => any::<String>(), 1 => "[a-z *_`|>#-]{0,80}"]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

/// The text cut at these places.
fn cut(text: &str, at: Vec<prop::sample::Index>) -> Vec<String> {
    let mut ends: Vec<usize> =
        at.iter().map(|at| text.floor_char_boundary(at.index(text.len() + 1))).chain([text.len()]).collect();
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter()
        .map(|end| {
            let piece = text[from..end].to_owned();
            from = end;
            piece
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pieces_in_which_words_arrive_do_not_show(
        text in text(),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        beside in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let whole = printed([words(&text), end()]);
        let mut pieces: Vec<Event> = cut(&text, at).iter().filter(|piece| !piece.is_empty()).map(|piece| words(piece)).collect();
        prop_assert_eq!(printed(pieces.iter().cloned().chain([end()])), whole.clone());
        // What comes beside stands behind the words, wherever it came.
        let beside = if pieces.is_empty() { Vec::new() } else { beside };
        let count = beside.len();
        for place in beside {
            pieces.insert(place.index(pieces.len()) + 1, notice());
        }
        let with = printed(pieces.into_iter().chain([end()]));
        prop_assert_eq!(&with[..whole.len()], &whole[..]);
        let rest: Vec<&String> = with[whole.len()..].iter().filter(|line| !line.is_empty()).collect();
        prop_assert_eq!(rest, vec!["note: a word on the side"; count]);
    }

    #[test]
    fn the_pieces_in_which_output_arrives_do_not_show(
        lines in prop::collection::vec("(ab\r){0,3}[a-z\u{e9}日]{0,20}(\r)?\n?", 0..12),
        long in prop::option::of(1_990..2_010usize),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let text = lines.concat() + &"é日x".repeat(long.map_or(0, |long| long / 3)) + &"x".repeat(long.unwrap_or(0) % 3);
        let whole = printed([bash("t1"), prints("t1", &text), ends("t1")]);
        let pieces = cut(&text, at);
        let events = [bash("t1")].into_iter().chain(pieces.iter().map(|piece| prints("t1", piece)));
        prop_assert_eq!(printed(events.chain([ends("t1")])), whole);
    }
}

#[test]
fn a_progress_bar_shows_its_last_state_however_long_it_runs() {
    let mut transcript = Transcript::new();
    apply(&mut transcript, bash("t1"));
    for n in 0..=3_000 {
        apply(&mut transcript, prints("t1", &format!("\r{n} of 3000 done")));
    }
    assert_eq!(live(&transcript, 60), ["", "▸ bash run t1", "  │ 3000 of 3000 done"]);
    apply(&mut transcript, prints("t1", "\r\nover\n"));
    apply(&mut transcript, ends("t1"));
    assert_eq!(taken(&mut transcript)[2..], ["  │ 3000 of 3000 done".to_owned(), "  │ over".into()]);
}

#[test]
fn every_event_that_matters_leaves_one_cell() {
    let mark = TaintMark {
        source: TaintSource::Web,
        what: "a.b".into(),
        call: "t1".into(),
        since_seq: 1,
        cleared: None,
    };
    let report = || Report::new(ReportKind::Host, "it broke").cause("a disk").hint("mend it");
    let session = Event::Session {
        session_id: "s".into(),
        model: "scripted/x".into(),
        profile: "full".into(),
        thinking: "off".into(),
        workspace: "/w".into(),
        tools: Vec::new(),
        sandbox: "full".into(),
        resumed: false,
    };
    let cells = |event: &Event| {
        let mut transcript = Transcript::new();
        apply(&mut transcript, event.clone());
        let taken = transcript.take_cells();
        assert!(transcript.live_cells().is_empty(), "{event:?}");
        taken
    };
    for event in [
        session,
        Event::Said { text: "hello".into(), images: vec!["image/png".into()], entry: 1 },
        Event::Said { text: String::new(), images: Vec::new(), entry: 1 },
        Event::Answer { command: "context".into(), markdown: String::new() },
        answer(),
        Event::Rewound { entry: 1, text: "x".into() },
        Event::Switched { entry: 1 },
        Event::Compacted { before_tokens: 9, after_tokens: 3, why: "asked".into() },
        Event::Checkpoint { id: "c".into(), name: Some("mine".into()), turn: 1, ms: 1 },
        Event::Background { running: 1 },
        Event::Taint { mark },
        Event::StreamDiscarded { report: report() },
        notice(),
        Event::Notice { report: report() },
        finished(Status::Success),
    ] {
        let taken = cells(&event);
        assert_eq!(taken.len(), 1, "{event:?}");
        let lines = taken[0].lines(60, Wrap::Terminal, &Styles::plain());
        assert!(lines.iter().any(|line| line.width() > 0), "{event:?}");
    }
    for event in [
        Event::Checkpoint { id: "c".into(), name: None, turn: 1, ms: 1 },
        Event::Background { running: 0 },
        Event::TurnStart { turn: 1 },
        Event::ApprovalConfirm { id: "q".into(), confirm: "w".into(), rule: "r".into() },
        Event::Usage { usage: Usage::default(), cost: Cost::ZERO, context_tokens: 1 },
        Event::Stands { context_tokens: 1, spent: None, answer: "x".into() },
        end(),
        prints("t9", "nobody's"),
        ends("t9"),
        judged("t9", VerdictKind::Deny),
    ] {
        assert!(cells(&event).is_empty(), "{event:?}");
    }
}

#[test]
fn calls_are_printed_in_their_order_and_each_once() {
    let mut transcript = Transcript::new();
    [bash("t1"), bash("t2"), ends("t2")].into_iter().for_each(|event| apply(&mut transcript, event));
    assert_eq!(taken(&mut transcript), Vec::<String>::new());
    assert_eq!(live(&transcript, 60), ["", "▸ bash run t1", "✓ bash run t2 · 3 lines"]);
    apply(&mut transcript, ends("t1"));
    assert_eq!(taken(&mut transcript), ["", "✓ bash run t1 · 3 lines", "✓ bash run t2 · 3 lines"]);
    assert!(taken(&mut transcript).is_empty() && live(&transcript, 60).is_empty());
    // What comes late, or twice, changes nothing.
    [ends("t1"), prints("t1", "late"), judged("t1", VerdictKind::Deny)]
        .into_iter()
        .for_each(|event| apply(&mut transcript, event));
    assert!(taken(&mut transcript).is_empty() && live(&transcript, 60).is_empty());
}

#[test]
fn an_answer_that_comes_amid_words_does_not_tear_them() {
    let pieces =
        [words("```sh\nls -l"), answer(), words("a\n```\nBefore and af"), notice(), words("ter"), end()];
    assert_eq!(
        printed(pieces),
        [
            "",
            "```sh",
            "ls -la",
            "```",
            "Before and after",
            "",
            "/context",
            "half full",
            "",
            "note: a word on the side"
        ]
    );
}

#[test]
fn thinking_parts_what_is_said_before_it_from_what_is_said_after() {
    let think = || Event::ThinkingDelta { text: "hm".into() };
    let pieces = [words("Let me look."), think(), think(), words("Now I see."), end()];
    let lines = printed(pieces);
    assert_eq!(lines, ["", "Let me look.", "", "∴ thought · 1 line, ctrl+o shows them", "", "Now I see."]);
}

#[test]
fn a_run_that_ends_ends_its_calls_and_leaves_the_users_own_lines_alone() {
    let mut transcript = Transcript::new();
    [bash("t1"), bash("u1"), finished(Status::Interrupted)]
        .into_iter()
        .for_each(|event| apply(&mut transcript, event));
    assert_eq!(taken(&mut transcript), ["", "■ bash run t1 · stopped"]);
    assert_eq!(live(&transcript, 60)[0], "▸ bash run u1");
    apply(&mut transcript, ends("u1"));
    assert_eq!(taken(&mut transcript)[0], "✓ bash run u1 · 3 lines");
    assert!(transcript.live_cells().is_empty());
}

#[test]
fn what_broke_the_stream_off_is_told_once() {
    let report = Report::new(ReportKind::Provider, "overloaded");
    let ended = |errors: Vec<Report>| {
        let outcome = Outcome::unbegun("scripted/x".into(), Report::note("x"));
        Event::Finished(Box::new(Outcome { errors, ..outcome }))
    };
    let told = |events: &[Event]| {
        let lines = printed(events.iter().cloned());
        let count = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
        (count("overloaded"), count("the disk is full"))
    };
    let discarded = Event::StreamDiscarded { report: report.clone() };
    let other = Report::new(ReportKind::State, "the disk is full");
    assert_eq!(told(&[words("Half"), discarded.clone(), ended(vec![report.clone(), other])]), (1, 1));
    let twice = [discarded, Event::TurnStart { turn: 2 }, ended(vec![report])];
    assert_eq!(told(&twice), (2, 0), "it happened twice");
}

#[test]
fn a_thought_is_one_line_that_shows_its_end() {
    let text = format!("first\n{}and 日本語 last", "word ".repeat(2_000));
    for (width, shown) in
        [(40, "∴ thinking: …d word word and 日本語 last"), (20, "∴ thinking: …語 last"), (3, "∴")]
    {
        let mut transcript = Transcript::new();
        apply(&mut transcript, Event::ThinkingDelta { text: text.clone() });
        let lines = live(&transcript, width);
        assert_eq!(lines[1].trim_end(), shown, "{width}: {lines:?}");
        assert!(width < 20 || lines.len() == 2, "{lines:?}");
    }
}
