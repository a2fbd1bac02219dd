//! `iosm audit`: the readable form of what the journal proves and the session's log says.

mod bundle;
mod checks;
mod export;
mod join;
mod offline;
mod proof;
mod shape;
mod sources;
mod statement;
mod text;

use super::ground::Ground;
use super::options::Options;
use crate::host::git::CommitInfo;
use crate::protocol::{Report, ReportKind};

pub use export::{Exported, export};
pub use offline::{Proved, prove_file};
pub(super) use proof::prove;
pub use shape::{Asked, Audit, CallAudit, CheckAudit, CommitAudit, Proof, RunAudit, SessionAudit, Status};
pub(super) use sources::{Known, Sources};
pub(super) use text::person;

/// The audit of one session without its repository.
pub(super) fn session_audit(known: &Known, only: Option<&str>) -> SessionAudit {
    join::session(known, only, None)
}

/// What an audit is of.
pub(super) enum Of {
    Session(String),
    /// The session it is in, and the run.
    Run(String, String),
    Range(String, String),
}

/// Reads what was asked for: a range `REV..REV`, a run `r_…`, a session, or nothing for the last one.
pub(super) fn what(sources: &Sources, given: Option<&str>) -> Result<Of, Report> {
    let Some(given) = given else {
        let newest = sources.sessions()?.pop();
        return newest.map(Of::Session).ok_or_else(|| {
            Report::new(ReportKind::Usage, "there is no journal in this project yet")
                .hint("start a session: iosm -p \"…\"")
        });
    };
    if let Some((from, to)) = given.split_once("..") {
        return Ok(Of::Range(from.to_owned(), to.trim_start_matches('.').to_owned()));
    }
    if given.starts_with("r_")
        && let Some(session) = sources.session_of_run(given)?
    {
        return Ok(Of::Run(session, given.to_owned()));
    }
    match sources.session_named(given)? {
        Some(session) => Ok(Of::Session(session)),
        None => {
            Err(Report::new(ReportKind::Usage, format!("there is no session or run {given} in this project"))
                .hint(
                    "give an id from `iosm sessions`, a run (r_…), or a range of commits such as main..HEAD",
                ))
        }
    }
}

/// The audit of a session, a run, or the commits of a range.
pub fn audit(ground: &Ground, options: Options, given: Option<&str>) -> Result<Audit, Report> {
    let sources = Sources::open(ground, options)?;
    let repository = sources.repository().ok();
    let (of, sessions, commits) = match what(&sources, given)? {
        Of::Session(session) => {
            (session.clone(), vec![join::session(&sources.known(&session), None, repository)], Vec::new())
        }
        Of::Run(session, run) => {
            (run.clone(), vec![join::session(&sources.known(&session), Some(&run), repository)], Vec::new())
        }
        Of::Range(from, to) => range(&sources, &from, &to)?,
    };
    let intact = sessions.iter().all(|session| session.chain.intact)
        && !commits.iter().any(|commit| matches!(commit.proof, Proof::Broken { .. } | Proof::Differs { .. }));
    Ok(Audit { of, intact, sessions, commits })
}

type Ranged = (String, Vec<SessionAudit>, Vec<CommitAudit>);

fn range(sources: &Sources, from: &str, to: &str) -> Result<Ranged, Report> {
    let repository = sources.repository()?;
    let found = repository.range(from, to).map_err(|error| Report::from_error(ReportKind::Usage, &error))?;
    let mut commits = Vec::new();
    let mut sessions: Vec<SessionAudit> = Vec::new();
    for commit in found {
        let told = told(&commit, prove(&commit, sources)?);
        if let (Some(session), Some(run)) = (told.proof.session(), &told.run) {
            let audit = join::session(&sources.known(session), Some(run), Some(repository));
            match sessions.iter_mut().find(|known| known.session == session) {
                None => sessions.push(audit),
                Some(known) => {
                    let fresh =
                        audit.runs.into_iter().filter(|run| !known.runs.iter().any(|old| old.run == run.run));
                    let fresh: Vec<RunAudit> = fresh.collect();
                    known.runs.extend(fresh);
                }
            }
        }
        commits.push(told);
    }
    Ok((format!("{from}..{to}"), sessions, commits))
}

pub(super) fn told(commit: &CommitInfo, proof: Proof) -> CommitAudit {
    let trailer = |name: &str| commit.trailer(name).map(str::to_owned);
    CommitAudit {
        commit: commit.id.clone(),
        summary: commit.summary().to_owned(),
        author: commit.author.clone(),
        run: trailer("Iosm-Run"),
        task: trailer("Iosm-Task"),
        model: trailer("Iosm-Model"),
        proof,
    }
}
