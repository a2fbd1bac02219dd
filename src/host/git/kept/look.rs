//! One look at what a call would lose, bounded in entries and time. Where the bound is met, the answer is
//! the careful one.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use git2::{Index, Repository, Status};
use globset::{GlobBuilder, GlobMatcher};

use crate::host::git::built::{is_built_file, is_built_folder, is_built_name, is_scrap};
use crate::host::git::snapshot::MOST_FILE;
use crate::host::tree::{Ignored, is_git};
use crate::kernel::{Doomed, Fate, Lost, Why};

/// Entries looked at for one call.
const MOST_ENTRIES: usize = 20_000;
/// Entries of which only the name is looked at.
const MOST_NAMES: usize = 200_000;
/// Of the whole look.
const LONGEST: Duration = Duration::from_secs(1);
/// Ignored files that a checkpoint holds besides, for one call.
const MOST_HELD: usize = 1000;
/// All of them together, in bytes.
const MOST_HELD_BYTES: u64 = 16 * 1024 * 1024;

/// A tree, and what holds its files.
pub(super) struct Ground<'r> {
    root: &'r Path,
    repository: Option<&'r Repository>,
    index: Option<Index>,
    ignored: Ignored,
    began: SystemTime,
    checkpoints: bool,
}

/// What was seen so far of one call.
pub(super) struct Look {
    entries: usize,
    names: usize,
    until: Instant,
    bytes: u64,
    pub hold: Vec<PathBuf>,
}

impl<'r> Ground<'r> {
    pub fn new(
        root: &'r Path,
        repository: Option<&'r Repository>,
        began: SystemTime,
        checkpoints: bool,
    ) -> Self {
        let index = repository.and_then(|repository| repository.index().ok()).map(|mut index| {
            // Another process may have added something since.
            let _ = index.read(false);
            index
        });
        let exclude = repository.map(|repository| repository.commondir().join("info/exclude"));
        let ignored = Ignored::new(root, exclude.as_deref());
        Self { root, repository, index, ignored, began, checkpoints }
    }

    fn made_here(&self, meta: &Metadata) -> bool {
        // A file system that keeps no birth times says nothing.
        meta.created().is_ok_and(|born| born >= self.began)
    }

    fn is_tracked(&self, path: &Path) -> bool {
        let relative = path.strip_prefix(self.root);
        let (Some(index), Ok(relative)) = (&self.index, relative) else { return false };
        index.get_path(relative, 0).is_some()
    }

    /// Whether a folder holds a file that git tracks: then people work in it, whatever its name.
    fn is_worked_in(&self, folder: &Path) -> bool {
        let relative = folder.strip_prefix(self.root).ok().and_then(Path::to_str);
        let (Some(index), Some(relative)) = (&self.index, relative) else { return false };
        index.find_prefix(format!("{relative}/").as_str()).is_ok()
    }

    /// Whether a tracked file has another content than the index, by its times and size if they say so.
    fn is_changed(&self, path: &Path, meta: &Metadata) -> bool {
        let Ok(relative) = path.strip_prefix(self.root) else { return true };
        let entry = self.index.as_ref().and_then(|index| index.get_path(relative, 0));
        let same = entry.is_some_and(|entry| {
            let at = (i64::from(entry.mtime.seconds()), i64::from(entry.mtime.nanoseconds()));
            u64::from(entry.file_size) == meta.len() && at == (meta.mtime(), meta.mtime_nsec())
        });
        !same
            && self.repository.is_none_or(|repository| {
                repository
                    .status_file(relative)
                    .is_ok_and(|status| status.intersects(Status::WT_MODIFIED | Status::WT_TYPECHANGE))
            })
    }

    /// Whether a tool fills this folder, or one that it lies in.
    fn is_built(&self, folder: &Path) -> bool {
        let inside = |folder: &&Path| folder.starts_with(self.root) && *folder != self.root;
        let mut above = folder.ancestors().take_while(inside);
        above.any(|folder| is_built_folder(folder) && !self.is_worked_in(folder))
    }

