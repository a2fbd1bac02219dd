//! `report`: structured findings, kept beside the conversation.

use std::path::{Component, Path};
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::Leaf;
use super::schema::schema_of;
use super::todo::own_notes;
use super::{Tool, ToolContext};
use crate::base::plural;
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, Finding, ToolSpec};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    findings: Vec<Finding>,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "report",
        description: "Report findings; an empty list says nothing was found.",
        schema: schema_of::<Args>(),
        effects: EffectRule::Note("report"),
        read_only: false,
        aliases: &[("issues", "findings"), ("items", "findings")],
    };
    Leaf { spec, act }
}

fn act(grant: Grant, args: Args, context: &ToolContext, _: &AtomicBool) -> RawResult {
    if let Err(error) = own_notes(grant) {
        return RawResult::error(error.to_string());
    }
    let faults: Vec<String> = args.findings.iter().enumerate().filter_map(fault).collect();
    if !faults.is_empty() {
        return RawResult::error(format!("{}; nothing was reported", faults.join("; ")));
    }
    let count = args.findings.len();
    let mut notes = context.notes.lock().unwrap_or_else(PoisonError::into_inner);
    notes.findings.extend(args.findings);
    notes.reported = true;
    let summary = if count == 0 { "nothing found".to_owned() } else { plural(count, "finding") };
    RawResult::ok(format!("reported: {summary} ({} in all)", notes.findings.len()), summary)
}

fn fault((index, finding): (usize, &Finding)) -> Option<String> {
    let number = index + 1;
    let path = Path::new(&finding.path);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if finding.path.trim().is_empty() {
        return Some(format!("finding {number} has no path"));
    }
    if !inside {
        let path = &finding.path;
        return Some(format!(
            "finding {number}: {path} is not a path relative to the workspace and inside it"
        ));
    }
    if finding.line == Some(0) {
        return Some(format!("finding {number}: lines are counted from 1"));
    }
    finding.title.trim().is_empty().then(|| format!("finding {number} has no title"))
}
