//! Checking journals: one, or all of a project with the index over them.

use std::path::{Path, PathBuf};

use super::ground::{Ground, state};
use super::key;
use super::options::SharedEnv;
use crate::base::matches_prefix;
use crate::kernel::{self, Broken, Verified};
use crate::protocol::{Report, ReportKind};

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
        return Ok(JournalsChecked { index, journals });
    };
    let path = match Path::new(given) {
        path if path.is_file() => path.to_owned(),
        _ => journal_of(ground, given)?,
    };
    let verified = kernel::verify(&path, &trusted).map_err(|why| broken(&path, &why))?;
    Ok(JournalsChecked { index: None, journals: vec![(path, verified)] })
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
