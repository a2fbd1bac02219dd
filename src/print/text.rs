//! `text`: the model's words as they come; everything else on standard error.

use std::io::{self, Write};

use super::report::write_report;
use super::sink::Sink;
use crate::protocol::{Event, Outcome, VerdictKind};

#[derive(Debug, Default)]
pub(super) struct Text {
    /// Whether the last byte written was not a line end.
    mid_line: bool,
    /// Whether any text was written: the next message begins on a new paragraph.
    wrote: bool,
    message_open: bool,
    /// Only the structured answer goes to standard output.
    structured: bool,
}

impl Text {
    pub(super) fn new(structured: bool) -> Self {
        Self { structured, ..Self::default() }
    }

    pub(super) fn event<O: Write, E: Write>(
        &mut self,
        event: &Event,
        out: &mut Sink<O>,
        err: &mut Sink<E>,
    ) -> io::Result<()> {
        match event {
            Event::TextDelta { .. } if self.structured => Ok(()),
            Event::Answer { markdown, .. } => {
                out.write(markdown.as_bytes())?;
                self.mid_line = !markdown.ends_with('\n');
                Ok(())
            }
            Event::TextDelta { text } => {
                if !self.message_open && self.wrote {
                    out.write(b"\n")?;
                }
                self.message_open = true;
                self.wrote = true;
                self.mid_line = !text.ends_with('\n');
                out.write(text.as_bytes())?;
                out.flush()
            }
            Event::MessageEnd { .. } => {
                self.message_open = false;
                self.end_line(out)
            }
            Event::StreamDiscarded { .. } => {
                self.message_open = false;
                self.end_line(out)?;
                err.write(b"note: the answer broke off: what came of it does not count\n")
            }
            Event::Verdict { tool, verdict, .. } if verdict.kind != VerdictKind::Allow => {
                let what = match verdict.kind {
                    VerdictKind::Transform => "repaired",
                    VerdictKind::Deny => "refused",
                    VerdictKind::Wait => "waits",
                    _ => "asks",
                };
                err.write(format!("{what}: {tool}: {}\n", verdict.user_line).as_bytes())
            }
            Event::Notice { report } | Event::Unsent { report, .. } => write_report(report, err),
            _ => Ok(()),
        }
    }

    fn end_line<O: Write>(&mut self, out: &mut Sink<O>) -> io::Result<()> {
        if std::mem::take(&mut self.mid_line) {
            out.write(b"\n")?;
        }
        out.flush()
    }

    pub(super) fn finish<O: Write, E: Write>(
        &mut self,
        outcome: &Outcome,
        out: &mut Sink<O>,
        err: &mut Sink<E>,
    ) -> io::Result<()> {
        self.end_line(out)?;
        if let Some(value) = outcome.structured.as_ref().filter(|_| self.structured) {
            out.write(format!("{value:#}\n").as_bytes())?;
        }
        for report in &outcome.errors {
            write_report(report, err)?;
        }
        Ok(())
    }
}
