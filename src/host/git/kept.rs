//! What deleting or overwriting a path would lose for good: what no commit and no index holds, that no tool
//! makes again, that was there before this session, and that no checkpoint will hold. Looks only.

mod look;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use git2::Repository;

use crate::host::HostError;
use crate::kernel::{Doomed, Grant, Kept, Lost, Reach, Weighed};
use look::{Ground, Look};

/// Knows the repository of a workspace, or that there is none.
pub struct KeptFiles {
    root: PathBuf,
    repository: Option<Mutex<Repository>>,
    began: SystemTime,
}

impl KeptFiles {
    /// Opens the repository of the tree a grant names. `began`: what was made later is the session's own.
    pub fn open(grant: Grant, began: SystemTime) -> Result<Self, HostError> {
        let root = match grant.into_reach() {
            Reach::ReadTree(handle) => handle.real().to_owned(),
            other => return Err(HostError::wrong_grant("a tree to look at", &other)),
        };
        Ok(Self::at(root, began))
    }

    fn at(root: PathBuf, began: SystemTime) -> Self {
        let repository = Repository::open(&root).ok().map(Mutex::new);
        Self { root, repository, began }
    }

    /// Of a root that was added to the workspace: no checkpoint holds it, a repository of its own may.
    fn elsewhere(&self, look: &mut Look, doomed: &Doomed) -> Option<Lost> {
        let there = doomed.path.ancestors().find(|path| path.exists())?;
        let repository = Repository::discover(there).ok();
        let root = repository.as_ref().and_then(Repository::workdir).unwrap_or(there).canonicalize().ok()?;
        let mut ground = Ground::new(&root, repository.as_ref(), self.began, false);
        look.weigh(&mut ground, doomed)
    }
}

impl Kept for KeptFiles {
    fn weigh(&self, doomed: &[Doomed], checkpoints: bool) -> Weighed {
        // Most lines write what is new: nothing is there to be lost, and nothing is looked up.
        let glob = |one: &Doomed| one.path.as_os_str().as_encoded_bytes().iter().any(|b| b"*?[{".contains(b));
        if !doomed.iter().any(|one| one.path.symlink_metadata().is_ok() || glob(one)) {
            return Weighed::default();
        }
        let held = self.repository.as_ref().map(|r| r.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ground = Ground::new(&self.root, held.as_deref(), self.began, checkpoints);
        let mut look = Look::new();
        let mut lost = Vec::new();
        for (at, one) in doomed.iter().enumerate() {
            let found = match one.path.starts_with(&self.root) {
                true => look.weigh(&mut ground, one),
                false => self.elsewhere(&mut look, one),
            };
            lost.extend(found.map(|found| (at, found)));
        }
        Weighed { lost, hold: look.hold }
    }
}
