//! Checking journals: one, or all of a project with the index over them.

use std::path::{Path, PathBuf};

use super::ground::{Ground, state};
use super::key;
use super::options::SharedEnv;
use crate::base::{matches_prefix, plural};
use crate::kernel::{self, Broken, Verified};
use crate::protocol::{Report, ReportKind};
use crate::session::{self, Payload};

/// Journals whose chains hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalsChecked {
    /// Entries of the index; `None` where it was not asked for, or where no head was ever signed.
    pub index: Option<u64>,
    /// In order of time.
    pub journals: Vec<(PathBuf, Verified)>,
}

/// Checks one journal (a path, or a session of this project), or all of them and the index. The first
/// thing that is wrong is an error of kind `Check`.
pub fn verify(ground: &Ground, env: &SharedEnv, given: Option<&str>) -> Result<JournalsChecked, Report> {
    let trusted = key::trusted(ground, env)?;
    let folder = ground.state()?.sub("journal").map_err(state)?;
    let Some(given) = given else {
        let checked =
            kernel::verify_all(folder.path(), &trusted).map_err(|why| broken(folder.path(), &why))?;
        // What is wrong with a journal says more than what follows from it for the index.
        let mut journals = Vec::new();
        for (session, verified) in checked.journals {
            let path = folder.path().join(format!("{session}.jsonl"));
            journals.push((path.clone(), verified.map_err(|why| broken(&path, &why))?));
        }
        let index = checked.index.map_err(|why| broken(folder.path(), &why))?;
        for (path, verified) in &journals {
            sealed(ground, path, verified)?;
        }
        return Ok(JournalsChecked { index, journals });
    };
    let path = match Path::new(given) {
        path if path.is_file() => path.to_owned(),
        _ => journal_of(ground, given)?,
    };
    let verified = kernel::verify(&path, &trusted).map_err(|why| broken(&path, &why))?;
    sealed(ground, &path, &verified)?;
    Ok(JournalsChecked { index: None, journals: vec![(path, verified)] })
}

/// A journal that nobody sealed is told of, unless its session goes on.
fn sealed(ground: &Ground, path: &Path, verified: &Verified) -> Result<(), Report> {
    if !verified.ended_unsealed() {
        return Ok(());
    }
    let session = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let entries = session::entries(&dir, session).unwrap_or_default();
    let ended = entries.iter().filter(|entry| matches!(entry.payload, Payload::TurnEnd { .. })).count();
    let rows = plural(verified.rows as usize, "row");
    let report = Report::new(
        ReportKind::Check,
        format!("{}: {rows}, ended without a seal: killed, or cut", path.display()),
    );
    let report = match (entries.is_empty(), ended) {
        (true, _) => report.cause("no conversation of it was kept that could tell which"),
        (false, 0) => report.cause("in its conversation no turn has ended, as when it was killed in its first"),
        (false, turns) => report.cause(format!(
            "its conversation tells of {} that ended, and each end seals: the seal was taken away, and rows may be gone",
            plural(turns, "turn")
        )),
    };
    Err(report.cause("nothing proves these rows, nor that there were no more").hint(format!(
        "if you know that it was killed: `iosm -r {session} -p …` goes on with it and seals them"
    )))
}

pub(super) fn broken(path: &Path, why: &Broken) -> Report {
    Report::new(ReportKind::Check, format!("{}: {why}", path.display()))
        .hint("someone changed what was written, or the disk did; what follows that place proves nothing")
}

/// The journal of the one session that `given` is the id of, or the start of it.
pub(super) fn journal_of(ground: &Ground, given: &str) -> Result<PathBuf, Report> {
    let dir = ground.state()?.sub("journal").map_err(state)?;
    let names = dir.names().map_err(state)?;
    let ids = names.iter().filter_map(|name| name.strip_suffix(".jsonl"));
    let ids: Vec<&str> = ids.filter(|id| matches_prefix(id, given)).collect();
    match ids.as_slice() {
        [id] => Ok(dir.path().join(format!("{id}.jsonl"))),
        [] => Err(Report::new(ReportKind::Usage, format!("there is no journal {given} in this project"))
            .hint("give a file, or an id from `iosm sessions`")),
        _ => Err(Report::new(ReportKind::Usage, format!("{given} fits {} journals", ids.len()))),
    }
}
