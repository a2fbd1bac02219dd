//! What differs between two trees: path by path, and as text.

use git2::{DiffOptions, Patch};

use super::spell::path as as_path;
use super::{Entry, Flat, S_IFMT, SnapshotError, Store, spell};

/// Contents above this are not compared as text, in bytes.
const MOST_COMPARED: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is only in the second.
    Added,
    /// It is only in the first.
    Removed,
    Content,
    /// Permissions alone.
    Mode,
    /// A file became a folder or a link, or the other way round.
    Kind,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: Vec<u8>,
    pub how: How,
    pub was: Option<Entry>,
    pub shall: Option<Entry>,
}

impl Change {
    /// Whether it is about a folder alone.
    pub fn is_folder(&self) -> bool {
        self.was.is_none_or(|entry| entry.is_dir()) && self.shall.is_none_or(|entry| entry.is_dir())
    }
}

/// The way from one tree to another, in path order. `only`: these paths and what lies below them; all where
/// it is empty.
pub fn changes(from: &Flat, to: &Flat, only: &[Vec<u8>]) -> Vec<Change> {
    let wanted = |path: &[u8]| {
        let fits = |one: &Vec<u8>| {
            path.strip_prefix(one.as_slice()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        only.is_empty() || only.iter().any(fits)
    };
    // A folder that is gone is made again for what shall lie in it.
    let leads = |path: &[u8]| {
        let below = |one: &Vec<u8>| one.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/"));
        !from.contains_key(path) && only.iter().filter(|one| to.contains_key(*one)).any(below)
    };
    let mut all: Vec<Change> = Vec::new();
    for (path, shall) in to.iter().filter(|(path, shall)| wanted(path) || shall.is_dir() && leads(path)) {
        let was = from.get(path).copied();
        let how = match was {
            None => How::Added,
            Some(was) if was.mode & S_IFMT != shall.mode & S_IFMT => How::Kind,
            Some(was) if (was.id, was.large) != (shall.id, shall.large) => How::Content,
            Some(was) if was.mode != shall.mode => How::Mode,
            Some(_) => continue,
        };
        all.push(Change { path: path.clone(), how, was, shall: Some(*shall) });
    }
    for (path, was) in from.iter().filter(|(path, _)| wanted(path) && !to.contains_key(*path)) {
        all.push(Change { path: path.clone(), how: How::Removed, was: Some(*was), shall: None });
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Changes as a unified diff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextDiff {
    pub text: String,
    /// Files that would have followed.
    pub more: usize,
}

impl Store {
    /// The contents that differ, as text of at most about `most` bytes.
    pub fn text_diff(&self, changes: &[Change], most: usize) -> Result<TextDiff, SnapshotError> {
        let mut diff = TextDiff::default();
        let odb = self.repository.odb()?;
        let content = |entry: Option<Entry>| -> Option<Vec<u8>> {
            match entry {
                Some(entry) if entry.large => None,
                Some(entry) if !entry.is_dir() => {
                    odb.read(entry.id).ok().map(|object| object.data().to_vec())
                }
                _ => Some(Vec::new()),
            }
        };
        for change in changes.iter().filter(|change| !change.is_folder() && change.how != How::Mode) {
            if diff.text.len() >= most {
                diff.more += 1;
                continue;
            }
            let path = spell(as_path(&change.path));
            let (old, new) = (content(change.was), content(change.shall));
            let (Some(old), Some(new)) = (old, new) else {
                diff.text.push_str(&format!("{path}: too large to show\n"));
                continue;
            };
            if old.len().max(new.len()) > MOST_COMPARED {
                diff.text.push_str(&format!("{path}: too large to show\n"));
                continue;
            }
            let mut options = DiffOptions::new();
            let name = std::path::Path::new(&path);
            let mut patch = Patch::from_buffers(&old, Some(name), &new, Some(name), Some(&mut options))?;
            let text = String::from_utf8_lossy(&patch.to_buf()?).into_owned();
            diff.text.push_str(&bounded(&text, most.saturating_sub(diff.text.len())));
        }
        Ok(diff)
    }
}

/// Whole lines of at most about so many bytes.
fn bounded(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if out.len() + line.len() > most {
            break;
        }
        out.push_str(line);
    }
    let left = text.lines().count() - out.lines().count();
    out + &format!("… {left} more lines\n")
}
