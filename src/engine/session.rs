//! One open session: operations go in, stamped events come out.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::desk::{FrontDesk, Said};
use super::ground::Ground;
use super::options::Options;
use super::wiring::{Wired, wire};
use crate::agent::{Agent, Input, Then};
use crate::base::now_ms;
use crate::protocol::{Event, Op, Outcome, Report, Stamped};

/// Events on their way to one subscriber; when it does not keep up, the agent waits.
const EVENTS_WAITING: usize = 1024;
/// Operations on their way to the agent.
const OPS_WAITING: usize = 64;

/// A session as its face holds it. Dropping `ops` ends it after the run that goes on.
pub struct Session {
    pub id: Option<String>,
    pub ops: mpsc::Sender<Op>,
    pub events: mpsc::Receiver<Stamped>,
    /// What a face may look up beside.
    pub desk: Arc<FrontDesk>,
}

impl Session {
    /// Opens a session and starts its task on the present runtime.
    pub async fn open(ground: &Ground, options: Options) -> Result<Self, Report> {
        let (events_in, events_mid) = mpsc::channel(EVENTS_WAITING);
        let Wired { agent, hello, setup, stands, desk, notices, temp, shim, record, id } =
            wire(ground, options, events_in.clone())?;
        // Where nobody sits, whoever sent an operation waits for its end.
        let alone = (!desk.has_person()).then(|| desk.clone());
        let (events_out, events) = mpsc::channel(EVENTS_WAITING);
        let (ops, ops_in) = mpsc::channel(OPS_WAITING);
        tokio::spawn(stamp(events_mid, events_out));
        let workspace = ground.workspace.root.clone();
        tokio::spawn(async move {
            let _ = events_in.send(hello).await;
            let _ = events_in.send(setup).await;
            if let Some(stands) = stands {
                let _ = events_in.send(stands).await;
            }
            for report in notices {
                let _ = events_in.send(Event::Notice { report }).await;
            }
            serve(agent, ops_in, events_in, record, &workspace, alone).await;
            // Only now may the private temporary folder go: no command runs any more.
            drop((temp, shim));
        });
        Ok(Self { id, ops, events, desk })
    }
}

/// Gives every event its place.
async fn stamp(mut from: mpsc::Receiver<Event>, to: mpsc::Sender<Stamped>) {
    let mut seq = 0;
    while let Some(event) = from.recv().await {
        seq += 1;
        let stamped = Stamped { seq, at_ms: now_ms(), agent: "main".to_owned(), event };
        if to.send(stamped).await.is_err() {
            return;
        }
    }
}

/// Runs one prompt after the other until the face is gone.
async fn serve(
    mut agent: Agent,
    mut ops: mpsc::Receiver<Op>,
    events: mpsc::Sender<Event>,
    record: Option<super::wiring::Record>,
    workspace: &std::path::Path,
    alone: Option<Arc<FrontDesk>>,
) {
    let mut waiting = VecDeque::new();
    loop {
        let next = match waiting.pop_front() {
            Some(op) => Some(op),
            None => agent.next_op(&mut ops).await,
        };
        let Some(op) = next else { return };
        let first = match op {
            Op::Prompt(prompt) | Op::FollowUp(prompt) => match agent.take_in(prompt).await {
                Ok(words) => Input::Prompt(words),
                Err(report) => {
                    if alone.is_some() {
                        let _ = events.send(Event::Finished(Box::new(agent.answered(Err(report))))).await;
                    }
                    continue;
                }
            },
            Op::Resume => Input::Resume,
            Op::ReloadPolicy => {
                agent.reload_policy().await;
                continue;
            }
            Op::Command(line) => match &alone {
                Some(desk) => match desk.answer(&mut agent, &line).await {
                    Ok(Said::Prompt(text)) => Input::Prompt(text.into()),
                    said => {
                        let outcome = agent.answered(said.map(|said| match said {
                            Said::Answer(text) | Said::Prompt(text) => text,
                        }));
                        let _ = events.send(Event::Finished(Box::new(outcome))).await;
                        continue;
                    }
                },
                None => match agent.command(&line).await {
                    Then::Prompt(text) => Input::Prompt(text.into()),
                    Then::Nothing => continue,
                },
            },
            Op::Shell { line, told } => {
                agent.user_shell(line, told).await;
                waiting.append(&mut agent.finish_user_lines(&mut ops).await);
                continue;
            }
            Op::Detach { .. } => continue,
            Op::Approve { .. } | Op::Decline { .. } | Op::Cancel => continue,
            Op::Shutdown => return,
        };
        let mut outcome = agent.run(first, &mut ops).await;
        relative(&mut outcome, workspace);
        if let Some(record) = &record
            && let Err(report) = record.save(agent.items())
        {
            outcome.errors.push(report);
        }
        let _ = events.send(Event::Finished(Box::new(outcome))).await;
        // Lines of the user's own go on when the run that they began in is over.
        waiting.append(&mut agent.finish_user_lines(&mut ops).await);
    }
}

/// Changed files as the user knows them.
fn relative(outcome: &mut Outcome, workspace: &std::path::Path) {
    for file in &mut outcome.files_changed {
        if let Ok(short) = std::path::Path::new(file.as_str()).strip_prefix(workspace) {
            *file = short.display().to_string();
        }
    }
    outcome.files_changed.sort();
}
