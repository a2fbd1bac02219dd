//! One call of a tool: what it was, what was said of it, what it printed, how it ended.

use std::collections::VecDeque;

use ratatui::text::{Line, Span};

use super::argument::one_line;
use crate::protocol::{Effect, ToolCall, ToolStatus, Verdict, VerdictKind};
use crate::tools::preview;
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Row, visible};

/// Lines of output shown while a command runs, and below it when it has ended.
const TAIL: usize = 6;
/// Bytes of one line of output that are kept.
const LONGEST_LINE: usize = 2_000;
/// Lines of a change that are shown.
const MOST_DIFF: usize = 60;
/// Output kept for the transcript page, in bytes; the session's log has what the model saw.
const MOST_KEPT: usize = 64 * 1024;

/// A call, from its words to its end.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub call: ToolCall,
    verdict: Option<(Verdict, Vec<Effect>)>,
    repaired: bool,
    asked: bool,
    /// Everything that was printed, up to a bound.
    kept: String,
    tail: VecDeque<String>,
    partial: String,
    lines: usize,
    ended: Option<(ToolStatus, String, String)>,
}

impl Tool {
    pub fn new(call: ToolCall) -> Self {
        Self {
            call,
            verdict: None,
            repaired: false,
            asked: false,
            kept: String::new(),
            tail: VecDeque::new(),
            partial: String::new(),
            lines: 0,
            ended: None,
        }
    }

    pub fn judged(&mut self, verdict: &Verdict, effects: &[Effect], repaired: bool) {
        self.repaired |= repaired;
        self.verdict = Some((verdict.clone(), effects.to_vec()));
    }

    pub fn asked(&mut self) {
        self.asked = true;
    }

    pub fn prints(&mut self, text: &str) {
        if self.kept.len() < MOST_KEPT {
            self.kept.push_str(text);
        }
        for piece in text.split_inclusive('\n') {
            self.partial.push_str(piece);
            if piece.ends_with('\n') {
                self.end_line();
            }
            if self.partial.len() > LONGEST_LINE {
                let cut = self.partial.floor_char_boundary(LONGEST_LINE);
                self.partial.truncate(cut);
            }
        }
    }

    /// Takes what the model was given, for the page only.
    pub fn keeps(&mut self, text: &str) {
        self.kept.push_str(text);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        // What a progress bar wrote over is not shown: only its last state is.
        let line = line.trim_end_matches(['\n', '\r']);
        let shown = line.rsplit('\r').next().unwrap_or_default().to_owned();
        self.lines += 1;
        self.tail.push_back(shown);
        if self.tail.len() > TAIL {
            self.tail.pop_front();
        }
    }

    pub fn ends(&mut self, status: ToolStatus, summary: &str, admission: &str) {
        if !self.partial.is_empty() {
            self.end_line();
        }
        self.ended = Some((status, summary.to_owned(), admission.to_owned()));
    }

    /// Whether nothing more will come of it.
    pub fn is_over(&self) -> bool {
        self.ended.is_some() || self.is_refused()
    }

    fn is_refused(&self) -> bool {
        self.verdict.as_ref().is_some_and(|(verdict, _)| {
            !matches!(
                verdict.kind,
                VerdictKind::Allow | VerdictKind::Transform | VerdictKind::RequireApproval
            )
        })
    }

    /// For a page on which there is room: everything that is known.
    pub fn in_full(&self, styles: &Styles) -> Vec<Row> {
        let mut rows = self.head(styles);
        rows.extend(self.diff(styles, usize::MAX));
        let style = styles.get(Token::ToolOutput);
        rows.extend(self.kept.lines().map(|line| output(line, style)));
        rows
    }

    pub fn rows(&self, styles: &Styles) -> Vec<Row> {
        let mut rows = self.head(styles);
        if self.is_refused() {
            return rows;
        }
        rows.extend(self.diff(styles, MOST_DIFF));
        let style = styles.get(Token::ToolOutput);
        let hidden = self.lines.saturating_sub(self.tail.len());
        if hidden > 0 {
            let word = if hidden == 1 { "line" } else { "lines" };
            rows.push(output(&format!("… {hidden} {word} above, ctrl+o shows them"), styles.get(Token::Muted)));
        }
        rows.extend(self.tail.iter().map(|line| output(line, style)));
        if !self.partial.is_empty() {
            rows.push(output(self.partial.rsplit('\r').next().unwrap_or_default(), style));
        }
        rows
    }

