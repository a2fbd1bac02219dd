//! `stream-json`: one object a line, small deltas joined.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::Instant;

use super::sink::Sink;
use crate::base::rfc3339;
use crate::protocol::{AgentPath, Event, Outcome, Stamped};
use crate::wire::{self, StreamLine};

/// Text waits for this much company, so that a line's frame does not outweigh it …
const ENOUGH_BYTES: usize = 96;
/// … but not longer than this.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
}

struct Held {
    kind: Kind,
    seq: u64,
    at_ms: u64,
    agent: AgentPath,
    text: String,
    due: Instant,
}

/// Joins deltas of the same kind and writes lines. `seq` in the output counts lines.
#[derive(Default)]
pub(super) struct Lines {
    held: Option<Held>,
    written: u64,
}

impl Lines {
    /// When what is held must be written.
    pub(super) fn due(&self) -> Option<Instant> {
        self.held.as_ref().map(|held| held.due)
    }

    pub(super) fn event<W: Write>(&mut self, stamped: Stamped, out: &mut Sink<W>) -> io::Result<()> {
        let Stamped { seq, at_ms, agent, event } = stamped;
        let (kind, text) = match event {
            Event::TextDelta { text } => (Kind::Text, text),
            Event::ThinkingDelta { text } => (Kind::Thinking, text),
            event => {
                self.flush(out)?;
                return self.line(wire::line(Stamped { seq, at_ms, agent, event }), out);
            }
        };
        match &mut self.held {
            Some(held) if held.kind == kind && held.agent == agent => held.text.push_str(&text),
            _ => {
                self.flush(out)?;
                let due = Instant::now() + LONGEST_WAIT;
                self.held = Some(Held { kind, seq, at_ms, agent, text, due });
            }
        }
        if self.held.as_ref().is_some_and(|held| held.text.len() >= ENOUGH_BYTES) {
            self.flush(out)?;
        }
        Ok(())
    }

    pub(super) fn flush<W: Write>(&mut self, out: &mut Sink<W>) -> io::Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let event = match held.kind {
            Kind::Text => Event::TextDelta { text: held.text },
            Kind::Thinking => Event::ThinkingDelta { text: held.text },
        };
        let stamped = Stamped { seq: held.seq, at_ms: held.at_ms, agent: held.agent, event };
        self.line(wire::line(stamped), out)
    }

    fn line<W: Write>(&mut self, line: Option<StreamLine>, out: &mut Sink<W>) -> io::Result<()> {
        let Some(mut line) = line else { return Ok(()) };
        self.written += 1;
        match &mut line {
            StreamLine::Event { seq, .. } | StreamLine::Result { seq, .. } => *seq = self.written,
        }
        let mut bytes = serde_json::to_vec(&line).map_err(io::Error::other)?;
        bytes.push(b'\n');
        out.write(&bytes)?;
        out.flush()
    }

    pub(super) fn finish<W: Write>(
        &mut self,
        outcome: &Outcome,
        code: u8,
        seq: u64,
        at_ms: u64,
        out: &mut Sink<W>,
    ) -> io::Result<()> {
        self.flush(out)?;
        let result = Box::new(wire::result(outcome, code));
        self.line(Some(StreamLine::Result { seq, ts: rfc3339(at_ms), result }), out)
    }
}
