//! `write`: a whole file, only over what this agent has seen.

use std::sync::atomic::{AtomicBool, Ordering};

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{Leaf, LineEnds, count_lines, to_crlf};
use super::ledger::Known;
use super::parse_check::ParseCheck;
use super::schema::schema_of;
use super::{Tool, ToolContext};
use crate::base::{grouped, plural};
use crate::host::file::{self, Content, How, RewriteError};
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, ToolSpec};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    path: String,
    content: String,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "write",
        description: "Create a file, or replace a whole one that you have read.",
        schema: schema_of::<Args>(),
        effects: EffectRule::WritePath { arg: "path" },
        read_only: false,
        aliases: &[
            ("file_path", "path"),
            ("filename", "path"),
            ("file", "path"),
            ("text", "content"),
            ("contents", "content"),
        ],
    };
    Leaf { spec, act }
}

fn act(grant: Grant, args: Args, context: &ToolContext, stop: &AtomicBool) -> RawResult {
    let mut crlf = false;
    let check = ParseCheck::default();
    let done = file::rewrite(grant, |old| {
        if stop.load(Ordering::Relaxed) {
            return Err("stopped before anything was written".to_owned());
        }
        let Some(old) = old else { return Ok(args.content.clone().into_bytes()) };
        may_replace(&args.path, old, context)?;
        check.before(old);
        crlf = LineEnds::of(&old.bytes) == LineEnds::Crlf
            && LineEnds::of(args.content.as_bytes()) == LineEnds::Lf;
        let content = if crlf { to_crlf(&args.content) } else { args.content.clone() };
        Ok(content.into_bytes())
    });
    let done = match done {
        Ok(done) => done,
        Err(RewriteError::Host(error)) => return RawResult::error(error.to_string()),
        Err(RewriteError::Refused(why)) => return RawResult::error(why),
    };
    context.ledger.saw(&done.real, &done.bytes);
    let lines = count_lines(&done.bytes);
    let lines = if lines == 1 { plural(1, "line") } else { format!("{} lines", grouped(lines)) };
    let size = format!("{lines}, {} bytes", grouped(done.bytes.len()));
    let verb = match done.how {
        How::Created => "created",
        How::Replaced => "replaced",
        How::InPlace => "replaced (in place: it has other hard links, or another owner)",
        How::Unchanged => "unchanged, it held exactly this:",
    };
    let mut text = format!("{verb} {}: {size}", args.path);
    if done.folders > 0 {
        text.push_str(&format!("; made {}", plural(done.folders, "folder")));
    }
    if crlf {
        text.push_str("; its CRLF line ends were kept");
    }
    text.push_str(&check.after(&done.real, &done.bytes));
    RawResult::ok(text, size)
}

/// Nothing is lost when the file is empty or the agent saw these very bytes.
fn may_replace(path: &str, old: &Content, context: &ToolContext) -> Result<(), String> {
    match context.ledger.knows(&old.real, &old.bytes) {
        Known::Same => Ok(()),
        _ if old.bytes.is_empty() => Ok(()),
        Known::Never => Err(format!(
            "{path} exists ({} bytes) and you have not read it; nothing was written: read it first, or edit it",
            grouped(old.bytes.len())
        )),
        Known::Changed => Err(format!(
            "stale: {path} changed on disk since you last read it; nothing was written: read it again"
        )),
    }
}
