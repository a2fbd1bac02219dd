//! A face without a screen: a session of the engine with a scripted model and a person who answers.

use std::sync::Arc;
use std::time::Duration;

use iosm::base::now_ms;
use iosm::engine::{Ground, Options, Session, SessionChoice, SharedEnv};
use iosm::host::sandbox::Launcher;
use iosm::protocol::{Approval, Choice, Closed, Event, Op, Outcome, Report, Seen, Setup};
use tokio::time::timeout;

use crate::world::World;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Face {
    pub session: Session,
    /// Everything that happened, the questions left out.
    pub notices: Vec<String>,
    pub closed: Vec<(String, Closed)>,
}

/// The world's own environment, as its processes have it.
pub fn environment(world: &World) -> SharedEnv {
    let (home, state) = (world.base().join("home"), world.state());
    Arc::new(move |name: &str| match name {
        "HOME" => Some(home.display().to_string()),
        "IOSM_HOME" => Some(state.display().to_string()),
        "PATH" => std::env::var("PATH").ok(),
        _ => None,
    })
}

impl Face {
    pub async fn open(world: &World, model: &str) -> Self {
        Self::try_open(world, model).await.unwrap_or_else(|report| panic!("{report}: {:?}", report.causes))
    }

    pub async fn try_open(world: &World, model: &str) -> Result<Self, Report> {
        Self::try_open_with(world, model, None).await
    }

    /// With commands that really run, under what this machine's sandbox can do.
    pub async fn open_with_commands(world: &World, model: &str, launcher: Launcher) -> Self {
        let opened = Self::try_open_with(world, model, Some(launcher)).await;
        opened.unwrap_or_else(|report| panic!("{report}: {:?}", report.causes))
    }

    async fn try_open_with(world: &World, model: &str, launcher: Option<Launcher>) -> Result<Self, Report> {
        let sandbox = match &launcher {
            Some(launcher) => Some(launcher.strength().await.unwrap()),
            None => None,
        };
        let env = environment(world);
        let ground = Ground::survey(&world.repo(), &*env, vec![("--model", "model", model.into())])?;
        let options = Options { human: true, launcher, sandbox, ..Options::of(env) };
        let session = Session::open(&ground, options).await?;
        Ok(Self { session, notices: Vec::new(), closed: Vec::new() })
    }

    /// Another session in the place of this one, with what this one passes on.
    pub async fn next(&self, world: &World, setup: &Setup, choice: SessionChoice) -> Self {
        let env = environment(world);
        let ground = Ground::survey(&world.repo(), &*env, Vec::new()).unwrap();
        let from = Some(self.session.desk.handover(setup));
        let options = Options { human: true, session: choice, from, ..Options::of(env) };
        let session = Session::open(&ground, options).await.unwrap_or_else(|report| panic!("{report}"));
        Self { session, notices: Vec::new(), closed: Vec::new() }
    }

    /// What holds, as soon as it is told.
    pub async fn setup(&mut self) -> Setup {
        loop {
            if let Event::Setup(setup) = self.event().await {
                return setup;
            }
        }
    }

    pub async fn say(&self, op: Op) {
        self.session.ops.send(op).await.unwrap();
    }

    pub async fn prompt(&self) {
        self.say(Op::Prompt("go".into())).await;
    }

    pub async fn event(&mut self) -> Event {
        let stamped = timeout(PATIENCE, self.session.events.recv()).await.expect("something happens");
        let event = stamped.expect("the session lives").event;
        match &event {
            Event::Notice { report } => self.notices.push(format!("{report} {}", report.causes.join(" "))),
            Event::ApprovalClosed { id, how } => self.closed.push((id.clone(), *how)),
            _ => {}
        }
        event
    }

    /// Waits for the next question.
    pub async fn question(&mut self) -> Approval {
        loop {
            match self.event().await {
                Event::ApprovalAsked(approval) => return *approval,
                Event::Finished(outcome) => panic!("it ended without a question: {outcome:?}"),
                _ => {}
            }
        }
    }

    /// Waits for a notice.
    pub async fn notice(&mut self) -> String {
        loop {
            if let Event::Notice { .. } = self.event().await {
                return self.notices.last().unwrap().clone();
            }
        }
    }

    /// Waits for the end; a question on the way fails the test.
    pub async fn end(&mut self) -> Outcome {
        loop {
            match self.event().await {
                Event::Finished(outcome) => return *outcome,
                Event::ApprovalAsked(approval) => panic!("asked: {approval:?}"),
                _ => {}
            }
        }
    }

    pub async fn yes(&self, approval: &Approval, choice: Choice) {
        let (id, seen) = (approval.id.clone(), seen(approval));
        self.say(Op::Approve { id, choice, confirm: None, seen }).await;
    }

    pub async fn no(&self, approval: &Approval, words: &str) {
        self.say(Op::Decline { id: approval.id.clone(), words: words.to_owned() }).await;
    }
}

/// Shown as soon as it was asked, answered a moment later.
pub fn seen(approval: &Approval) -> Seen {
    Seen { shown_at_ms: approval.asked_at_ms, answered_at_ms: now_ms().max(approval.asked_at_ms) + 1 }
}

/// A script whose turns call these tools, one each, and end with `done`.
pub fn script(world: &World, calls: &[&str]) -> String {
    let mut rules = String::from("rules:\n");
    for (at, call) in calls.iter().enumerate() {
        rules.push_str(&format!("  - when: {{turn: {}}}\n    reply: [{{tool_call: {call}}}]\n", at + 1));
    }
    rules.push_str("  - reply: [{text: done}]\n");
    world.script(&rules)
}

pub fn write_call(path: &str) -> String {
    format!("{{tool: write, args: {{path: '{path}', content: \"new\\n\"}}}}")
}

/// A script that makes this call once for every prompt.
pub fn each_time(world: &World, call: &str) -> String {
    let mut rules = String::from("rules:\n");
    for turn in (1..40).step_by(2) {
        rules.push_str(&format!("  - when: {{turn: {turn}}}\n    reply: [{{tool_call: {call}}}]\n"));
    }
    rules.push_str("  - reply: [{text: done}]\n");
    world.script(&rules)
}
