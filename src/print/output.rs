//! Choosing a format and deciding the exit code.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::report::write_report;
use super::sink::Sink;
use super::{json, stream, text, transcript};
use crate::base::now_ms;
use crate::protocol::{Event, Outcome, Severity, Stamped};
use crate::wire;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The model's text as it comes; verdicts that are not plain permissions on standard error.
    #[default]
    Text,
    /// The answer's JSON at the end and nothing else; the rest as `Text`.
    Structured,
    /// Everything, for people: words, calls, verdicts, results.
    Transcript,
    /// One object at the end.
    Json,
    /// One object a line, as it happens.
    StreamJson,
}

/// What turns a finished run into a failed check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    /// Any refused call.
    pub denied: bool,
    /// Findings of at least this severity.
    pub findings: Option<Severity>,
    /// Tools that must not have been refused.
    pub required_tools: Vec<String>,
}

impl Gate {
    /// The published exit code of a run under this gate.
    pub fn exit_code(&self, outcome: &Outcome) -> u8 {
        let own = wire::exit_code(outcome);
        if own != 0 {
            return own;
        }
        if self.required_tools.iter().any(|tool| outcome.denied_tools.contains(tool)) {
            return 6;
        }
        let found = self.findings.is_some_and(|least| outcome.findings.iter().any(|f| f.severity >= least));
        if found || (self.denied && outcome.calls.denied > 0) { 5 } else { 0 }
    }
}

/// Prints a run until it has finished.
pub struct Printer<O: Write, E: Write> {
    pub format: Format,
    pub gate: Gate,
    pub out: Sink<O>,
    pub err: Sink<E>,
    /// Whether standard error is a terminal: progress is shown there only.
    pub progress: bool,
    /// Set once a request to terminate has come: an interrupted run then exits with 143, not 130.
    pub terminated: Arc<AtomicBool>,
}

impl<O: Write, E: Write> Printer<O, E> {
    /// Consumes events until `Finished`; returns the exit code, or what kept standard output from
    /// being written (a full disk behind a redirection, say). `reader_gone` is called once when
    /// nobody reads standard output any more.
    pub async fn run(
        &mut self,
        mut events: mpsc::Receiver<Stamped>,
        mut reader_gone: impl FnMut(),
    ) -> io::Result<u8> {
        let mut text = text::Text::new(self.format == Format::Structured);
        let mut transcript = transcript::Transcript::default();
        let mut lines = stream::Lines::default();
        let mut told = false;
        loop {
            let next = match lines.due() {
                Some(due) => tokio::select! {
                    event = events.recv() => event,
                    () = tokio::time::sleep_until(due) => {
                        lines.flush(&mut self.out)?;
                        continue;
                    }
                },
                None => events.recv().await,
            };
            let Some(stamped) = next else {
                // The engine went away without a last word: a fault of ours, told as one.
                return Ok(1);
            };
            if let Event::Finished(outcome) = stamped.event {
                let code = match self.gate.exit_code(&outcome) {
                    // Cancelled because nobody reads any more: a quiet success.
                    130 if self.out.is_closed() => return Ok(0),
                    130 if self.terminated.load(Ordering::Relaxed) => 143,
                    code => code,
                };
                match self.format {
                    Format::Text | Format::Structured => {
                        text.finish(&outcome, &mut self.out, &mut self.err)?
                    }
                    Format::Transcript => transcript.finish(&outcome, &mut self.out, &mut self.err)?,
                    Format::Json => json::finish(&outcome, code, &mut self.out, &mut self.err)?,
                    Format::StreamJson => {
                        lines.finish(&outcome, code, stamped.seq, stamped.at_ms, &mut self.out)?;
                    }
                }
                self.err.flush()?;
                self.out.flush()?;
                return Ok(code);
            }
            match self.format {
                Format::Text | Format::Structured => {
                    text.event(&stamped.event, &mut self.out, &mut self.err)?
                }
                Format::Transcript => transcript.event(&stamped.event, &mut self.out, &mut self.err)?,
                Format::Json => json::event(&stamped.event, &mut self.err, self.progress)?,
                Format::StreamJson => lines.event(stamped, &mut self.out)?,
            }
            if self.out.is_closed() && !told {
                told = true;
                reader_gone();
            }
        }
    }
}

/// Prints the result of a run that could not begin.
pub fn print_unbegun<O: Write, E: Write>(
    format: Format,
    outcome: &Outcome,
    code: u8,
    out: &mut Sink<O>,
    err: &mut Sink<E>,
) -> io::Result<()> {
    match format {
        Format::Json => json::finish(outcome, code, out, err)?,
        Format::StreamJson => {
            outcome.errors.iter().try_for_each(|report| write_report(report, err))?;
            stream::Lines::default().finish(outcome, code, 1, now_ms(), out)?;
        }
        Format::Text | Format::Structured | Format::Transcript => {
            text::Text::default().finish(outcome, out, err)?
        }
    }
    err.flush()?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{CallCounts, Cost, Finding, Status, Usage};

    fn outcome(status: Status) -> Outcome {
        Outcome {
            status,
            text: String::new(),
            structured: None,
            findings: vec![Finding {
                path: "a".into(),
                line: None,
                severity: Severity::Medium,
                title: String::new(),
                detail: String::new(),
                evidence: None,
                suggestion: None,
            }],
            findings_reported: true,
            session_id: None,
            model: "m".into(),
            turns: 1,
            calls: CallCounts { denied: 1, ..CallCounts::default() },
            denied_tools: vec!["bash".into()],
            files_changed: Vec::new(),
            usage: Usage::default(),
            cost: Cost::ZERO,
            duration_ms: 0,
            errors: Vec::new(),
        }
    }

    #[test]
    fn gates_on_both_sides() {
        let done = outcome(Status::Success);
        let gate = |denied, findings, required: &[&str]| Gate {
            denied,
            findings,
            required_tools: required.iter().map(|tool| (*tool).to_owned()).collect(),
        };
        assert_eq!(gate(false, None, &[]).exit_code(&done), 0);
        assert_eq!(gate(true, None, &[]).exit_code(&done), 5);
        assert_eq!(gate(false, Some(Severity::Medium), &[]).exit_code(&done), 5);
        assert_eq!(gate(false, Some(Severity::High), &[]).exit_code(&done), 0);
        assert_eq!(gate(false, None, &["bash"]).exit_code(&done), 6);
        assert_eq!(gate(false, None, &["read"]).exit_code(&done), 0);
        assert_eq!(gate(true, None, &[]).exit_code(&outcome(Status::Limit)), 4);
    }
}
