//! Checkpoints of one work tree: taken, listed, compared, restored, pruned.

mod alone;
mod shown;
mod taker;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::ground::{Ground, state};
use crate::agent::{Checkpointer, Moment};
use crate::base::{StateDir, matches_prefix, new_id, now_ms};
use crate::host::git::snapshot::{
    Bounds, Checkpoint, Failure, Flat, Reason, Scan, SnapshotError, Store, Swept, spell, unspell,
};
use crate::kernel::{Kernel, KernelError};
use crate::protocol::{Report, ReportKind};

pub use alone::{checkpoint_compare, checkpoint_list, checkpoint_prune, checkpoint_restore};
pub use shown::{Comparison, Listed, PathChange, Rolled};

/// Longest reading before a turn's first write: it waits for that.
const LONGEST_TURN: Duration = Duration::from_secs(20);
/// Longest reading when a person waits and knows why.
const LONGEST_ASKED: Duration = Duration::from_secs(600);
/// Checkpoints are kept this long unless told otherwise, in days.
const KEPT_DAYS: u64 = 30;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Said of a path that was asked for.
const UNHELD: &str = "this checkpoint does not hold it";
/// Text of a diff, in bytes.
const MOST_DIFF: usize = 16 * 1024;

/// What pruning freed.
pub type Pruned = Swept;

/// The checkpoints of one work tree.
#[derive(Clone)]
pub struct Checkpoints {
    kernel: Arc<Kernel>,
    dir: StateDir,
    root: PathBuf,
    /// Our own folders, where they lie in the tree.
    apart: Vec<PathBuf>,
    session: Option<String>,
    stop: Arc<AtomicBool>,
}

impl Checkpoints {
    pub(super) fn of(ground: &Ground, kernel: Arc<Kernel>, session: Option<String>) -> Result<Self, Report> {
        let dirs = &ground.dirs;
        let own = [&dirs.config, &dirs.state, &dirs.cache, &dirs.data];
        let apart = own.into_iter().filter_map(|own| own.canonicalize().ok()).collect();
        let dir = ground.state()?.sub("checkpoints").map_err(state)?;
        Ok(Self::at(dir, ground.workspace.root.clone(), apart, kernel, session))
    }

    /// Checkpoints of the work tree `root`, kept in `dir`; `apart` are folders that none holds. The kernel's
    /// workspace must be that tree.
    pub fn at(
        dir: StateDir,
        root: PathBuf,
        apart: Vec<PathBuf>,
        kernel: Arc<Kernel>,
        session: Option<String>,
    ) -> Self {
        Self { kernel, dir, root, apart, session, stop: Arc::default() }
    }

    pub(super) fn checkpointer(self) -> Arc<dyn Checkpointer> {
        Arc::new(self)
    }

    /// Every checkpoint of this work tree, oldest first, and how many cannot be read.
    pub fn list(&self) -> Result<(Vec<Checkpoint>, usize), Report> {
        listed(&self.dir, &self.root)
    }

    /// The one that is meant: `redo`, a turn of this session, a name, or an id.
    pub fn find(&self, given: &str) -> Result<Checkpoint, Report> {
        let (all, _) = self.list()?;
        let newest = |fits: &dyn Fn(&Checkpoint) -> bool| all.iter().rev().find(|one| fits(one)).cloned();
        let here = |one: &Checkpoint| self.session.is_none() || one.session == self.session;
        if given == "redo" {
            return newest(&|one| one.reason == Reason::Restore && here(one)).ok_or_else(|| {
                Report::new(ReportKind::Usage, "nothing was rolled back here, so there is nothing to redo")
            });
        }
        let turn: Option<u32> = given.parse().ok();
        let named = newest(&|one| one.name.as_deref() == Some(given))
            .or_else(|| newest(&|one| Some(one.turn) == turn && one.reason == Reason::Turn && here(one)));
        if let Some(found) = named {
            return Ok(found);
        }
        let mut fitting: Vec<&Checkpoint> = all.iter().filter(|one| matches_prefix(&one.id, given)).collect();
        match (fitting.pop(), fitting.is_empty()) {
            (Some(found), true) => Ok(found.clone()),
            (Some(_), false) => {
                Err(Report::new(ReportKind::Usage, format!("`{given}` fits more than one checkpoint"))
                    .hint("give more of the id"))
            }
            (None, _) => Err(Report::new(
                ReportKind::Usage,
                format!("there is no checkpoint `{given}` of this work tree"),
            )
            .hint(
                "a name, the number of a turn, or four characters of an id; `iosm checkpoints` lists them",
            )),
        }
    }

