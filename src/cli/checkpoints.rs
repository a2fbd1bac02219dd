//! `iosm checkpoints list|show|restore|prune`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::args::Place;
use super::look::looking;
use super::say::{say, say_json, tell};
use super::stand::bare_ground;
use super::style::{bytes, table};
use crate::base::{local_minute, plural};
use crate::engine::{self, Ground};
use crate::protocol::Report;

#[derive(Debug, Subcommand)]
pub enum CheckpointsVerb {
    /// Newest first (the default)
    List,
    /// What bringing it back would change
    Show {
        /// A name, the number of a turn, four characters of an id, or `redo`
        id: String,
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Bring files back as they were; the present state is kept first, and `restore redo` undoes it
    Restore {
        /// A name, the number of a turn, four characters of an id, or `redo`
        id: String,
        /// Only these files and folders
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove old ones, of every work tree of this project, and free their room
    Prune {
        /// Keep those younger than this
        #[arg(long, value_name = "N", default_value_t = 30)]
        days: u64,
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn checkpoints(verb: Option<CheckpointsVerb>, json: bool, place: &Place) -> Result<u8, Report> {
    let ground = bare_ground(place)?;
    match verb.unwrap_or(CheckpointsVerb::List) {
        CheckpointsVerb::List => list(&ground, json).map(|()| 0),
        CheckpointsVerb::Show { id, paths } => show(&ground, &id, &paths, true, json).map(|()| 0),
        CheckpointsVerb::Restore { id, paths, dry_run: true } => {
            show(&ground, &id, &paths, false, json).map(|()| 0)
        }
        CheckpointsVerb::Restore { id, paths, dry_run: false } => {
            let rolled = engine::checkpoint_restore(&ground, &looking(), &id, &paths)?;
            if json {
                say_json(&rolled)?
            } else {
                say(&rolled.text())?
            }
            Ok(if rolled.failed.is_empty() { 0 } else { 1 })
        }
        CheckpointsVerb::Prune { days, dry_run } => prune(&ground, days, dry_run, json).map(|()| 0),
    }
}

fn list(ground: &Ground, as_json: bool) -> Result<(), Report> {
    let (all, damaged) = engine::checkpoint_list(ground)?;
    if damaged > 0 {
        tell(
            &Report::note(format!("{} of this project cannot be read", plural(damaged, "checkpoint")))
                .hint("`iosm checkpoints prune` removes them"),
        );
    }
    if as_json {
        return say_json(&all);
    }
    if all.is_empty() {
        tell(
            &Report::note("no checkpoints of this work tree yet")
                .hint("one is taken before a turn first writes"),
        );
        return Ok(());
    }
    let rows = all.iter().map(|one| {
        let left = if one.left_out.is_empty() {
            String::new()
        } else {
            format!("without {}", plural(one.left_out.len(), "path"))
        };
        vec![
            one.id.clone(),
            local_minute(&one.at),
            one.label(),
            plural(one.files as usize, "file"),
            bytes(one.bytes),
            one.session.clone().unwrap_or_default(),
            left,
        ]
    });
    say(&table(&rows.collect::<Vec<_>>()))
}

fn show(ground: &Ground, id: &str, paths: &[PathBuf], diff: bool, as_json: bool) -> Result<(), Report> {
    let compared = engine::checkpoint_compare(ground, &looking(), id, paths)?;
    if as_json {
        return say_json(&compared);
    }
    let one = &compared.checkpoint;
    let mut text = format!("{} {} ({})\n", one.id, local_minute(&one.at), one.label());
    text.push_str(&compared.paths_text());
    if compared.changes.is_empty() {
        text.push_str("nothing differs from what stands there now\n");
    } else if diff {
        text.push_str(&format!("\n{}", compared.diff));
        if compared.more > 0 {
            text.push_str(&format!("… {} more\n", plural(compared.more, "file")));
        }
    }
    if !one.left_out.is_empty() {
        text.push_str(&format!("never held, and never touched: {}\n", one.left_out.join(", ")));
    }
    say(&text)
}

fn prune(ground: &Ground, days: u64, dry_run: bool, as_json: bool) -> Result<(), Report> {
    let pruned = engine::checkpoint_prune(ground, &looking(), days, dry_run)?;
    if as_json {
        return say_json(&json!({"dry_run": dry_run, "removed": pruned.removed, "objects": pruned.objects,
                                "bytes": pruned.bytes}));
    }
    let would = if dry_run { "would be " } else { "" };
    say(&format!(
        "{} {would}removed, {} {would}freed\n",
        plural(pruned.removed.len(), "checkpoint"),
        bytes(pruned.bytes)
    ))
}
