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
use crate::protocol::{Report, ReportKind, ToolCall};
use crate::session::{self, Summary};

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
        ("checkpoints of this project", project.join("checkpoints")),
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

/// Those of them that say all these words, in the title or in the conversation.
pub fn search_sessions(ground: &Ground, words: &str) -> Result<Vec<Summary>, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let mut found = session::list(&dir).map_err(state)?;
    found.retain(|summary| session::says(&dir, summary, &words));
    Ok(found)
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
