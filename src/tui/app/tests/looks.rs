//! How the main states look at three sizes, and with which looks in the dark theme.

use super::*;
use crate::protocol::{
    Block, CallCounts, Closed, Finding, Item, Part, ReportKind, Severity, TaintMark, TaintSource, ToolResult,
};
use crate::tui::app::pager::Pager;
use crate::tui::cell::Transcript;

const TEXT: &str = "I looked at `parse` and found **two** faults:\n\n1. it reads past the end, 日本語 too\n2. \
    it never frees\n\n| file | line |\n|---|--:|\n| src/parse.rs | 12 |\n\n```rust\nfn parse(text: &str) -> Ast {\n    \
    todo(text)\n}\n```\n\nNow I mend them, one after the other, and then look at the tests once mo";

type State = (&'static str, fn(&mut Desk));

const STATES: [State; 19] = [
    ("start", |_| {}),
    ("start without a session", |desk| {
        *desk = Desk::styled(desk.width, desk.height, desk.app.styles.clone());
    }),
    ("streaming", |desk| {
        desk.happens([said("Mend the parser"), Event::TurnStart { turn: 1 }]);
        desk.happens(TEXT.split_inclusive(' ').map(words));
        desk.happens([usage()]);
        desk.now_ms += 12_000;
    }),
    ("thinking", |desk| {
        desk.happens([said("Mend the parser"), Event::TurnStart { turn: 1 }]);
        desk.happens([Event::ThinkingDelta { text: "First I look.\n".into() }]);
        desk.happens([Event::ThinkingDelta {
            text: "Then I think about it for quite some time, ".repeat(5),
        }]);
    }),
    ("tool running", |desk| {
        desk.happens([
            said("Run the tests"),
            Event::TurnStart { turn: 1 },
            words("They run."),
            bash("t1", "cargo test --all"),
        ]);
        desk.happens([judged("t1", VerdictKind::Allow)]);
        desk.happens((1..=9).map(|n| prints("t1", &format!("test parse::case_{n} ... ok\n"))));
        desk.happens([prints("t1", "test parse::last ... ")]);
        desk.now_ms += 3_000;
    }),
    ("tools with their verdicts", |desk| {
        let edit = json!({"path": "src/a.rs", "edits": [{"old": "let a = 1;\n", "new": "let a = 2;\nlet b = 3;\n"}]});
        desk.happens([
            Event::TurnStart { turn: 1 },
            bash("t1", "true"),
            bash("t2", "cat /etc/passwd"),
            bash("t3", "false"),
        ]);
        desk.happens([judged("t1", VerdictKind::Allow), ends("t1", ToolStatus::Ok, "exit 0")]);
        desk.happens([judged("t2", VerdictKind::Deny), ends("t2", ToolStatus::Denied, "refused")]);
        desk.happens([
            judged("t3", VerdictKind::Transform),
            prints("t3", "no\n"),
            ends("t3", ToolStatus::Error, "exit 1"),
        ]);
        desk.happens([
            Event::ToolCall { call: call("t4", "edit", edit) },
            ends("t4", ToolStatus::Ok, "src/a.rs: 1 edit"),
        ]);
        desk.happens([bash("t5", "sleep 9"), ends("t5", ToolStatus::Cancelled, "")]);
    }),
    ("question", |desk| {
        desk.happens([said("Run the tests"), Event::TurnStart { turn: 1 }, bash("t1", "cargo test")]);
        desk.happens([question("q1", call("t1", "bash", json!({"command": "cargo test"})))]);
    }),
    ("two questions", |desk| {
        desk.happens([Event::TurnStart { turn: 1 }, bash("t1", "cargo test"), bash("t2", "make")]);
        desk.happens([question("q1", call("t1", "bash", json!({"command": "cargo test"})))]);
        desk.happens([question("q2", call("t2", "bash", json!({"command": "make"})))]);
    }),
    ("a question answered", |desk| {
        desk.happens([Event::TurnStart { turn: 1 }, bash("t1", "cargo test")]);
        desk.happens([question("q1", call("t1", "bash", json!({"command": "cargo test"})))]);
        desk.happens([Event::ApprovalClosed { id: "q1".into(), how: Closed::Approved }]);
        desk.happens([judged("t1", VerdictKind::Allow), ends("t1", ToolStatus::Ok, "exit 0")]);
    }),
    ("queued", |desk| {
        desk.happens([Event::TurnStart { turn: 1 }, words("I am at it")]);
        for text in
            ["then the docs", "a long message that does not fit into a narrow screen by far", "three", "four"]
        {
            desk.write(text);
            desk.press("enter");
        }
        desk.write("and now");
    }),
    ("error", |desk| {
        let report = Report::new(ReportKind::Provider, "anthropic answered 529: overloaded")
            .cause("POST https://api.anthropic.com/v1/messages\nthe third time")
            .hint("try again in a minute, or take another model with /model");
        desk.happens([
            Event::TurnStart { turn: 1 },
            words("Half a sen"),
            Event::StreamDiscarded { report: report.clone() },
        ]);
        desk.happens([Event::Finished(Box::new(Outcome { errors: vec![report], ..outcome(Status::Error) }))]);
    }),
    ("finished", |desk| {
        let finding = |severity, line, title: &str| Finding {
            path: "src/parse.rs".into(),
            line,
            severity,
            title: title.into(),
            detail: "The loop counts to the length.\nIt must stop before it.".into(),
            evidence: None,
            suggestion: None,
        };
        desk.happens([
            Event::TurnStart { turn: 1 },
            words("It is mended."),
            Event::MessageEnd { stop: "end_turn".into() },
        ]);
        desk.happens([
            usage(),
            Event::Finished(Box::new(Outcome {
                findings: vec![
                    finding(Severity::High, Some(12), "reads past the end"),
                    finding(Severity::Low, None, "a name"),
                ],
                calls: CallCounts { allowed: 4, denied: 1, ..CallCounts::default() },
                files_changed: ["a.rs", "b.rs", "c.rs", "d.rs"].map(str::to_owned).to_vec(),
                usage: Usage { input_tokens: 12_345, output_tokens: 678, ..Usage::default() },
                ..outcome(Status::Success)
            })),
        ]);
    }),
    ("tainted, folded, taken back", |desk| {
        let mark = TaintMark {
            source: TaintSource::Web,
            what: "news.example".into(),
            call: "t1".into(),
            since_seq: 4,
            cleared: None,
        };
        desk.app.footer.tainted = true;
        desk.happens([
            Event::Taint { mark: mark.clone() },
            Event::Taint { mark: TaintMark { cleared: Some("you".into()), ..mark } },
        ]);
        desk.happens([
            usage(),
            Event::Compacted {
                before_tokens: 150_000,
                after_tokens: 20_000,
                why: "80 % of the window".into(),
            },
        ]);
        desk.happens([Event::Checkpoint { id: "c1".into(), name: None, turn: 1, ms: 9 }]);
        desk.happens([Event::Rewound { entry: 3, text: "Mend the parser".into() }]);
    }),
    ("background, untrusted, no sandbox", |desk| {
        desk.app.footer.untrusted = true;
        desk.app.footer.sandbox = "none".into();
        desk.happens([usage(), Event::Background { running: 2 }]);
    }),
    ("answer of a command amid words", |desk| {
        desk.happens([Event::TurnStart { turn: 1 }, words("Before and af")]);
        desk.happens([Event::Answer {
            command: "context".into(),
            markdown: "| what | tokens |\n|---|--:|\n| system | 3000 |".into(),
        }]);
        desk.happens([words("ter")]);
    }),
    ("a line of the user's own", |desk| {
        desk.write("!make test");
        desk.press("enter");
        desk.happens([bash("u1", "make test"), judged("u1", VerdictKind::Allow), prints("u1", "cc a.c\n")]);
    }),
    ("hint", |desk| desk.press("ctrl+b")),
    ("transcript", |desk| page(desk)),
    ("transcript searched", |desk| {
        page(desk);
        desk.press("/");
        desk.write("parse");
    }),
];

fn page(desk: &mut Desk) {
    let result = ToolResult {
        call_id: "t1".into(),
        tool: "bash".into(),
        status: ToolStatus::Ok,
        parts: vec![Part::text("test parse ... ok\ntest print ... ok")],
    };
    let items = [
        Item::user("Mend the parser"),
        Item::Assistant {
            blocks: vec![
                Block::Thinking { text: "Where is it?".into(), signature: None, redacted: false },
                Block::Text { text: TEXT.into() },
                Block::ToolCall(call("t1", "bash", json!({"command": "cargo test"}))),
            ],
            model: "x".into(),
        },
        Item::ToolResult(result),
        Item::Assistant { blocks: vec![Block::Text { text: "All is well.".into() }], model: "x".into() },
    ];
    desk.app.pager =
        Some(Pager::new("transcript", Transcript::passages(&items, desk.width, &desk.app.styles)));
}

#[test]
fn looks() {
    let mut out = String::new();
    for (width, height) in [(40, 12), (80, 24), (200, 60)] {
        for (name, happens) in STATES {
            let mut desk = Desk::new(width, height).begun();
            desk.shown();
            happens(&mut desk);
            out.push_str(&format!("== {name} {width}x{height}\n{}", desk.shown()));
        }
    }
    insta::with_settings!({snapshot_path => "../../../../tests/golden/tui", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("app", out);
    });
}

#[test]
fn looks_have_names() {
    let mut out = String::new();
    for (name, happens) in STATES {
        let mut desk = Desk::styled(80, 24, dark()).begun();
        desk.coloured();
        happens(&mut desk);
        out.push_str(&format!("== {name}\n{}", desk.coloured()));
    }
    insta::with_settings!({snapshot_path => "../../../../tests/golden/tui", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("app_dark", out);
    });
}

#[test]
fn the_footer_leaves_out_what_is_needed_least() {
    let mut out = String::new();
    for width in [120, 80, 60, 40, 30, 20, 10, 4, 1] {
        let mut desk = Desk::new(width, 6).begun();
        desk.app.footer.tainted = true;
        desk.happens([usage(), Event::Background { running: 2 }]);
        let screen = desk.shown();
        out.push_str(&format!("{width:3} {}\n", screen.lines().last().unwrap_or_default()));
    }
    insta::with_settings!({snapshot_path => "../../../../tests/golden/tui", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("app_footer", out);
    });
}
