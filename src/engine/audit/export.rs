//! Makes the file that proves a run elsewhere.

use std::path::Path;

use super::bundle::{Bundle, Committed, FORMAT, File, Prompt, VERSION};
use super::shape::SessionAudit;
use super::statement::{Envelope, statement};
use super::{Of, Sources, join, what};
use crate::base::sha256_hex;
use crate::engine::ground::Ground;
use crate::engine::key;
use crate::engine::options::Options;
use crate::host::git::Repository;
use crate::host::{HostError, file};
use crate::protocol::{Report, ReportKind};

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The file's text; already written where a place was named.
    pub text: String,
    pub rows: usize,
    pub commits: usize,
    /// Rows that no seal covers: the statement covers them, from now on.
    pub unsealed: u64,
}

/// Exports a run, or a whole session, to `to` where that is given. The words of prompts come along only
/// `with_prompts`.
pub fn export(
    ground: &Ground,
    options: Options,
    given: Option<&str>,
    to: Option<&Path>,
    with_prompts: bool,
) -> Result<Exported, Report> {
    let keys = key::open(ground, &options.env)?;
    let sources = Sources::open(ground, options)?;
    let (session, only) = match what(&sources, given)? {
        Of::Session(session) => (session, None),
        Of::Run(session, run) => (session, Some(run)),
        Of::Range(..) => {
            return Err(Report::new(ReportKind::Usage, "a range of commits may stem from several sessions")
                .hint("export each run: `iosm audit REV..REV` names them"));
        }
    };
    let known = sources.known(&session);
    let sealed = known.journal.as_ref().map_err(|why| {
        Report::new(ReportKind::Check, format!("{session}: {why}"))
            .cause("a journal that does not hold proves nothing, so it is not exported")
    })?;
    // One key speaks for head and statement, or a reader could not tell whose word it is.
    let signer = keys.signer();
    if sealed.verified.signed_by.as_ref().is_some_and(|id| *id != signer.public().id()) {
        return Err(Report::new(
            ReportKind::State,
            "the session was sealed with a former key of this machine",
        )
        .hint("go on with it once (iosm -c -p …): the next seal is by the present key"));
    }
    let repository = sources.repository().ok();
    let audit = join::session(&known, only.as_deref(), repository);
    let bundle = Bundle {
        format: FORMAT.to_owned(),
        version: VERSION,
        runs: audit.runs.iter().filter_map(|run| run.run.clone()).collect(),
        model: audit.model.clone(),
        rows: sealed.lines.clone(),
        head: sealed.head.clone(),
        public_key: signer.public().pem(),
        prompts: prompts(&audit, with_prompts),
        commits: commits(&audit, repository)?,
        checks: audit.runs.iter().flat_map(|run| run.checks.clone()).collect(),
        files_changed: audit.runs.iter().flat_map(|run| run.files_changed.clone()).collect(),
        session,
    };
    let (rows, commits) = (bundle.rows.len(), bundle.commits.len());
    let envelope = Envelope::sign(&statement(&bundle, &sealed.verified, &signer.public()), signer);
    let text = serde_json::to_string_pretty(&File { bundle, envelope })
        .map_err(|error| Report::from_error(ReportKind::Internal, &error))?
        + "\n";
    if let Some(to) = to {
        write(&sources, to, &text)?;
    }
    Ok(Exported { text, rows, commits, unsealed: sealed.verified.unsealed })
}

fn prompts(audit: &SessionAudit, with_words: bool) -> Vec<Prompt> {
    let prompts = audit.runs.iter().filter_map(|run| {
        let asked = run.asked.as_ref()?;
        let text = asked.text.clone().filter(|_| with_words);
        Some(Prompt { run: run.run.clone()?, digest: asked.digest.clone(), text })
    });
    prompts.collect()
}

fn commits(audit: &SessionAudit, repository: Option<&Repository>) -> Result<Vec<Committed>, Report> {
    let Some(repository) = repository else { return Ok(Vec::new()) };
    let failed = |error| Report::from_error(ReportKind::Host, &error);
    let ids = audit.runs.iter().flat_map(|run| &run.commits);
    let one = |id: &String| -> Result<Committed, Report> {
        let patch = repository.patch(id).map_err(failed)?;
        Ok(Committed {
            id: id.clone(),
            tree: repository.commit(id).map_err(failed)?.tree,
            object: repository.object(id).map_err(failed)?,
            patch_sha256: sha256_hex(patch.as_bytes()),
            patch,
        })
    };
    ids.map(one).collect()
}

fn write(sources: &Sources, to: &Path, text: &str) -> Result<(), Report> {
    let failed = |why: String| {
        Report::new(ReportKind::Host, format!("the audit was not written to {}", to.display())).cause(why)
    };
    let grant = sources.kernel.user_write(to).map_err(|error| failed(error.to_string()))?;
    let bytes = text.as_bytes().to_vec();
    file::rewrite(grant, |_| Ok(bytes)).map(drop).map_err(
        |error: file::RewriteError<HostError>| match error {
            file::RewriteError::Host(error) | file::RewriteError::Refused(error) => failed(error.to_string()),
        },
    )
}
