//! Where a turn stands.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use super::answer::AnswerSchema;
use super::input::Words;
use super::message::Message;
use super::tools::Batch;
use crate::model::Stop;
use crate::protocol::{Cost, Limits, Usage};

/// What a machine is set up with; fixed for a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Setup {
    /// `provider/model`.
    pub model: String,
    /// Tools whose calls may run side by side.
    pub read_only: BTreeSet<String>,
    pub limits: Limits,
    /// Whether a run that ends without `report` gets one reminder.
    pub remind_report: bool,
    /// What the final answer must be valid against.
    pub answer: Option<AnswerSchema>,
    /// Attempts at one request before it is given up.
    pub max_attempts: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Phase {
    Idle,
    /// A stream is open.
    Calling,
    /// Between two attempts.
    Pausing,
    /// The message has ended; its calls are being settled.
    Settling,
}

/// What a run has come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Requests to the model.
    pub turns: u32,
    pub usage: Usage,
    pub cost: Cost,
}

impl Default for Spent {
    fn default() -> Self {
        Self { turns: 0, usage: Usage::default(), cost: Cost::ZERO }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub(super) setup: Setup,
    pub(super) phase: Phase,
    /// Requests in the session; the next is one more.
    pub(super) turn: u32,
    /// Requests since the last message that began something: the limit counts these.
    pub(super) run_turns: u32,
    /// What the run has come to, with the messages that followed it up.
    pub(super) run: Spent,
    /// Calls in the session; ids are `t1`, `t2` …
    pub(super) calls: u64,
    pub(super) attempts: u32,
    pub(super) message: Message,
    pub(super) batch: Batch,
    pub(super) stop: Option<Stop>,
    pub(super) steering: VecDeque<Words>,
    pub(super) follow_ups: VecDeque<Words>,
    /// The last refusal's shape and how often it came in a row.
    pub(super) refusals: Option<(String, u32)>,
    /// Whether the last call that was judged was refused, not only malformed.
    pub(super) refused: bool,
    /// Answers in a row that were cut at their token limit within a call.
    pub(super) cuts: u32,
    pub(super) reminded: bool,
    pub(super) reported: bool,
    /// Whether the run had ended on a refusal when it was reminded to report.
    pub(super) refused_before_reminder: bool,
    pub(super) text: String,
    /// The final answer, where it had to be JSON and is.
    pub(super) structured: Option<Value>,
    /// Whether an answer that was not valid has been sent back.
    pub(super) sent_back: bool,
    pub(super) usage: Usage,
    pub(super) cost: Cost,
}

impl State {
    /// A machine for a conversation of which `turns` requests and `calls` calls lie behind.
    pub fn new(setup: Setup, turns: u32, calls: u64) -> Self {
        Self {
            setup,
            phase: Phase::Idle,
            turn: turns,
            run_turns: 0,
            run: Spent::default(),
            calls,
            attempts: 0,
            message: Message::default(),
            batch: Batch::default(),
            stop: None,
            steering: VecDeque::new(),
            follow_ups: VecDeque::new(),
            refusals: None,
            refused: false,
            cuts: 0,
            reminded: false,
            reported: false,
            refused_before_reminder: false,
            text: String::new(),
            structured: None,
            sent_back: false,
            usage: Usage::default(),
            cost: Cost::ZERO,
        }
    }

    /// Whose answers come from now on.
    pub fn set_model(&mut self, model: &str) {
        model.clone_into(&mut self.setup.model);
    }

    /// Whether nothing is going on.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// Requests to the model in the session.
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// What the run has come to.
    pub fn run(&self) -> Spent {
        self.run
    }

    /// The last text the model wrote that was not an answer to a reminder.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The final answer as JSON, where a schema was asked for and it is valid.
    pub fn structured(&self) -> Option<&Value> {
        self.structured.as_ref()
    }
}