    /// Takes one now. Blocks.
    pub fn take(&self, reason: Reason, name: Option<String>, at: Moment) -> Result<Checkpoint, Report> {
        self.take_with(reason, name, at, &[])
    }

    /// As [`take`](Self::take), with files that it holds although they are ignored. Blocks.
    fn take_with(
        &self,
        reason: Reason,
        name: Option<String>,
        at: Moment,
        besides: &[PathBuf],
    ) -> Result<Checkpoint, Report> {
        let longest = if reason == Reason::Turn { LONGEST_TURN } else { LONGEST_ASKED };
        let store = self.open(longest)?;
        let besides = self.below(besides);
        let scan = self.scan(&store, &besides, longest)?;
        held(&scan, &besides)?;
        store.keep(&scan, self.about(reason, name, at)).map_err(unusable)
    }

    /// Has the last checkpoint of a turn of this session hold ignored files too, as they are now. Blocks.
    fn add(&self, besides: &[PathBuf]) -> Result<(), Report> {
        let store = self.open(LONGEST_TURN)?;
        let (all, _) = self.list()?;
        let mut ours = all.iter().rev().filter(|one| one.reason == Reason::Turn);
        let Some(one) = ours.find(|one| one.session == self.session) else {
            return Err(Report::new(ReportKind::State, "the checkpoint of this turn is gone"));
        };
        let besides = self.below(besides);
        let grant = self.kernel.system_tree().map_err(judged)?;
        let bounds = Bounds { apart: &self.apart, also: &besides, longest: LONGEST_TURN, stop: &self.stop };
        let scan = store.scan_only(grant, &bounds).map_err(unusable)?;
        held(&scan, &besides)?;
        store.add(&one.id, &scan).map_err(unusable)
    }

    /// Paths in the tree, relative to its root.
    fn below(&self, paths: &[PathBuf]) -> Vec<Vec<u8>> {
        use std::os::unix::ffi::OsStrExt;
        let below = paths.iter().filter_map(|path| path.strip_prefix(&self.root).ok());
        below.map(|path| path.as_os_str().as_bytes().to_vec()).collect()
    }

    /// What restoring would change. Blocks.
    pub fn compare(&self, one: &Checkpoint, only: &[Vec<u8>]) -> Result<Comparison, Report> {
        let store = self.open(LONGEST_ASKED)?;
        let (about, flat) = store.flat(&one.id).map_err(unusable)?;
        let present = self.present(&store, &flat)?;
        if let Some(path) = unheld(&about, &flat, &present, only).next() {
            return Err(Report::new(ReportKind::State, format!("{path}: {UNHELD}"))
                .hint("`iosm checkpoints list` names the others"));
        }
        let plan = store.plan(&present, (&about, &flat), only);
        let diff = store.text_diff(&plan, MOST_DIFF).map_err(unusable)?;
        Ok(Comparison::of(about, &plan, diff))
    }

    /// Restores files; the present state is kept first, so that it can be gone back to. `only`: paths
    /// relative to the root; all where it is empty. Blocks.
    pub fn restore(&self, one: &Checkpoint, only: &[Vec<u8>], at: Moment) -> Result<Rolled, Report> {
        let store = self.open(LONGEST_ASKED)?;
        let (about, flat) = store.flat(&one.id).map_err(unusable)?;
        let present = self.present(&store, &flat)?;
        let unknown: Vec<Failure> = unheld(&about, &flat, &present, only)
            .map(|path| Failure { path, why: UNHELD.to_owned() })
            .collect();
        if store.plan(&present, (&about, &flat), only).is_empty() {
            return Ok(Rolled { failed: unknown, ..Rolled::nothing(about) });
        }
        let redo = store.keep(&present, self.about(Reason::Restore, None, at)).map_err(unusable)?;
        let grant = self.kernel.user_restore(&one.id).map_err(judged)?;
        let done = store.restore(grant, &present, (&about, &flat), only, &self.apart).map_err(unusable)?;
        let mut rolled = Rolled::of(about, redo, done);
        rolled.failed.extend(unknown);
        Ok(rolled)
    }

    /// Forgets what is older than so many days, and frees what only that held. Blocks.
    pub fn prune(&self, days: u64, dry_run: bool) -> Result<Pruned, Report> {
        let store = self.open(LONGEST_ASKED)?;
        // Of every work tree of the project: they share what they hold.
        let (all, _) = store.list().map_err(unusable)?;
        store.sweep(&expired(&all, days), dry_run).map_err(unusable)
    }

