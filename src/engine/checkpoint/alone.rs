//! Checkpoints from the command line, outside a session.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Checkpoints, Comparison, Listed, Pruned, Rolled, listed};
use crate::agent::Moment;
use crate::base::{BlobStore, new_id};
use crate::config::Policy;
use crate::engine::ground::{Ground, state};
use crate::engine::key;
use crate::engine::options::Options;
use crate::engine::sandbox::fence;
use crate::engine::wiring::{charter, judge_only, kernel, registry};
use crate::host::temp::PrivateTemp;
use crate::host::user;
use crate::kernel::{Identity, Journal};
use crate::protocol::{Report, ReportKind};

/// Checkpoints whose kernel keeps its journal with the project's: what a person does here is on record.
/// Beside them the folder that lives as long.
fn on_record(ground: &Ground, options: &Options) -> Result<(Checkpoints, PrivateTemp), Report> {
    let temp = PrivateTemp::new("iosm-").map_err(|error| {
        Report::new(ReportKind::Host, "no temporary folder can be made").cause(error.to_string())
    })?;
    let project = ground.state()?;
    let keys = key::open(ground, &options.env)?;
    // No session: a journal of its own, that no list of sessions takes for one.
    let id = new_id("u");
    let journal = Journal::open(project.sub("journal").map_err(state)?, &id, &keys).map_err(state)?;
    let blobs = BlobStore::new(project.sub("blobs").map_err(state)?);
    let profile = ground.profile(ground.settings.settings.profile.as_deref().unwrap_or("full"))?;
    let fence = fence(ground, options, temp.path())?;
    let (registry, ..) = registry(options, &fence)?;
    let policy = Policy::default();
    let charter = charter(ground, options, &profile, &registry, &fence, &id, temp.path(), policy)?;
    let who = Identity { user: Some(user::name()), git: None, face: Some("command_line".to_owned()) };
    let kernel = kernel(charter, journal, blobs)?.answered_by(who);
    Ok((Checkpoints::of(ground, Arc::new(kernel), None)?, temp))
}

/// Checkpoints for looking, and for what touches nothing of the user's.
fn off_record(ground: &Ground, options: &Options) -> Result<(Checkpoints, PrivateTemp), Report> {
    let (kernel, _, temp) = judge_only(ground, options.clone(), None)?;
    Ok((Checkpoints::of(ground, Arc::new(kernel), None)?, temp))
}

/// The checkpoints of this work tree, newest first, and how many of the project cannot be read.
pub fn checkpoint_list(ground: &Ground) -> Result<(Vec<Listed>, usize), Report> {
    let dir = ground.state()?.sub("checkpoints").map_err(state)?;
    let (all, damaged) = listed(&dir, &ground.workspace.root)?;
    Ok((all.iter().rev().map(Listed::from).collect(), damaged))
}

/// What restoring a checkpoint would change.
pub fn checkpoint_compare(
    ground: &Ground,
    options: &Options,
    given: &str,
    paths: &[PathBuf],
) -> Result<Comparison, Report> {
    let only = relative(ground, paths)?;
    let (checkpoints, _temp) = off_record(ground, options)?;
    checkpoints.compare(&checkpoints.find(given)?, &only)
}

/// Restores a checkpoint's files, or some of them.
pub fn checkpoint_restore(
    ground: &Ground,
    options: &Options,
    given: &str,
    paths: &[PathBuf],
) -> Result<Rolled, Report> {
    let only = relative(ground, paths)?;
    let (checkpoints, _temp) = on_record(ground, options)?;
    let rolled = checkpoints.restore(&checkpoints.find(given)?, &only, Moment::default())?;
    checkpoints.kernel.seal().map_err(state)?;
    Ok(rolled)
}

/// Frees what is older than so many days.
pub fn checkpoint_prune(
    ground: &Ground,
    options: &Options,
    days: u64,
    dry_run: bool,
) -> Result<Pruned, Report> {
    let (checkpoints, _temp) = off_record(ground, options)?;
    checkpoints.prune(days, dry_run)
}

/// Paths as given, relative to the root; `.` is everything below the folder the user stands in.
fn relative(ground: &Ground, paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Report> {
    let (root, cwd) = (&ground.workspace.root, &ground.workspace.cwd);
    let mut all = Vec::new();
    for path in paths {
        let mut real = PathBuf::new();
        // By name: what is to be brought back need not exist.
        for part in cwd.join(path).components() {
            match part {
                Component::ParentDir => drop(real.pop()),
                Component::CurDir => {}
                other => real.push(other),
            }
        }
        let outside = || {
            Report::new(ReportKind::Usage, format!("{} does not lie in {}", path.display(), root.display()))
        };
        let below: &Path = real.strip_prefix(root).map_err(|_| outside())?;
        let below: &OsStr = below.as_os_str();
        if below.is_empty() {
            return Ok(Vec::new());
        }
        all.push(below.as_bytes().to_vec());
    }
    Ok(all)
}
