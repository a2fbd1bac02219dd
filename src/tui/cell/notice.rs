//! What is said to the user: errors and notices, the end of a run, marks and checkpoints.

use ratatui::text::{Line, Span};

use crate::base::plural;
use crate::protocol::{CostBasis, Outcome, Report, ReportKind, Status, TaintMark};
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Row, visible};

/// What happened, why, and what to do.
pub(super) fn report(report: &Report, styles: &Styles) -> Vec<Row> {
    let (mark, token) = match report.kind {
        ReportKind::Note => ("i", Token::Info),
        ReportKind::Interrupted => ("-", Token::Warning),
        _ => ("!", Token::Error),
    };
    let mut rows = vec![marked(mark, token, &report.message, styles)];
    let muted = styles.get(Token::Muted);
    for cause in &report.causes {
        rows.extend(cause.lines().map(|line| below(line, muted)));
    }
    for hint in &report.hints {
        rows.push(below(&format!("→ {hint}"), styles.get(Token::Text)));
    }
    rows
}

/// How a run ended, in one line, and what went wrong.
pub(super) fn outcome(outcome: &Outcome, styles: &Styles) -> Vec<Row> {
    let mut rows: Vec<Row> = outcome.errors.iter().flat_map(|error| report(error, styles)).collect();
    for finding in &outcome.findings {
        let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
        let text = format!("{} {}{line}  {}", finding.severity.name(), finding.path, finding.title);
        rows.push(marked("▪", Token::Warning, &text, styles));
        rows.push(below(&finding.detail, styles.get(Token::Muted)));
    }
    let calls = outcome.calls;
    let mut parts = vec![match outcome.status {
        Status::Success => "done".to_owned(),
        Status::Error => "failed".to_owned(),
        Status::Refused => "ended on a refusal".to_owned(),
        Status::Limit => "a limit was reached".to_owned(),
        Status::Interrupted => "stopped".to_owned(),
    }];
    parts.push(time(outcome.duration_ms));
    parts.push(plural(outcome.turns as usize, "request"));
    if calls.allowed > 0 {
        parts.push(plural(calls.allowed as usize, "call"));
    }
    if calls.denied > 0 {
        parts.push(format!("{} refused", calls.denied));
    }
    let usage = outcome.usage;
    if usage.context_tokens() + usage.output_tokens > 0 {
        parts.push(format!("{} in, {} out", tokens(usage.context_tokens()), tokens(usage.output_tokens)));
    }
    match (outcome.cost.usd, outcome.cost.basis) {
        (Some(usd), basis) if basis != CostBasis::Unknown && usd > 0.0 => parts.push(format!("${usd:.4}")),
        _ => {}
    }
    if !outcome.files_changed.is_empty() {
        parts.push(format!("changed {}", files(&outcome.files_changed)));
    }
    let line = Span::styled(parts.join(" · "), styles.get(Token::Muted));
    rows.push(Row::words(Line::from(line)).hanging(2));
    rows
}

pub(super) fn taint(mark: &TaintMark, styles: &Styles) -> Vec<Row> {
    let text = match &mark.cleared {
        None => format!("the agent has read untrusted text from {mark}: what it sends away is looked at"),
        Some(who) => format!("{mark} counts no longer, cleared by {who}"),
    };
    vec![marked("▲", Token::Warning, &text, styles)]
}

/// A line of our own, behind its mark.
pub(super) fn marked(mark: &str, token: Token, text: &str, styles: &Styles) -> Row {
    let mark = Span::styled(format!("{mark} "), styles.get(token));
    Row::words(Line::from(vec![mark, Span::raw(visible(text).into_owned())])).hanging(2)
}

fn below(text: &str, style: ratatui::style::Style) -> Row {
    Row::words(Line::from(Span::styled(format!("  {}", visible(text)), style))).hanging(4)
}

fn files(all: &[String]) -> String {
    const MOST: usize = 3;
    let named = all.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > MOST { format!("{named} and {} more", all.len() - MOST) } else { named }
}

/// `850 ms`, `4.2 s`, `2 min 5 s`.
fn time(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1e3),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// `950`, `12.3k`.
fn tokens(count: u64) -> String {
    if count < 1_000 { count.to_string() } else { format!("{:.1}k", count as f64 / 1e3) }
}
