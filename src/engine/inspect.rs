//! Looking without touching: sessions, places, models, journals, verdicts.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::ground::{Ground, state};
use super::model::catalog;
use super::options::Options;
use super::policy::InForce;
use super::wiring::judge_only;
use crate::base::{StateDir, folder_size, nearest};
use crate::kernel::Explanation;
use crate::model::Catalog;
use crate::protocol::{Block, Item, Part, Report, ReportKind, ToolCall, ToolStatus};
use crate::session::{self, Payload, Summary};

/// One place on disk that is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub what: &'static str,
    pub path: PathBuf,
    pub exists: bool,
    /// Bytes of all files below.
    pub bytes: u64,
}

/// Every place used, this project's own ones first.
pub fn paths(ground: &Ground) -> Vec<Place> {
    let dirs = &ground.dirs;
    let project = dirs.state.join("projects").join(&ground.project);
    let places = [
        ("sessions of this project", project.join("sessions")),
        ("journals of this project", project.join("journal")),
        ("stored outputs of this project", project.join("blobs")),
        ("build caches of this project", dirs.cache.join("projects").join(&ground.project)),
        ("configuration", dirs.config.clone()),
        ("state of all projects", dirs.state.clone()),
        ("caches of all projects", dirs.cache.clone()),
        ("data", dirs.data.clone()),
    ];
    let measured = places.into_iter().map(|(what, path)| {
        let (exists, bytes) = (path.is_dir(), folder_size(&path));
        Place { what, path, exists, bytes }
    });
    measured.collect()
}

/// Sessions of this project, newest first.
pub fn sessions(ground: &Ground) -> Result<Vec<Summary>, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    session::list(&dir).map_err(state)
}

/// One conversation as Markdown.
pub fn transcript(ground: &Ground, given: &str) -> Result<String, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let usage = |error: session::SessionError| Report::from_error(ReportKind::Usage, &error);
    let id = session::find(&dir, given).map_err(usage)?;
    let entries = session::entries(&dir, &id).map_err(usage)?;
    let mut out = format!("# Session {id}\n");
    for entry in &entries {
        match &entry.payload {
            Payload::Start(start) => {
                out.push_str(&format!("\n{} · {} · {}\n", entry.ts, start.model, start.workspace));
            }
            Payload::Item { item } => out.push_str(&item_text(item)),
            Payload::Call(call) if !call.verdict.user_line.is_empty() => {
                out.push_str(&format!("\n> {}: {}\n", call.tool, call.verdict.user_line));
            }
            _ => {}
        }
    }
    Ok(out)
}

fn item_text(item: &Item) -> String {
    match item {
        Item::User { parts } => format!("\n## User\n\n{}\n", parts_text(parts)),
        Item::Assistant { blocks, .. } => {
            let texts = blocks.iter().map(|block| match block {
                Block::Text { text } => format!("\n{text}\n"),
                Block::Thinking { text, .. } if text.is_empty() => String::new(),
                Block::Thinking { text, .. } => format!("\n*{text}*\n"),
                Block::ToolCall(call) => format!("\n`{}` {}\n", call.tool, call.args),
            });
            format!("\n## Assistant\n{}", texts.collect::<String>())
        }
        Item::ToolResult(result) => {
            let mark = match result.status {
                ToolStatus::Ok => "",
                ToolStatus::Error => " (failed)",
                ToolStatus::Denied => " (refused)",
                ToolStatus::Cancelled => " (cancelled)",
            };
            format!("\n```text {}{mark}\n{}\n```\n", result.tool, parts_text(&result.parts))
        }
    }
}

fn parts_text(parts: &[Part]) -> String {
    let texts = parts.iter().map(|part| match part {
        Part::Text { text } => text.clone(),
        Part::Image { media_type, .. } => format!("[image: {media_type}]"),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The catalogue, with the user's own entries.
pub fn models(ground: &Ground) -> Result<Catalog, Report> {
    catalog(ground)
}

/// The journals of this project: one session's, or all.
pub(super) fn journals_of(ground: &Ground, given: Option<&str>) -> Result<Vec<(StateDir, String)>, Report> {
    let dir = ground.state()?.sub("journal").map_err(state)?;
    let mut names = dir.names().map_err(state)?;
    names.retain(|name| {
        let id = name.strip_suffix(".jsonl").filter(|id| *id != "index");
        id.is_some_and(|id| given.is_none_or(|given| crate::base::matches_prefix(id, given)))
    });
    if let (Some(given), true) = (given, names.is_empty()) {
        return Err(Report::new(ReportKind::Usage, format!("no journal {given} in this project"))
            .hint("an id from `iosm sessions`, or none for all sessions"));
    }
    Ok(names.into_iter().map(|name| (dir.clone(), name)).collect())
}

/// What every rung says of a call that nobody makes, and the policy it is judged by.
pub fn explain(
    ground: &Ground,
    options: Options,
    tool: &str,
    args: &str,
) -> Result<(Explanation, InForce), Report> {
    let args: Value = serde_json::from_str(args).map_err(|error| {
        Report::new(ReportKind::Usage, format!("--args is no JSON: {error}"))
            .hint(r#"such as --args '{"path":"src/main.rs"}'"#)
    })?;
    let (kernel, layers, _temp) = judge_only(ground, options, None)?;
    let names = kernel.tool_names();
    if !names.contains(&tool) && nearest(tool, names.iter().copied()).is_none() {
        return Err(Report::new(ReportKind::Usage, format!("there is no tool `{tool}`"))
            .hint(format!("tools: {}", names.join(", "))));
    }
    let explanation =
        kernel.explain(&ToolCall { id: "t0".into(), tool: tool.into(), args }).map_err(state)?;
    Ok((explanation, InForce::new(&kernel.policy(), layers.read())))
}
