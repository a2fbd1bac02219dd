//! Cells of one thing said: header, notices, results, marks along the way.

use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;

use crate::base::plural;
use crate::config::Action;
use crate::protocol::{Cost, CostBasis, Finding, Outcome, Report, ReportKind, Setup, Status, TaintMark};
use crate::tui::style::{Styles, Token, WRITING};
use crate::tui::text::{Row, one_line, visible, width as width_of};

/// Bytes from the end of a thought that are looked at for the line that is shown; more than a line has room for.
const LONGEST_THOUGHT: usize = 4_096;

/// What a session is, as its first event says.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub model: String,
    pub profile: String,
    pub thinking: String,
    pub workspace: String,
    pub sandbox: String,
    pub resumed: bool,
}

pub(super) fn header_rows(header: &Header, styles: &Styles) -> Vec<Row> {
    let how = if header.resumed { " · resumed" } else { "" };
    let thinks = match header.thinking.as_str() {
        "off" => String::new(),
        level => format!(" · thinking {}", one_line(level)),
    };
    let first = vec![
        Span::styled("iosm ", styles.get(Token::Accent)),
        Span::raw(format!("{} · {}{thinks}{how}", one_line(&header.model), one_line(&header.profile))),
    ];
    let muted = |text: &str| Row::words(Span::styled(one_line(text), styles.get(Token::Muted))).hanging(2);
    vec![Row::words(first).hanging(2), muted(&header.workspace), muted(&header.sandbox)]
}

/// Lines of the user's own message that are shown as they are.
const MOST_USER_LINES: usize = 40;
/// Lines of a longer one.
const FOLDED_USER_LINES: usize = 20;

pub(super) fn user_rows(text: &str, expanded: bool, styles: &Styles) -> Vec<Row> {
    let mark = [Span::styled("❯ ", styles.get(Token::UserMark))];
    let indent = [Span::raw("  ")];
    let mut lines = text.trim_end().split('\n').map(|line| line.trim_end_matches('\r')).enumerate();
    let count = text.trim_end().split('\n').count();
    // A message may hold a whole file that was pasted.
    let most = if expanded || count <= MOST_USER_LINES { count } else { FOLDED_USER_LINES };
    let mut rows = Vec::new();
    for (at, line) in (&mut lines).take(most) {
        let row = Row::words(Span::styled(visible(line).into_owned(), styles.get(Token::UserText)));
        rows.push(row.behind(if at == 0 { &mark } else { &indent }, &indent));
    }
    if most < count {
        let how = hinted(Action::Transcript, "shows them", styles);
        let more = format!("  ⋮ {} more lines{how}", count - most);
        rows.push(Row::words(Span::styled(more, styles.get(Token::Muted))));
    }
    rows
}

/// What stood before the part of a conversation that is shown again.
pub(super) fn earlier_rows(count: usize, styles: &Styles) -> Vec<Row> {
    let how = hinted(Action::Transcript, "shows them all", styles);
    let entries = if count == 1 { "1 earlier entry".to_owned() } else { format!("{count} earlier entries") };
    said("… ", Token::Info, &format!("{entries}{how}"), "", styles)
}

/// `, ctrl+t shows them`, when a key does.
fn hinted(action: Action, does: &str, styles: &Styles) -> String {
    styles.hint(WRITING, action, does).map_or(String::new(), |hint| format!(", {hint}"))
}

/// Thinking: one line, or all of it.
pub(super) fn thinking_rows(text: &str, live: bool, expanded: bool, width: u16, styles: &Styles) -> Vec<Row> {
    let look = styles.get(Token::Thinking);
    let count = text.trim().lines().count();
    let head = match live {
        true => {
            let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
            let from = last.ceil_char_boundary(last.len().saturating_sub(LONGEST_THOUGHT));
            let room = usize::from(width).saturating_sub(width_of("∴ thinking: "));
            format!("∴ thinking: {}", end_of(&one_line(&last[from..]), room))
        }
        false if expanded => "∴ thought".to_owned(),
        false => {
            let how = hinted(Action::ExpandTool, "shows them", styles);
            format!("∴ thought · {}{how}", plural(count, "line"))
        }
    };
    let mut rows = vec![Row::words(Span::styled(head, look)).hanging(2)];
    if expanded {
        let line = |line: &str| Row::words(Span::styled(format!("  {}", visible(line)), look)).hanging(2);
        rows.extend(text.trim().lines().map(line));
    }
    rows
}

