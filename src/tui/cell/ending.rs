//! How a run ended, as the screen has it: what a person brought about is no error.

use super::Body;
use super::argument::about;
use crate::protocol::{Outcome, ReportKind, Status, ToolCall};
use crate::tui::text::{one_line, truncate};

/// Columns of a call that was declined, in the line that ends a run.
const MOST_WORDS: usize = 60;

/// What of a run decides how its end is told.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The call that was refused last.
    refused: Option<String>,
    /// The call that the person said no to last, and what it was.
    declined: Option<(String, String)>,
}

impl Run {
    pub(super) fn refused(&mut self, call_id: &str) {
        self.refused = Some(call_id.to_owned());
    }

    pub(super) fn declined(&mut self, call: &ToolCall) {
        let words = format!("{} {}", one_line(&call.tool), about(call));
        self.declined = Some((call.id.clone(), truncate(words.trim_end(), MOST_WORDS).into_owned()));
    }

    /// Forgets the run.
    pub(super) fn end(&mut self, mut outcome: Box<Outcome>) -> Body {
        let Self { refused, declined } = std::mem::take(self);
        let (kind, how, hint) = match outcome.status {
            Status::Interrupted => (ReportKind::Interrupted, "stopped by you".to_owned(), None),
            Status::Refused => {
                let own = declined.filter(|(call, _)| refused.as_ref().is_none_or(|refused| refused == call));
                let hint = |call| format!("/kernel explain {call}");
                match own {
                    Some((_, words)) => (ReportKind::Refused, format!("you said no to {words}"), None),
                    None => (ReportKind::Refused, "ended on a refusal".to_owned(), refused.map(hint)),
                }
            }
            _ => return Body::Outcome(outcome),
        };
        outcome.errors.retain(|error| error.kind != kind);
        Body::Stopped { outcome, how, hint }
    }
}
