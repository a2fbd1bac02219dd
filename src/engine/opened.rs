//! The conversation that a session goes on with, or begins.

use super::ground::{Ground, state};
use super::options::{Options, SessionChoice};
use crate::base::{BlobStore, StateDir, new_id};
use crate::kernel::Kernel;
use crate::protocol::{AgentPath, Item, Part, Report, ReportKind, TaintMark};
use crate::session::{self, Held, Holds, Loaded, Past, Payload, SessionLog, Start};

/// The agent that speaks with the user.
pub(super) const MAIN: &str = "main";

/// A conversation to work in.
pub(super) struct Opened {
    pub id: String,
    pub log: Option<SessionLog>,
    pub items: Vec<Item>,
    pub turns: u32,
    pub calls: u64,
    pub resumed: bool,
    /// Marks of taint by agent, in the order in which they were raised and cleared.
    pub taint: Vec<(AgentPath, TaintMark)>,
    pub notice: Option<Report>,
    pub past: Past,
}

/// A conversation as it was found: nothing of it is held yet.
pub(super) enum Source {
    New,
    Unkept,
    Old(String),
    Copy { from: String, entry: Option<u64> },
}

impl Source {
    /// Finds the conversation that was asked for.
    pub(super) fn find(ground: &Ground, options: &Options) -> Result<Self, Report> {
        let dir = || ground.state()?.sub("sessions").map_err(state);
        let named = |given: &str| session::find(&dir()?, given).map_err(usage);
        let source = match &options.session {
            SessionChoice::Unkept => Self::Unkept,
            SessionChoice::New => Self::New,
            SessionChoice::Last => Self::Old(newest(&dir()?)?),
            SessionChoice::Named(given) => Self::Old(named(given)?),
            SessionChoice::Fork { given, entry } => {
                let from = match given {
                    Some(given) => named(given)?,
                    None => newest(&dir()?)?,
                };
                Self::Copy { from, entry: *entry }
            }
        };
        let here = options.from.as_ref().and_then(|from| from.session.as_deref());
        match &source {
            Self::Old(id) if here == Some(id) => {
                Err(Report::new(ReportKind::Usage, "that is the session you are in")
                    .hint("/resume alone lists the others"))
            }
            _ => Ok(source),
        }
    }

    /// Which session's conversation it goes on with.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::New | Self::Unkept => None,
            Self::Old(id) | Self::Copy { from: id, .. } => Some(id),
        }
    }

    /// What held in it last; nothing where it is new.
    pub(super) fn held(&self, ground: &Ground) -> Result<Held, Report> {
        let Some(id) = self.id() else { return Ok(Held::default()) };
        let dir = ground.state()?.sub("sessions").map_err(state)?;
        session::held(&dir, id).map_err(usage)
    }
}

/// Opens the conversation that was found, or a new one.
pub(super) fn open_session(ground: &Ground, source: &Source, holds: Holds) -> Result<Opened, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let fresh = |log, id| Opened {
        id,
        log,
        items: Vec::new(),
        turns: 0,
        calls: 0,
        resumed: false,
        taint: Vec::new(),
        notice: None,
        past: Past::default(),
    };
    let begin = || Start {
        session: new_id("s"),
        workspace: ground.workspace.root.display().to_string(),
        model: holds.model.clone(),
        profile: holds.profile.clone(),
        thinking: Some(holds.thinking.clone()),
        version: 1,
        origin: None,
    };
    let loaded = match source {
        Source::Unkept => return Ok(fresh(None, new_id("s"))),
        Source::New => {
            let start = begin();
            let id = start.session.clone();
            let log = SessionLog::create(&dir, start).map_err(state)?;
            return Ok(fresh(Some(log), id));
        }
        Source::Old(id) => SessionLog::resume(&dir, id),
        Source::Copy { from, entry } => {
            let start = begin();
            carry_vault(ground, from, &start.session)?;
            let to = start.session.clone();
            let forked = session::fork(&dir, from, *entry, start);
            if forked.is_err() {
                forget_vault(ground, &to)?;
            }
            forked
        }
    };
    let Loaded { mut log, start, items, turns, calls, orphans, taint, past } = loaded.map_err(usage)?;
    if let Source::Copy { .. } = source
        && let Some(name) = source.held(ground)?.name
    {
        log.append(Payload::Name { name: session::name_of_fork(&name) }).map_err(state)?;
    }
    let held = log.held();
    let differs = held.model.as_deref() != Some(&holds.model)
        || held.profile.as_deref() != Some(&holds.profile)
        || held.thinking.as_deref().unwrap_or("off") != holds.thinking;
    if differs {
        log.append(Payload::Holds(holds)).map_err(state)?;
    }
    let id = start.session;
    let notice = (orphans > 0).then(|| {
        let calls = crate::base::plural(orphans, "call");
        Report::note(format!("the session had ended in the middle of {calls}; the model is told so"))
    });
    Ok(Opened { id, log: Some(log), items, turns, calls, resumed: true, taint, notice, past })
}

/// The session of this project that was begun last.
fn newest(dir: &StateDir) -> Result<String, Report> {
    let newest = session::list(dir).map_err(state)?.into_iter().find(|s| s.damage.is_none());
    newest.map(|found| found.id).ok_or_else(|| {
        Report::new(ReportKind::Usage, "there is no session to continue in this project")
            .hint("start one: `iosm -p \"…\"`; `iosm sessions` lists them")
    })
}

/// A fork knows what was taken out of the conversation that it began with: placeholders mean the same in it.
fn carry_vault(ground: &Ground, from: &str, to: &str) -> Result<(), Report> {
    let vault = vault(ground)?;
    let name = vault_name(from);
    if !vault.exists(&name) {
        return Ok(());
    }
    let mut bytes = vault.read(&name).map_err(state)?;
    // The other session may be writing.
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    vault.replace(&vault_name(to), &bytes).map_err(state)
}

/// Removes what was taken out of a session, which may be secrets.
pub(super) fn forget_vault(ground: &Ground, session: &str) -> Result<(), Report> {
    let (vault, name) = (vault(ground)?, vault_name(session));
    if vault.exists(&name) { vault.remove(&name).map_err(state) } else { Ok(()) }
}

/// Where the kernel keeps what it took out of results, a file for each session.
fn vault(ground: &Ground) -> Result<StateDir, Report> {
    BlobStore::new(ground.state()?.sub("blobs").map_err(state)?).private().map_err(state)
}

fn vault_name(session: &str) -> String {
    format!("{session}.jsonl")
}

/// Gives the kernel back what it knew when the session was last open: who was tainted, what the user said,
/// what the agent was shown.
pub(super) fn recall(kernel: &Kernel, opened: &Opened) {
    for (agent, mark) in &opened.taint {
        kernel.restore_taint(agent, std::slice::from_ref(mark));
    }
    for item in &opened.items {
        match item {
            Item::User { parts } => {
                for part in parts {
                    if let Part::Text { text } = part {
                        kernel.heard(MAIN, text);
                    }
                }
            }
            Item::ToolResult(result) => {
                let untrusted = opened.taint.iter().any(|(_, mark)| mark.call == result.call_id);
                kernel.remembered(result, untrusted);
            }
            Item::Assistant { .. } => {}
        }
    }
}

fn usage(error: crate::session::SessionError) -> Report {
    Report::from_error(ReportKind::Usage, &error)
}
