//! `iosm why FILE:LINE`: from a line to the request that made it, with what proves each step.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::audit::{
    CallAudit, CheckAudit, CommitAudit, Known, Proof, RunAudit, Sources, prove, session_audit, told,
};
use super::ground::{Ground, state};
use super::options::Options;
use crate::base::BlobStore;
use crate::host::file::{self, Opened};
use crate::host::git::Blame;
use crate::protocol::{Effect, Report, ReportKind, ToolStatus};
use crate::session::Payload;

/// Where a line comes from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Why {
    /// Relative to the repository's root.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub text: String,
    pub origin: Origin,
    /// The commit that wrote the line, and what its trailers are worth.
    pub commit: Option<CommitAudit>,
    /// What was asked; from the session's log, held against the journal.
    pub asked: Option<super::audit::Asked>,
    /// The call that wrote the file last before the commit, or at all.
    pub call: Option<CallAudit>,
    pub session: Option<String>,
    pub run: Option<String>,
    /// Checks of that run after that call.
    pub checks: Vec<CheckAudit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// In a commit.
    Committed,
    /// It differs from what is committed.
    Uncommitted,
    /// The file is in no commit.
    Untracked,
}

/// Asks about `FILE:LINE`, with the file relative to where the user stands.
pub fn why(ground: &Ground, options: Options, given: &str) -> Result<Why, Report> {
    let (file, line) = split(given)?;
    let sources = Sources::open(ground, options)?;
    let repository = sources.repository()?;
    let path = ground.workspace.cwd.join(file);
    let real = path.canonicalize().map_err(|error| {
        Report::new(ReportKind::Usage, format!("{} cannot be read", path.display())).cause(error.to_string())
    })?;
    let root = &ground.workspace.root;
    let short = real.strip_prefix(root).map_err(|_| {
        Report::new(ReportKind::Usage, format!("{} does not lie in {}", real.display(), root.display()))
    })?;
    let now = content(&sources, ground, &real)?;
    let usage = |error| Report::from_error(ReportKind::Usage, &error);
    let blame = repository.blame(short, &now, line).map_err(usage)?;
    let text = now.split(|byte| *byte == b'\n').nth(line - 1).unwrap_or_default();
    let mut why = Why {
        file: short.display().to_string(),
        line,
        text: String::from_utf8_lossy(text).into_owned(),
        origin: Origin::Committed,
        commit: None,
        asked: None,
        call: None,
        session: None,
        run: None,
        checks: Vec::new(),
    };
    match blame {
        Blame::Commit(commit) => {
            let told = told(&commit, prove(&commit, &sources)?);
            if let (Some(session), Some(run)) = (told.proof.session(), &told.run) {
                let known = sources.known(session);
                let before = match &told.proof {
                    Proof::Verified { last_row, .. } => *last_row,
                    _ => u64::MAX,
                };
                why.trace(&known, run, before, &real);
            }
            why.commit = Some(told);
        }
        Blame::Uncommitted => {
            why.origin = Origin::Uncommitted;
            why.last_write(&sources, &real)?;
        }
        Blame::Untracked => {
            why.origin = Origin::Untracked;
            why.last_write(&sources, &real)?;
        }
    }
    Ok(why)
}

fn split(given: &str) -> Result<(&str, usize), Report> {
    let parts = given.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    parts.filter(|(file, line)| !file.is_empty() && *line > 0).ok_or_else(|| {
        Report::new(ReportKind::Usage, format!("`{given}` is not of the form FILE:LINE"))
            .hint("such as src/main.rs:42; lines are counted from 1")
    })
}

fn content(sources: &Sources, ground: &Ground, path: &Path) -> Result<Vec<u8>, Report> {
    let failed =
        |why: String| Report::new(ReportKind::Host, format!("{} was not read", path.display())).cause(why);
    let grant = sources.kernel.system_read(path).map_err(|error| failed(error.to_string()))?;
    let blobs = BlobStore::new(ground.state()?.sub("blobs").map_err(state)?);
    match file::read(grant, &blobs).map_err(|error| failed(error.to_string()))? {
        Opened::File(content) => Ok(content.bytes.to_vec()),
        _ => Err(failed("it is no file".to_owned())),
    }
}

impl Why {
    /// Fills in request, call and checks from a run: the last call up to row `before` that wrote the
    /// file, else the last command, which may have.
    fn trace(&mut self, known: &Known, run: &str, before: u64, file: &Path) {
        let audit = session_audit(known, Some(run));
        let Some(RunAudit { asked, calls, checks, .. }) = audit.runs.into_iter().next() else { return };
        let wrote = Effect::Write { path: file.to_owned() }.describe();
        let early = |call: &&CallAudit| call.rows.first().is_some_and(|row| *row <= before);
        let found = calls
            .iter()
            .filter(early)
            .rfind(|call| call.effects.contains(&wrote) && call.status == Some(super::audit::Status::Ok))
            .or_else(|| calls.iter().filter(early).rfind(|call| call.tool == "bash"));
        let since = found.and_then(|call| call.rows.first().copied()).unwrap_or(0);
        self.checks = checks.into_iter().filter(|check| check.row.is_some_and(|row| row >= since)).collect();
        self.asked = asked;
        self.call = found.cloned();
        self.session = Some(known.session.clone());
        self.run = Some(run.to_owned());
    }

