//! Searching a tree of the user's: by regular expression in files, or by name.
//!
//! What `.gitignore`, `.ignore` and `.git/info/exclude` leave out is left out, with or without a
//! repository; `.git` always is; other hidden files are not. Links are never followed. Results come
//! in path order and are bounded; what was left out is counted.
#![expect(clippy::disallowed_methods, reason = "opens the files of a granted tree")]

mod each;
mod every;
mod grep;
mod ignored;
mod pattern;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::file::HostError;
use crate::base::FileKind;
use crate::kernel::{Grant, Reach};

pub use each::{Each, Wanted, each};
pub(in crate::host) use every::{Every, every, is_git};
pub use grep::{FileHits, Line, Skipped};
pub(in crate::host) use ignored::Ignored;
pub use pattern::{NameFilter, Pattern, PatternError};
use walk::Tree;

/// What to look for in files.
#[derive(Debug, Clone)]
pub struct Query {
    pub pattern: Pattern,
    /// Only files with such names.
    pub names: Option<NameFilter>,
    /// Lines shown around a match.
    pub context: usize,
    /// Matching lines kept, first in path order; the others are counted.
    pub limit: usize,
}

/// What was found in files.
#[derive(Debug, Default)]
pub struct Hits {
    /// In path order; together at most `limit` matching lines.
    pub files: Vec<FileHits>,
    /// Matching lines in all, shown or not.
    pub matches: usize,
    /// Files with a match, shown or not.
    pub matching_files: usize,
    /// Files looked into.
    pub searched: usize,
    pub skipped: Skipped,
}

/// Files found by name.
#[derive(Debug, Default)]
pub struct Names {
    /// Relative to the root, in path order; at most the limit.
    pub paths: Vec<String>,
    /// In all, listed or not.
    pub matching: usize,
    /// Files whose names were looked at.
    pub looked_at: usize,
}

/// Searches the files below a granted folder, or one granted file. Stops soon after `cancel` is set.
pub fn search(grant: Grant, query: &Query, cancel: &AtomicBool) -> Result<Hits, HostError> {
    let handle = granted(grant)?;
    if handle.kind() != FileKind::Directory {
        return grep::one_file(&handle, query);
    }
    let tree = Tree::open(&handle)?;
    let listed = tree.files(query.names.as_ref(), usize::MAX, cancel)?;
    grep::many_files(&tree, listed.paths, query, cancel)
}

/// Files below a granted folder that changed at or after a moment (nanoseconds since the epoch),
/// relative to it; ignored ones are left out, and so are deleted ones.
pub fn changed_since(grant: Grant, since_ns: i128) -> Result<Vec<PathBuf>, HostError> {
    Ok(Tree::open(&granted(grant)?)?.changed_since(since_ns))
}

/// Lists the files below a granted folder whose names match.
pub fn names(
    grant: Grant,
    names: &NameFilter,
    limit: usize,
    cancel: &AtomicBool,
) -> Result<Names, HostError> {
    let handle = granted(grant)?;
    if handle.kind() != FileKind::Directory {
        return Err(HostError::NotAFolder(handle.real().to_owned()));
    }
    let listed = Tree::open(&handle)?.files(Some(names), limit, cancel)?;
    let paths = listed.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    Ok(Names { paths, matching: listed.matching, looked_at: listed.looked_at })
}

fn granted(grant: Grant) -> Result<crate::base::PathHandle, HostError> {
    match grant.into_reach() {
        Reach::ReadTree(handle) if handle.kind() == FileKind::Missing => {
            Err(HostError::Missing(handle.real().to_owned()))
        }
        Reach::ReadTree(handle) => Ok(handle),
        other => Err(HostError::wrong_grant("a tree to search", &other)),
    }
}