    /// Whether a folder is a repository's, with the commits in it.
    fn is_repository(&self, folder: &Path) -> bool {
        let own = folder.join(".git");
        let bare = || {
            folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
        };
        let inner = if own.is_dir() { own } else { folder.to_owned() };
        let is = inner != *folder || bare();
        is && inner.symlink_metadata().is_ok_and(|meta| !self.made_here(&meta))
    }
}

impl Look {
    pub fn new() -> Self {
        Self { entries: 0, names: 0, until: Instant::now() + LONGEST, bytes: 0, hold: Vec::new() }
    }

    /// The first that would be lost of a path. What a checkpoint must hold besides goes to `hold`.
    pub fn weigh(&mut self, ground: &mut Ground<'_>, doomed: &Doomed) -> Option<Lost> {
        let path = &doomed.path;
        let found = match path.symlink_metadata() {
            Ok(meta) => self.one(ground, doomed, path, &meta),
            Err(_) => None,
        };
        // A name that is there may be a glob too.
        found.or_else(|| self.glob(ground, doomed))
    }

    fn one(
        &mut self,
        ground: &mut Ground<'_>,
        doomed: &Doomed,
        path: &Path,
        meta: &Metadata,
    ) -> Option<Lost> {
        if ground.is_built(path) && (!meta.is_dir() || !ground.is_repository(path)) {
            return None;
        }
        match (meta.is_dir(), doomed.fate) {
            (false, _) => self.file(ground, path, meta),
            (true, Fate::Overwritten) => None,
            (true, Fate::Deleted) if doomed.names.is_empty() => self.folder(ground, path),
            (true, Fate::Deleted) => self.by_name(ground, path, &names(&doomed.names)?),
        }
    }

    fn glob(&mut self, ground: &mut Ground<'_>, doomed: &Doomed) -> Option<Lost> {
        let text = doomed.path.to_str()?;
        let at = text.find(['*', '?', '[', '{'])?;
        if is_built_file(&doomed.path) {
            return None;
        }
        // The folder that a shell would list.
        let folder = Path::new(text[..at].rsplit_once('/').map_or("/", |(folder, _)| folder));
        let glob = GlobBuilder::new(text).literal_separator(true).build().ok()?.compile_matcher();
        let depth = doomed.path.components().count().saturating_sub(folder.components().count());
        let mut fitting = Vec::new();
        if !self.expand(folder, depth, &glob, &mut fitting) {
            return Some(Lost::new(folder, Why::Unseen));
        }
        fitting.into_iter().find_map(|path| {
            let meta = path.symlink_metadata().ok()?;
            self.one(ground, doomed, &path, &meta)
        })
    }