    /// For what is in no commit: the newest session that wrote the file.
    fn last_write(&mut self, sources: &Sources, file: &Path) -> Result<(), Report> {
        for session in sources.sessions()?.into_iter().rev() {
            let known = sources.known(&session);
            let mut done = std::collections::BTreeSet::new();
            let mut wrote = None;
            for entry in &known.entries {
                match &entry.payload {
                    Payload::Call(record)
                        if record
                            .effects
                            .iter()
                            .any(|e| matches!(e, Effect::Write { path } if path == file)) =>
                    {
                        done.insert(record.call_id.clone());
                    }
                    Payload::Item { item: crate::protocol::Item::ToolResult(result) }
                        if done.contains(&result.call_id) && result.status == ToolStatus::Ok =>
                    {
                        wrote = Some(result.call_id.clone());
                    }
                    _ => {}
                }
            }
            let Some(call) = wrote else { continue };
            let rows = known.journal.as_ref().map_or(&[][..], |sealed| &sealed.rows);
            let run =
                rows.iter().find(|row| row.call.as_ref() == Some(&call)).and_then(|row| row.run.clone());
            self.session = Some(session);
            if let Some(run) = run {
                self.trace(&known, &run, u64::MAX, file);
            }
            return Ok(());
        }
        Ok(())
    }

    /// Whether nothing that is known contradicts what the commit says of itself.
    pub fn fits(&self) -> bool {
        let proof = self.commit.as_ref().map(|commit| &commit.proof);
        !matches!(proof, Some(Proof::Broken { .. } | Proof::Differs { .. }))
    }

    /// As text, each step with what proves it.
    pub fn markdown(&self) -> String {
        let mut out = format!("{}:{}  {}\n\n", self.file, self.line, self.text.trim_end());
        match (&self.commit, self.origin) {
            (Some(commit), _) => {
                out.push_str(&format!(
                    "commit   {} {} ({})\n",
                    short(&commit.commit),
                    commit.summary,
                    commit.author
                ));
                out.push_str(&format!("proof    {}\n", commit.proof.in_words()));
                out.extend(commit.model.as_ref().map(|model| format!("model    {model}\n")));
            }
            (None, Origin::Untracked) => out.push_str("commit   none: the file is in no commit\n"),
            (None, _) => out.push_str("commit   none yet: the line differs from what is committed\n"),
        }
        if self.commit.is_none() && self.session.is_some() {
            out.push_str(
                "below    the last write to this file by an agent; a person may have changed it since\n",
            );
        }
        match (&self.session, &self.run) {
            (Some(session), Some(run)) => out.push_str(&format!("run      {run} of session {session}\n")),
            (Some(session), None) => {
                out.push_str(&format!("session  {session} (its journal does not tell the run)\n"))
            }
            (None, _) if self.commit.is_none() => {
                out.push_str("session  none: no session of this project wrote the file\n");
            }
            (None, _) => {}
        }
        if let Some(asked) = &self.asked {
            let who = asked.by.as_ref().map_or_else(|| "unknown".to_owned(), super::audit::person);
            let text =
                asked.text.as_deref().unwrap_or("(the words are not kept, or not those that were journaled)");
            out.push_str(&format!("asked    {} (by {who})\n", text.replace('\n', "\n         ")));
        }
        if let Some(call) = &self.call {
            let what = call.what.as_deref().unwrap_or(&call.tool).replace('\n', " ↵ ");
            out.push_str(&format!("call     {} {} {what}\n", call.call, call.tool));
            if call.words_fit == Some(false) {
                out.push_str(
                    "         THESE ARE NOT THE ARGUMENTS THAT WERE JUDGED: the session's log was changed\n",
                );
            }
            let verdict = call.verdict.map_or("none".to_owned(), |kind| kind.to_string());
            let by = call.decided_by.as_ref().map_or(String::new(), |by| format!(" by {by}"));
            let approver = call.approver.as_ref().map(super::audit::person);
            let approver = approver.map_or(String::new(), |who| format!(", allowed by {who}"));
            let rows: Vec<String> = call.rows.iter().map(u64::to_string).collect();
            out.push_str(&format!("verdict  {verdict}{by}{approver} (rows {})\n", rows.join(", ")));
        }
        for check in &self.checks {
            let said = format!("{:?}", check.result).to_lowercase();
            out.push_str(&format!("check    {}: {said} ({})\n", check.check, check.call));
        }
        out
    }
}

fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
