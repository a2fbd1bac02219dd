//! What a sub-agent does, as the one line that its parent's transcript has of it.

use super::transcript::Transcript;
use super::{Body, Cell};
use crate::protocol::Event;
use crate::tui::text::{one_line, truncate};

impl Transcript {
    /// A sub-agent is one line: how many calls, and the last of them.
    pub(super) fn child(&mut self, path: &str, event: &Event) {
        let open =
            |cell: &Cell| matches!(&cell.body, Body::Child { agent, done: false, .. } if agent == path);
        if !self.live.iter().any(open) {
            if !matches!(event, Event::Session { .. } | Event::TurnStart { .. } | Event::ToolCall { .. }) {
                return;
            }
            let agent = path.to_owned();
            self.push(Body::Child { agent, calls: 0, last: "begins".to_owned(), done: false });
        }
        let Some(cell) = self.live.iter_mut().find(|cell| open(cell)) else { return };
        let Body::Child { calls, last, done, .. } = &mut cell.body else { return };
        match event {
            Event::ToolCall { call } => {
                *calls += 1;
                *last = format!("{} {}", one_line(&call.tool), super::argument::about(call));
                *last = truncate(last, 120).into_owned();
            }
            Event::Finished(outcome) => {
                *done = true;
                let first = outcome.text.lines().next().unwrap_or_default();
                *last = truncate(&one_line(first), 120).into_owned();
            }
            _ => {}
        }
    }
}
