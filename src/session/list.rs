//! The sessions of a project, newest first.

use super::entry::{Holds, Payload};
use super::index::Totals;
use super::kept::{self, index_name};
use super::log::{SessionError, entries, file_name, open_alone};
use crate::base::{StateDir, matches_prefix};
use crate::protocol::{Block, Item, Part};

/// A session in one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub id: String,
    /// RFC 3339 of its first and last entry.
    pub started: String,
    pub last: String,
    /// The one that answered last.
    pub model: String,
    /// Requests to the model.
    pub turns: usize,
    /// Its name, else the first words the user said.
    pub title: String,
    /// Whether somebody gave it that name.
    pub is_named: bool,
    /// Ends of its tree: 1 where nothing was rewound, 0 where nothing was said.
    pub branches: usize,
    /// Of its log.
    pub bytes: u64,
    /// Real path of the workspace it was begun in.
    pub workspace: String,
    /// The session that it is a fork of.
    pub parent: Option<String>,
    /// Sources of untrusted text that nobody has cleared, such as `web:example.com`.
    pub taint: Vec<String>,
    /// Set when the file cannot be read in full.
    pub damage: Option<String>,
}

/// Every session, newest first. A damaged one is listed with its damage.
pub fn list(dir: &StateDir) -> Result<Vec<Summary>, SessionError> {
    let ids = ids(dir)?;
    Ok(ids.iter().rev().map(|id| summary(dir, id)).collect())
}

/// The one session that `given` names: an id, a unique prefix of four or more characters, or words
/// that occur in exactly one title.
pub fn find(dir: &StateDir, given: &str) -> Result<String, SessionError> {
    let ids = ids(dir)?;
    let mut matches: Vec<String> = ids.iter().filter(|id| matches_prefix(id, given)).cloned().collect();
    if matches.is_empty() && !given.is_empty() {
        let words = given.to_lowercase();
        let titled = list(dir)?.into_iter().filter(|s| s.title.to_lowercase().contains(&words));
        matches = titled.map(|summary| summary.id).collect();
    }
    match matches.len() {
        1 => Ok(matches.remove(0)),
        0 => {
            let known = ids.into_iter().rev().take(5).collect();
            Err(SessionError::Unknown { given: given.to_owned(), known })
        }
        _ => Err(SessionError::Ambiguous { given: given.to_owned(), matches }),
    }
}

/// Ids in order of time: the names sort by it.
fn ids(dir: &StateDir) -> Result<Vec<String>, SessionError> {
    let names = dir.names()?;
    Ok(names.iter().filter_map(|name| name.strip_suffix(".jsonl")).map(str::to_owned).collect())
}

/// One session in a line; one that cannot be read, with its damage.
pub fn summary(dir: &StateDir, id: &str) -> Summary {
    match kept::totals(dir, id) {
        Ok((totals, bytes)) => summarise(id, totals, bytes),
        Err(error) => Summary { id: id.to_owned(), damage: Some(error.to_string()), ..Summary::default() },
    }
}

fn summarise(id: &str, totals: Totals, bytes: u64) -> Summary {
    let title = totals.title();
    let mut taint: Vec<String> = Vec::new();
    for (_, mark) in &totals.taint {
        let name = mark.to_string();
        taint.retain(|known| *known != name);
        if mark.cleared.is_none() {
            taint.push(name);
        }
    }
    let damage = totals.start.is_none().then(|| "its first line does not open a session".to_owned());
    let start = totals.start;
    let begun_with = start.as_ref().map(|start| start.model.clone());
    Summary {
        id: id.to_owned(),
        started: totals.first_at,
        last: totals.last_at,
        model: totals.model.or(begun_with).unwrap_or_default(),
        turns: totals.turns as usize,
        title,
        is_named: totals.name.is_some(),
        branches: totals.branches as usize,
        bytes,
        workspace: start.as_ref().map(|start| start.workspace.clone()).unwrap_or_default(),
        parent: start.and_then(|start| start.origin).map(|origin| origin.session),
        taint,
        damage,
    }
}

/// What held in a session when it was last open, as far as its log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    pub model: Option<String>,
    pub profile: Option<String>,
    pub thinking: Option<String>,
    pub name: Option<String>,
}

/// What held in the session `id`, in use or not.
pub fn held(dir: &StateDir, id: &str) -> Result<Held, SessionError> {
    Ok(Held::of(kept::totals(dir, id)?.0))
}

impl Held {
    pub(super) fn of(totals: Totals) -> Self {
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let (begun, name) = (totals.start, totals.name);
        match totals.holds {
            Some(Holds { model, profile, thinking }) => {
                Self { model: said(model), profile: said(profile), thinking: said(thinking), name }
            }
            // Older logs say of a change of model only who answered.
            None => Self {
                model: totals.model.or(begun.as_ref().map(|start| start.model.clone())).and_then(said),
                profile: begun.as_ref().and_then(|start| said(start.profile.clone())),
                thinking: begun.and_then(|start| start.thinking),
                name,
            },
        }
    }
}

/// Whether all `words` occur in its title, or in what the user and the model said on any branch; whether
/// letters are large or small does not count.
pub fn says(dir: &StateDir, summary: &Summary, words: &[String]) -> bool {
    let mut missing: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let title = summary.title.to_lowercase();
    missing.retain(|word| !title.contains(word));
    if missing.is_empty() {
        return true;
    }
    for entry in entries(dir, &summary.id).unwrap_or_default() {
        let texts: Vec<String> = match entry.payload {
            Payload::Item { item: Item::User { parts } } => parts.into_iter().filter_map(text_of).collect(),
            Payload::Item { item: Item::Assistant { blocks, .. } } => {
                blocks.into_iter().filter_map(words_of).collect()
            }
            _ => continue,
        };
        for text in texts {
            let text = text.to_lowercase();
            missing.retain(|word| !text.contains(word));
        }
        if missing.is_empty() {
            return true;
        }
    }
    false
}

fn text_of(part: Part) -> Option<String> {
    match part {
        Part::Text { text } => Some(text),
        Part::Image { .. } => None,
    }
}

fn words_of(block: Block) -> Option<String> {
    match block {
        Block::Text { text } => Some(text),
        Block::Thinking { .. } | Block::ToolCall(_) => None,
    }
}

/// Removes a session and its index for good; refuses while a process has it open.
pub fn remove(dir: &StateDir, id: &str) -> Result<(), SessionError> {
    let held = open_alone(dir, id)?;
    dir.remove(&file_name(id))?;
    if dir.exists(&index_name(id)) {
        dir.remove(&index_name(id))?;
    }
    drop(held);
    Ok(())
}
