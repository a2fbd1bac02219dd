//! Putting a snapshot back: only paths that differ are touched, each in one step, and one that fails
//! keeps no other from being restored.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use git2::Odb;
use rustix::fs::{AtFlags, Mode, OFlags, RawMode, fchmod, mkdirat, openat, renameat, symlinkat, unlinkat};

use super::below::Below;
use super::spell::path as as_path;
use super::store::is_within;
use super::take::visible;
use super::{Change, Checkpoint, Entry, Flat, How, Scan, SnapshotError, Store, changes, spell};
use crate::base::{FileKind, new_id};
use crate::host::file::HostError;
use crate::kernel::{Grant, Reach};

/// A path that could not be restored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Failure {
    pub path: String,
    pub why: String,
}

impl Failure {
    /// For a list.
    pub fn line(&self) -> String {
        format!("- not restored: {}: {}\n", self.path, self.why)
    }
}

/// What was done to the tree. Paths as [`spell`] writes them.
#[derive(Debug, Default)]
pub struct Restored {
    /// Written, made, or given other permissions.
    pub written: Vec<String>,
    pub removed: Vec<String>,
    pub failed: Vec<Failure>,
}

impl Store {
    /// Makes the granted tree what `target` holds. `present` is how it stands now, and must have been kept
    /// before. Paths the checkpoint left out, and what is ignored once its ignore files are back, stay.
    pub fn restore(
        &self,
        grant: Grant,
        present: &Scan,
        (about, target): (&Checkpoint, &Flat),
        only: &[Vec<u8>],
        apart: &[PathBuf],
    ) -> Result<Restored, SnapshotError> {
        let handle = match grant.into_reach() {
            Reach::RestoreTree(handle) if handle.kind() == FileKind::Directory => handle,
            other => return Err(HostError::wrong_grant("a tree to restore", &other).into()),
        };
        let plan = plan(present, (about, target), only);
        let odb = self.repository.odb()?;
        let mut hands = Hands {
            store: self,
            below: Below::open(&handle)?,
            odb,
            done: Restored::default(),
            gone: HashSet::new(),
        };
        let unheld = |change: &&Change| is_within(&change.path, &present.left_out);
        for change in plan.iter().filter(|change| change.how != How::Removed).filter(unheld) {
            hands.fail(&change.path, "what stands there now is in no checkpoint; move it aside first");
        }
        let steps: Vec<&Change> = plan.iter().filter(|change| !unheld(change)).collect();
        let removed: Vec<&Change> = steps.iter().filter(|c| c.how == How::Removed).copied().collect();
        let closed = hands.open_closed(&steps, present);
        let mut blocked = BTreeSet::new();
        for change in steps.iter().filter(|change| change.how == How::Kind) {
            if !hands.clear(change, &removed) {
                blocked.insert(&change.path);
            }
        }
        for change in steps.iter().filter(|change| !blocked.contains(&change.path)) {
            let Some(shall) = change.shall else { continue };
            match change.how {
                How::Added | How::Kind if shall.is_dir() => hands.make_folder(&change.path),
                How::Mode if shall.is_dir() => {}
                How::Mode => hands.set_mode(&change.path, shall),
                _ => hands.put(&change.path, shall),
            }
        }
        if !removed.is_empty() {
            hands.remove(&removed, || visible(&handle, apart))?;
        }
        // Last and from below: a folder that may not be written takes nothing any more.
        for change in steps.iter().rev() {
            if let Some(shall) = change.shall.filter(Entry::is_dir) {
                hands.set_folder_mode(&change.path, shall);
            }
        }
        let set_already = |path: &[u8]| steps.iter().any(|change| change.path == path);
        for (path, was) in closed.iter().rev().filter(|(path, _)| !set_already(path)) {
            hands.set_folder_mode(path, target.get(path).copied().unwrap_or(*was));
        }
        Ok(hands.done)
    }
}

/// What restoring would do, in path order.
pub(super) fn plan(present: &Scan, (about, target): (&Checkpoint, &Flat), only: &[Vec<u8>]) -> Vec<Change> {
    let all = changes(&present.flat, target, only);
    all.into_iter().filter(|change| !is_within(&change.path, &about.left_out)).collect()
}

impl Store {
    /// What [`restore`](Self::restore) would do, in path order; nothing is touched.
    pub fn plan(&self, present: &Scan, target: (&Checkpoint, &Flat), only: &[Vec<u8>]) -> Vec<Change> {
        plan(present, target, only)
    }
}

struct Hands<'a> {
    store: &'a Store,
    below: Below,
    odb: Odb<'a>,
    done: Restored,
    /// Removed already.
    gone: HashSet<Vec<u8>>,
}

