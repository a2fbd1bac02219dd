//! Conversations that go back, branch, are copied, shown and let go.

mod branches;
mod export;
mod fork;
mod images;
mod manage;
mod rollback;

use std::sync::Arc;
use std::time::Duration;

use iosm::engine::{Ground, Options, Session, SessionChoice};
use iosm::protocol::{Event, Op, Outcome};
use tokio::time::timeout;

use crate::world::World;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers with the number of the turn that the model sees.
const COUNTS: &str = "rules:\n  - {when: {turn: 1}, reply: [{text: first}]}\n  - {when: {turn: 2}, reply: [{text: second}]}\n  - {when: {turn: 3}, reply: [{text: third}]}\n  - {when: {turn: 4}, reply: [{text: fourth}]}\n";

/// A session of the engine in this process.
struct Open {
    session: Session,
    /// Everything that happened.
    events: Vec<Event>,
}

impl Open {
    async fn new(world: &World, model: &str, choice: SessionChoice) -> Self {
        let (home, state) = (world.base().join("home"), world.state());
        let env: iosm::engine::SharedEnv = Arc::new(move |name: &str| match name {
            "HOME" => Some(home.display().to_string()),
            "IOSM_HOME" => Some(state.display().to_string()),
            "PATH" => std::env::var("PATH").ok(),
            _ => None,
        });
        let flags = vec![("--model", "model", model.into())];
        let ground = Ground::survey(&world.repo(), &*env, flags).unwrap();
        let options = Options { session: choice, human: true, ..Options::of(env) };
        let opened = Session::open(&ground, options).await;
        let session = opened.unwrap_or_else(|report| panic!("{report}: {:?}", report.causes));
        Self { session, events: Vec::new() }
    }

    async fn event(&mut self) -> Event {
        let stamped = timeout(PATIENCE, self.session.events.recv()).await.expect("something happens");
        let event = stamped.expect("the session lives").event;
        self.events.push(event.clone());
        event
    }

    async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.event().await;
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Says something and waits for the end; gives where it lies in the log, and how it ended.
    async fn say(&mut self, words: &str) -> (u64, Outcome) {
        self.session.ops.send(Op::Prompt(words.into())).await.unwrap();
        let mut at = None;
        loop {
            match self.event().await {
                Event::Said { text, entry, .. } if text == words => at = Some(entry),
                Event::Finished(outcome) => return (at.expect("what was said is told"), *outcome),
                _ => {}
            }
        }
    }

    async fn command(&self, line: &str) {
        self.session.ops.send(Op::Command(line.to_owned())).await.unwrap();
    }

    /// A command's answer, or its refusal.
    async fn answer(&mut self, line: &str) -> Result<String, String> {
        self.command(line).await;
        loop {
            match self.event().await {
                Event::Answer { markdown, .. } => return Ok(markdown),
                Event::Notice { report } => return Err(format!("{report} {}", report.hints.join(" "))),
                _ => {}
            }
        }
    }

    /// Ends it, and waits until its files are free.
    async fn close(mut self) {
        self.session.ops.send(Op::Shutdown).await.unwrap();
        while timeout(PATIENCE, self.session.events.recv()).await.expect("it ends").is_some() {}
    }
}
