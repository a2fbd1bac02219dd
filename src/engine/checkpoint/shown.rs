//! Checkpoints as people and scripts see them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::{plural, rfc3339};
use crate::host::git::snapshot::{Change, Checkpoint, Failure, How, Reason, Restored, TextDiff, spell};

/// Paths listed before a diff.
const MOST_LISTED: usize = 100;

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Listed {
    pub id: String,
    pub name: Option<String>,
    pub reason: Reason,
    pub session: Option<String>,
    pub turn: u32,
    /// RFC 3339, UTC.
    pub at: String,
    pub files: u64,
    pub bytes: u64,
    /// Paths that it does not hold although they are not ignored.
    pub left_out: Vec<String>,
}

impl From<&Checkpoint> for Listed {
    fn from(one: &Checkpoint) -> Self {
        Self {
            id: one.id.clone(),
            name: one.name.clone(),
            reason: one.reason,
            session: one.session.clone(),
            turn: one.turn,
            at: rfc3339(one.at_ms),
            files: one.files,
            bytes: one.bytes,
            left_out: one.left_out.iter().map(|left| left.path.clone()).collect(),
        }
    }
}

impl Listed {
    /// What it was taken for, in a few words.
    pub fn label(&self) -> String {
        match (&self.name, self.reason) {
            (Some(name), _) => name.clone(),
            (None, Reason::Turn) => format!("before turn {}", self.turn),
            (None, Reason::Asked) => "asked for".to_owned(),
            (None, Reason::Restore) => "before a rollback".to_owned(),
        }
    }
}

/// One path that restoring would touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PathChange {
    /// `%XX` stands for bytes that cannot be shown.
    pub path: String,
    /// What restoring does to it: `brings_back`, `removes`, `changes`, `mode`, `kind`.
    pub how: &'static str,
    pub folder: bool,
}

impl From<&Change> for PathChange {
    fn from(change: &Change) -> Self {
        use std::os::unix::ffi::OsStrExt;
        let how = match change.how {
            How::Added => "brings_back",
            How::Removed => "removes",
            How::Content => "changes",
            How::Mode => "mode",
            How::Kind => "kind",
        };
        let path = spell(std::ffi::OsStr::from_bytes(&change.path));
        Self { path, how, folder: change.is_folder() }
    }
}

/// What restoring a checkpoint would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comparison {
    pub checkpoint: Listed,
    pub changes: Vec<PathChange>,
    /// From what stands there now to what the checkpoint holds; bounded.
    pub diff: String,
    /// Files whose diff was left out for its length.
    pub more: usize,
}

impl Comparison {
    pub(super) fn of(about: Checkpoint, plan: &[Change], diff: TextDiff) -> Self {
        let changes = plan.iter().map(PathChange::from).collect();
        Self { checkpoint: Listed::from(&about), changes, diff: diff.text, more: diff.more }
    }

    /// The paths, one a line.
    pub fn paths_text(&self) -> String {
        let line = |change: &PathChange| {
            let mark = match change.how {
                "brings_back" => '+',
                "removes" => '-',
                _ => '~',
            };
            let slash = if change.folder { "/" } else { "" };
            format!("{mark} {}{slash}\n", change.path)
        };
        let mut text: String = self.changes.iter().take(MOST_LISTED).map(line).collect();
        if self.changes.len() > MOST_LISTED {
            text.push_str(&format!("… {} more\n", self.changes.len() - MOST_LISTED));
        }
        text
    }
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rolled {
    pub checkpoint: Listed,
    /// The state before, to go back to; `None` where nothing had to be done.
    pub redo: Option<String>,
    pub written: Vec<String>,
    pub removed: Vec<String>,
    pub failed: Vec<Failure>,
    /// What the checkpoint does not hold, and which was not touched.
    pub left_out: Vec<String>,
}

impl Rolled {
    pub(super) fn nothing(about: Checkpoint) -> Self {
        Self {
            checkpoint: Listed::from(&about),
            redo: None,
            written: Vec::new(),
            removed: Vec::new(),
            failed: Vec::new(),
            left_out: about.left_out.into_iter().map(|left| left.path).collect(),
        }
    }

    pub(super) fn of(about: Checkpoint, redo: Checkpoint, done: Restored) -> Self {
        Self {
            redo: Some(redo.id),
            written: done.written,
            removed: done.removed,
            failed: done.failed,
            ..Self::nothing(about)
        }
    }

    /// In words, for people.
    pub fn text(&self) -> String {
        let one = &self.checkpoint;
        let Some(redo) = &self.redo else {
            return match self.failed.as_slice() {
                [] => {
                    format!("Everything is as {} ({}) holds it; nothing was touched.\n", one.id, one.label())
                }
                failed => failed.iter().map(Failure::line).collect(),
            };
        };
        let mut text = format!(
            "Restored {} ({}): {} written, {} removed. The state before is {redo}.\n",
            one.id,
            one.label(),
            plural(self.written.len(), "path"),
            self.removed.len(),
        );
        for failure in &self.failed {
            text.push_str(&failure.line());
        }
        for path in &self.left_out {
            text.push_str(&format!("- never held, and not touched: {path}\n"));
        }
        text
    }
}
