//! What is shown of a question, the gravest first. Words of the model's are spelled out where they would
//! hide something.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::protocol::{Approval, Effect, Reason};
use crate::tui::{Styles, Token, paint};

/// Lines of one argument that are shown; the rest is counted.
const MOST_ARGUMENT_LINES: usize = 2_000;

/// Whether the first answer that Enter gives must not be a yes: what the call does is not known, nothing
/// holds it, or untrusted text stands behind it.
pub(super) fn wants_care(approval: &Approval) -> bool {
    !warnings(approval).is_empty()
        || approval.reasons.iter().any(|why| matches!(why.reason, Reason::Irreversible | Reason::SecretExfil))
}

/// Whether nothing would hold it.
fn is_unboxed(approval: &Approval) -> bool {
    approval.reasons.iter().any(|why| why.rule == "no_sandbox")
        || approval.reach.iter().any(|line| line.starts_with("no sandbox"))
}

/// What an effect does, as the question has it: no sandbox is promised where there is none.
fn would(effect: &Effect, unboxed: bool) -> String {
    match effect {
        Effect::Contained { .. } if unboxed => "run with all your rights".to_owned(),
        Effect::Opaque { why } if unboxed => format!("run with all your rights, intent unknown: {why}"),
        effect => effect.describe(),
    }
}

/// What a person must not overlook.
fn warnings(approval: &Approval) -> Vec<String> {
    let mut warnings = Vec::new();
    for effect in &approval.effects {
        if let Effect::Opaque { why } = effect {
            warnings.push(format!("what it does cannot be known: {}", paint::plain(why)));
        }
    }
    let says = |words: &str| {
        let ruled = approval.reasons.iter().any(|why| why.rule == words.replace(' ', "_"));
        ruled || approval.reach.iter().any(|line| line.starts_with(words))
    };
    if is_unboxed(approval) {
        warnings.push("no sandbox: it would run with all your rights".to_owned());
    } else if says("part of the sandbox is missing") || says("weak sandbox") {
        warnings.push("part of the sandbox is missing on this machine".to_owned());
    }
    if approval.reasons.iter().any(|why| why.reason == Reason::TrustViolation || why.rule.contains("taint")) {
        warnings.push("the agent has read text that is not trusted; this may be that text's wish".to_owned());
    }
    warnings
}

pub(super) fn lines(approval: &Approval, styles: &Styles) -> Vec<Line<'static>> {
    let mut out = Lines { styles, lines: Vec::new() };
    for warning in warnings(approval) {
        out.push(Token::Warning, format!("! {warning}"));
    }
    call(approval, &mut out);
    if let Some(diff) = &approval.diff {
        out.heading("The change");
        for line in diff.lines() {
            let token = match line.as_bytes().first() {
                Some(b'+') => Token::DiffAdded,
                Some(b'-') => Token::DiffRemoved,
                Some(b'@') => Token::DiffHunk,
                _ => Token::DiffContext,
            };
            out.push(token, paint::plain(line));
        }
    }
    let unboxed = is_unboxed(approval);
    out.list("It would", approval.effects.iter().map(|effect| would(effect, unboxed)));
    if !approval.argv.is_empty() {
        let words = |words: &Vec<String>| {
            words.iter().map(|word| format!("[{}]", paint::plain(word))).collect::<Vec<_>>().join(" ")
        };
        out.list("Word by word", approval.argv.iter().map(words));
    }
    out.list("It could reach", approval.reach.iter().cloned());
    let why = approval.reasons.iter().map(|why| format!("{} ({}/{})", why.line, why.rung, why.rule));
    out.list("Why it asks", why);
    if let Some(rule) = &approval.rule {
        out.heading("The rule that `always` would keep");
        for line in rule.lines() {
            out.push(Token::Code, format!("  {}", paint::plain(line)));
        }
    }
    out.lines
}

/// What the second yes is about.
pub(super) fn rule_kept(place: &str, rule: &str, styles: &Styles) -> Vec<Line<'static>> {
    let mut out = Lines { styles, lines: Vec::new() };
    out.push(Token::Warning, format!("! From now on this would hold {place}:"));
    for line in rule.lines() {
        out.push(Token::Code, format!("  {}", paint::plain(line)));
    }
    out.lines
}

/// The call's own words.
fn call(approval: &Approval, out: &mut Lines<'_>) {
    let Value::Object(args) = &approval.call.args else {
        return out.argument("", &approval.call.args);
    };
    if let Some(Value::String(line)) = args.get("command") {
        for (at, line) in line.lines().enumerate() {
            let mark = if at == 0 { "$ " } else { "  " };
            out.push(Token::ToolArgument, format!("{mark}{}", paint::plain(line)));
        }
    }
    for (name, value) in args {
        // A change says what these hold.
        let told = approval.diff.is_some() && matches!(name.as_str(), "content" | "edits");
        if name != "command" && !told {
            out.argument(&format!("{}: ", paint::plain(name)), value);
        }
    }
}

struct Lines<'a> {
    styles: &'a Styles,
    lines: Vec<Line<'static>>,
}

impl Lines<'_> {
    fn push(&mut self, token: Token, text: String) {
        self.lines.push(Line::styled(text, self.styles.get(token)));
    }

    fn heading(&mut self, text: &str) {
        self.push(Token::Heading, format!("{text}:"));
    }

    fn list(&mut self, heading: &str, lines: impl Iterator<Item = String>) {
        for (at, line) in lines.enumerate() {
            if at == 0 {
                self.heading(heading);
            }
            self.push(Token::Text, format!("  {}", paint::plain(&line)));
        }
    }

    fn argument(&mut self, name: &str, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let count = text.lines().count();
        for (at, line) in text.lines().take(MOST_ARGUMENT_LINES).enumerate() {
            let name = if at == 0 { name.to_owned() } else { "  ".to_owned() };
            let name = Span::styled(name, self.styles.get(Token::Muted));
            let line = Span::styled(paint::plain(line), self.styles.get(Token::ToolArgument));
            self.lines.push(Line::from(vec![name, line]));
        }
        if count > MOST_ARGUMENT_LINES {
            self.push(Token::Muted, format!("  and {} more lines", count - MOST_ARGUMENT_LINES));
        }
    }
}
