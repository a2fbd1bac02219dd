//! `bash`: one shell line, waited for or started in the background.

use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::process::{Finished, Met, Processes, Ran, met, protection_note, sandbox_hint};
use crate::host::sandbox::Status;
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, Part, ToolSpec, ToolStatus};
use crate::tools::{Tool, ToolContext};

const DEFAULT_TIMEOUT_S: u64 = 120;
const LONGEST_TIMEOUT_S: u64 = 3600;

#[derive(Debug, Deserialize)]
struct Args {
    command: String,
    #[serde(default)]
    timeout_s: Option<u64>,
    #[serde(default)]
    background: bool,
}

pub struct Bash {
    spec: ToolSpec,
    processes: Processes,
}

impl Bash {
    pub fn new(processes: Processes) -> Self {
        let spec = ToolSpec {
            name: "bash",
            description: "Run one shell line in the workspace, sandboxed. Returns output and exit code.",
            schema: json!({
                "type": "object",
                "properties": {
                    "command": {"type": "string"},
                    "timeout_s": {"type": "integer", "maximum": LONGEST_TIMEOUT_S, "description": "default 120"},
                    "background": {"type": "boolean", "description": "start it and go on; returns its id"}
                },
                "required": ["command"],
                "additionalProperties": false
            }),
            effects: EffectRule::Shell { arg: "command" },
            read_only: false,
            aliases: &[("cmd", "command"), ("timeout", "timeout_s"), ("run_in_background", "background")],
        };
        Self { spec, processes }
    }
}

impl Tool for Bash {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn run(&self, grant: Grant, args: Value, context: ToolContext) -> BoxFuture<'static, RawResult> {
        let processes = self.processes.clone();
        Box::pin(async move {
            let args: Args = match serde_json::from_value(args) {
                Ok(args) => args,
                Err(error) => return RawResult::error(error.to_string()),
            };
            if args.background {
                return match processes.start(grant).await {
                    Ok(id) => RawResult::ok(
                        format!(
                            "started in the background as {id}; look with bash_output, end with bash_kill"
                        ),
                        format!("started {id}"),
                    ),
                    Err(error) => RawResult::error(error.to_string()),
                };
            }
            let timeout =
                Duration::from_secs(args.timeout_s.unwrap_or(DEFAULT_TIMEOUT_S).min(LONGEST_TIMEOUT_S));
            let (output, detach) = (context.output, context.detach);
            let ran =
                processes.run_until(grant, timeout, move |piece| output(piece), detach.notified()).await;
            match ran {
                Ok(Ran::Finished(finished)) => result(&finished, &args.command),
                Ok(Ran::Detached { name, output, dropped }) => detached(&name, &output, dropped),
                Err(error) => RawResult::error(error.to_string()),
            }
        })
    }
}

/// The user did not want to wait for it.
fn detached(name: &str, output: &[u8], dropped: usize) -> RawResult {
    let mut text = String::from_utf8_lossy(output).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if dropped > 0 {
        text.push_str(&format!("[{dropped} bytes more were dropped]\n"));
    }
    text.push_str(&format!(
        "[the user sent it to the background as {name}; look with bash_output, end with bash_kill]"
    ));
    RawResult::ok(text, format!("goes on in the background as {name}"))
}

/// Output first, then one line on how it ended.
fn result(finished: &Finished, command: &str) -> RawResult {
    let mut text = String::from_utf8_lossy(&finished.output).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if finished.dropped > 0 {
        text.push_str(&format!("[{} bytes more were dropped]\n", finished.dropped));
    }
    let seconds = finished.millis as f64 / 1000.0;
    let ending = match finished.ended_by() {
        Some(why) => format!("ended after {seconds:.1} s: {why}"),
        None => finished.exit.status.to_string(),
    };
    text.push_str(&format!("[{ending}]"));
    if finished.timed_out {
        text.push_str("\n[give a larger timeout_s, or start it with background: true]");
    }
    if finished.exit.strays > 0 && !finished.timed_out {
        let strays = finished.exit.strays;
        let noun = if strays == 1 { "process" } else { "processes" };
        text.push_str(&format!(
            "\n[{strays} {noun} left behind were ended with it; for a server use background: true]"
        ));
    }
    if let Some(note) = protection_note(&finished.exit) {
        text.push('\n');
        text.push_str(&note);
    }
    let success = finished.exit.success() && !finished.timed_out;
    for note in &finished.network {
        text.push_str(&format!("\n[network: {note}]"));
    }
    if let Some(tree) = &finished.walls.partly {
        let tree = tree.display();
        text.push_str(&format!(
            "\n[{tree} holds more than is looked through for files of secrets: those deep in it are not closed to lines like this one]"
        ));
    }
    let met = if success { None } else { met(&text, &finished.walls) };
    if let Some(met) = &met {
        text.push('\n');
        text.push_str(&met.hint());
    } else if !success
        && finished.network.is_empty()
        && let Some(hint) = sandbox_hint(&text, finished.proxied)
    {
        text.push('\n');
        text.push_str(hint);
    }
    let mut disturbed = super::disturbed(&finished.exit);
    if let Some(Met::Still(path)) = met {
        disturbed.unsaid.push(path);
    }
    // A command that says no (a failing test, a grep without a match) has done its work: its exit
    // code is the answer. Only one that was stopped counts as failed.
    let ran = matches!(finished.exit.status, Status::Code(_)) && finished.ended_by().is_none();
    let shown: String = command.lines().next().unwrap_or_default().chars().take(60).collect();
    RawResult {
        status: if ran { ToolStatus::Ok } else { ToolStatus::Error },
        parts: vec![Part::text(text)],
        summary: format!("{shown} · {ending} · {seconds:.1} s"),
        disturbed,
        failed: !success,
    }
}
