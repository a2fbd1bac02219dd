//! The repository a session works in: who answers for it, and what `HEAD` names.

use std::sync::{Arc, Mutex, PoisonError};

use super::ground::{Ground, state};
use super::options::Options;
use crate::agent::HeadOf;
use crate::host::git::Repository;
use crate::host::user;
use crate::kernel::{Identity, Kernel};
use crate::protocol::Report;

/// The repository around a workspace, opened once; `None` where there is none that can be read.
#[derive(Clone)]
pub(super) struct History(Option<Arc<Mutex<Repository>>>);

impl History {
    /// An error only when the look cannot be put on record.
    pub(super) fn of(ground: &Ground, kernel: &Kernel) -> Result<Self, Report> {
        if ground.git().dirs.is_none() {
            return Ok(Self(None));
        }
        let grant = kernel.system_git().map_err(state)?;
        Ok(Self(Repository::open(grant).ok().map(|opened| Arc::new(Mutex::new(opened)))))
    }

    pub(super) fn identity(&self, options: &Options) -> Identity {
        Identity {
            // Not `USER`: a variable can say anything.
            user: Some(user::name()),
            git: self.0.as_ref().and_then(|opened| lock(opened).identity()),
            face: Some(if options.human { "interactive" } else { "headless" }.to_owned()),
        }
    }

    pub(super) fn head(&self) -> Option<HeadOf> {
        let opened = self.0.clone()?;
        Some(Arc::new(move || lock(&opened).head()))
    }
}

/// Where the work tree stands, for a status line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branch {
    pub name: String,
    /// Whether something differs from the last commit.
    pub dirty: bool,
}

impl History {
    /// Looks at the whole tree: not for a thread that must answer soon. `None` where there is no repository.
    pub(super) fn branch(&self) -> Option<Branch> {
        let opened = lock(self.0.as_ref()?);
        // A tree that cannot be compared is not called clean.
        Some(Branch { name: opened.branch()?, dirty: opened.is_dirty().unwrap_or(true) })
    }
}

fn lock(opened: &Mutex<Repository>) -> std::sync::MutexGuard<'_, Repository> {
    // Looking leaves nothing half-done behind.
    opened.lock().unwrap_or_else(PoisonError::into_inner)
}
