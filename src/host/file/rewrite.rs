//! Reading a file, deciding what it shall hold, and putting that there in one step.
//!
//! The new bytes go to a temporary file beside the old one, reach the disk, and take its name by a
//! rename; until then the original is whole, and after an error it still is. A file with several
//! hard links or another owner is rewritten in place instead, because a rename would part the links
//! or change the owner; so is one in a folder that takes no new files, and one whose group or
//! attributes a new file cannot be given.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, fsync, mkdirat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;

use super::{Content, HostError, identity, inplace, io_error, kind_name, open_judged, read_file, std_error};
use crate::base::{FileKind, PathHandle, new_id};
use crate::kernel::{Grant, Reach};

/// How the new bytes got there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Created,
    Replaced,
    /// Several hard links, another owner, or another reason why a new file cannot stand for it.
    InPlace,
    /// They were there already; nothing was written.
    Unchanged,
}

#[derive(Debug)]
pub struct Rewritten {
    pub real: PathBuf,
    pub how: How,
    /// What the file holds now.
    pub bytes: Vec<u8>,
    /// Folders made on the way.
    pub folders: usize,
}

/// Either the world refused, or the caller did after seeing what is there.
#[derive(Debug)]
pub enum RewriteError<E> {
    Host(HostError),
    Refused(E),
}

impl<E> From<HostError> for RewriteError<E> {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

/// Rewrites of one path by this process wait for each other. Other processes are noticed by looking
/// again just before the rename.
static TURNS: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];

/// Reads what is there (`None`: nothing), lets `decide` say what shall be there, and puts it there.
/// Missing folders are made. Refuses when the file changed between the reading and the rename.
pub fn rewrite<E>(
    grant: Grant,
    decide: impl FnOnce(Option<&Content>) -> Result<Vec<u8>, E>,
) -> Result<Rewritten, RewriteError<E>> {
    let path = match grant.into_reach() {
        Reach::RewriteFile(path) => path,
        other => return Err(HostError::wrong_grant("a file to write", &other).into()),
    };
    let mut hasher = DefaultHasher::new();
    path.real().hash(&mut hasher);
    let turn = &TURNS[hasher.finish() as usize % TURNS.len()];
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let (how, bytes, folders) = match path.kind() {
        FileKind::Missing => {
            let bytes = decide(None).map_err(RewriteError::Refused)?;
            let folders = create(&path, &bytes)?;
            (How::Created, bytes, folders)
        }
        FileKind::Directory => {
            let what = kind_name(rustix::fs::FileType::Directory);
            return Err(HostError::NotAFile { path: path.real().to_owned(), what }.into());
        }
        FileKind::File | FileKind::Other => {
            let (old, file) = read_file(&path)?;
            let bytes = decide(Some(&old)).map_err(RewriteError::Refused)?;
            (replace(&path, &old, &file, &bytes)?, bytes, 0)
        }
    };
    Ok(Rewritten { real: path.real().to_owned(), how, bytes, folders })
}

fn replace(path: &PathHandle, old: &Content, file: &File, new: &[u8]) -> Result<How, HostError> {
    if old.bytes == new {
        return Ok(How::Unchanged);
    }
    let ours = old.stamp.owner == rustix::process::geteuid().as_raw();
    let writable = if ours { 0o200 } else { 0o222 };
    if old.stamp.mode & writable == 0 {
        return Err(HostError::ReadOnly { path: path.real().to_owned(), mode: old.stamp.mode });
    }
    if old.stamp.links > 1 || !ours {
        return in_place(path, old, new);
    }
    let temp = match Temp::make(path.dir(), 0o600) {
        Ok(temp) => temp,
        Err(Errno::ACCESS | Errno::PERM) => return in_place(path, old, new),
        Err(errno) => return Err(io_error("write beside", path.real())(errno)),
    };
    temp.fill(new, path.real())?;
    if !identity::carry_over(file, &temp.file, &old.stamp) {
        drop(temp);
        return in_place(path, old, new);
    }
    temp.file.sync_all().map_err(std_error("flush", path.real()))?;
    unchanged(path, old)?;
    renameat(path.dir(), &temp.name, path.dir(), path.leaf()).map_err(io_error("replace", path.real()))?;
    temp.keep();
    flush_folder(path.dir());
    Ok(How::Replaced)
}

fn in_place(path: &PathHandle, old: &Content, new: &[u8]) -> Result<How, HostError> {
    let (fd, _) = open_judged(path, OFlags::WRONLY)?;
    unchanged(path, old)?;
    inplace::overwrite(&File::from(fd), &old.bytes, new).map_err(std_error("write", path.real()))?;
    Ok(How::InPlace)
}

