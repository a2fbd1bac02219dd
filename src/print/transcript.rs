//! `transcript`: a whole run for people to read: words, calls, verdicts with their effects, results.

use std::io::{self, Write};

use serde_json::Value;

use super::report::{report_lines, write_report};
use super::sink::Sink;
use crate::base::plural;
use crate::protocol::{Event, Outcome, Status, ToolCall, ToolStatus, VerdictKind};

/// Longest argument shown of a call, in characters.
const LONGEST_ARGUMENT: usize = 72;

#[derive(Debug, Default)]
pub(super) struct Transcript {
    mid_line: bool,
}

impl Transcript {
    pub(super) fn event<O: Write, E: Write>(
        &mut self,
        event: &Event,
        out: &mut Sink<O>,
        err: &mut Sink<E>,
    ) -> io::Result<()> {
        match event {
            Event::Session { sandbox, .. } => out.write(format!("{sandbox}\n\n").as_bytes())?,
            Event::TextDelta { text } => {
                self.mid_line = !text.ends_with('\n');
                out.write(text.as_bytes())?;
            }
            Event::ToolCall { call } => {
                self.line(&format!("  {} {}  {}", call.id, call.tool, shown(call)), out)?
            }
            Event::Verdict { call_id, verdict, effects, .. } => {
                let effects: Vec<String> = effects.iter().map(crate::protocol::Effect::describe).collect();
                let line = match verdict.kind {
                    VerdictKind::Allow => format!("  {call_id} allowed  {}", effects.join("; ")),
                    VerdictKind::Transform => {
                        format!("  {call_id} repaired and allowed  {}", verdict.user_line)
                    }
                    kind => format!(
                        "  {call_id} REFUSED ({})  {}",
                        verdict.reason.map_or_else(|| format!("{kind:?}"), |reason| format!("{reason:?}")),
                        verdict.user_line
                    ),
                };
                self.line(&line, out)?;
            }
            Event::ToolOutput { delta, .. } => {
                for line in delta.lines() {
                    self.line(&format!("     | {line}"), out)?;
                }
            }
            Event::ToolResult { call_id, status, summary, .. } if *status != ToolStatus::Denied => {
                let mark = if *status == ToolStatus::Ok { "done" } else { "failed" };
                self.line(&format!("  {call_id} {mark}  {summary}"), out)?;
            }
            Event::MessageEnd { .. } => self.end_line(out)?,
            Event::Notice { report } | Event::Unsent { report, .. } | Event::StreamDiscarded { report } => {
                self.end_line(out)?;
                write_report(report, err)?;
            }
            _ => {}
        }
        out.flush()
    }

    fn line<O: Write>(&mut self, line: &str, out: &mut Sink<O>) -> io::Result<()> {
        self.end_line(out)?;
        out.write(format!("{line}\n").as_bytes())
    }

    fn end_line<O: Write>(&mut self, out: &mut Sink<O>) -> io::Result<()> {
        if std::mem::take(&mut self.mid_line) { out.write(b"\n") } else { Ok(()) }
    }

    pub(super) fn finish<O: Write, E: Write>(
        &mut self,
        outcome: &Outcome,
        out: &mut Sink<O>,
        err: &mut Sink<E>,
    ) -> io::Result<()> {
        self.end_line(out)?;
        out.write(b"\n")?;
        for finding in &outcome.findings {
            let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
            let severity = finding.severity.name();
            out.write(
                format!("finding  {severity}  {}{line}  {}\n", finding.path, finding.title).as_bytes(),
            )?;
        }
        for file in &outcome.files_changed {
            out.write(format!("changed  {file}\n").as_bytes())?;
        }
        let calls = outcome.calls;
        let status = match outcome.status {
            Status::Success => "done",
            Status::Error => "failed",
            Status::Refused => "refused",
            Status::Limit => "limit reached",
            Status::Interrupted => "interrupted",
        };
        let line = format!(
            "{status}: {}, {} allowed, {} refused, {} ms\n",
            plural(outcome.turns as usize, "turn"),
            plural(calls.allowed as usize, "call"),
            calls.denied,
            outcome.duration_ms
        );
        out.write(line.as_bytes())?;
        for report in &outcome.errors {
            err.write((report_lines(report).join("\n") + "\n").as_bytes())?;
        }
        Ok(())
    }
}

/// The arguments of a call in one short line.
fn shown(call: &ToolCall) -> String {
    let Value::Object(args) = &call.args else { return call.args.to_string() };
    let parts = args.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let text = text.replace('\n', "⏎");
        let short: String = text.chars().take(LONGEST_ARGUMENT).collect();
        let more = if text.chars().count() > LONGEST_ARGUMENT { "…" } else { "" };
        format!("{name}={short}{more}")
    });
    parts.collect::<Vec<_>>().join("  ")
}
