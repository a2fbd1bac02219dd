//! `edit`: exact replacements, all or none, on the bytes that are on disk now.

mod diff;
mod nearest;
mod places;
mod plan;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::Leaf;
use super::ledger::Known;
use super::parse_check::ParseCheck;
use super::schema::schema_of;
use super::{Tool, ToolContext};
use crate::base::{grouped, plural};
use crate::host::file::{self, Content, How, RewriteError};
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, ToolSpec};
use diff::Lines;
pub(super) use diff::line_diff;
use plan::{Fault, Plan};

/// Lines named when `old` occurs too often.
const NAMED: usize = 10;
/// Misses described with their nearest places.
const DESCRIBED: usize = 3;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    path: String,
    edits: Vec<Edit>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// Exact text, unique in the file
    old: String,
    new: String,
    /// Occurrences to replace, if not 1
    count: Option<usize>,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "edit",
        description: "Replace exact text in a file. Every old is looked up in the original; all edits apply or none.",
        schema: schema_of::<Args>(),
        effects: EffectRule::WritePath { arg: "path" },
        read_only: false,
        aliases: &[("file_path", "path"), ("filename", "path"), ("file", "path"), ("changes", "edits")],
    };
    Leaf { spec, act }
}

/// What was found out while the file was held.
struct Done {
    known: Known,
    replaced: usize,
    crlf: bool,
    diff: String,
}

fn act(grant: Grant, args: Args, context: &ToolContext, stop: &AtomicBool) -> RawResult {
    if args.edits.is_empty() {
        return RawResult::error("edits is empty: give at least one {old, new}");
    }
    let mut done = None;
    let check = ParseCheck::default();
    let result = file::rewrite(grant, |old| {
        let Some(old) = old else {
            return Err(format!("{} does not exist; create it with write", args.path));
        };
        let known = context.ledger.knows(&old.real, &old.bytes);
        let plan = plan::plan(&old.bytes, &args.edits);
        let plan = plan.map_err(|faults| refusal(&args, old, known, &faults))?;
        if stop.load(Ordering::Relaxed) {
            return Err("stopped before anything was written".to_owned());
        }
        check.before(old);
        let (bytes, diff) = (plan.apply(&old.bytes), diff::unified(&old.bytes, &plan));
        let Plan { replacements, crlf } = plan;
        done = Some(Done { known, replaced: replacements.len(), crlf, diff });
        Ok(bytes)
    });
    match (result, done) {
        (Ok(written), Some(done)) => {
            // An agent that had not seen the rest of the file has not seen it now either.
            if done.known == Known::Same {
                context.ledger.saw(&written.real, &written.bytes);
            }
            let parse = check.after(&written.real, &written.bytes);
            success(&args.path, &done, written.how, &parse)
        }
        (Err(RewriteError::Refused(why)), _) => RawResult::error(why),
        (Err(RewriteError::Host(error)), _) => RawResult::error(error.to_string()),
        (Ok(_), None) => RawResult::error(format!("{} was left as it was", args.path)),
    }
}

fn success(path: &str, done: &Done, how: How, parse: &str) -> RawResult {
    let replaced = plural(done.replaced, "replacement");
    let mut text = format!("edited {path}: {replaced}");
    if done.known == Known::Changed {
        text.push_str("; it had changed on disk since you read it, but every old still matched as counted");
    }
    if done.crlf {
        text.push_str("; LF in old and new was taken for the file's CRLF");
    }
    if how == How::InPlace {
        text.push_str("; written in place (it has other hard links, or another owner)");
    }
    let diff = if parse.is_empty() { &done.diff } else { done.diff.trim_end_matches('\n') };
    RawResult::ok(format!("{text}\n{diff}{parse}"), replaced)
}

/// Why nothing was written, with what would help.
fn refusal(args: &Args, old: &Content, known: Known, faults: &[Fault]) -> String {
    let mut text = format!("nothing was written to {}", args.path);
    if known == Known::Changed {
        text.push_str(": it is stale, it changed on disk since you read it; read it again");
    }
    let lines = Lines::of(&old.bytes);
    let mut described = 0;
    for fault in faults {
        text.push('\n');
        text.push_str(&say(args, &lines, fault));
        if let Fault::Missing { edit } = fault
            && described < DESCRIBED
        {
            described += 1;
            let near = nearest::describe(&old.bytes, &args.edits[*edit].old);
            let near = if near.is_empty() { "nothing in the file is much like it".to_owned() } else { near };
            text.push_str(&format!("\n{}", near.trim_end_matches('\n')));
        }
    }
    text
}

fn say(args: &Args, lines: &Lines, fault: &Fault) -> String {
    let name = |edit: &usize| match args.edits.len() {
        1 => "the edit".to_owned(),
        _ => format!("edit {}", edit + 1),
    };
    match fault {
        Fault::Empty { edit } => format!("{}: old is empty; write creates a file", name(edit)),
        Fault::Same { edit } => format!("{}: old and new are the same", name(edit)),
        Fault::Zero { edit } => format!("{}: count is 0", name(edit)),
        Fault::Missing { edit } => format!("{}: old does not occur in the file", name(edit)),
        Fault::Count { edit, due, found } => {
            let named: Vec<_> = found.iter().take(NAMED).map(|at| (lines.at(*at) + 1).to_string()).collect();
            let more = if found.len() > NAMED { ", …" } else { "" };
            format!(
                "{}: old occurs {} (line {}{more}), not {}; add surrounding lines to make it unique, or say count={}",
                name(edit),
                times(found.len()),
                named.join(", "),
                times(*due),
                found.len()
            )
        }
        Fault::Tangled { edit, at } => {
            let line = lines.at(*at) + 1;
            format!(
                "{}: occurrences of old overlap one another at line {line}; take more around it",
                name(edit)
            )
        }
        Fault::Overlap { first, second, at } => {
            let line = lines.at(*at) + 1;
            format!("{} and {} overlap at line {line}; make them one", name(first), name(second))
        }
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count)) }
}
