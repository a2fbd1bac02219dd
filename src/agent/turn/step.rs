//! One step of a turn.

use super::effect::{Effect, Ending};
use super::input::{Input, Ruling, Words};
use super::message::Message;
use super::state::{Phase, Spent, State};
use super::tools::Batch;
use crate::kernel::Admitted;
use crate::model::{Delta, ModelError, Stop};
use crate::protocol::{Event, Item, Part, Report, ReportKind, Status, ToolStatus};

/// Refusals of the same shape in a row after which a run ends.
const MOST_REFUSALS: u32 = 3;

/// Answers in a row that may be cut within a call before a run ends.
const MOST_CUTS: u32 = 3;

const REMINDER: &str = "Call `report` once now with your findings, or with an empty list if there are none.";

/// Feeds one input to the machine.
pub fn step(mut state: State, input: Input) -> (State, Vec<Effect>) {
    let mut out = Vec::new();
    match input {
        Input::Prompt(words) if state.is_idle() => begin(&mut state, Some(words), &mut out),
        Input::Resume if state.is_idle() => begin(&mut state, None, &mut out),
        Input::Prompt(words) => state.steering.push_back(words),
        Input::FollowUp(words) if state.is_idle() => begin(&mut state, Some(words), &mut out),
        Input::FollowUp(words) => state.follow_ups.push_back(words),
        Input::Delta(delta) if state.phase == Phase::Calling => on_delta(&mut state, delta, &mut out),
        Input::StreamFailed(error) if state.phase == Phase::Calling => {
            on_failure(&mut state, error, &mut out)
        }
        Input::RetryDue if state.phase == Phase::Pausing => send(&mut state, &mut out),
        Input::Priced { usage, cost } => {
            state.usage.add(usage);
            state.cost = state.cost.plus(cost);
            state.run.usage.add(usage);
            state.run.cost = state.run.cost.plus(cost);
            let context_tokens = usage.total_tokens();
            out.push(Effect::Emit(Event::Usage { usage, cost, context_tokens }));
        }
        Input::Judged { call_id, ruling } if state.phase == Phase::Settling => {
            on_ruling(&mut state, call_id, ruling, &mut out);
        }
        Input::ToolDone { call_id, result } if state.phase == Phase::Settling => {
            on_result(&mut state, call_id, result, &mut out);
        }
        Input::Cancel if !state.is_idle() => {
            let report = Report::new(ReportKind::Interrupted, "interrupted");
            stop(&mut state, Status::Interrupted, report, &mut out);
        }
        Input::Deadline if !state.is_idle() => {
            let report = Report::new(ReportKind::Limit, "the time limit was reached")
                .hint("raise it with --max-minutes, then go on with -c");
            stop(&mut state, Status::Limit, report, &mut out);
        }
        Input::Fault(report) if !state.is_idle() => stop(&mut state, Status::Error, report, &mut out),
        // Whatever else comes late (a delta after a cancel, a tick when idle) changes nothing.
        Input::Resume
        | Input::Delta(_)
        | Input::StreamFailed(_)
        | Input::RetryDue
        | Input::Judged { .. }
        | Input::ToolDone { .. }
        | Input::Cancel
        | Input::Deadline
        | Input::Fault(_) => {}
    }
    (state, out)
}

fn begin(state: &mut State, words: Option<Words>, out: &mut Vec<Effect>) {
    state.run = Spent::default();
    take_up(state, words, out);
}

/// Goes on with the next message, in the same run.
fn take_up(state: &mut State, words: Option<Words>, out: &mut Vec<Effect>) {
    state.run_turns = 0;
    state.refusals = None;
    state.refused = false;
    state.cuts = 0;
    state.reminded = false;
    state.reported = false;
    state.refused_before_reminder = false;
    state.text.clear();
    state.structured = None;
    state.sent_back = false;
    if let Some(words) = words {
        // Behind the user's words, so that nothing before them changes.
        let wanted = state.setup.answer.as_ref().map(|answer| Part::text(answer.request()));
        let parts = words.into_parts().into_iter().chain(wanted).collect();
        out.push(Effect::Append(Item::User { parts }));
    }
    next_request(state, out);
}

