//! `search`: lines by regular expression, or files by name.

use std::sync::atomic::AtomicBool;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::Leaf;
use super::schema::schema_of;
use super::{Tool, ToolContext};
use crate::base::{grouped, plural};
use crate::host::tree::{self, FileHits, Hits, NameFilter, Pattern, Query, Skipped};
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, ToolSpec};

const DEFAULT_LIMIT: usize = 100;
const MOST_LIMIT: usize = 2_000;
const MOST_CONTEXT: usize = 20;
/// Bytes of text in a result.
const MOST_BYTES: usize = 20_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Regex, matched per line
    pattern: Option<String>,
    /// Folder or file
    path: Option<String>,
    /// Such as *.rs or src/**/*.ts
    glob: Option<String>,
    /// Lines around a match
    context: Option<usize>,
    /// Default 100
    limit: Option<usize>,
}

pub(super) fn tool() -> impl Tool {
    let spec = ToolSpec {
        name: "search",
        description: "Find lines by regex, or files by glob alone. Skips ignored files.",
        schema: schema_of::<Args>(),
        effects: EffectRule::ReadTree { arg: "path" },
        read_only: true,
        aliases: &[
            ("query", "pattern"),
            ("regex", "pattern"),
            ("include", "glob"),
            ("dir", "path"),
            ("directory", "path"),
            ("folder", "path"),
            ("max_results", "limit"),
        ],
    };
    Leaf { spec, act }
}

fn act(grant: Grant, args: Args, _: &ToolContext, stop: &AtomicBool) -> RawResult {
    find(grant, &args, stop).unwrap_or_else(RawResult::error)
}

fn find(grant: Grant, args: &Args, stop: &AtomicBool) -> Result<RawResult, String> {
    let root = args.path.as_deref().unwrap_or_default();
    let limit = args.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MOST_LIMIT);
    let filter = args.glob.as_deref().filter(|glob| !glob.is_empty());
    let filter = filter.map(|glob| NameFilter::new(glob, root)).transpose().map_err(|e| e.to_string())?;
    match (args.pattern.as_deref().filter(|text| !text.is_empty()), filter) {
        (None, None) => Err("give a pattern (lines), a glob (file names), or both".to_owned()),
        (None, Some(filter)) => {
            let found = tree::names(grant, &filter, limit, stop).map_err(|error| error.to_string())?;
            Ok(show_names(args, root, &found))
        }
        (Some(pattern), names) => {
            let pattern = Pattern::new(pattern).map_err(|error| error.to_string())?;
            let context = args.context.unwrap_or(0).min(MOST_CONTEXT);
            let query = Query { pattern, names, context, limit };
            let hits = tree::search(grant, &query, stop).map_err(|error| error.to_string())?;
            Ok(show_hits(args, root, &hits))
        }
    }
}

fn show_names(args: &Args, root: &str, found: &tree::Names) -> RawResult {
    let looked_at = files(found.looked_at);
    if found.matching == 0 {
        let glob = args.glob.as_deref().unwrap_or_default();
        return RawResult::ok(format!("no file matches {glob} ({looked_at} looked at)"), "no files");
    }
    let mut text = String::new();
    let mut shown = 0;
    for path in &found.paths {
        let line = format!("{}\n", full_name(root, path));
        if text.len() + line.len() > MOST_BYTES {
            break;
        }
        text.push_str(&line);
        shown += 1;
    }
    if shown < found.matching {
        let (shown, all) = (grouped(shown), grouped(found.matching));
        text.push_str(&format!("[{shown} of {all} files listed; narrow the glob or raise limit]\n"));
    }
    text.pop();
    RawResult::ok(text, files(found.matching))
}

fn show_hits(args: &Args, root: &str, hits: &Hits) -> RawResult {
    let (searched, skipped) = (files(hits.searched), passed_over(hits.skipped, "over 10 MB"));
    let skipped = if skipped.is_empty() { skipped } else { format!("; {skipped}") };
    if hits.matches == 0 {
        let named = args.glob.as_deref().map(|glob| format!(" named {glob}")).unwrap_or_default();
        return RawResult::ok(format!("no match in {searched}{named}{skipped}"), "no match");
    }
    let mut text = String::new();
    let (mut shown, mut shown_files) = (0, 0);
    for file in &hits.files {
        let part = show_file(root, file, MOST_BYTES.saturating_sub(text.len()), shown_files > 0);
        let Some((part, lines)) = part else { break };
        text.push_str(&part);
        shown += lines;
        shown_files += 1;
    }
    let all = format!("{} in {}", matches(hits.matches), files(hits.matching_files));
    if shown < hits.matches {
        let (shown, shown_files) = (grouped(shown), grouped(shown_files));
        text.push_str(&format!(
            "[{shown} of {all} shown, from {shown_files} of these files; narrow pattern, path or glob, or raise limit]\n"
        ));
    }
    if !skipped.is_empty() {
        text.push_str(&format!("[{}]\n", skipped.trim_start_matches("; ")));
    }
    text.pop();
    RawResult::ok(text, all)
}

/// One file's lines, as many as fit in `room`, and how many matches are among them. `None` when not
/// even the first fits; `again` says that another file was shown, so this one may wait.
fn show_file(root: &str, file: &FileHits, room: usize, again: bool) -> Option<(String, usize)> {
    let name = full_name(root, &file.path);
    let mut text = String::new();
    let mut shown = 0;
    let mut until = 0;
    for line in &file.lines {
        if line.gap {
            text.push_str("--\n");
        }
        let (number, words) = (line.number, &line.text);
        text.push_str(&match line.matched {
            true => format!("{name}:{number}: {words}\n"),
            false => format!("{name}-{number}- {words}\n"),
        });
        if text.len() > room && (again || shown > 0) {
            break;
        }
        shown += usize::from(line.matched);
        until = text.len();
    }
    text.truncate(until);
    (shown > 0).then_some((text, shown))
}

/// A path as it can be handed to `read`.
pub(super) fn full_name(root: &str, relative: &str) -> String {
    let trimmed = root.trim_start_matches("./").trim_end_matches('/');
    match (trimmed, relative) {
        ("", _) if root.starts_with('/') => format!("/{relative}"),
        ("" | ".", _) => relative.to_owned(),
        (_, "") => trimmed.to_owned(),
        _ => format!("{trimmed}/{relative}"),
    }
}

fn files(count: usize) -> String {
    if count == 1 { plural(1, "file") } else { format!("{} files", grouped(count)) }
}

fn matches(count: usize) -> String {
    if count == 1 { "1 matching line".to_owned() } else { format!("{} matching lines", grouped(count)) }
}

/// What was not looked into, and why; empty when nothing was passed over.
pub(super) fn passed_over(skipped: Skipped, large: &str) -> String {
    let counts = [
        (skipped.binary, "binary"),
        (skipped.large, large),
        (skipped.unreadable, "unreadable"),
        (skipped.guarded, "that may hold secrets"),
    ];
    let said: Vec<_> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", files(*n))).collect();
    if said.is_empty() { String::new() } else { format!("{} passed over", said.join(", ")) }
}
