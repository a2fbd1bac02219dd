//! Snapshots of a whole tree, in a private bare repository of ours: never in the user's.
//!
//! Objects are written as they are, with no filter and no attribute; trees by a writer of our own, so
//! that any bytes may stand in a name, modes are kept whole, and an empty folder is an empty tree. What a
//! snapshot holds besides is in its commit's message, as JSON. `.git` is never part of one.
#![expect(clippy::disallowed_methods, reason = "keeps the private repository, and restores a granted tree")]

mod below;
mod cache;
mod compare;
mod object;
mod restore;
mod spell;
mod store;
mod sweep;
mod take;

use std::collections::BTreeMap;
use std::path::PathBuf;

use git2::Oid;
use serde::{Deserialize, Serialize};

use super::super::file::HostError;
use crate::base::StoreError;

pub use compare::{Change, How, TextDiff, changes};
pub use restore::{Failure, Restored};
pub use spell::{spell, unspell};
pub use store::Store;
pub use sweep::Swept;
pub use take::{Bounds, Scan};

/// Larger files are not read: where the file system can share their blocks they are, elsewhere they are
/// left out and named. In bytes.
pub const MOST_FILE: u64 = 100 * 1024 * 1024;
/// Names in one tree; a larger one is not taken at all.
pub const MOST_NAMES: usize = 200_000;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the repository of checkpoints: {0}")]
    Git(#[from] git2::Error),
    #[error("cannot {verb} {path}: {source}")]
    Io { verb: &'static str, path: PathBuf, source: std::io::Error },
    #[error("another process works on this project's checkpoints; it went on for too long")]
    Busy,
    #[error("the work tree holds more than {MOST_NAMES} files and folders")]
    TooMany,
    #[error(
        "the files of this work tree could not all be read in {seconds} s: {left} are left, and the next checkpoint goes on from there"
    )]
    OutOfTime { seconds: u64, left: usize },
    #[error("stopped")]
    Cancelled,
    #[error("checkpoint {id} is damaged: {why}")]
    Damaged { id: String, why: String },
}

/// Why a snapshot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Before the first call of a turn that may write.
    Turn,
    /// The user asked for it.
    Asked,
    /// Before another one was restored: what redo goes back to.
    Restore,
}

/// One snapshot, as it is listed. Paths are spelled by [`spell`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Checkpoint {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    pub reason: Reason,
    /// The session it was taken in.
    #[serde(default)]
    pub session: Option<String>,
    /// The turn of the user that it was taken in or after: a message and all that follows; 0 before the first.
    pub turn: u32,
    /// The last entry of the session's log at that time; 0 where there was none.
    pub entry: u64,
    /// The entry of the user's message that began the turn; 0 outside a turn.
    pub said: u64,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The work tree.
    pub root: String,
    pub files: u64,
    /// Of all files.
    pub bytes: u64,
    /// What is not in it although it is not ignored.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Files that share their blocks with the ones that stood there.
    #[serde(default)]
    pub large: Vec<Large>,
}

/// A file or folder that a snapshot does not hold. Restoring never touches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeftOut {
    pub path: String,
    pub why: String,
}

/// A file too large to be read, kept by sharing its blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Large {
    pub path: String,
    pub mode: u32,
    pub size: u64,
    /// 40 hexadecimal characters: its name in the store, made of its identity and times.
    pub key: String,
}

/// What stands at one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Type and permissions, as `stat` gives them.
    pub mode: u32,
    /// The content; zero for a folder.
    pub id: Oid,
    /// The content lies outside the objects, under its key.
    pub large: bool,
}

impl Entry {
    pub(super) fn is_dir(&self) -> bool {
        self.mode & S_IFMT == S_IFDIR
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & S_IFMT == S_IFLNK
    }
}

/// A tree as a list: every path below the root, with what stands there.
pub type Flat = BTreeMap<Vec<u8>, Entry>;

const S_IFMT: u32 = 0o170_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;
const S_IFREG: u32 = 0o100_000;

fn io(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> SnapshotError {
    let path = path.into();
    move |source| SnapshotError::Io { verb, path, source }
}
