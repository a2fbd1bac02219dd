//! The front desk of a session: answers commands, and looks up what a face wants to offer.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::command;
use super::ground::Ground;
use super::history::{Branch, History};
use super::opened::MAIN;
use super::options::Options;
use crate::agent::{Agent, Desk, Then};
use crate::kernel::Kernel;
use crate::protocol::Event;

/// What commands and pickers of one session stand on.
pub struct FrontDesk {
    pub(super) ground: Ground,
    pub(super) options: Options,
    pub(super) kernel: Arc<Kernel>,
    /// `None` for a session that is not kept.
    pub(super) session: Option<String>,
    history: History,
}

impl FrontDesk {
    pub(super) fn new(
        ground: Ground,
        options: Options,
        kernel: Arc<Kernel>,
        session: Option<String>,
        history: History,
    ) -> Self {
        Self { ground, options, kernel, session, history }
    }

    /// The branch of the work tree, looked at on a thread where that may take its time.
    pub async fn branch(&self) -> Option<Branch> {
        let history = self.history.clone();
        tokio::task::spawn_blocking(move || history.branch()).await.ok().flatten()
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
                Err(report) => {
                    agent.emit(Event::Notice { report }).await;
                    Then::Nothing
                }
            }
        })
    }
}
