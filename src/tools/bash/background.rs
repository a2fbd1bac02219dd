//! `bash_output` and `bash_kill`: looking at background commands and ending them.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::host::process::{BackgroundState, Glimpse, Processes, protection_note};
use crate::kernel::{Disturbed, Grant, RawResult};
use crate::protocol::{EffectRule, ToolSpec};
use crate::tools::{Tool, ToolContext};

/// How long a killed command is given before it is looked at again.
const AFTER_KILL: Duration = Duration::from_millis(400);

fn spec(name: &'static str, description: &'static str, read_only: bool) -> ToolSpec {
    ToolSpec {
        name,
        description,
        schema: json!({
            "type": "object",
            "properties": {"id": {"type": "string"}},
            "required": ["id"],
            "additionalProperties": false
        }),
        effects: EffectRule::Background { arg: "id" },
        read_only,
        aliases: &[("bash_id", "id"), ("name", "id")],
    }
}

pub struct BashOutput {
    spec: ToolSpec,
    processes: Processes,
}

impl BashOutput {
    pub fn new(processes: Processes) -> Self {
        Self { spec: spec("bash_output", "New output of a background command.", true), processes }
    }
}

impl Tool for BashOutput {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn run(&self, grant: Grant, _args: Value, _context: ToolContext) -> BoxFuture<'static, RawResult> {
        let looked = self.processes.glimpse(grant);
        Box::pin(async move {
            match looked {
                Ok(glimpse) => result(&glimpse),
                Err(error) => RawResult::error(error.to_string()),
            }
        })
    }
}

fn result(glimpse: &Glimpse) -> RawResult {
    let mut text = String::from_utf8_lossy(&glimpse.output).into_owned();
    if glimpse.dropped > 0 {
        text.insert_str(0, &format!("[{} older bytes were dropped]\n", glimpse.dropped));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut state = glimpse.state.words();
    if let BackgroundState::Ended(exit) = &glimpse.state
        && let Some(note) = protection_note(exit)
    {
        state.push_str(&format!("]\n{}", note.trim_end_matches(']')));
    }
    text.push_str(&format!("[{state}]"));
    for note in &glimpse.network {
        text.push_str(&format!("\n[network: {note}]"));
    }
    RawResult { disturbed: disturbed_by(&glimpse.state), ..RawResult::ok(text, state) }
}

fn disturbed_by(state: &BackgroundState) -> Disturbed {
    match state {
        BackgroundState::Ended(exit) => super::disturbed(exit),
        BackgroundState::Running | BackgroundState::Lost(_) => Disturbed::default(),
    }
}

pub struct BashKill {
    spec: ToolSpec,
    processes: Processes,
}

impl BashKill {
    pub fn new(processes: Processes) -> Self {
        Self { spec: spec("bash_kill", "End a background command.", false), processes }
    }
}

impl Tool for BashKill {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn run(&self, grant: Grant, _args: Value, _context: ToolContext) -> BoxFuture<'static, RawResult> {
        let killed = self.processes.kill(grant);
        Box::pin(async move {
            match killed {
                Ok(killed) => {
                    tokio::time::sleep(AFTER_KILL).await;
                    let state = killed.state();
                    let mut text = "ended it and all it had started".to_owned();
                    if let BackgroundState::Ended(exit) = &state
                        && let Some(note) = protection_note(exit)
                    {
                        text.push('\n');
                        text.push_str(&note);
                    }
                    RawResult { disturbed: disturbed_by(&state), ..RawResult::ok(text, "ended") }
                }
                Err(error) => RawResult::error(error.to_string()),
            }
        })
    }
}