/// Sends the conversation to the model, if a limit does not forbid it.
fn next_request(state: &mut State, out: &mut Vec<Effect>) {
    let limits = state.setup.limits;
    if let Some(most) = limits.max_turns.filter(|most| state.run_turns >= *most) {
        let report = Report::new(ReportKind::Limit, format!("the limit of {most} turns was reached"))
            .hint("raise it with --max-turns, then go on with -c");
        return finish(state, Status::Limit, Some(report), out);
    }
    let spent = state.cost.usd.unwrap_or(0.0);
    if let Some(most) = limits.max_budget_usd.filter(|most| spent >= *most) {
        let report =
            Report::new(ReportKind::Limit, format!("the budget of ${most} was reached (spent ${spent:.4})"))
                .hint("raise it with --max-budget-usd, then go on with -c");
        return finish(state, Status::Limit, Some(report), out);
    }
    state.turn += 1;
    state.run_turns += 1;
    state.run.turns += 1;
    state.attempts = 0;
    out.push(Effect::Emit(Event::TurnStart { turn: state.turn }));
    send(state, out);
}

fn send(state: &mut State, out: &mut Vec<Effect>) {
    state.phase = Phase::Calling;
    state.attempts += 1;
    state.message = Message::default();
    state.stop = None;
    out.push(Effect::CallModel);
}

fn on_delta(state: &mut State, delta: Delta, out: &mut Vec<Effect>) {
    match delta {
        Delta::Text(text) => {
            state.message.text(&text);
            out.push(Effect::Emit(Event::TextDelta { text }));
        }
        Delta::Thinking(text) => {
            state.message.thinking(&text);
            out.push(Effect::Emit(Event::ThinkingDelta { text }));
        }
        Delta::ThinkingSignature(signature) => state.message.signature(signature),
        Delta::RedactedThinking(sealed) => state.message.redacted(sealed),
        Delta::ToolCall { tool, args } => {
            let number = state.calls + state.message.calls().len() as u64 + 1;
            state.message.call(format!("t{number}"), tool, args);
        }
        // Priced by the driver, which feeds it back as `Priced`.
        Delta::Usage { .. } => {}
        Delta::End(stop) => on_message_end(state, stop, out),
    }
}

/// The message is whole: only now do its calls count.
fn on_message_end(state: &mut State, stop: Stop, out: &mut Vec<Effect>) {
    let mut message = std::mem::take(&mut state.message);
    let cut = if stop == Stop::MaxTokens { message.take_cut_call() } else { None };
    let calls = message.calls();
    let text = message.full_text();
    if !text.is_empty() && !state.reminded {
        state.text = text;
    }
    out.push(Effect::Emit(Event::MessageEnd { stop: stop.name().to_owned() }));
    if message.is_empty() && calls.is_empty() && cut.is_none() {
        return on_empty_answer(state, &stop, out);
    }
    state.calls += calls.len() as u64;
    if !message.is_empty() {
        out.push(Effect::Append(message.into_item(&state.setup.model)));
    }
    out.extend(calls.iter().map(|call| Effect::Emit(Event::ToolCall { call: call.clone() })));
    state.stop = Some(stop);
    state.cuts = if cut.is_some() { state.cuts + 1 } else { 0 };
    if let Some(tool) = cut {
        if state.cuts >= MOST_CUTS {
            return on_cuts(state, &tool, out);
        }
        let told = format!(
            "Your last message reached its token limit within a call of `{tool}`: nothing of that call was \
             done. Make it again in smaller pieces."
        );
        state.steering.push_front(told.into());
    }
    if calls.is_empty() {
        return on_last_word(state, out);
    }
    state.phase = Phase::Settling;
    state.batch = Batch::new(calls);
    let due = state.batch.start_due(&state.setup.read_only);
    out.extend(due);
}

