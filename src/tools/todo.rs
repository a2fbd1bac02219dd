//! `todo`: the visible task list.

use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::Leaf;
use super::schema::schema_of;
use super::{TodoItem, TodoStatus, Tool, ToolContext};
use crate::base::plural;
use crate::host::HostError;
use crate::kernel::{Grant, RawResult, Reach};
use crate::protocol::{EffectRule, ToolSpec};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    items: Vec<TodoItem>,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "todo",
        description: "Replace the visible task list.",
        schema: schema_of::<Args>(),
        effects: EffectRule::Note("todo"),
        read_only: false,
        aliases: &[("todos", "items"), ("tasks", "items"), ("list", "items")],
    };
    Leaf { spec, act }
}

fn act(grant: Grant, args: Args, context: &ToolContext, _: &AtomicBool) -> RawResult {
    if let Err(error) = own_notes(grant) {
        return RawResult::error(error.to_string());
    }
    if args.items.iter().any(|item| item.text.trim().is_empty()) {
        return RawResult::error("a task without text; the list was left as it was");
    }
    let mut text = String::new();
    for item in &args.items {
        let mark = match item.status {
            TodoStatus::Pending => ' ',
            TodoStatus::Doing => '>',
            TodoStatus::Done => 'x',
        };
        let line = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("[{mark}] {line}\n"));
    }
    let done = args.items.iter().filter(|item| item.status == TodoStatus::Done).count();
    let summary = format!("{}, {done} done", plural(args.items.len(), "task"));
    context.notes.lock().unwrap_or_else(PoisonError::into_inner).todo = args.items;
    text.pop();
    RawResult::ok(if text.is_empty() { "no tasks".to_owned() } else { text }, summary)
}

/// Uses up a grant for the session's own notes.
pub(super) fn own_notes(grant: Grant) -> Result<(), HostError> {
    match grant.into_reach() {
        Reach::Nothing => Ok(()),
        other => Err(HostError::wrong_grant("the session's notes", &other)),
    }
}
