//! Where an audit gets its facts: journals, session logs, the repository.

use std::path::PathBuf;

use super::shape::ChainAudit;
use crate::base::{StateDir, matches_prefix};
use crate::engine::ground::{Ground, state};
use crate::engine::key;
use crate::engine::options::Options;
use crate::engine::wiring::judge_only;
use crate::host::git::Repository;
use crate::host::temp::PrivateTemp;
use crate::kernel::{Kernel, PublicKey, Sealed, read_journal};
use crate::protocol::{Report, ReportKind};
use crate::session::{self, Entry, Payload};

/// Everything that can be looked into.
pub(in crate::engine) struct Sources {
    pub journals: PathBuf,
    sessions: StateDir,
    pub trusted: Vec<PublicKey>,
    /// Judges our own looks at the workspace.
    pub kernel: Kernel,
    /// Where its journal lies.
    _temp: PrivateTemp,
    /// `None` where there is none that can be read; `Err` in words for whoever needs it.
    repository: Result<Repository, String>,
}

/// What is known of one session.
pub(in crate::engine) struct Known {
    pub session: String,
    /// The rows where the chain holds; `Err` says where it does not.
    pub journal: Result<Sealed, String>,
    /// Empty where no conversation was kept, or none that can be read.
    pub entries: Vec<Entry>,
}

impl Sources {
    pub fn open(ground: &Ground, options: Options) -> Result<Self, Report> {
        let project = ground.state()?;
        let trusted = key::trusted(ground, &options.env)?;
        let (kernel, _, temp) = judge_only(ground, options, None)?;
        let git = ground.git();
        let repository = match git.dirs {
            None => Err(git
                .line()
                .unwrap_or_else(|| format!("{} is in no git repository", ground.workspace.root.display()))),
            Some(_) => {
                let grant = kernel.system_git().map_err(state)?;
                Repository::open(grant).map_err(|error| error.to_string())
            }
        };
        Ok(Self {
            journals: project.sub("journal").map_err(state)?.path().to_owned(),
            sessions: project.sub("sessions").map_err(state)?,
            trusted,
            kernel,
            _temp: temp,
            repository,
        })
    }

    pub fn repository(&self) -> Result<&Repository, Report> {
        self.repository.as_ref().map_err(|why| {
            Report::new(ReportKind::Usage, "the history cannot be read here").cause(why.clone())
        })
    }

    /// Sessions that have a journal, oldest first.
    pub fn sessions(&self) -> Result<Vec<String>, Report> {
        let dir = std::fs::read_dir(&self.journals).map_err(|error| {
            Report::new(ReportKind::State, format!("{} cannot be read", self.journals.display()))
                .cause(error.to_string())
        })?;
        let names = dir.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<String> = names
            .filter_map(|name| name.strip_suffix(".jsonl").map(str::to_owned))
            .filter(|name| name.starts_with("s_"))
            .collect();
        found.sort();
        Ok(found)
    }

    /// The session whose journal holds this run, looked for from the newest.
    pub fn session_of_run(&self, run: &str) -> Result<Option<String>, Report> {
        let mark = format!("\"run\":{}", serde_json::Value::from(run));
        let holds = |session: &String| {
            let text = std::fs::read(self.journals.join(format!("{session}.jsonl")));
            text.is_ok_and(|text| String::from_utf8_lossy(&text).contains(&mark))
        };
        Ok(self.sessions()?.into_iter().rev().find(holds))
    }

    /// The session that `given` names: its id or the start of it, or words of its title.
    pub fn session_named(&self, given: &str) -> Result<Option<String>, Report> {
        let fits: Vec<String> = self.sessions()?.into_iter().filter(|id| matches_prefix(id, given)).collect();
        match fits.as_slice() {
            [one] => return Ok(Some(one.clone())),
            [] => {}
            _ => {
                return Err(Report::new(ReportKind::Usage, format!("{given} fits {} sessions", fits.len()))
                    .hint("give more of the id: `iosm sessions` lists them"));
            }
        }
        Ok(session::find(&self.sessions, given).ok())
    }

    pub fn known(&self, session: &str) -> Known {
        let path = self.journals.join(format!("{session}.jsonl"));
        let journal = read_journal(&path, &self.trusted).map_err(|broken| broken.to_string());
        let mut entries = session::entries(&self.sessions, session).unwrap_or_default();
        // What a fork copied was done, and journaled, in another session.
        let copied = entries.first().map_or(0, |entry| match &entry.payload {
            Payload::Start(start) => start.origin.as_ref().map_or(0, |origin| origin.until),
            _ => 0,
        });
        entries.retain(|entry| entry.id > copied || matches!(entry.payload, Payload::Start(_)));
        Known { session: session.to_owned(), journal, entries }
    }
}

impl Known {
    pub fn chain(&self) -> ChainAudit {
        match &self.journal {
            Ok(Sealed { verified, .. }) => ChainAudit {
                intact: !verified.ended_unsealed(),
                problem: verified
                    .ended_unsealed()
                    .then(|| "it ended without a seal: killed, or cut; nothing proves its rows".to_owned()),
                rows: verified.rows,
                sealed: verified.sealed,
                unsealed: verified.unsealed,
                signed_by: verified.signed_by.clone(),
                last_hash: verified.last_hash.clone(),
            },
            Err(problem) => ChainAudit {
                intact: false,
                problem: Some(problem.clone()),
                rows: 0,
                sealed: 0,
                unsealed: 0,
                signed_by: None,
                last_hash: String::new(),
            },
        }
    }
}
