//! What the agent is at, for the line above the composer.

use ratatui::text::{Line, Span};

use crate::protocol::{Event, ToolCall, VerdictKind};
use crate::tui::cell::is_own;
use crate::tui::style::{Styles, Token};
use crate::tui::text::visible;

/// Pictures of the spinner, one every [`SPIN_MS`].
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
pub(super) const SPIN_MS: u64 = 100;

/// A turn, or the user's own shell lines, under way.
#[derive(Debug, Clone)]
pub(super) struct Work {
    since_ms: u64,
    /// Calls that run, in the order in which they began.
    calls: Vec<ToolCall>,
    doing: Doing,
    output_tokens: u64,
    /// Only lines of the user's own run.
    own_lines: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Waiting,
    Thinking,
    Writing,
    Asking,
}

impl Work {
    pub(super) fn new(now_ms: u64, own_lines: bool) -> Self {
        Self { since_ms: now_ms, calls: Vec::new(), doing: Doing::Waiting, output_tokens: 0, own_lines }
    }

    /// Whether there were only lines of the user's own, and none runs any more.
    pub(super) fn is_over(&self) -> bool {
        self.own_lines && self.calls.is_empty()
    }

    /// What is left when a run has ended: the user's own lines go on.
    pub(super) fn after_run(mut self) -> Option<Self> {
        self.calls.retain(|call| is_own(&call.id));
        (self.doing, self.own_lines) = (Doing::Waiting, true);
        (!self.is_over()).then_some(self)
    }

    /// Follows what happens.
    pub(super) fn follow(&mut self, event: &Event) {
        match event {
            Event::TurnStart { .. } => (self.doing, self.own_lines) = (Doing::Waiting, false),
            Event::ThinkingDelta { .. } => self.doing = Doing::Thinking,
            Event::TextDelta { .. } => self.doing = Doing::Writing,
            Event::ToolCall { call } => self.calls.push(call.clone()),
            Event::Verdict { call_id, verdict, .. } if !runs(verdict.kind) => {
                self.calls.retain(|call| call.id != *call_id);
            }
            Event::ToolResult { call_id, .. } => self.calls.retain(|call| call.id != *call_id),
            Event::ApprovalAsked(_) => self.doing = Doing::Asking,
            Event::ApprovalClosed { .. } => self.doing = Doing::Waiting,
            Event::Usage { usage, .. } => {
                self.output_tokens = self.output_tokens.saturating_add(usage.output_tokens)
            }
            _ => {}
        }
    }

    /// The command that could go on in the background.
    pub(super) fn command(&self) -> Option<&ToolCall> {
        self.calls.iter().rev().find(|call| call.tool == "bash")
    }

    /// One line; `stop` is the key that stops it.
    pub(super) fn line(&self, now_ms: u64, stop: &str, styles: &Styles) -> Line<'static> {
        let elapsed = now_ms.saturating_sub(self.since_ms);
        let picture = SPINNER[(elapsed / SPIN_MS) as usize % SPINNER.len()];
        let doing = match (self.calls.last(), self.doing) {
            (_, Doing::Asking) => "A question waits for you".to_owned(),
            (Some(call), _) => format!("Running {}", visible(&call.tool)),
            (None, Doing::Waiting) => "Waiting for the model".to_owned(),
            (None, Doing::Thinking) => "Thinking".to_owned(),
            (None, Doing::Writing) => "Writing".to_owned(),
        };
        let mut rest = format!("  {}", time(elapsed / 1000));
        if self.output_tokens > 0 {
            rest.push_str(&format!(" · {} tokens", self.output_tokens));
        }
        rest.push_str(&format!(" · {stop} stops"));
        Line::from(vec![
            Span::styled(format!("{picture} "), styles.get(Token::Spinner)),
            Span::raw(doing),
            Span::styled(rest, styles.get(Token::Muted)),
        ])
    }
}

/// Whether a call goes on after this verdict, at once or once it is answered.
fn runs(kind: VerdictKind) -> bool {
    matches!(kind, VerdictKind::Allow | VerdictKind::Transform | VerdictKind::RequireApproval)
}

/// `9 s`, `2 min 5 s`.
fn time(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_goes_on_and_for_how_long() {
        let mut work = Work::new(1_000, false);
        let line = |work: &Work| {
            let line = work.line(66_000, "esc", &Styles::plain());
            line.spans.iter().map(|span| span.content.as_ref()).collect::<String>()
        };
        assert_eq!(line(&work), "⠋ Waiting for the model  1 min 5 s · esc stops");
        let call = ToolCall { id: "t1".into(), tool: "bash".into(), args: serde_json::Value::Null };
        work.follow(&Event::ToolCall { call });
        assert!(line(&work).contains("Running bash") && work.command().is_some());
        let usage = crate::protocol::Usage { output_tokens: 120, ..Default::default() };
        let cost = crate::protocol::Cost::ZERO;
        work.follow(&Event::Usage { usage, cost, context_tokens: 0 });
        assert!(line(&work).contains("120 tokens"), "{}", line(&work));
    }
}