/// Again and again the same: the answer does not fit.
fn on_cuts(state: &mut State, tool: &str, out: &mut Vec<Effect>) {
    let message =
        format!("{MOST_CUTS} answers in a row were cut at their token limit within a call of `{tool}`");
    let report = Report::new(ReportKind::Limit, message)
        .hint("ask for smaller steps, or for less thinking with --thinking low");
    finish(state, Status::Limit, Some(report), out);
}

/// Nothing but thinking came. After tool results that is a model with nothing to add; else it is a fault.
fn on_empty_answer(state: &mut State, stop: &Stop, out: &mut Vec<Effect>) {
    if *stop == Stop::EndTurn && state.run_turns > 1 {
        state.stop = Some(stop.clone());
        return on_last_word(state, out);
    }
    let report = match stop {
        Stop::MaxTokens => {
            Report::new(ReportKind::Limit, "the answer reached its token limit before its first word")
                .hint("think less with --thinking low")
        }
        Stop::ContentFilter => {
            Report::new(ReportKind::Provider, "the provider's content filter withheld the answer")
        }
        _ => Report::new(ReportKind::Provider, "the model answered with nothing")
            .hint("try again, or another model with -m"),
    };
    let status = if report.kind == ReportKind::Limit { Status::Limit } else { Status::Error };
    finish(state, status, Some(report), out);
}

/// The model calls nothing more: steering goes on, else the run ends.
fn on_last_word(state: &mut State, out: &mut Vec<Effect>) {
    if take_steering(state, out) {
        return next_request(state, out);
    }
    if state.setup.remind_report && !state.reported && !state.reminded && may_ask_again(state) {
        state.reminded = true;
        state.refused_before_reminder = state.refused;
        out.push(Effect::Append(Item::user(REMINDER)));
        return next_request(state, out);
    }
    if let Some(faults) = faults(state) {
        if !state.sent_back && may_ask_again(state) {
            state.sent_back = true;
            let again = state.setup.answer.as_ref().map(|answer| answer.repair(&faults));
            out.push(Effect::Append(Item::user(again.unwrap_or_default())));
            return next_request(state, out);
        }
        if !state.refused {
            let mut report = Report::new(
                ReportKind::Answer,
                "the answer is not valid against the schema of --output-schema",
            );
            report.causes = faults;
            return finish(
                state,
                Status::Error,
                Some(report.hint("try again, or another model with -m")),
                out,
            );
        }
    }
    match state.stop.take() {
        Some(Stop::MaxTokens) => {
            let report = Report::new(ReportKind::Limit, "the answer was cut at its token limit")
                .hint("go on with -c -p \"go on\"");
            finish(state, Status::Limit, Some(report), out);
        }
        Some(Stop::ContentFilter) => {
            let report = Report::new(ReportKind::Provider, "the provider's content filter cut the answer");
            finish(state, Status::Error, Some(report), out);
        }
        _ if state.refused || state.refused_before_reminder => {
            let report = Report::new(ReportKind::Refused, "the work ended on a refusal")
                .hint("see the verdicts above; `iosm kernel explain` shows which rule decided");
            finish(state, Status::Refused, Some(report), out);
        }
        _ => finish(state, Status::Success, None, out),
    }
}

/// What is wrong with an answer that had to be JSON. One that was cut off is not looked at.
fn faults(state: &mut State) -> Option<Vec<String>> {
    let cut = matches!(state.stop, Some(Stop::MaxTokens | Stop::ContentFilter));
    let schema = state.setup.answer.as_ref().filter(|_| !cut && state.structured.is_none())?;
    match schema.check(&state.text) {
        Ok(value) => {
            state.structured = Some(value);
            None
        }
        Err(faults) => Some(faults),
    }
}

fn may_ask_again(state: &State) -> bool {
    let turns_left = state.setup.limits.max_turns.is_none_or(|most| state.run_turns < most);
    let money_left =
        state.setup.limits.max_budget_usd.is_none_or(|most| state.cost.usd.unwrap_or(0.0) < most);
    turns_left && money_left
}

