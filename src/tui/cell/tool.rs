//! A tool call in the transcript: what it is about, what the kernel said of it, what came of it.

use ratatui::text::Span;
use serde_json::Value;

use super::argument::{about, changes};
use super::output::Output;
use crate::base::plural;
use crate::protocol::{Closed, Finding, ToolCall, ToolStatus, Verdict, VerdictKind};
use crate::tools::TodoItem;
use crate::tools::TodoStatus;
use crate::tools::preview::preview;
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Row, diff, one_line, truncate};

/// Lines of a change shown before it is expanded.
const DIFF_LINES: usize = 24;
/// Lines of output shown, live and after.
pub(super) const OUTPUT_LINES: usize = 5;
/// Lines of a whole cell when it is expanded.
const MOST_EXPANDED: usize = 2_000;

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub status: ToolStatus,
    /// One line of the tool's own.
    pub summary: String,
    /// What admission did: `as_is`, `folded`, `paged`, `redacted` or `withheld`.
    pub admission: String,
    pub at_ms: u64,
}

/// A question about the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// As `Op::Approve` names it.
    pub id: String,
    pub line: String,
    /// How it ended; open until then.
    pub closed: Option<Closed>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub call: ToolCall,
    /// Unix milliseconds.
    pub began_at_ms: u64,
    pub verdict: Option<Verdict>,
    /// The arguments it ran with, when they were repaired.
    pub repaired: Option<Value>,
    pub asked: Option<Asked>,
    /// The change that a question showed.
    pub diff: Option<String>,
    pub output: Output,
    /// What the model was given, for those who expand it.
    pub kept: Output,
    pub ended: Option<Ended>,
}

impl Tool {
    pub fn new(call: ToolCall, began_at_ms: u64) -> Self {
        Self {
            call,
            began_at_ms,
            verdict: None,
            repaired: None,
            asked: None,
            diff: None,
            output: Output::default(),
            kept: Output::default(),
            ended: None,
        }
    }

    /// Whether there is more to see than is shown at first.
    pub fn is_expandable(&self) -> bool {
        self.output.lines() > OUTPUT_LINES
            || !self.kept.is_empty()
            || self.change().is_some_and(|diff| diff.lines().count() > DIFF_LINES)
    }

    fn change(&self) -> Option<String> {
        let done = self.ended.as_ref().is_none_or(|ended| ended.status == ToolStatus::Ok);
        if !done {
            return None;
        }
        self.diff.clone().or_else(|| preview(&self.call, None)).filter(|diff| !diff.is_empty())
    }

    pub(super) fn rows(&self, width: u16, expanded: bool, styles: &Styles) -> Vec<Row> {
        let mut rows = vec![self.head(width, expanded, styles)];
        self.verdict_rows(styles, &mut rows);
        match self.call.tool.as_str() {
            "todo" => self.todo_rows(styles, &mut rows),
            "report" => self.finding_rows(styles, &mut rows),
            _ => {}
        }
        if let Some(diff) = self.change() {
            let most = if expanded { MOST_EXPANDED } else { DIFF_LINES };
            // Only of a whole file are the numbers known.
            let numbers = self.call.tool == "write";
            let shape = diff::Shape { width: width.saturating_sub(2), most, numbers };
            let indent = [Span::raw("  ")];
            rows.extend(diff::rows(&diff, shape, styles).into_iter().map(|row| row.behind(&indent, &indent)));
        }
        let most = if expanded { MOST_EXPANDED } else { OUTPUT_LINES };
        self.output.rows(most, self.ended.is_none(), styles, &mut rows);
        if expanded {
            self.kept.rows(most, false, styles, &mut rows);
        }
        rows
    }

    fn head(&self, width: u16, expanded: bool, styles: &Styles) -> Row {
        let (mark, token) = self.mark();
        let mut spans = vec![
            Span::styled(format!("{mark} "), styles.get(token)),
            Span::styled(one_line(&self.call.tool), styles.get(Token::ToolName)),
        ];
        let about = about(&self.call);
        if !about.is_empty() {
            let room = usize::from(width).saturating_mul(2).max(60);
            let room = if expanded { usize::MAX } else { room };
            spans.push(Span::styled(format!(" {}", truncate(&about, room)), styles.get(Token::ToolArgument)));
        }
        let end = self.end_words();
        if !end.is_empty() {
            spans.push(Span::styled(format!(" · {end}"), styles.get(Token::Muted)));
        }
        Row::words(spans).hanging(2)
    }

    fn mark(&self) -> (&'static str, Token) {
        match self.ended.as_ref().map(|ended| ended.status) {
            Some(ToolStatus::Ok) if self.said_no() => ("!", Token::Warning),
            Some(ToolStatus::Ok) => ("✓", Token::Success),
            Some(ToolStatus::Error) => ("✗", Token::Error),
            Some(ToolStatus::Denied) => ("⊘", Token::VerdictDeny),
            Some(ToolStatus::Cancelled) => ("■", Token::Warning),
            None if self.is_waiting() => ("?", Token::VerdictAsk),
            None => ("▸", Token::Spinner),
        }
    }