/// Looks again. The bytes are compared too: a clock may tick too slowly to show a change.
fn unchanged(path: &PathHandle, old: &Content) -> Result<(), HostError> {
    let changed = || HostError::Changed(path.real().to_owned());
    let (now, _) = read_file(path).map_err(|error| match error {
        HostError::Swapped(_) | HostError::Missing(_) => changed(),
        other => other,
    })?;
    if (now.stamp, &now.bytes) == (old.stamp, &old.bytes) { Ok(()) } else { Err(changed()) }
}

/// Makes the missing folders and the file; returns how many folders. After an error none is left.
fn create(path: &PathHandle, bytes: &[u8]) -> Result<usize, HostError> {
    let mut folders = Folders::default();
    let made = folders.make(path).and_then(|()| create_file(path, folders.deepest(path.dir()), bytes));
    match made {
        Ok(()) => folders.flush(path.dir()),
        Err(error) => {
            folders.undo(path);
            return Err(error);
        }
    }
    Ok(folders.fresh.iter().filter(|fresh| **fresh).count())
}

fn create_file(path: &PathHandle, dir: &OwnedFd, bytes: &[u8]) -> Result<(), HostError> {
    let temp = Temp::make(dir, 0o666).map_err(io_error("create", path.real()))?;
    temp.fill(bytes, path.real())?;
    temp.file.sync_all().map_err(std_error("flush", path.real()))?;
    match renameat_with(dir, &temp.name, dir, path.leaf(), RenameFlags::NOREPLACE) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(HostError::Changed(path.real().to_owned())),
        // A file system without that kind of rename: look, then rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            if rustix::fs::statat(dir, path.leaf(), AtFlags::SYMLINK_NOFOLLOW).is_ok() {
                return Err(HostError::Changed(path.real().to_owned()));
            }
            renameat(dir, &temp.name, dir, path.leaf()).map_err(io_error("create", path.real()))?;
        }
        Err(errno) => return Err(io_error("create", path.real())(errno)),
    }
    temp.keep();
    flush_folder(dir);
    Ok(())
}

/// The folders below the one that existed: open, outermost first, and whether we made each.
#[derive(Default)]
struct Folders {
    open: Vec<OwnedFd>,
    fresh: Vec<bool>,
}

impl Folders {
    fn deepest<'a>(&'a self, root: &'a OwnedFd) -> &'a OwnedFd {
        self.open.last().unwrap_or(root)
    }

    fn make(&mut self, path: &PathHandle) -> Result<(), HostError> {
        for name in path.missing() {
            let above = self.deepest(path.dir());
            let fresh = match mkdirat(above, name, Mode::from_raw_mode(0o777)) {
                Ok(()) => true,
                // Made meanwhile, by a neighbouring call perhaps.
                Err(Errno::EXIST) => false,
                Err(errno) => return Err(io_error("make the folders of", path.real())(errno)),
            };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = openat(above, name, flags, Mode::empty());
            self.fresh.push(fresh);
            self.open.push(opened.map_err(|errno| match errno {
                Errno::LOOP | Errno::NOTDIR => HostError::Swapped(path.real().to_owned()),
                other => io_error("open the folders of", path.real())(other),
            })?);
        }
        Ok(())
    }

    /// Takes back the folders we made, innermost first. One that somebody uses by now stays.
    fn undo(&self, path: &PathHandle) {
        for (depth, name) in path.missing().iter().enumerate().take(self.fresh.len()).rev() {
            let above = if depth == 0 { path.dir() } else { &self.open[depth - 1] };
            if self.fresh[depth] {
                let _ = unlinkat(above, name, AtFlags::REMOVEDIR);
            }
        }
    }

    fn flush(&self, root: &OwnedFd) {
        for folder in self.open.iter().rev().skip(1).chain([root]).take(self.open.len()) {
            flush_folder(folder);
        }
    }
}

/// Makes a rename outlast a power cut. The new name stands already, whole; a folder that cannot be
/// flushed (no right to read it, a file system without it) is no reason to call the write failed.
fn flush_folder(dir: &OwnedFd) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if let Ok(fd) = openat(dir, ".", flags, Mode::empty()) {
        let _ = fsync(fd);
    }
}

/// A temporary file that is removed unless it was given its final name.
struct Temp<'a> {
    dir: &'a OwnedFd,
    name: String,
    file: File,
    kept: std::cell::Cell<bool>,
}

impl<'a> Temp<'a> {
    fn make(dir: &'a OwnedFd, mode: u16) -> Result<Self, Errno> {
        let name = format!(".{}.tmp", new_id("iosm"));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(dir, &name, flags, Mode::from_raw_mode(rustix::fs::RawMode::from(mode)))?;
        Ok(Self { dir, name, file: File::from(fd), kept: false.into() })
    }

    fn fill(&self, bytes: &[u8], path: &Path) -> Result<(), HostError> {
        (&self.file).write_all(bytes).map_err(std_error("write", path))
    }

    fn keep(&self) {
        self.kept.set(true);
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        if !self.kept.get() {
            let _ = unlinkat(self.dir, &self.name, AtFlags::empty());
        }
    }
}
