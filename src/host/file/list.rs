//! What lies in a folder.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Dir, FileType, readlinkat, statat};

use super::{HostError, io_error, kind_name, open_folder};
use crate::base::PathHandle;

/// Entries looked at one by one; the rest of a larger folder is only counted.
const MOST_ENTRIES: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    File {
        executable: bool,
    },
    Folder,
    /// With what it points at, as written in it.
    Link(String),
    Other(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Bytes that are not UTF-8 are shown as `�`.
    pub name: String,
    pub kind: EntryKind,
    /// Bytes.
    pub size: u64,
}

/// A folder's entries by name, in byte order.
#[derive(Debug)]
pub struct Listing {
    pub real: PathBuf,
    pub entries: Vec<Entry>,
    pub left_out: usize,
}

pub(super) fn list(path: &PathHandle) -> Result<Listing, HostError> {
    let fd = open_folder(path)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&fd).map_err(io_error("list", path.real()))? {
        let entry = entry.map_err(io_error("list", path.real()))?;
        let name = entry.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort();
    let left_out = names.len().saturating_sub(MOST_ENTRIES);
    names.truncate(MOST_ENTRIES);
    let entries = names.iter().filter_map(|name| {
        // An entry that vanished meanwhile is not there.
        let stat = statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => EntryKind::File { executable: stat.st_mode & 0o111 != 0 },
            FileType::Directory => EntryKind::Folder,
            FileType::Symlink => {
                let target = readlinkat(&fd, name, Vec::new()).ok()?;
                EntryKind::Link(String::from_utf8_lossy(target.to_bytes()).into_owned())
            }
            other => EntryKind::Other(kind_name(other)),
        };
        let name = std::ffi::OsStr::from_bytes(name.to_bytes()).to_string_lossy().into_owned();
        Some(Entry { name, kind, size: stat.st_size as u64 })
    });
    let entries = entries.collect();
    Ok(Listing { real: path.real().to_owned(), entries, left_out })
}
