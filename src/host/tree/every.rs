//! Every name of a tree that git would not ignore: folders, links and files alike.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::walk::Tree;
use crate::base::PathHandle;
use crate::host::file::HostError;

/// One name below a tree, as it was found.
pub(in crate::host) struct Found {
    /// Relative to the root.
    pub path: PathBuf,
    /// Of the name itself: no link is followed.
    pub meta: Metadata,
}

/// What a walk came to.
#[derive(Default)]
pub(in crate::host) struct Every {
    pub found: Vec<Found>,
    /// Folders that could not be listed, and why.
    pub unread: Vec<(PathBuf, String)>,
}

/// Walks a granted folder by git's own rules (`.gitignore` in every folder, `.git/info/exclude`, the
/// user's `core.excludesFile`), inside a repository or not. `.git` is passed over at every depth, and so
/// are the folders of `apart`. Stops with `None` when `stop` says so.
pub(in crate::host) fn every(
    handle: &PathHandle,
    apart: &[PathBuf],
    stop: &dyn Fn(usize) -> bool,
) -> Result<Option<Every>, HostError> {
    let tree = Tree::open(handle)?;
    let (start, real) = (tree.start().to_owned(), handle.real().to_owned());
    let apart = apart.to_vec();
    let mut walker = WalkBuilder::new(&start);
    // What ripgrep leaves out by its own files is no less the user's work.
    walker.hidden(false).require_git(false).parents(false).ignore(false).follow_links(false);
    let from = start.clone();
    walker.filter_entry(move |entry| {
        let below = entry.path().strip_prefix(&from).map(|below| real.join(below));
        !is_git(entry.file_name()) && !below.is_ok_and(|path| apart.contains(&path))
    });
    let mut every = Every::default();
    for entry in walker.build() {
        if stop(every.found.len()) {
            return Ok(None);
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = error.to_string();
                if let Some(path) = path_of(&error).and_then(|path| path.strip_prefix(&start).ok()) {
                    every.unread.push((path.to_owned(), why));
                }
                continue;
            }
        };
        let Ok(relative) = entry.path().strip_prefix(&start) else { continue };
        if relative.as_os_str().is_empty() {
            continue;
        }
        // It went away between the listing and this look: then it is not there.
        let Ok(meta) = entry.path().symlink_metadata() else { continue };
        every.found.push(Found { path: relative.to_owned(), meta });
    }
    Ok(Some(every))
}

/// Whether a name is that of a repository's own folder or file.
pub(in crate::host) fn is_git(name: &OsStr) -> bool {
    // Where letter case does not tell names apart.
    if cfg!(target_os = "macos") { name.eq_ignore_ascii_case(".git") } else { name == ".git" }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