    /// Whether a command ran to its end and said no by its exit code.
    fn said_no(&self) -> bool {
        let code = self.ended.as_ref().map(|ended| self.own_summary(&ended.summary));
        let code = code.as_deref().and_then(|summary| summary.strip_prefix("exit code "));
        self.call.tool == "bash" && code.is_some_and(|code| !code.starts_with("0 ") && code != "0")
    }

    /// Whether a question about it is open.
    pub fn is_waiting(&self) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.closed.is_none())
    }

    fn end_words(&self) -> String {
        let Some(ended) = &self.ended else {
            return if self.is_waiting() { "waits for your answer".to_owned() } else { String::new() };
        };
        let mut words = match ended.status {
            ToolStatus::Ok => self.own_summary(&ended.summary),
            ToolStatus::Error => format!("failed: {}", self.own_summary(&ended.summary)),
            // Its reason stands on a line of its own.
            ToolStatus::Denied => "refused".to_owned(),
            ToolStatus::Cancelled => "stopped".to_owned(),
        };
        match ended.admission.as_str() {
            "redacted" => words.push_str(" · redacted: secrets were taken out"),
            "withheld" => words.push_str(" · withheld from the model"),
            "paged" => words.push_str(" · paged"),
            _ => {}
        }
        words
    }

    /// The summary without what the line says already.
    fn own_summary(&self, summary: &str) -> String {
        let command = self.call.args.get("command").and_then(Value::as_str).unwrap_or_default();
        let first: String = command.lines().next().unwrap_or_default().chars().take(60).collect();
        let rest = summary.strip_prefix(&first).and_then(|rest| rest.strip_prefix(" · "));
        one_line(rest.filter(|_| !first.is_empty()).unwrap_or(summary))
    }

    /// Anything but a plain yes is said.
    fn verdict_rows(&self, styles: &Styles, rows: &mut Vec<Row>) {
        let mut say = |token: Token, words: String, detail: String| {
            let mut spans = vec![Span::raw("  "), Span::styled(words, styles.get(token))];
            if !detail.is_empty() {
                spans.push(Span::styled(detail, styles.get(Token::Text)));
            }
            rows.push(Row::words(spans).hanging(4));
        };
        if let Some(asked) = &self.asked {
            let how = match asked.closed {
                None => "asks you: ",
                Some(Closed::Approved) => "asked, you allowed it: ",
                Some(Closed::Declined) => "asked, you declined: ",
                Some(Closed::Withdrawn) => "asked, stopped before an answer: ",
            };
            say(Token::VerdictAsk, how.to_owned(), one_line(&asked.line));
        }
        let Some(verdict) = &self.verdict else { return };
        let rule = format!(" ({}/{})", one_line(&verdict.rung), one_line(&verdict.rule));
        match verdict.kind {
            VerdictKind::Allow => {}
            VerdictKind::Transform => {
                say(Token::VerdictRepaired, "repaired: ".to_owned(), one_line(&verdict.user_line));
                let changed = self.repaired.as_ref().map(|after| changes(&self.call.args, after));
                for (name, before, after) in changed.unwrap_or_default() {
                    say(Token::Muted, format!("  {name}: "), format!("{before} → {after}"));
                }
            }
            VerdictKind::Deny => {
                let reason = verdict.reason.map_or(String::new(), |reason| format!("{reason}: "));
                let line = format!("{reason}{}{rule}", one_line(&verdict.user_line));
                say(Token::VerdictDeny, "refused: ".to_owned(), line);
            }
            VerdictKind::Wait => {
                say(Token::VerdictAsk, "waits: ".to_owned(), one_line(&verdict.user_line) + &rule);
            }
            VerdictKind::RequireWitness => {
                say(
                    Token::VerdictAsk,
                    "wants a check first: ".to_owned(),
                    one_line(&verdict.user_line) + &rule,
                );
            }
            VerdictKind::RequireApproval => {
                say(Token::VerdictAsk, "wants a yes: ".to_owned(), one_line(&verdict.user_line) + &rule);
            }
        }
    }

    fn todo_rows(&self, styles: &Styles, rows: &mut Vec<Row>) {
        let items = self.call.args.get("items").cloned().unwrap_or_default();
        let Ok(items) = serde_json::from_value::<Vec<TodoItem>>(items) else { return };
        for item in items {
            let (mark, token) = match item.status {
                TodoStatus::Pending => ("[ ]", Token::Text),
                TodoStatus::Doing => ("[>]", Token::Accent),
                TodoStatus::Done => ("[x]", Token::Muted),
            };
            let text = format!("  {mark} {}", one_line(&item.text));
            rows.push(Row::words(Span::styled(text, styles.get(token))).hanging(6));
        }
    }

    fn finding_rows(&self, styles: &Styles, rows: &mut Vec<Row>) {
        let findings = self.call.args.get("findings").cloned().unwrap_or_default();
        let Ok(findings) = serde_json::from_value::<Vec<Finding>>(findings) else { return };
        for finding in findings {
            rows.extend(super::note::finding_rows(&finding, styles));
        }
    }
}

impl Tool {
    /// How long it took or has taken.
    pub fn elapsed_ms(&self, now_ms: u64) -> u64 {
        self.ended.as_ref().map_or(now_ms, |ended| ended.at_ms).saturating_sub(self.began_at_ms)
    }

    /// Such as `3 calls`, for a line that stands for many.
    pub(super) fn counted(count: usize) -> String {
        plural(count, "call")
    }
}
