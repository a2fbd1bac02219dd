//! The sessions of a project, newest first.

use super::entry::{Entry, Payload};
use super::log::{SessionError, entries};
use crate::base::{StateDir, matches_prefix};
use crate::protocol::{Block, Item, Part};

/// A session in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: String,
    /// RFC 3339 of its first and last entry.
    pub started: String,
    pub last: String,
    pub model: String,
    /// Requests to the model.
    pub turns: usize,
    /// Its name, else the first words the user said.
    pub title: String,
    /// Sources of untrusted text that nobody has cleared, such as `web:example.com`.
    pub taint: Vec<String>,
    /// Set when the file cannot be read in full.
    pub damage: Option<String>,
}

/// Every session, newest first. A damaged one is listed with its damage.
pub fn list(dir: &StateDir) -> Result<Vec<Summary>, SessionError> {
    let ids = ids(dir)?;
    Ok(ids.into_iter().rev().map(|id| summary(dir, id)).collect())
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

fn summary(dir: &StateDir, id: String) -> Summary {
    match entries(dir, &id) {
        Ok(found) => summarise(id, &found),
        Err(error) => Summary {
            id,
            started: String::new(),
            last: String::new(),
            model: String::new(),
            turns: 0,
            title: String::new(),
            taint: Vec::new(),
            damage: Some(error.to_string()),
        },
    }
}

fn summarise(id: String, entries: &[Entry]) -> Summary {
    let mut title = None;
    let mut first_words = None;
    let mut model = String::new();
    let mut turns = 0;
    let mut taint = Vec::new();
    for entry in entries {
        match &entry.payload {
            Payload::Start(start) => model.clone_from(&start.model),
            Payload::Taint { mark, .. } => {
                let name = mark.to_string();
                taint.retain(|known| *known != name);
                if mark.cleared.is_none() {
                    taint.push(name);
                }
            }
            Payload::Name { name } => title = Some(name.clone()),
            Payload::Item { item: Item::User { parts } } if first_words.is_none() => {
                first_words = parts.iter().find_map(|part| match part {
                    Part::Text { text } => text.lines().map(str::trim).find(|l| !l.is_empty()),
                    Part::Image { .. } => None,
                });
            }
            Payload::Item { item: Item::Assistant { blocks, .. } } => {
                turns += usize::from(!blocks.iter().all(|b| matches!(b, Block::Thinking { .. })));
            }
            _ => {}
        }
    }
    let shown = title.unwrap_or_else(|| first_words.unwrap_or_default().chars().take(80).collect());
    let stamp = |entry: Option<&Entry>| entry.map_or(String::new(), |entry| entry.ts.clone());
    Summary {
        id,
        started: stamp(entries.first()),
        last: stamp(entries.last()),
        model,
        turns,
        title: shown,
        taint,
        damage: None,
    }
}
