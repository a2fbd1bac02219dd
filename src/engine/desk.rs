//! The front desk of a session: answers commands, and looks up what a face wants to offer.

use std::sync::{Arc, Weak};

use futures::future::BoxFuture;

use super::checkpoint::Checkpoints;
use super::command::{self, CommandInfo};
use super::ground::Ground;
use super::history::{Branch, History};
use super::look::Listed;
use super::opened::MAIN;
use super::options::Options;
use crate::agent::{Agent, Desk, Then};
use crate::config::Own;
use crate::host::temp::PrivateTemp;
use crate::kernel::Kernel;
use crate::protocol::{Event, Report};

/// What came of a command.
pub(super) enum Said {
    Answer(String),
    Prompt(String),
}

/// What commands and pickers of one session stand on.
pub struct FrontDesk {
    pub(super) ground: Ground,
    pub(super) options: Options,
    pub(super) has_model: bool,
    pub(super) kernel: Arc<Kernel>,
    /// `None` for a session that is not kept.
    pub(super) session: Option<String>,
    history: History,
    /// The session whose journal this is, kept or not.
    pub(super) journal: String,
    /// Skills and prompt commands, as they were when the session was opened.
    pub(super) own: Own,
    /// What `HEAD` named then; `None` before the first commit.
    pub(super) began_at: Option<String>,
    /// See [`FrontDesk::files`].
    pub(super) listed: Listed,
    /// The session's own temporary folder, for as long as the session goes on.
    pub(super) temp: Weak<PrivateTemp>,
}

impl FrontDesk {
    pub(super) fn new(
        ground: Ground,
        options: Options,
        has_model: bool,
        kernel: Arc<Kernel>,
        session: Option<String>,
        history: History,
        journal: String,
        own: Own,
        began_at: Option<String>,
        temp: &Arc<PrivateTemp>,
    ) -> Self {
        let (listed, temp) = (Listed::default(), Arc::downgrade(temp));
        Self { ground, options, has_model, kernel, session, history, journal, own, began_at, listed, temp }
    }

    /// The branch of the work tree, looked at on a thread where that may take its time.
    pub async fn branch(&self) -> Option<Branch> {
        let history = self.history.clone();
        tokio::task::spawn_blocking(move || history.branch()).await.ok().flatten()
    }

    /// Whether it has a model to ask; without one commands are answered all the same.
    pub fn has_model(&self) -> bool {
        self.has_model
    }

    /// What keeps commands in, in a word: `full`, `reduced`, `partial` or `none`.
    pub fn sandbox(&self) -> &'static str {
        self.kernel.sandbox_strength()
    }

    /// Whether untrusted text has been read and not been cleared.
    pub fn is_tainted(&self) -> bool {
        self.kernel.is_tainted(MAIN)
    }

    /// The session's id; `None` for one that is not kept.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The checkpoints of this session's work tree.
    pub fn checkpoints(&self) -> Result<Checkpoints, Report> {
        Checkpoints::of(&self.ground, self.kernel.clone(), self.session.clone())
    }

    /// Whether somebody is there to answer questions.
    pub(super) fn has_person(&self) -> bool {
        self.options.human
    }

    /// Every command that can be typed: built in, then prompt commands and skills. For palettes.
    pub fn commands(&self) -> Vec<CommandInfo> {
        command::all(&self.own)
    }

    /// Carries out a command for a face that waits for one end: what it answered, or the prompt it became.
    pub(super) async fn answer(&self, agent: &mut Agent, line: &str) -> Result<Said, Report> {
        let (name, answered) = command::carry_out(self, agent, line).await;
        Ok(match answered? {
            command::Answer::Markdown(markdown) => {
                agent.emit(Event::Answer { command: name, markdown: markdown.clone() }).await;
                Said::Answer(markdown)
            }
            command::Answer::Prompt(text) => Said::Prompt(text),
            command::Answer::Done => Said::Answer(String::new()),
        })
    }

    /// Where this session stands.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }
}

impl Desk for FrontDesk {
    fn command<'a>(&'a self, agent: &'a mut Agent, line: &'a str) -> BoxFuture<'a, Then> {
        Box::pin(async move {
            let (name, answered) = command::carry_out(self, agent, line).await;
            match answered {
                Ok(command::Answer::Markdown(markdown)) => {
                    agent.emit(Event::Answer { command: name, markdown }).await;
                    Then::Nothing
                }
                Ok(command::Answer::Prompt(text)) => Then::Prompt(text),
                Ok(command::Answer::Done) => Then::Nothing,
                Err(mut report) => {
                    // Who typed it sees what the error is about.
                    report.command = Some(line.trim().to_owned());
                    agent.emit(Event::Notice { report }).await;
                    Then::Nothing
                }
            }
        })
    }
}
