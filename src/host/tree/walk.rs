//! The files of a tree, in path order, without those the project ignores.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{Mode, OFlags, openat};

use super::NameFilter;
use crate::base::PathHandle;
use crate::host::file::{HostError, open_folder};

/// A granted folder, open.
pub(super) struct Tree {
    fd: OwnedFd,
    real: PathBuf,
    /// Where the walk starts: a name of the open folder itself, so that nothing swapped in above it
    /// leads elsewhere.
    start: PathBuf,
}

#[derive(Default)]
pub(super) struct Listed {
    /// Relative to the root.
    pub(super) paths: Vec<PathBuf>,
    pub(super) matching: usize,
    pub(super) looked_at: usize,
}

impl Tree {
    pub(super) fn open(handle: &PathHandle) -> Result<Self, HostError> {
        let fd = open_folder(handle)?;
        let own_name = PathBuf::from(format!("/proc/self/fd/{}/", fd.as_raw_fd()));
        let start =
            if cfg!(target_os = "linux") && own_name.is_dir() { own_name } else { handle.real().to_owned() };
        Ok(Self { fd, real: handle.real().to_owned(), start })
    }

    /// The open folder, as a path.
    pub(super) fn start(&self) -> &Path {
        &self.start
    }

    /// Regular files that pass the filter; at most `limit` are kept, all are counted.
    pub(super) fn files(
        &self,
        names: Option<&NameFilter>,
        limit: usize,
        cancel: &AtomicBool,
    ) -> Result<Listed, HostError> {
        let mut listed = Listed::default();
        for entry in self.walker().build() {
            if cancel.load(Ordering::Relaxed) {
                return Err(HostError::Cancelled);
            }
            // A folder that may not be read holds nothing for us.
            let Ok(entry) = entry else { continue };
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let Ok(relative) = entry.path().strip_prefix(&self.start) else { continue };
            listed.looked_at += 1;
            if names.is_none_or(|names| names.keeps(relative)) {
                listed.matching += 1;
                if listed.paths.len() < limit {
                    listed.paths.push(relative.to_owned());
                }
            }
        }
        Ok(listed)
    }

    /// Regular files whose contents or metadata changed at or after a moment (nanoseconds since the
    /// epoch), as the file system's own clock tells.
    pub(super) fn changed_since(&self, since_ns: i128) -> Vec<PathBuf> {
        let changed = |entry: &ignore::DirEntry| {
            entry.metadata().is_ok_and(|meta| {
                let at = i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec());
                meta.is_file() && at >= since_ns
            })
        };
        let entries = self.walker().build().flatten().filter(changed);
        entries.filter_map(|entry| entry.path().strip_prefix(&self.start).ok().map(Path::to_owned)).collect()
    }

    fn walker(&self) -> WalkBuilder {
        let above = ignored_from_above(&self.real);
        let (start, real) = (self.start.clone(), self.real.clone());
        let mut walker = WalkBuilder::new(&self.start);
        walker
            .hidden(false)
            .require_git(false)
            // The folders above have other names from here; `ignored_from_above` reads them. The
            // user's global excludes would make results differ between machines.
            .parents(false)
            .git_global(false)
            .follow_links(false)
            .sort_by_file_name(|a, b| a.cmp(b))
            .filter_entry(move |entry| {
                if entry.file_name() == ".git" {
                    return false;
                }
                let Ok(relative) = entry.path().strip_prefix(&start) else { return true };
                let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
                let path = real.join(relative);
                let verdict = above.iter().map(|rules| rules.matched(&path, is_dir)).find(|m| !m.is_none());
                relative.as_os_str().is_empty() || !verdict.is_some_and(|m| m.is_ignore())
            });
        walker
    }

    /// Opens one file of the walk, through no link.
    pub(super) fn open_file(&self, relative: &Path) -> std::io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{ResolveFlags, openat2};
            use rustix::io::Errno;
            let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match openat2(&self.fd, relative, flags, Mode::empty(), within) {
                // A kernel, or a seccomp filter around us, without that call.
                Err(Errno::NOSYS | Errno::PERM) => {}
                result => return Ok(File::from(result?)),
            }
        }
        Ok(File::from(openat(&self.fd, relative, flags, Mode::empty())?))
    }
}

/// The ignore files of the folders above, nearest first, up to the root of the repository (of the
/// disk, when there is none). A rule there holds even against a `!` rule below: rare, and the
/// price of reading them here.
fn ignored_from_above(real: &Path) -> Vec<Gitignore> {
    let mut found = Vec::new();
    if real.join(".git").exists() {
        return found;
    }
    for folder in real.ancestors().skip(1) {
        for name in [".ignore", ".gitignore"] {
            let file = folder.join(name);
            if file.is_file() {
                let mut rules = GitignoreBuilder::new(folder);
                rules.add(file);
                // A rule that cannot be read is passed over, as git does.
                found.extend(rules.build());
            }
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    found
}
