//! The conversation that a session goes on with, or begins.

use super::ground::{Ground, state};
use super::options::{Options, SessionChoice};
use crate::base::{BlobStore, StateDir, new_id};
use crate::config::Profile;
use crate::kernel::Kernel;
use crate::protocol::{AgentPath, Item, Part, Report, ReportKind, TaintMark};
use crate::session::{self, Loaded, Past, SessionLog, Start};

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

/// Opens the conversation that was asked for, or a new one.
pub(super) fn open_session(
    ground: &Ground,
    options: &Options,
    model: &str,
    profile: &Profile,
) -> Result<Opened, Report> {
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
        model: model.to_owned(),
        profile: profile.name.clone(),
        version: 1,
        origin: None,
    };
    let loaded = match &options.session {
        SessionChoice::Unkept => return Ok(fresh(None, new_id("s"))),
        SessionChoice::New => {
            let start = begin();
            let id = start.session.clone();
            let log = SessionLog::create(&dir, start).map_err(state)?;
            return Ok(fresh(Some(log), id));
        }
        SessionChoice::Last => SessionLog::resume(&dir, &newest(&dir)?),
        SessionChoice::Named(given) => {
            let id = session::find(&dir, given).map_err(usage)?;
            SessionLog::resume(&dir, &id)
        }
        SessionChoice::Fork { given, entry } => {
            let from = match given {
                Some(given) => session::find(&dir, given).map_err(usage)?,
                None => newest(&dir)?,
            };
            let start = begin();
            carry_vault(ground, &from, &start.session)?;
            let to = start.session.clone();
            let forked = session::fork(&dir, &from, *entry, start);
            if forked.is_err() {
                forget_vault(ground, &to)?;
            }
            forked
        }
    };
    let Loaded { log, start, items, turns, calls, orphans, taint, past } = loaded.map_err(usage)?;
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