fn take_steering(state: &mut State, out: &mut Vec<Effect>) -> bool {
    let had = !state.steering.is_empty();
    out.extend(state.steering.drain(..).map(|words| Effect::Append(words.into_item())));
    had
}

fn on_failure(state: &mut State, error: ModelError, out: &mut Vec<Effect>) {
    let something_came = state.message != Message::default();
    state.message = Message::default();
    let report = error.report();
    if something_came {
        out.push(Effect::Emit(Event::StreamDiscarded { report: report.clone() }));
    }
    if error.is_transient() && state.attempts < state.setup.max_attempts {
        state.phase = Phase::Pausing;
        out.push(Effect::RetryLater { attempt: state.attempts, error });
        return;
    }
    finish(state, Status::Error, Some(report), out);
}

fn on_ruling(state: &mut State, call_id: String, ruling: Ruling, out: &mut Vec<Effect>) {
    match ruling {
        Ruling::Allowed { .. } => {
            if state.batch.allow(&call_id) {
                state.refusals = None;
                state.refused = false;
                out.push(Effect::Run { call_id });
            }
        }
        Ruling::Asked => {}
        Ruling::Denied { result, shape, malformed } => {
            state.refused = !malformed;
            let again = state.refusals.take().filter(|(last, _)| *last == shape).map_or(0, |(_, n)| n);
            state.refusals = Some((shape, again + 1));
            settle(state, &call_id, result, out);
        }
    }
}

fn on_result(state: &mut State, call_id: String, result: Admitted, out: &mut Vec<Effect>) {
    if result.result().tool == "report" && result.result().status == ToolStatus::Ok {
        state.reported = true;
    }
    settle(state, &call_id, result, out);
}

fn settle(state: &mut State, call_id: &str, result: Admitted, out: &mut Vec<Effect>) {
    let event = result_event(&result);
    if !state.batch.settle(call_id, result) {
        return;
    }
    out.push(Effect::Emit(event));
    let settled = state.batch.take_settled();
    out.extend(settled.into_iter().map(|result| Effect::Append(result.into_item())));
    if !state.batch.is_empty() {
        let due = state.batch.start_due(&state.setup.read_only);
        out.extend(due);
        return;
    }
    if let Some((shape, times)) = state.refusals.clone().filter(|(_, times)| *times >= MOST_REFUSALS) {
        let report = Report::new(
            ReportKind::Refused,
            format!("the same refusal came {times} times in a row: {shape}"),
        )
        .hint("see the verdicts above; allow it with --allow, or ask for something else");
        return finish(state, Status::Refused, Some(report), out);
    }
    take_steering(state, out);
    next_request(state, out);
}

fn result_event(result: &Admitted) -> Event {
    Event::ToolResult {
        call_id: result.result().call_id.clone(),
        tool: result.result().tool.clone(),
        status: result.result().status,
        summary: result.summary().to_owned(),
        bytes: result.bytes(),
        admission: result.admission().to_owned(),
    }
}

/// Ends a run from outside, leaving a consistent conversation: every call gets a result.
fn stop(state: &mut State, status: Status, report: Report, out: &mut Vec<Effect>) {
    match state.phase {
        Phase::Calling | Phase::Pausing => out.push(Effect::CancelModel),
        Phase::Settling => {
            out.push(Effect::CancelTools);
            let results = state.batch.take_all(Admitted::cancelled);
            for result in results {
                out.push(Effect::Emit(result_event(&result)));
                out.push(Effect::Append(result.into_item()));
            }
        }
        Phase::Idle => {}
    }
    finish(state, status, Some(report), out);
}

fn finish(state: &mut State, status: Status, report: Option<Report>, out: &mut Vec<Effect>) {
    state.phase = Phase::Idle;
    state.message = Message::default();
    if status == Status::Success
        && let Some(words) = state.follow_ups.pop_front()
    {
        return take_up(state, Some(words), out);
    }
    // What was not taken goes back to whoever wrote it: sent again by them, it must not come twice.
    state.steering.clear();
    state.follow_ups.clear();
    out.push(Effect::Finish(Ending { status, report }));
}
