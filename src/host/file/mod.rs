//! Files and folders of the user: read one, list one, rewrite one.
//!
//! The path was resolved when the call was judged. Here only its last name is opened, below the
//! folder that is already open, never through a link, and what is found must be what was judged.
#![expect(clippy::disallowed_methods, reason = "the one door to the user's files")]

mod error;
mod identity;
mod inplace;
mod list;
mod rewrite;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

use crate::base::{BlobStore, FileKind, FileStamp, PathHandle};
use crate::kernel::{Grant, Reach};

pub use error::HostError;
pub(in crate::host) use error::{io_error, std_error};
pub use list::{Entry, EntryKind, Listing};
pub use rewrite::{How, RewriteError, Rewritten, rewrite};

/// Larger files are refused rather than taken into memory.
pub const MOST_BYTES: u64 = 50 * 1024 * 1024;

/// A file as it was found. `stamp` was taken before the bytes were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub stamp: FileStamp,
    /// The absolute path with every link followed.
    pub real: PathBuf,
}

/// What a grant to read opened.
#[derive(Debug)]
pub enum Opened {
    File(Content),
    Folder(Listing),
    /// An output kept in the content store.
    Stored {
        handle: String,
        bytes: Vec<u8>,
    },
}

/// Reads a regular file whole, lists a folder, or fetches a stored output.
pub fn read(grant: Grant, blobs: &BlobStore) -> Result<Opened, HostError> {
    match grant.into_reach() {
        Reach::ReadPath(path) if path.kind() == FileKind::Directory => list::list(&path).map(Opened::Folder),
        Reach::ReadPath(path) => Ok(Opened::File(read_file(&path)?.0)),
        Reach::ReadBlob(handle) => {
            let bytes = blobs.get(&handle)?;
            Ok(Opened::Stored { handle, bytes })
        }
        other => Err(HostError::wrong_grant("a file or folder to read", &other)),
    }
}

fn read_file(path: &PathHandle) -> Result<(Content, File), HostError> {
    let (fd, stamp) = open_judged(path, OFlags::RDONLY)?;
    let mut file = File::from(fd);
    let bytes = read_bounded(&mut file, stamp.size, path)?;
    Ok((Content { bytes, stamp, real: path.real().to_owned() }, file))
}

/// Trusts neither the size that was told (`/proc` says 0) nor that it stays.
fn read_bounded(file: &mut File, size: u64, path: &PathHandle) -> Result<Vec<u8>, HostError> {
    let too_large = |size| HostError::TooLarge { path: path.real().to_owned(), size, limit: MOST_BYTES };
    if size > MOST_BYTES {
        return Err(too_large(size));
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(std_error("read", path.real()))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Opens the regular file that was judged, and nothing that took its place since.
fn open_judged(path: &PathHandle, how: OFlags) -> Result<(OwnedFd, FileStamp), HostError> {
    let Some(judged) = path.stamp() else { return Err(HostError::Missing(path.real().to_owned())) };
    if path.kind() != FileKind::File {
        // Not even opened: opening a device or a pipe can have effects of its own.
        return Err(HostError::NotAFile { path: path.real().to_owned(), what: what_is(path) });
    }
    // NONBLOCK: a pipe put in the file's place must not hang us.
    let flags = how | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = openat(path.dir(), path.leaf(), flags, Mode::empty()).map_err(|errno| match errno {
        Errno::LOOP | Errno::NXIO => HostError::Swapped(path.real().to_owned()),
        Errno::NOENT => HostError::Missing(path.real().to_owned()),
        other => io_error("open", path.real())(other),
    })?;
    let kind = fstat(&fd).map_err(io_error("look at", path.real()))?;
    let stamp = FileStamp::of_file(&fd).map_err(std_error("look at", path.real()))?;
    let regular = FileType::from_raw_mode(kind.st_mode) == FileType::RegularFile;
    if !regular || (stamp.device, stamp.inode) != (judged.device, judged.inode) {
        return Err(HostError::Swapped(path.real().to_owned()));
    }
    Ok((fd, stamp))
}

/// Opens the folder that was judged, for listing.
pub(in crate::host) fn open_folder(path: &PathHandle) -> Result<OwnedFd, HostError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(path.dir(), path.leaf(), flags, Mode::empty()).map_err(|errno| match errno {
        Errno::LOOP | Errno::NOTDIR => HostError::Swapped(path.real().to_owned()),
        Errno::NOENT => HostError::Missing(path.real().to_owned()),
        other => io_error("open", path.real())(other),
    })?;
    let stamp = FileStamp::of_file(&fd).map_err(std_error("look at", path.real()))?;
    if path.stamp().map(|judged| (judged.device, judged.inode)) != Some((stamp.device, stamp.inode)) {
        return Err(HostError::Swapped(path.real().to_owned()));
    }
    Ok(fd)
}

/// The single file that was judged, for searching.
pub(in crate::host) fn open_file(path: &PathHandle) -> Result<File, HostError> {
    Ok(File::from(open_judged(path, OFlags::RDONLY)?.0))
}

fn what_is(path: &PathHandle) -> &'static str {
    match statat(path.dir(), path.leaf(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => kind_name(FileType::from_raw_mode(stat.st_mode)),
        Err(_) => "something else",
    }
}

fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a link",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something else",
    }
}
