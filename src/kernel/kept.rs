//! What a call would take from the user for good: asked of somebody who can look at the tree.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::effects::{Doomed, Prepared};
use super::grant::Grant;
use super::judge::Kernel;

/// Why nothing would bring a file or folder back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// In no commit and no index, and no checkpoint is taken.
    Untracked,
    /// Changed before the session began, the change is in no index, and no checkpoint is taken.
    Uncommitted,
    /// Ignored, and too much for a checkpoint to hold besides; or none is taken.
    Ignored,
    /// Above the size that a checkpoint reads.
    Large,
    /// A checkpoint cannot read it.
    Unreadable,
    /// A repository: no checkpoint holds one's commits.
    Repository,
    /// There is more than can be looked through.
    Unseen,
}

/// A file or folder that nothing brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub path: PathBuf,
    pub why: Why,
}

/// What comes of everything that a call deletes or overwrites.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weighed {
    /// By the place among the paths that were asked about; of each the first that was found.
    pub lost: Vec<(usize, Lost)>,
    /// Ignored files that a checkpoint must hold besides, so that they can be brought back.
    pub hold: Vec<PathBuf>,
}

/// Knows what would be gone for good if paths were deleted or overwritten.
pub trait Kept: Send + Sync {
    /// `checkpoints`: whether one is taken before the call runs.
    fn weigh(&self, doomed: &[Doomed], checkpoints: bool) -> Weighed;
}

/// Opens a [`Kept`] over the tree that a grant names.
pub type OpenKept = Box<dyn Fn(Grant) -> Option<Box<dyn Kept>> + Send + Sync>;

/// Nobody, or somebody who is opened when first asked.
pub(super) type Keeper = Option<(OpenKept, OnceLock<Option<Box<dyn Kept>>>)>;

impl Kernel {
    /// With somebody who knows what a call would lose. Opened with a grant for the tree when the first call
    /// that deletes or overwrites is judged: many sessions have none.
    pub fn with_kept(mut self, open: OpenKept) -> Self {
        self.kept = Some((open, OnceLock::new()));
        self
    }

    fn keeper(&self) -> Option<&dyn Kept> {
        let (open, kept) = self.kept.as_ref()?;
        kept.get_or_init(|| open(self.system_tree().ok()?)).as_deref()
    }

    pub(super) fn weigh(&self, prepared: &Prepared, checkpoints: bool) -> Weighed {
        if prepared.doomed.is_empty() {
            return Weighed::default();
        }
        self.keeper().map_or_else(Weighed::default, |kept| kept.weigh(&prepared.doomed, checkpoints))
    }
}

impl Lost {
    pub fn new(path: &Path, why: Why) -> Self {
        Self { path: path.to_owned(), why }
    }
}