impl Hands<'_> {
    /// Folders that take nothing as they stand, and in which something is to change: opened meanwhile.
    fn open_closed(&mut self, steps: &[&Change], present: &Scan) -> Vec<(Vec<u8>, Entry)> {
        const OPEN: u32 = 0o300;
        let mut closed: Vec<(Vec<u8>, Entry)> = Vec::new();
        for change in steps {
            let Some(end) = change.path.iter().rposition(|byte| *byte == b'/') else { continue };
            let folder = &change.path[..end];
            let Some(was) = present.flat.get(folder).filter(|was| was.is_dir() && was.mode & OPEN != OPEN)
            else {
                continue;
            };
            if !closed.iter().any(|(known, _)| known == folder) {
                self.set_folder_mode(folder, Entry { mode: was.mode | OPEN, ..*was });
                closed.push((folder.to_owned(), *was));
            }
        }
        closed
    }

    fn fail(&mut self, path: &[u8], why: impl ToString) {
        self.done.failed.push(Failure { path: spell(as_path(path)), why: why.to_string() });
    }

    fn note(&mut self, path: &[u8], done: io::Result<()>) {
        match done {
            Ok(()) => self.done.written.push(spell(as_path(path))),
            Err(error) => self.fail(path, error),
        }
    }

    /// Takes away what has another kind than what shall stand there; false where it could not.
    fn clear(&mut self, change: &Change, removed: &[&Change]) -> bool {
        let is_dir = change.was.is_some_and(|was| was.is_dir());
        if is_dir {
            let inside = |path: &[u8]| {
                path.strip_prefix(change.path.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
            };
            for gone in removed.iter().rev().filter(|gone| inside(&gone.path)) {
                self.take_away(gone);
            }
        }
        match self.unlink(&change.path, is_dir) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                self.fail(&change.path, "the folder there holds files that are in no checkpoint");
                false
            }
            Err(error) => {
                self.fail(&change.path, error);
                false
            }
        }
    }

    fn unlink(&self, path: &[u8], is_dir: bool) -> io::Result<()> {
        let (folder, leaf) = self.below.parent(path)?;
        let flags = if is_dir { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        match unlinkat(&folder, leaf, flags) {
            Err(rustix::io::Errno::NOENT) => Ok(()),
            other => Ok(other?),
        }
    }

    fn make_folder(&mut self, path: &[u8]) {
        let made = || -> io::Result<()> {
            let (folder, leaf) = self.below.parent(path)?;
            match mkdirat(&folder, leaf, Mode::from_raw_mode(0o700)) {
                // An ignored one stood there all the while.
                Err(rustix::io::Errno::EXIST) if is_folder(&self.below, path) => Ok(()),
                other => Ok(other?),
            }
        };
        let made = made();
        self.note(path, made);
    }

    fn put(&mut self, path: &[u8], shall: Entry) {
        let done = self.try_put(path, shall);
        self.note(path, done);
    }

    /// A file or link: made beside, then given its name.
    fn try_put(&self, path: &[u8], shall: Entry) -> io::Result<()> {
        let (folder, leaf) = self.below.parent(path)?;
        let temp = format!(".{}.tmp", new_id("iosm"));
        let made = || -> io::Result<()> {
            if shall.is_link() {
                let target = self.content(shall)?;
                symlinkat(OsStr::from_bytes(&target), &folder, &temp)?;
            } else {
                let flags =
                    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let mut file = File::from(openat(&folder, &temp, flags, Mode::from_raw_mode(0o600))?);
                if shall.large {
                    let mut held = File::open(self.store.large().join(shall.id.to_string()))?;
                    copy_large(&mut held, &mut file)?;
                } else {
                    file.write_all(&self.content(shall)?)?;
                }
                fchmod(&file, permissions(shall))?;
            }
            Ok(renameat(&folder, &temp, &folder, leaf)?)
        };
        made().inspect_err(|_| {
            let _ = unlinkat(&folder, &temp, AtFlags::empty());
        })
    }

    fn content(&self, shall: Entry) -> io::Result<Vec<u8>> {
        let object = self.odb.read(shall.id).map_err(|error| {
            io::Error::other(format!("its content cannot be read from the checkpoint: {}", error.message()))
        })?;
        Ok(object.data().to_vec())
    }

    fn set_mode(&mut self, path: &[u8], shall: Entry) {
        let set = self.below.file(path).and_then(|file| Ok(fchmod(&file, permissions(shall))?));
        // One that may not even be read is written anew.
        let set = set.or_else(|_| self.try_put(path, shall));
        self.note(path, set);
    }

    fn set_folder_mode(&mut self, path: &[u8], shall: Entry) {
        let set = || -> io::Result<()> {
            let (folder, leaf) = self.below.parent(path)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = openat(&folder, leaf, flags, Mode::empty())?;
            Ok(fchmod(&fd, permissions(shall))?)
        };
        if let Err(error) = set() {
            // Making it may have failed already.
            let spelled = spell(as_path(path));
            if !self.done.failed.iter().any(|failure| failure.path == spelled) {
                self.fail(path, error);
            }
        }
    }

    /// Removes what came since. Ignore files first: what the older ones leave out was never looked at, and
    /// stays. Folders last, and only empty ones.
    fn remove(
        &mut self,
        removed: &[&Change],
        visible: impl Fn() -> Result<BTreeSet<Vec<u8>>, SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let is_rule =
            |change: &&&Change| change.path.rsplit(|byte| *byte == b'/').next() == Some(b".gitignore");
        for change in removed.iter().filter(is_rule) {
            self.take_away(change);
        }
        let seen = visible()?;
        for change in removed.iter().rev().filter(|change| !is_rule(change) && seen.contains(&change.path)) {
            self.take_away(change);
        }
        Ok(())
    }

    fn take_away(&mut self, change: &Change) {
        if self.gone.contains(&change.path) {
            return;
        }
        let is_dir = change.was.is_some_and(|was| was.is_dir());
        match self.unlink(&change.path, is_dir) {
            Ok(()) => {
                self.gone.insert(change.path.clone());
                self.done.removed.push(spell(as_path(&change.path)));
            }
            // It holds what is ignored.
            Err(error) if is_dir && error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) => self.fail(&change.path, error),
        }
    }
}

fn permissions(entry: Entry) -> Mode {
    Mode::from_raw_mode((entry.mode & 0o7777) as RawMode)
}

fn is_folder(below: &Below, path: &[u8]) -> bool {
    below.look(path).is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir())
}

/// Shares blocks again where that is possible.
fn copy_large(from: &mut File, to: &mut File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_ficlone(&*to, &*from).is_ok() {
        return Ok(());
    }
    io::copy(from, to).map(drop)
}
