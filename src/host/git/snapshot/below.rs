//! Names below one open folder: looked at, opened and changed through no link.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Mode, OFlags, Stat, openat, readlinkat, statat};

use crate::base::PathHandle;
use crate::host::file::{HostError, open_folder};
use crate::host::tree::is_git;

/// The open root of a tree.
pub(super) struct Below(OwnedFd);

impl Below {
    pub(super) fn open(handle: &PathHandle) -> Result<Self, HostError> {
        open_folder(handle).map(Self)
    }

    /// The folder that a path lies in, open, and its last name.
    pub(super) fn parent<'p>(&self, path: &'p [u8]) -> io::Result<(OwnedFd, &'p OsStr)> {
        let (folder, leaf) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(at) => (&path[..at], &path[at + 1..]),
            None => (&[][..], path),
        };
        // Whatever a damaged store may say, nothing of a repository is touched.
        if is_git(OsStr::from_bytes(leaf)) || leaf.is_empty() || leaf == b"." || leaf == b".." {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a name that no checkpoint may touch"));
        }
        Ok((self.folder(folder)?, OsStr::from_bytes(leaf)))
    }

    fn folder(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut at = openat(&self.0, ".", flags, Mode::empty())?;
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            if name == b".." || is_git(OsStr::from_bytes(name)) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a name that no checkpoint may touch",
                ));
            }
            at = openat(&at, OsStr::from_bytes(name), flags, Mode::empty())?;
        }
        Ok(at)
    }

    pub(super) fn look(&self, path: &[u8]) -> io::Result<Stat> {
        let (folder, leaf) = self.parent(path)?;
        Ok(statat(&folder, leaf, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Opens a regular file to read.
    pub(super) fn file(&self, path: &[u8]) -> io::Result<File> {
        let (folder, leaf) = self.parent(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(openat(&folder, leaf, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file any more"));
        }
        Ok(file)
    }

    /// What a link says.
    pub(super) fn link(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        let (folder, leaf) = self.parent(path)?;
        Ok(readlinkat(&folder, leaf, Vec::new())?.into_bytes())
    }
}