/// The end of a line in at most `most` columns: what was thought last is what is new.
pub(in crate::tui) fn end_of(line: &str, most: usize) -> String {
    if width_of(line) <= most {
        return line.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut from = line.len();
    for (at, grapheme) in line.grapheme_indices(true).rev() {
        let wide = width_of(grapheme);
        if wide > left {
            break;
        }
        (left, from) = (left - wide, at);
    }
    if most == 0 { String::new() } else { format!("…{}", &line[from..]) }
}

/// What happened, why, what to do next.
pub(super) fn report_rows(report: &Report, styles: &Styles) -> Vec<Row> {
    let note = report.kind == ReportKind::Note;
    let (label, token) = if note { ("note: ", Token::Info) } else { ("error: ", Token::Error) };
    let typed = report.command.iter().map(|line| {
        Row::words(Span::styled(format!("/{}", one_line(line)), styles.get(Token::Muted))).hanging(2)
    });
    let mut rows: Vec<Row> = typed.collect();
    rows.extend(said(label, token, &report.message, "", styles));
    for cause in &report.causes {
        rows.extend(said("because: ", Token::Muted, cause, "  ", styles));
    }
    for hint in &report.hints {
        rows.extend(said("try: ", Token::Key, hint, "  ", styles));
    }
    rows
}

/// Text behind a label, each of its lines below the first.
pub(super) fn said(label: &str, token: Token, text: &str, indent: &'static str, styles: &Styles) -> Vec<Row> {
    let first = [Span::raw(indent), Span::styled(label.to_owned(), styles.get(token))];
    let rest = [Span::raw(format!("{indent}  "))];
    let lines = if text.is_empty() { vec![""] } else { text.lines().collect() };
    let row = |(at, line): (usize, &str)| {
        let row = Row::words(visible(line).into_owned());
        row.behind(if at == 0 { &first } else { &rest }, &rest)
    };
    lines.into_iter().enumerate().map(row).collect()
}

pub(super) fn finding_rows(finding: &Finding, styles: &Styles) -> Vec<Row> {
    let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
    let place = format!("{}{line} ", finding.path);
    let label = format!("{} ", finding.severity.name());
    let token = match finding.severity.name() {
        "critical" | "high" => Token::Error,
        "medium" => Token::Warning,
        _ => Token::Info,
    };
    let mut rows =
        said(&label, token, &format!("{}{}", one_line(&place), one_line(&finding.title)), "  ", styles);
    let mut more = |label: &str, text: &str| {
        if !text.trim().is_empty() {
            rows.extend(said(label, Token::Muted, text.trim(), "    ", styles));
        }
    };
    more("", &finding.detail);
    more("evidence: ", finding.evidence.as_deref().unwrap_or_default());
    more("suggestion: ", finding.suggestion.as_deref().unwrap_or_default());
    rows
}

pub(super) fn taint_rows(mark: &TaintMark, styles: &Styles) -> Vec<Row> {
    let what = format!("{} {}", mark.source.name().replace('_', " "), one_line(&mark.what));
    match &mark.cleared {
        Some(who) => said(
            "untrusted text cleared: ",
            Token::Info,
            &format!("{what}, by {}", one_line(who)),
            "",
            styles,
        ),
        None => {
            let text = format!("{what}, by {}", one_line(&mark.call));
            said("untrusted text read: ", Token::Warning, &text, "", styles)
        }
    }
}

/// The end of a run: turns, tokens, cost and time, and why it did not succeed.
pub(super) fn outcome_rows(outcome: &Outcome, styles: &Styles) -> Vec<Row> {
    let (word, token) = match outcome.status {
        Status::Success => ("done", Token::Success),
        Status::Error => ("failed", Token::Error),
        Status::Refused => ("ended on a refusal", Token::VerdictDeny),
        Status::Limit => ("limit reached", Token::Warning),
        Status::Interrupted => ("interrupted", Token::Warning),
    };
    let spans = vec![
        Span::styled(word, styles.get(token)),
        Span::styled(format!(" · {}", facts(outcome)), styles.get(Token::Muted)),
    ];
    let mut rows = vec![Row::words(spans).hanging(2)];
    for report in &outcome.errors {
        rows.extend(report_rows(report, styles));
    }
    rows
}

/// The same where nothing failed: somebody said no, or stopped it. One quiet line.
pub(super) fn stopped_rows(outcome: &Outcome, how: &str, hint: Option<&str>, styles: &Styles) -> Vec<Row> {
    let text = format!("{} · {}", one_line(how), facts(outcome));
    let mut rows = vec![Row::words(Span::styled(text, styles.get(Token::Muted))).hanging(2)];
    for report in &outcome.errors {
        rows.extend(report_rows(report, styles));
    }
    rows.extend(hint.into_iter().flat_map(|hint| said("try: ", Token::Muted, hint, "  ", styles)));
    rows
}

/// What a run took and what came of it.
fn facts(outcome: &Outcome) -> String {
    let mut facts = vec![plural(outcome.turns as usize, "turn")];
    let usage = outcome.usage;
    facts.push(format!(
        "{} tokens in, {} out",
        short_count(usage.context_tokens()),
        short_count(usage.output_tokens)
    ));
    facts.extend(cost(outcome.cost));
    facts.push(duration(outcome.duration_ms));
    if outcome.calls.denied > 0 {
        facts.push(format!("{} refused", plural(outcome.calls.denied as usize, "call")));
    }
    if !outcome.files_changed.is_empty() {
        facts.push(format!("{} changed", plural(outcome.files_changed.len(), "file")));
    }
    facts.join(" · ")
}

fn cost(cost: Cost) -> Option<String> {
    match (cost.basis, cost.usd) {
        (CostBasis::Local, _) => Some("local".to_owned()),
        (_, Some(0.0)) => None,
        (_, Some(usd)) if usd < 0.01 => Some(format!("${usd:.4}")),
        (_, Some(usd)) => Some(format!("${usd:.2}")),
        (_, None) => Some("price unknown".to_owned()),
    }
}

/// `980`, `12.3k`, `1.2M`.
pub fn short_count(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..10 => format!("{:.1} s", ms as f64 / 1e3),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// What has changed, in words.
pub(super) fn differences(old: &Setup, new: &Setup) -> String {
    let mut parts = Vec::new();
    let mut changed = |name: &str, old: &str, new: &str| {
        if old != new {
            parts.push(format!("{name} {}", one_line(new)));
        }
    };
    changed("model", &old.model, &new.model);
    changed("profile", &old.profile, &new.profile);
    changed("thinking", &old.thinking, &new.thinking);
    changed(
        "address",
        old.base_url.as_deref().unwrap_or("the provider's"),
        new.base_url.as_deref().unwrap_or("the provider's"),
    );
    parts.join(", ")
}