    /// Everything exactly `depth` below a folder that fits; false where that is too much.
    fn expand(&mut self, folder: &Path, depth: usize, glob: &GlobMatcher, found: &mut Vec<PathBuf>) -> bool {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if !self.may_name() {
                return false;
            }
            let path = entry.path();
            let deeper = depth > 1 && entry.file_type().is_ok_and(|kind| kind.is_dir());
            if depth <= 1 && glob.is_match(&path) {
                found.push(path);
            } else if deeper && !self.expand(&path, depth - 1, glob, found) {
                return false;
            }
        }
        true
    }

    fn may_name(&mut self) -> bool {
        self.names += 1;
        self.names <= MOST_NAMES && Instant::now() < self.until
    }

    /// A folder and all in it.
    fn folder(&mut self, ground: &mut Ground<'_>, folder: &Path) -> Option<Lost> {
        if folder != ground.root && ground.is_repository(folder) {
            return Some(Lost::new(folder, Why::Repository));
        }
        if is_built_folder(folder) && folder != ground.root && !ground.is_worked_in(folder) {
            return None;
        }
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES || Instant::now() > self.until {
                return Some(Lost::new(folder, Why::Unseen));
            }
            // The workspace's own is guarded by another rung, another's was found above.
            if is_git(&entry.file_name()) {
                continue;
            }
            let path = entry.path();
            let Ok(meta) = path.symlink_metadata() else { continue };
            let lost =
                if meta.is_dir() { self.folder(ground, &path) } else { self.file(ground, &path, &meta) };
            if lost.is_some() {
                return lost;
            }
        }
        None
    }

    /// What lies in a folder and has one of these names.
    fn by_name(&mut self, ground: &mut Ground<'_>, folder: &Path, names: &[GlobMatcher]) -> Option<Lost> {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if !self.may_name() {
                return Some(Lost::new(folder, Why::Unseen));
            }
            let (name, path) = (entry.file_name(), entry.path());
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_git(&name) || is_dir && is_built_folder(&path) && !ground.is_worked_in(&path) {
                continue;
            }
            let lost = if names.iter().any(|glob| glob.is_match(&name)) {
                let meta = path.symlink_metadata().ok();
                meta.and_then(|meta| match is_dir {
                    true => self.folder(ground, &path),
                    false => self.file(ground, &path, &meta),
                })
            } else if is_dir {
                self.by_name(ground, &path, names)
            } else {
                None
            };
            if lost.is_some() {
                return lost;
            }
        }
        None
    }

    fn file(&mut self, ground: &mut Ground<'_>, path: &Path, meta: &Metadata) -> Option<Lost> {
        // A link's name is soon made again.
        if !meta.is_file() || meta.len() == 0 || ground.made_here(meta) || is_built_file(path) {
            return None;
        }
        let tracked = ground.is_tracked(path);
        if ground.checkpoints {
            self.unheld(ground, path, meta, tracked)
        } else {
            alone(ground, path, meta, tracked)
        }
    }

    /// With a checkpoint taken before the call: what it leaves out.
    fn unheld(
        &mut self,
        ground: &mut Ground<'_>,
        path: &Path,
        meta: &Metadata,
        tracked: bool,
    ) -> Option<Lost> {
        let ignored = !tracked && ground.ignored.has(path, false);
        let lost = |why| (!is_scrap(path)).then(|| Lost::new(path, why));
        if meta.len() > MOST_FILE {
            let why = if ignored { Why::Ignored } else { Why::Large };
            return if tracked && !ground.is_changed(path, meta) { None } else { lost(why) };
        }
        if rustix::fs::access(path, rustix::fs::Access::READ_OK).is_err() {
            return lost(Why::Unreadable);
        }
        if !ignored {
            return None;
        }
        if self.hold.len() >= MOST_HELD || self.bytes + meta.len() > MOST_HELD_BYTES {
            return lost(Why::Ignored);
        }
        self.bytes += meta.len();
        self.hold.push(path.to_owned());
        None
    }
}

/// Without a checkpoint: what no commit and no index holds.
fn alone(ground: &mut Ground<'_>, path: &Path, meta: &Metadata, tracked: bool) -> Option<Lost> {
    if is_scrap(path) {
        return None;
    }
    if !tracked {
        let ignored = ground.ignored.has(path, false);
        return Some(Lost::new(path, if ignored { Why::Ignored } else { Why::Untracked }));
    }
    // What was changed since is the session's own work, or began from what the user saw it do.
    let began = ground.began.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let before = meta.mtime() < began;
    (before && ground.is_changed(path, meta)).then(|| Lost::new(path, Why::Uncommitted))
}

/// The names to look for, without those that only build output has; `None` where none is left.
fn names(names: &[String]) -> Option<Vec<GlobMatcher>> {
    let built = |name: &str| is_built_file(Path::new(name)) || is_built_name(name);
    let wanted = names.iter().filter(|name| !built(name));
    let glob = |name: &String| {
        GlobBuilder::new(name).case_insensitive(true).build().ok().map(|glob| glob.compile_matcher())
    };
    let globs: Vec<GlobMatcher> = wanted.filter_map(glob).collect();
    (!globs.is_empty()).then_some(globs)
}