    fn head(&self, styles: &Styles) -> Vec<Row> {
        let (mark, token) = self.mark();
        let mut spans = vec![
            Span::styled(format!("{mark} "), styles.get(token)),
            Span::styled(self.call.tool.clone(), styles.get(Token::ToolName)),
        ];
        let argument = one_line(&self.call);
        if !argument.is_empty() {
            spans.push(Span::styled(format!(" {}", visible(&argument)), styles.get(Token::ToolArgument)));
        }
        let muted = styles.get(Token::Muted);
        if let Some((status, summary, admission)) = &self.ended
            && !self.is_refused()
        {
            let summary = self.short(summary);
            if !summary.is_empty() {
                spans.push(Span::styled(format!(" · {summary}"), muted));
            }
            if *status == ToolStatus::Cancelled && !summary.contains("cancelled") {
                spans.push(Span::styled(" · stopped", styles.get(Token::Warning)));
            }
            if admission != "as_is" && admission != "folded" {
                spans.push(Span::styled(format!(" · {admission}"), styles.get(Token::Warning)));
            }
        }
        let mut rows = vec![Row::words(Line::from(spans)).hanging(2)];
        rows.extend(self.said(styles));
        rows
    }

    /// The summary without what the line says already.
    fn short(&self, summary: &str) -> String {
        let subject = one_line(&self.call);
        let rest = summary.strip_prefix(subject.as_str()).unwrap_or(summary);
        let path = self.call.args.get("path").and_then(serde_json::Value::as_str).unwrap_or("\u{0}");
        let rest = rest.strip_prefix(path).unwrap_or(rest);
        visible(rest.trim_start_matches([' ', '·', ':', ','])).into_owned()
    }

    fn mark(&self) -> (&'static str, Token) {
        match (&self.ended, &self.verdict) {
            _ if self.is_refused() => ("✗", Token::VerdictDeny),
            (Some((ToolStatus::Error, ..)), _) => ("!", Token::Error),
            (Some((ToolStatus::Cancelled, ..)), _) => ("-", Token::Warning),
            (Some((ToolStatus::Denied, ..)), _) => ("✗", Token::VerdictDeny),
            (Some((ToolStatus::Ok, ..)), _) => ("•", Token::VerdictAllow),
            (None, Some((verdict, _))) if verdict.kind == VerdictKind::RequireApproval => ("?", Token::VerdictAsk),
            (None, _) => ("◦", Token::Muted),
        }
    }

    /// What the kernel said, where it is worth a line.
    fn said(&self, styles: &Styles) -> Vec<Row> {
        let Some((verdict, _)) = &self.verdict else { return Vec::new() };
        let line = |token: Token, text: String| {
            vec![Row::words(Line::from(Span::styled(format!("  {}", visible(&text)), styles.get(token)))).hanging(4)]
        };
        match verdict.kind {
            VerdictKind::Transform => line(Token::VerdictRepaired, format!("repaired: {}", verdict.user_line)),
            VerdictKind::Allow if self.repaired => line(Token::VerdictRepaired, "repaired without loss".to_owned()),
            VerdictKind::Allow if self.asked => line(Token::VerdictAsk, "allowed by you".to_owned()),
            VerdictKind::Allow => Vec::new(),
            VerdictKind::RequireApproval => line(Token::VerdictAsk, format!("asked: {}", verdict.user_line)),
            kind => {
                let reason = verdict.reason.map_or_else(|| format!("{kind:?}"), |reason| format!("{reason:?}"));
                let by = format!("{}/{}", verdict.rung, verdict.rule);
                line(Token::VerdictDeny, format!("refused ({reason}, {by}): {}", verdict.user_line))
            }
        }
    }

    fn diff(&self, styles: &Styles, most: usize) -> Vec<Row> {
        let failed = self.ended.as_ref().is_some_and(|(status, ..)| *status != ToolStatus::Ok);
        let Some(diff) = preview::preview(&self.call, None).filter(|_| !failed) else { return Vec::new() };
        let all = diff.lines().count();
        let token = |line: &str| match line.chars().next() {
            Some('+') => Token::DiffAdded,
            Some('-') => Token::DiffRemoved,
            Some('@') => Token::DiffHunk,
            _ => Token::DiffContext,
        };
        let shown = diff.lines().take(most).filter(|line| !line.starts_with("@@"));
        let mut rows: Vec<Row> = shown.map(|line| output(line, styles.get(token(line)))).collect();
        if all > most {
            rows.push(output(&format!("… {} lines more", all - most), styles.get(Token::Muted)));
        }
        rows
    }
}

/// A line of something that has its own layout, indented.
fn output(line: &str, style: ratatui::style::Style) -> Row {
    Row::fixed(Line::from(Span::styled(format!("  {}", visible(line)), style))).hanging(2)
}
