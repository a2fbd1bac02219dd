//! The private repository of one project: opened, locked, listed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use git2::{ErrorCode, Oid, Repository, RepositoryInitOptions};

use super::{Checkpoint, Flat, LeftOut, Scan, SnapshotError, object};
use crate::base::{AppendFile, StateDir};

const REPOSITORY: &str = "store.git";
const LARGE: &str = "large";
const LOCK: &str = "lock";
const REFS: &str = "refs/checkpoints/";

/// Checkpoints of one project. One process at a time writes.
pub struct Store {
    pub(super) dir: StateDir,
    pub(super) repository: Repository,
    _lock: Option<AppendFile>,
}

impl Store {
    /// For looking only, without waiting for anybody; `None` where nothing was ever kept.
    pub fn look(dir: &StateDir) -> Result<Option<Self>, SnapshotError> {
        match Repository::open_bare(dir.path().join(REPOSITORY)) {
            Ok(repository) => Ok(Some(Self { dir: dir.clone(), repository, _lock: None })),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the repository where there is none, and waits so long for another process.
    pub fn open(dir: &StateDir, longest: Duration, stop: &AtomicBool) -> Result<Self, SnapshotError> {
        let lock = dir.append(LOCK)?;
        let since = Instant::now();
        while !lock.try_lock()? {
            if stop.load(Ordering::Relaxed) {
                return Err(SnapshotError::Cancelled);
            }
            if since.elapsed() > longest {
                return Err(SnapshotError::Busy);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let path = dir.path().join(REPOSITORY);
        let repository = match Repository::open_bare(&path) {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound => {
                let mut options = RepositoryInitOptions::new();
                options.bare(true).external_template(false).initial_head("none");
                Repository::init_opts(&path, &options)?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { dir: dir.clone(), repository, _lock: Some(lock) })
    }

    /// Every checkpoint, oldest first, and the ids of those that cannot be read.
    pub fn list(&self) -> Result<(Vec<Checkpoint>, Vec<String>), SnapshotError> {
        let odb = self.repository.odb()?;
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (id, target) in self.targets()? {
            match object::read_commit(&odb, target) {
                Ok((_, about)) => good.push(about),
                Err(_) => bad.push(id),
            }
        }
        good.sort_by(|a, b| a.id.cmp(&b.id));
        Ok((good, bad))
    }

    /// Every checkpoint's id and commit.
    pub(super) fn targets(&self) -> Result<Vec<(String, Oid)>, SnapshotError> {
        let mut targets = Vec::new();
        for reference in self.repository.references_glob(&format!("{REFS}*"))? {
            let reference = reference?;
            let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
            if let (Some(id), Some(target)) = (name.strip_prefix(REFS), reference.target()) {
                targets.push((id.to_owned(), target));
            }
        }
        targets.sort();
        Ok(targets)
    }

    /// What a checkpoint holds.
    pub fn flat(&self, id: &str) -> Result<(Checkpoint, Flat), SnapshotError> {
        let damaged =
            |error: SnapshotError| SnapshotError::Damaged { id: id.to_owned(), why: error.to_string() };
        let read = || {
            let target = self.repository.refname_to_id(&format!("{REFS}{id}"))?;
            let odb = self.repository.odb()?;
            let (tree, about) = object::read_commit(&odb, target)?;
            let flat = object::flat(&odb, tree, &about)?;
            Ok((about, flat))
        };
        read().map_err(damaged)
    }

    /// Keeps what a scan found as a checkpoint. The last step makes it visible.
    pub fn keep(&self, scan: &Scan, mut about: Checkpoint) -> Result<Checkpoint, SnapshotError> {
        about.files = scan.files;
        about.bytes = scan.bytes;
        about.left_out.clone_from(&scan.left_out);
        about.large.clone_from(&scan.large);
        let odb = self.repository.odb()?;
        let tree = object::write_trees(&odb, &scan.flat)?;
        let commit = object::write_commit(&odb, tree, &about)?;
        self.repository.reference(&format!("{REFS}{}", about.id), commit, false, "checkpoint")?;
        Ok(about)
    }

    /// Has a checkpoint hold what a scan found besides; what it holds already stays as it is.
    pub fn add(&self, id: &str, scan: &Scan) -> Result<(), SnapshotError> {
        let (mut about, mut flat) = self.flat(id)?;
        for (path, entry) in &scan.flat {
            flat.entry(path.clone()).or_insert_with(|| {
                about.files += u64::from(!entry.is_dir());
                *entry
            });
        }
        about.bytes += scan.bytes;
        let odb = self.repository.odb()?;
        let tree = object::write_trees(&odb, &flat)?;
        let commit = object::write_commit(&odb, tree, &about)?;
        self.repository.reference(&format!("{REFS}{id}"), commit, true, "more is held")?;
        Ok(())
    }

    pub(super) fn forget(&self, id: &str) -> Result<(), SnapshotError> {
        Ok(self.repository.find_reference(&format!("{REFS}{id}"))?.delete()?)
    }

    /// Where large files lie that share their blocks with the user's.
    pub(super) fn large(&self) -> PathBuf {
        self.dir.path().join(LARGE)
    }
}

/// Whether a path is, or lies below, one of these.
pub(super) fn is_within(path: &[u8], left_out: &[LeftOut]) -> bool {
    left_out.iter().any(|left| {
        let left = super::unspell(&left.path);
        path.strip_prefix(left.as_slice()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    })
}
