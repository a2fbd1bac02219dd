//! From what rooms exchange to what scripts read.

use super::result::{Calls, ResultObject, ResultStatus, ResultType};
use super::stream::{Line, StreamLine, effects};
use crate::base::rfc3339;
use crate::protocol::{Event, Outcome, ReportKind, Stamped, Status, ToolCall};

/// The published exit codes.
pub fn exit_code(outcome: &Outcome) -> u8 {
    match outcome.status {
        Status::Success => 0,
        Status::Limit => 4,
        Status::Refused => 6,
        Status::Interrupted => 130,
        Status::Error => match outcome.errors.first().map(|report| report.kind) {
            Some(ReportKind::Usage | ReportKind::Config) => 2,
            Some(ReportKind::Provider | ReportKind::Authentication) => 3,
            Some(ReportKind::Limit) => 4,
            Some(ReportKind::Check) => 5,
            Some(ReportKind::Refused) => 6,
            _ => 1,
        },
    }
}

/// The result object. `exit_code` may be stricter than the outcome's own (`--fail-on`).
pub fn result(outcome: &Outcome, exit_code: u8) -> ResultObject {
    let status = match outcome.status {
        Status::Success => ResultStatus::Success,
        Status::Refused => ResultStatus::Refused,
        Status::Limit => ResultStatus::Limit,
        Status::Error | Status::Interrupted => ResultStatus::Error,
    };
    ResultObject {
        kind: ResultType::Result,
        status,
        exit_code,
        result: outcome.text.clone(),
        structured: outcome.structured.clone(),
        findings: outcome.findings.clone(),
        findings_reported: outcome.findings_reported,
        session_id: outcome.session_id.clone(),
        run_id: None,
        model: outcome.model.clone(),
        turns: outcome.turns,
        tool_calls: Calls {
            allowed: outcome.calls.allowed,
            transformed: outcome.calls.transformed,
            denied: outcome.calls.denied,
            asked: outcome.calls.asked,
        },
        files_changed: outcome.files_changed.clone(),
        usage: outcome.usage,
        cost: outcome.cost,
        duration_ms: outcome.duration_ms,
        errors: outcome.errors.clone(),
    }
}

/// One line of the stream; `None` for what a script has no use for.
pub fn line(stamped: Stamped) -> Option<StreamLine> {
    let Stamped { seq, at_ms, agent, event } = stamped;
    let line = match event {
        Event::Session { session_id, model, profile, thinking: _, workspace, tools, sandbox, resumed } => {
            Line::Session { session_id, model, profile, workspace, tools, sandbox, resumed }
        }
        Event::TurnStart { turn } => Line::TurnStart { turn },
        Event::TextDelta { text } => Line::TextDelta { text },
        Event::ThinkingDelta { text } => Line::ThinkingDelta { text },
        Event::ToolCall { call: ToolCall { id, tool, args } } => Line::ToolCall { id, tool, args },
        Event::Verdict { call_id, verdict, effects: seen, repaired, .. } => Line::Verdict {
            id: call_id,
            kind: verdict.kind,
            reason: verdict.reason,
            disposition: verdict.disposition,
            rung: verdict.rung,
            rule: verdict.rule,
            detail: verdict.user_line,
            effects: effects(&seen),
            repaired,
        },
        Event::ToolOutput { call_id, delta } => Line::ToolOutput { id: call_id, delta },
        Event::ToolResult { call_id, status, summary, bytes, admission, .. } => {
            Line::ToolResult { id: call_id, status: status.into(), summary, bytes, admission }
        }
        Event::Taint { mark } => Line::Taint { mark },
        Event::Checkpoint { id, name, turn, ms } => Line::Checkpoint { id, name, turn, ms },
        Event::Compacted { before_tokens, after_tokens, why } => {
            Line::Compacted { before_tokens, after_tokens, why }
        }
        Event::MessageEnd { stop } => Line::MessageEnd { stop },
        Event::Usage { usage, cost, context_tokens } => Line::Usage { usage, cost, context_tokens },
        Event::StreamDiscarded { report } => Line::StreamDiscarded { report },
        Event::Notice { report } | Event::Unsent { report, .. } => Line::Notice { report },
        // What scripts said, set and asked for themselves.
        Event::Setup(_)
        | Event::Stands { .. }
        | Event::Said { .. }
        | Event::Answer { .. }
        | Event::Rewound { .. }
        | Event::Switched { .. }
        | Event::Background { .. }
        // Nobody is there to answer; the verdict that follows says so.
        | Event::ApprovalAsked(_)
        | Event::ApprovalConfirm { .. }
        | Event::ApprovalClosed { .. }
        | Event::Finished(_) => return None,
    };
    let agent = (agent != "main").then_some(agent);
    Some(StreamLine::Event { line, seq, ts: rfc3339(at_ms), agent })
}
