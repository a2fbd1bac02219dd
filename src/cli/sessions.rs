//! `iosm sessions`: list, show, export, name, remove.

use serde_json::{Value, json};

use super::args::Place;
use super::look::looking;
use super::say::{say, say_json, tell};
use super::stand::{bare_ground, directory};
use super::style::{bytes, table};
use super::verbs::{ExportAs, SessionsVerb};
use crate::base::{local_minute, plural};
use crate::engine::{self, ExportFormat, Ground, Pruned};
use crate::protocol::{Report, ReportKind};
use crate::session::Summary;

pub(super) fn sessions(
    verb: Option<SessionsVerb>,
    as_json: bool,
    search: Option<&str>,
    place: &Place,
) -> Result<u8, Report> {
    let ground = bare_ground(place)?;
    match verb {
        None | Some(SessionsVerb::List) => list(&ground, as_json, search)?,
        Some(_) if search.is_some() => {
            return Err(Report::new(ReportKind::Usage, "--search belongs to the list")
                .hint("iosm sessions --search WORDS"));
        }
        Some(SessionsVerb::Show { id }) => {
            say(&engine::transcript(&ground, &id)?.render(ExportFormat::Markdown))?;
        }
        Some(SessionsVerb::Export { id, format, output, force }) => {
            let format = match format {
                ExportAs::Md => ExportFormat::Markdown,
                ExportAs::Html => ExportFormat::Html,
                ExportAs::Json => ExportFormat::Json,
            };
            let Some(output) = output else {
                say(&engine::transcript(&ground, &id)?.render(format))?;
                return Ok(0);
            };
            let to = directory(place)?.join(output);
            let written = engine::export_session(&ground, looking(), &id, format, &to, force)?;
            say(&format!("written to {}\n", written.display()))?;
        }
        Some(SessionsVerb::Name { id, text }) => {
            let id = engine::name_session(&ground, &id, &text)?;
            say(&format!("{id} is called `{}` now\n", text.trim()))?;
        }
        Some(SessionsVerb::Rm { ids, yes }) => remove(&ground, &ids, yes)?,
        Some(SessionsVerb::Prune { dry_run, json }) => prune(&ground, dry_run, as_json || json)?,
    }
    Ok(0)
}

fn list(ground: &Ground, as_json: bool, search: Option<&str>) -> Result<(), Report> {
    let found = match search {
        Some(words) => engine::search_sessions(ground, words)?,
        None => engine::sessions(ground)?,
    };
    if as_json {
        return say_json(&found.iter().map(shape).collect::<Vec<_>>());
    }
    match (found.is_empty(), search) {
        (false, _) => say(&table(&found.iter().map(row).collect::<Vec<_>>())),
        (true, Some(words)) => {
            tell(&Report::note(format!("no session of this project says `{words}`")));
            Ok(())
        }
        (true, None) => {
            tell(&Report::note("no sessions in this project yet").hint("start one: iosm -p \"…\""));
            Ok(())
        }
    }
}

fn shape(s: &Summary) -> Value {
    json!({"id": s.id, "started": s.started, "last": s.last, "model": s.model, "turns": s.turns,
           "title": s.title, "named": s.is_named, "branches": s.branches, "bytes": s.bytes,
           "workspace": s.workspace, "parent": s.parent, "taint": s.taint, "damage": s.damage})
}

fn row(s: &Summary) -> Vec<String> {
    let mut title = s.damage.as_ref().map_or_else(|| s.title.clone(), |damage| format!("damaged: {damage}"));
    if s.branches > 1 {
        title.push_str(&format!(" · {} branches", s.branches));
    }
    if let Some(parent) = &s.parent {
        title.push_str(&format!(" · fork of {parent}"));
    }
    if !s.taint.is_empty() {
        title.push_str(&format!(" · tainted by {}", s.taint.join(", ")));
    }
    vec![
        s.id.clone(),
        local_minute(&s.last),
        format!("{} turns", s.turns),
        bytes(s.bytes),
        s.model.clone(),
        title,
    ]
}

/// All that were named are found before the first goes.
fn remove(ground: &Ground, given: &[String], yes: bool) -> Result<(), Report> {
    let found = engine::named_sessions(ground, given)?;
    if !yes {
        say(&table(&found.iter().map(row).collect::<Vec<_>>()))?;
        let all = plural(found.len(), "session");
        return Err(Report::new(
            ReportKind::Usage,
            format!("{all} would be removed for good; nothing was done"),
        )
        .hint("say it again with --yes"));
    }
    for summary in &found {
        engine::remove_session(ground, &summary.id)?;
        say(&format!("removed {}\n", summary.id))?;
    }
    Ok(())
}

fn prune(ground: &Ground, dry_run: bool, as_json: bool) -> Result<(), Report> {
    let Pruned { removed, in_use, bytes: freed } = engine::prune_sessions(ground, dry_run)?;
    if as_json {
        let shapes = |all: &[Summary]| all.iter().map(shape).collect::<Vec<_>>();
        return say_json(&json!({"dry_run": dry_run, "removed": shapes(&removed), "in_use": shapes(&in_use),
                                "bytes": freed}));
    }
    let word = if dry_run { "would be removed" } else { "removed" };
    let mut out = table(&removed.iter().map(row).collect::<Vec<_>>());
    out.push_str(&format!("{} {word}, {}\n", plural(removed.len(), "session"), bytes(freed)));
    out.extend(in_use.iter().map(|summary| format!("{} is in use and stays\n", summary.id)));
    say(&out)
}
