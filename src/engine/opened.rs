//! The conversation that a session goes on with, or begins.

use super::ground::{Ground, state};
use super::options::{Options, SessionChoice};
use crate::base::new_id;
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
    let id = match &options.session {
        SessionChoice::Unkept => return Ok(fresh(None, new_id("s"))),
        SessionChoice::New => {
            let id = new_id("s");
            let start = Start {
                session: id.clone(),
                workspace: ground.workspace.root.display().to_string(),
                model: model.to_owned(),
                profile: profile.name.clone(),
                version: 1,
            };
            let log = SessionLog::create(&dir, start).map_err(state)?;
            return Ok(fresh(Some(log), id));
        }
        SessionChoice::Last => {
            let newest = session::list(&dir).map_err(state)?.into_iter().find(|s| s.damage.is_none());
            let none = || {
                Report::new(ReportKind::Usage, "there is no session to continue in this project")
                    .hint("start one: `iosm -p \"…\"`; `iosm sessions` lists them")
            };
            newest.ok_or_else(none)?.id
        }
        SessionChoice::Named(given) => session::find(&dir, given).map_err(usage)?,
    };
    let Loaded { log, items, turns, calls, orphans, taint, past, .. } =
        SessionLog::resume(&dir, &id).map_err(usage)?;
    let notice = (orphans > 0).then(|| {
        let calls = crate::base::plural(orphans, "call");
        Report::note(format!("the session had ended in the middle of {calls}; the model is told so"))
    });
    Ok(Opened { id, log: Some(log), items, turns, calls, resumed: true, taint, notice, past })
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
