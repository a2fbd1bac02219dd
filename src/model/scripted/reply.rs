//! A rule's reply as things to do, one after the other.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::script::{GivenError, Rule, Step};
use crate::base::estimate_tokens;
use crate::model::delta::{Delta, Stop};
use crate::model::error::ModelError;
use crate::model::request::Request;
use crate::model::status::{Answer, error_of};
use crate::protocol::{Block, Item, Part, Usage};

const PROVIDER: &str = "scripted";

#[derive(Debug, PartialEq)]
pub(super) enum Action {
    Emit(Delta),
    Wait(Duration),
    /// The last one.
    Fail(ModelError),
}

pub(super) fn actions(rule: &Rule, captures: &[String], request: &Request) -> VecDeque<Action> {
    let mut actions = VecDeque::new();
    let mut output = 0;
    let mut called = false;
    for step in &rule.reply {
        if let Some(text) = &step.text {
            output += speak(step, &expand(text, captures), Delta::Text, &mut actions);
        } else if let Some(text) = &step.thinking {
            output += speak(step, &expand(text, captures), Delta::Thinking, &mut actions);
        } else if let Some(call) = &step.tool_call {
            let args = match &call.args {
                Value::Null => Value::Object(serde_json::Map::new()),
                args => expand_value(args, captures),
            };
            output += estimate_tokens(&args.to_string());
            called = true;
            actions.push_back(Action::Emit(Delta::ToolCall { tool: expand(&call.tool, captures), args }));
        } else if let Some(millis) = step.delay_ms {
            actions.push_back(Action::Wait(Duration::from_millis(millis)));
        } else {
            actions.push_back(Action::Fail(match &step.error {
                Some(error) => failure(error),
                None => cut(),
            }));
            return actions;
        }
    }
    let (usage, cost_usd) = match rule.usage {
        Some(given) => {
            let usage = Usage {
                input_tokens: given.input_tokens,
                output_tokens: given.output_tokens,
                cache_read_tokens: given.cache_read_tokens,
                cache_write_tokens: given.cache_write_tokens,
            };
            (usage, given.cost_usd)
        }
        None => {
            let input_tokens = input_tokens(request) as u64;
            (Usage { input_tokens, output_tokens: output as u64, ..Usage::default() }, None)
        }
    };
    actions.push_back(Action::Emit(Delta::Usage { usage, cost_usd }));
    let stop = match rule.stop.as_deref() {
        Some("end_turn") => Stop::EndTurn,
        Some("tool_use") => Stop::ToolUse,
        Some("max_tokens") => Stop::MaxTokens,
        Some("content_filter") => Stop::ContentFilter,
        Some(other) => Stop::Other(other.to_owned()),
        None if called => Stop::ToolUse,
        None => Stop::EndTurn,
    };
    actions.push_back(Action::Emit(Delta::End(stop)));
    actions
}

/// Queues a text as the step shapes it; returns its tokens.
fn speak(step: &Step, text: &str, delta: fn(String) -> Delta, actions: &mut VecDeque<Action>) -> usize {
    let mut whole = text.repeat(step.repeat.unwrap_or(1));
    if let Some(bytes) = step.fill.filter(|_| !text.is_empty()) {
        whole = text.repeat(bytes.div_ceil(text.len()));
        whole.truncate(whole.floor_char_boundary(bytes));
    }
    let tokens = estimate_tokens(&whole);
    let mut rest = whole.as_str();
    while !rest.is_empty() {
        let most = step.chunk.unwrap_or(rest.len());
        // A character longer than the chunk still has to go somewhere.
        let end = if rest.floor_char_boundary(most) == 0 {
            rest.ceil_char_boundary(1)
        } else {
            rest.floor_char_boundary(most)
        };
        actions.push_back(Action::Emit(delta(rest[..end].to_owned())));
        rest = &rest[end..];
        if let Some(millis) = step.every_ms.filter(|_| !rest.is_empty()) {
            actions.push_back(Action::Wait(Duration::from_millis(millis)));
        }
    }
    tokens
}

fn failure(error: &GivenError) -> ModelError {
    let retry_after = error.retry_after_s.map(|seconds| seconds.to_string());
    let answer = Answer {
        status: error.status,
        retry_after: retry_after.as_deref(),
        body: error.message.as_bytes(),
        ..Answer::default()
    };
    error_of(PROVIDER, &answer, 0)
}

fn cut() -> ModelError {
    ModelError::Cut { provider: PROVIDER.into(), message: "the script says so".into() }
}

/// `$0` to `$9` become what the rule's regex captured, `$$` a dollar sign; other dollar signs stand
/// for themselves, and all do where the rule has no regex.
fn expand(text: &str, captures: &[String]) -> String {
    if captures.is_empty() || !text.contains('$') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        let digit = chars.peek().and_then(|next| next.to_digit(10));
        match (ch, digit) {
            ('$', Some(digit)) => {
                chars.next();
                out.push_str(captures.get(digit as usize).map_or("", String::as_str));
            }
            ('$', None) => {
                chars.next_if_eq(&'$');
                out.push('$');
            }
            _ => out.push(ch),
        }
    }
    out
}

/// As [`expand`], in every string of a value; one that is nothing but `$1` becomes a number where a
/// whole number was captured.
fn expand_value(value: &Value, captures: &[String]) -> Value {
    match value {
        Value::String(text) => {
            let expanded = expand(text, captures);
            let alone = text.len() == 2 && text.starts_with('$') && expanded != *text;
            match expanded.parse::<u64>() {
                Ok(number) if alone => Value::from(number),
                _ => Value::String(expanded),
            }
        }
        Value::Array(values) => values.iter().map(|value| expand_value(value, captures)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), expand_value(value, captures))).collect()
        }
        other => other.clone(),
    }
}

/// Every text of the request, estimated.
fn input_tokens(request: &Request) -> usize {
    let parts = |parts: &[Part]| -> usize {
        parts
            .iter()
            .map(|part| match part {
                Part::Text { text } => estimate_tokens(text),
                Part::Image { .. } => 1_500,
            })
            .sum()
    };
    let block = |block: &Block| match block {
        Block::Text { text } | Block::Thinking { text, .. } => estimate_tokens(text),
        Block::ToolCall(call) => estimate_tokens(&call.tool) + estimate_tokens(&call.args.to_string()),
    };
    let system: usize = request.system.iter().map(|text| estimate_tokens(text)).sum();
    let tools = request
        .tools
        .iter()
        .map(|tool| estimate_tokens(&tool.description) + estimate_tokens(&tool.schema.to_string()));
    let items = request.items.iter().map(|item| match item {
        Item::User { parts: it } => parts(it),
        Item::Assistant { blocks, .. } => blocks.iter().map(block).sum(),
        Item::ToolResult(result) => parts(&result.parts),
    });
    system + tools.sum::<usize>() + items.sum::<usize>()
}
