//! A folder that was renamed away: found again by what it is, and put where it was.

use std::collections::VecDeque;
use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use nix::fcntl::AtFlags;
use nix::libc;
use nix::sys::stat::fstatat;

use super::sys;

/// Folders looked into.
const MOST_FOLDERS: usize = 20_000;

/// What a folder stays however it is called: its device and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub device: u64,
    pub number: u64,
}

/// What stands at a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Nothing,
    Folder(Identity),
    Else,
}

/// Looks at a name itself, through no link.
pub fn stands(at: impl AsFd, name: &OsStr) -> io::Result<Stands> {
    match fstatat(at, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) if stat.st_mode & libc::S_IFMT == libc::S_IFDIR => {
            Ok(Stands::Folder(Identity { device: stat.st_dev, number: stat.st_ino }))
        }
        Ok(_) => Ok(Stands::Else),
        Err(nix::errno::Errno::ENOENT) => Ok(Stands::Nothing),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens a folder by its path, through no link.
pub fn open(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    sys::open_at(libc::AT_FDCWD, &path, libc::O_RDONLY | libc::O_DIRECTORY, libc::RESOLVE_NO_SYMLINKS)
}

/// Moves the folder that is `wanted` from wherever it lies below `roots` to `name` in `to`, where nothing
/// is. `false` when it is nowhere to be found.
pub fn bring_back(roots: &[PathBuf], wanted: Identity, to: impl AsFd, name: &OsStr) -> io::Result<bool> {
    let mut open_folders: VecDeque<PathBuf> = roots.iter().cloned().collect();
    for _ in 0..MOST_FOLDERS {
        let Some(folder) = open_folders.pop_front() else { return Ok(false) };
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.ino() == wanted.number {
                // Others may still run: what is moved is what stands in this very folder.
                let from = open(&folder)?;
                let leaf = entry.file_name();
                if stands(&from, &leaf)? == Stands::Folder(wanted) {
                    nix::fcntl::renameat(&from, leaf.as_os_str(), &to, name)?;
                    return Ok(stands(&to, name)? == Stands::Folder(wanted));
                }
            }
            open_folders.push_back(entry.path());
        }
    }
    Ok(false)
}
