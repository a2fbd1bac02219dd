//! What can go wrong with the user's files. Every message says what to do next where we know it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::base::BlobError;
use crate::kernel::Reach;

#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("this call was granted {granted}, which does not open {needed}")]
    WrongGrant { needed: &'static str, granted: &'static str },
    #[error("{0} does not exist")]
    Missing(PathBuf),
    #[error("{path} is {what}, not a regular file")]
    NotAFile { path: PathBuf, what: &'static str },
    #[error("{0} is not a folder")]
    NotAFolder(PathBuf),
    #[error(
        "{path} has {size} bytes; a file over {limit} bytes is not taken whole: search it, or cut a piece out with a command"
    )]
    TooLarge { path: PathBuf, size: u64, limit: u64 },
    #[error("{0} was replaced by something else after this call was judged; nothing was done: call again")]
    Swapped(PathBuf),
    #[error("{0} changed on disk in the middle of this call; nothing was written: read it again")]
    Changed(PathBuf),
    #[error("{path} is read-only (mode {mode:04o}); nothing was written")]
    ReadOnly { path: PathBuf, mode: u32 },
    #[error("cannot {verb} {path}: {source}")]
    Io { verb: &'static str, path: PathBuf, source: io::Error },
    #[error("stopped")]
    Cancelled,
    #[error(transparent)]
    Blob(#[from] BlobError),
}

impl HostError {
    pub fn wrong_grant(needed: &'static str, reach: &Reach) -> Self {
        let granted = match reach {
            Reach::Nothing => "nothing in the world",
            Reach::ReadPath(_) => "one path to read",
            Reach::ReadTree(_) => "one tree to read",
            Reach::ReadBlob(_) => "one stored output",
            Reach::RewriteFile(_) => "one file to write",
            Reach::Run(_) => "one command",
            Reach::Remote(_) => "one remote call",
            Reach::Background(_) => "one background command",
            Reach::Fetch(_) => "one URL to fetch",
            Reach::Inspect(_) => "a repository to look at",
            Reach::RestoreTree(_) => "one tree to restore",
            Reach::Editor(_) => "a file in the user's editor",
            Reach::Clipboard => "the image on the clipboard",
        };
        Self::WrongGrant { needed, granted }
    }
}

/// For `map_err`: names what was tried, and on what.
pub(in crate::host) fn io_error(verb: &'static str, path: &Path) -> impl FnOnce(Errno) -> HostError {
    move |errno| HostError::Io { verb, path: path.to_owned(), source: errno.into() }
}

/// The same for errors of the standard library.
pub(in crate::host) fn std_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HostError {
    move |source| HostError::Io { verb, path: path.to_owned(), source }
}