    fn open(&self, longest: Duration) -> Result<Store, Report> {
        Store::open(&self.dir, longest, &self.stop).map_err(unusable)
    }

    /// How the tree stands now, with everything that `target` would touch.
    fn present(&self, store: &Store, target: &Flat) -> Result<Scan, Report> {
        let also: Vec<Vec<u8>> = target.keys().cloned().collect();
        self.scan(store, &also, LONGEST_ASKED)
    }

    fn scan(&self, store: &Store, also: &[Vec<u8>], longest: Duration) -> Result<Scan, Report> {
        let grant = self.kernel.system_tree().map_err(judged)?;
        let bounds = Bounds { apart: &self.apart, also, longest, stop: &self.stop };
        store.scan(grant, &bounds).map_err(unusable)
    }

    fn about(&self, reason: Reason, name: Option<String>, at: Moment) -> Checkpoint {
        Checkpoint {
            id: new_id("c"),
            name,
            reason,
            session: self.session.clone(),
            turn: at.turn,
            entry: at.entry,
            said: at.said,
            at_ms: now_ms(),
            root: spell(&self.root),
            files: 0,
            bytes: 0,
            left_out: Vec::new(),
            large: Vec::new(),
        }
    }
}

/// Checkpoints of one work tree, oldest first, and how many of the project's cannot be read.
fn listed(dir: &StateDir, root: &Path) -> Result<(Vec<Checkpoint>, usize), Report> {
    let Some(store) = Store::look(dir).map_err(unusable)? else { return Ok((Vec::new(), 0)) };
    let (mut all, damaged) = store.list().map_err(unusable)?;
    let root = spell(root);
    all.retain(|one| one.root == root);
    Ok((all, damaged.len()))
}

/// Whether a scan holds all that it must; what has gone meanwhile needs no holding.
fn held(scan: &Scan, besides: &[Vec<u8>]) -> Result<(), Report> {
    let left = scan.left_out.iter().find(|left| besides.contains(&unspell(&left.path)));
    left.map_or(Ok(()), |left| {
        Err(Report::new(ReportKind::State, format!("{} cannot be held", left.path)).cause(&left.why))
    })
}

/// Paths asked for of which neither the checkpoint nor the tree knows anything.
fn unheld(about: &Checkpoint, flat: &Flat, present: &Scan, only: &[Vec<u8>]) -> impl Iterator<Item = String> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let within = |flat: &Flat, path: &Vec<u8>| {
        let below = [path.as_slice(), b"/"].concat();
        flat.contains_key(path)
            || flat.range(below.clone()..).next().is_some_and(|(p, _)| p.starts_with(&below))
    };
    let left = |path: &Vec<u8>| about.left_out.iter().any(|left| unspell(&left.path) == *path);
    let unheld: Vec<String> = only
        .iter()
        .filter(|path| !within(flat, path) && !within(&present.flat, path) && !left(path))
        .map(|path| spell(OsStr::from_bytes(path)))
        .collect();
    unheld.into_iter()
}

/// Ids of what is older than so many days.
fn expired(all: &[Checkpoint], days: u64) -> Vec<String> {
    let before = now_ms().saturating_sub(days.saturating_mul(DAY_MS));
    all.iter().filter(|one| one.at_ms <= before).map(|one| one.id.clone()).collect()
}

/// Paths that a checkpoint left out and the one before it did not.
fn newly_left_out<'c>(now: &'c Checkpoint, before: Option<&Checkpoint>) -> Vec<&'c str> {
    let known: HashSet<&str> =
        before.into_iter().flat_map(|one| one.left_out.iter().map(|left| left.path.as_str())).collect();
    let new = now.left_out.iter().map(|left| left.path.as_str());
    new.filter(|path| !known.contains(path)).collect()
}

fn judged(error: KernelError) -> Report {
    Report::from_error(ReportKind::Refused, &error)
}

fn unusable(error: SnapshotError) -> Report {
    let report = Report::from_error(ReportKind::State, &error);
    match error {
        SnapshotError::TooMany => {
            report.hint("put what is built or fetched into .gitignore, or set `checkpoints: false`")
        }
        SnapshotError::OutOfTime { .. } | SnapshotError::Busy | SnapshotError::Cancelled => report,
        SnapshotError::Damaged { .. } => report.hint("`iosm checkpoints prune` removes damaged ones"),
        _ => report.hint("free some space, or look at the folder of checkpoints (`iosm paths`)"),
    }
}
