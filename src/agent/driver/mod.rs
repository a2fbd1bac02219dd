//! Drives the turn machine: performs its effects and feeds back what comes of them.

mod branch;
mod calls;
mod ending;
mod output;
mod record;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::account::Account;
use super::approval::Open;
use super::checkpoint::{Checkpointer, Guard};
use super::compact::Fold;
use super::desk::{Desk, Then};
use super::lawbook::Lawbook;
use super::live::LiveOutput;
use super::nested::{Nested, NestedInstructions};
use super::prompt::{Brief, Epoch};
use super::turn::{Effect, Ending, Input, Setup, State, step};
use super::wake::{Woken, next_delta, one_ended, sleep_until};
use crate::base::{BlobStore, Stopwatch, now_ms};
use crate::host::process::Processes;
use crate::kernel::{Grant, Kernel, Live, RawResult, Spent};
use crate::model::{Delta, DeltaStream, ModelError, Provider, Request, RetryPolicy, Thinking};
use crate::protocol::{
    AgentPath, Cost, Event, Item, Op, Outcome, Part, Report, ReportKind, Setup as InForce, Status, ToolCall,
    Usage,
};
use crate::session::{Past, Payload, SessionLog};
use crate::tools::{Notes, ReadLedger, Registry};

/// The agent that speaks with the user.
const MAIN: &str = "main";

/// Prices usage; the second argument is what the provider itself said.
pub type Price = Arc<dyn Fn(Usage, Option<f64>) -> Cost + Send + Sync>;

/// Looks up the commit that `HEAD` names.
pub type HeadOf = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Everything an agent is made of.
pub struct Parts {
    pub path: AgentPath,
    pub session_id: Option<String>,
    pub provider: Arc<dyn Provider>,
    /// The provider's own name for the model.
    pub model: String,
    pub kernel: Arc<Kernel>,
    pub registry: Registry,
    pub epoch: Epoch,
    /// What the epoch was made from, for the next one.
    pub brief: Brief,
    /// What holds for requests, as faces are told.
    pub in_force: InForce,
    pub setup: Setup,
    pub thinking: Thinking,
    pub max_tokens: u32,
    /// Whether the window is the model's own; else it is assumed, and nothing fails by it.
    pub window_is_known: bool,
    /// Whether the model takes images, where that is known.
    pub takes_images: Option<bool>,
    /// Real path of the workspace.
    pub workspace: PathBuf,
    pub blobs: BlobStore,
    /// `None` for a run that leaves no session behind.
    pub log: Option<SessionLog>,
    /// The conversation so far, with the requests and calls that lie behind.
    pub items: Vec<Item>,
    /// What the log tells of them besides.
    pub past: Past,
    /// Percent of the window at which older messages are folded.
    pub compact_percent: u8,
    pub turns: u32,
    pub calls: u64,
    pub price: Price,
    /// Where policies come from; `None` for a policy that never changes.
    pub lawbook: Option<Arc<dyn Lawbook>>,
    /// Whether commits of its commands say what made them.
    pub trailers: bool,
    /// Looks up what `HEAD` names; `None` where there is no repository.
    pub head: Option<HeadOf>,
    /// Where instruction files below the root come from; `None` for an agent that is shown none.
    pub nested: Option<Arc<dyn NestedInstructions>>,
    pub events: mpsc::Sender<Event>,
    /// Who answers commands; `None` for an agent that no person talks to.
    pub desk: Option<Arc<dyn Desk>>,
    /// What runs commands in the background; `None` where nothing does.
    pub processes: Option<Processes>,
    /// Takes a checkpoint before a run writes; `None` where none are taken.
    pub checkpointer: Option<Arc<dyn Checkpointer>>,
}

/// A running call as faces see it.
struct Showing {
    call: ToolCall,
    live: Live,
    /// Tells its tool that it shall go on in the background.
    detach: Arc<Notify>,
}

/// One agent with its conversation.
pub struct Agent {
    pub(super) parts: Parts,
    pub(super) state: Option<State>,
    notes: Arc<Mutex<Notes>>,
    ledger: ReadLedger,
    /// With the arguments to run with, which may hold what the call only has a placeholder for.
    grants: HashMap<String, (Grant, ToolCall, Value)>,
    /// Of those, the calls that may write, with what a checkpoint must hold besides.
    writing: HashMap<String, Vec<PathBuf>>,
    /// Covers the calls of this run that may write, once there was one.
    pub(super) guard: Option<Guard>,
    /// The last entry of the log that holds what the user said.
    pub(super) said: u64,
    /// Questions that wait for a person, by their own ids.
    pub(super) questions: HashMap<String, Open>,
    stream: Option<DeltaStream>,
    running: FuturesUnordered<BoxFuture<'static, (ToolCall, RawResult)>>,
    live: LiveOutput,
    /// Of the calls that run: what of their output was not shown yet.
    showing: HashMap<String, Showing>,
    /// Shell lines of the user's own that run, and whether the model is told what comes of them.
    pub(super) own_lines: HashMap<String, bool>,
    pub(super) own_calls: u64,
    /// Commands in the background, as last told.
    in_background: usize,
    pending_usage: Option<(Usage, Option<f64>)>,
    retry_at: Option<Instant>,
    pub(super) account: Account,
    pub(super) nested: Nested,
    pub(super) fold: Fold,
    started_ns: i128,
    pub(super) inputs: VecDeque<Input>,
    ending: Option<Ending>,
    /// The log could not be written: told at the end, also when the machine had finished by then.
    log_lost: Option<Report>,
}

impl Agent {
    pub fn new(mut parts: Parts) -> Self {
        let fold = Fold::new(std::mem::take(&mut parts.past), parts.compact_percent);
        let state = State::new(parts.setup.clone(), parts.turns, parts.calls);
        let mut agent = Self {
            parts,
            state: Some(state),
            notes: Arc::default(),
            ledger: ReadLedger::default(),
            grants: HashMap::new(),
            writing: HashMap::new(),
            guard: None,
            said: 0,
            questions: HashMap::new(),
            stream: None,
            running: FuturesUnordered::new(),
            live: LiveOutput::default(),
            showing: HashMap::new(),
            own_lines: HashMap::new(),
            own_calls: 0,
            in_background: 0,
            pending_usage: None,
            retry_at: None,
            account: Account::default(),
            nested: Nested::default(),
            fold,
            started_ns: 0,
            inputs: VecDeque::new(),
            ending: None,
            log_lost: None,
        };
        agent.take_up_fold();
        agent
    }

    /// Runs from `first` until the machine finishes. Operations that arrive meanwhile steer, answer or
    /// cancel it; when their sender is gone, the run goes on without them.
    pub async fn run(&mut self, first: Input, ops: &mut mpsc::Receiver<Op>) -> Outcome {
        let watch = Stopwatch::start();
        self.started_ns = i128::from(now_ms()) * 1_000_000;
        let minutes = self.parts.setup.limits.max_minutes;
        let deadline = minutes.map(|m| Instant::now() + Duration::from_secs_f64((m * 60.0).max(0.0)));
        let mut ops_open = true;
        self.ending = None;
        self.account = Account::default();
        self.guard = None;
        *self.notes.lock().expect("notes are never poisoned") = Notes::default();
        match first {
            Input::Resume if !self.waits_for_model() => {
                let report =
                    Report::new(ReportKind::Usage, "nothing in this conversation waits for an answer")
                        .hint("say something: -c -p \"go on\"");
                self.ending = Some(Ending { status: Status::Error, report: Some(report) });
            }
            first => self.begin(first),
        }
        loop {
            while let Some(input) = self.inputs.pop_front() {
                let state = self.state.take().expect("the state is put back after every step");
                let (state, effects) = step(state, input);
                self.state = Some(state);
                for effect in effects {
                    self.perform(effect).await;
                }
            }
            if let Some(ending) = self.ending.take() {
                return self.conclude(ending, watch.millis()).await;
            }
            if !ops_open && self.withdraw_all().await {
                continue;
            }
            let woken = self.wait(ops, ops_open, deadline).await;
            ops_open &= !matches!(woken, Woken::Op(None));
            self.on_woken(woken).await;
        }
    }

    pub(super) async fn wait(
        &mut self,
        ops: &mut mpsc::Receiver<Op>,
        ops_open: bool,
        deadline: Option<Instant>,
    ) -> Woken {
        let retry_at = self.retry_at;
        tokio::select! {
            biased;
            op = ops.recv(), if ops_open => Woken::Op(op),
            () = sleep_until(deadline), if deadline.is_some() => Woken::Deadline,
            () = self.live.ready() => Woken::Output,
            Some((call, raw)) = self.running.next(), if !self.running.is_empty() => Woken::Tool(call, raw),
            delta = next_delta(&mut self.stream), if self.stream.is_some() => Woken::Stream(delta),
            () = one_ended(self.parts.processes.as_ref()) => Woken::Background,
            () = sleep_until(retry_at), if retry_at.is_some() => Woken::Retry,
        }
    }

    pub(super) async fn on_woken(&mut self, woken: Woken) {
        match woken {
            Woken::Stream(Some(Ok(delta))) => self.on_delta(delta),
            Woken::Stream(Some(Err(error))) => {
                self.stream = None;
                self.price_pending();
                self.inputs.push_back(Input::StreamFailed(error));
            }
            Woken::Stream(None) => {
                self.stream = None;
                self.price_pending();
                let provider = self.parts.provider.name().to_owned();
                let message = "the stream ended without a last word".to_owned();
                self.inputs.push_back(Input::StreamFailed(ModelError::Cut { provider, message }));
            }
            Woken::Tool(call, raw) => {
                self.forward_output().await;
                self.end_output(&call.id).await;
                match self.own_lines.remove(&call.id) {
                    Some(told) => self.on_user_line_done(&call, raw, told).await,
                    None => self.on_tool_done(&call, raw).await,
                }
                self.look_at_background().await;
            }
            Woken::Background => self.look_at_background().await,
            Woken::Output => self.forward_output().await,
            Woken::Op(Some(op)) => self.on_op(op).await,
            Woken::Op(None) => {}
            Woken::Retry => {
                self.retry_at = None;
                self.inputs.push_back(Input::RetryDue);
            }
            Woken::Deadline => self.inputs.push_back(Input::Deadline),
        }
    }

    fn on_delta(&mut self, delta: Delta) {
        if let Delta::Usage { usage, cost_usd } = delta {
            self.pending_usage = Some((usage, cost_usd));
            return;
        }
        if matches!(delta, Delta::End(_)) {
            self.stream = None;
            self.price_pending();
        }
        self.inputs.push_back(Input::Delta(delta));
    }

    /// The last usage of a request counts, also when its stream broke off: the tokens were spent.
    fn price_pending(&mut self) {
        if let Some((usage, stated)) = self.pending_usage.take() {
            let cost = (self.parts.price)(usage, stated);
            let tokens = usage.total_tokens();
            let spent = Spent { calls: 0, tokens, usd: cost.usd.unwrap_or(0.0) };
            self.parts.kernel.spent(&self.parts.path, spent);
            let model = self.parts.provider.name().to_owned();
            self.fold.counted(usage);
            self.fold.spend(&model, usage, cost);
            self.write(Payload::Usage { usage, cost, model: Some(model) });
            self.inputs.push_back(Input::Priced { usage, cost });
        }
    }

    async fn on_op(&mut self, op: Op) {
        match op {
            Op::Prompt(prompt) => {
                let words = self.take_in(prompt).await;
                self.inputs.extend(words.map(Input::Prompt));
            }
            Op::FollowUp(prompt) => {
                let words = self.take_in(prompt).await;
                self.inputs.extend(words.map(Input::FollowUp));
            }
            Op::Approve { id, choice, confirm, seen } => self.on_yes(id, choice, confirm, seen).await,
            Op::Decline { id, words } => self.on_no(id, &words).await,
            Op::ReloadPolicy => self.reload_policy().await,
            Op::Command(line) => {
                if let Then::Prompt(text) = self.command(&line).await {
                    self.inputs.push_back(Input::Prompt(text.into()));
                }
            }
            Op::Shell { line, told } => self.user_shell(line, told).await,
            Op::Detach { call_id } => match self.showing.get(&call_id) {
                Some(showing) => showing.detach.notify_one(),
                None => self.note("that command has ended").await,
            },
            Op::Resume => self.inputs.push_back(Input::Resume),
            Op::Cancel | Op::Shutdown => self.inputs.push_back(Input::Cancel),
        }
    }

    /// Has a command carried out.
    pub async fn command(&mut self, line: &str) -> Then {
        match self.parts.desk.clone() {
            Some(desk) => desk.command(self, line).await,
            None => Then::Nothing,
        }
    }

    /// Whether a run goes on.
    pub fn is_running(&self) -> bool {
        self.state.as_ref().is_none_or(|state| !state.is_idle())
    }

    /// Requests to the model so far.
    pub(super) fn turn(&self) -> u32 {
        self.state.as_ref().map_or(0, State::turn)
    }

    pub(super) async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Append(item) => {
                self.heard(&item);
                let entry = self.write(Payload::Item { item: item.clone() });
                self.said(&item, entry).await;
                self.parts.items.push(item);
            }
            Effect::CallModel => self.call_model().await,
            Effect::RetryLater { attempt, error } => self.retry_later(attempt, &error).await,
            Effect::CancelModel => {
                self.stream = None;
                self.retry_at = None;
                self.price_pending();
            }
            Effect::Judge(call) => {
                let judged = self.parts.kernel.judge(&self.parts.path, &call);
                match judged {
                    Ok(judgement) => self.on_judgement(call, judgement).await,
                    Err(error) => self.fault(&error),
                }
            }
            Effect::Run { call_id } => self.start_tool(&call_id).await,
            Effect::CancelTools => {
                self.grants.clear();
                self.writing.clear();
                self.forget_questions().await;
                self.drop_user_lines().await;
            }
            Effect::Emit(event) => self.emit(event).await,
            Effect::Finish(ending) => self.ending = Some(ending),
        }
    }

    pub(super) fn kernel(&self) -> &Kernel {
        &self.parts.kernel
    }

    async fn call_model(&mut self) {
        self.look_at_policy().await;
        let items = match self.fitted().await {
            Ok(items) => items,
            Err(report) => return self.inputs.push_back(Input::Fault(report)),
        };
        let request = Request {
            version: Request::VERSION,
            model: self.parts.model.clone(),
            system: self.parts.epoch.system.clone(),
            tools: self.parts.epoch.tools.clone(),
            items,
            max_tokens: self.answer_tokens(),
            thinking: self.parts.thinking,
            session: self.parts.session_id.clone(),
        };
        self.stream = Some(self.parts.provider.stream(&request));
    }

    async fn retry_later(&mut self, attempt: u32, error: &ModelError) {
        let mut random = [0u8; 2];
        // Jitter needs no good randomness; without any, every client waits the same time.
        let _ = getrandom::fill(&mut random);
        let unit = f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX);
        let policy = RetryPolicy::default();
        let Some(delay) = policy.delay(attempt, error, unit) else {
            let mut report = error.report();
            if error.retry_after().is_some() {
                report = report.hint("the provider asks for a longer pause than is worth waiting");
            }
            self.inputs.push_back(Input::Fault(report));
            return;
        };
        let notice = Report::note(format!(
            "{error}; trying again in {:.1} s (attempt {} of {})",
            delay.as_secs_f64(),
            attempt + 1,
            policy.requests(error)
        ));
        self.emit(Event::Notice { report: notice }).await;
        self.retry_at = Some(Instant::now() + delay);
    }

    pub fn emit(&self, event: Event) -> impl Future<Output = ()> + Send + use<> {
        let events = self.parts.events.clone();
        async move {
            // A face that has gone away does not stop the work; whoever owns the run cancels it.
            let _ = events.send(event).await;
        }
    }

    /// The kernel knows what the user said: what they name is not an attacker's choice. Only the main
    /// agent hears the user; others hear a model.
    pub(super) fn heard(&self, item: &Item) {
        if let Item::User { parts } = item
            && self.parts.path == MAIN
        {
            for part in parts {
                if let Part::Text { text } = part {
                    self.parts.kernel.heard(&self.parts.path, text);
                }
            }
        }
    }

    /// Whether the conversation ends with something that the model has not answered.
    fn waits_for_model(&self) -> bool {
        matches!(self.parts.items.last(), Some(Item::User { .. } | Item::ToolResult(_)))
    }

    /// Which agent this is: `main`, or a sub-agent's path.
    pub fn path(&self) -> &str {
        &self.parts.path
    }

    /// The conversation so far.
    pub fn items(&self) -> &[Item] {
        &self.parts.items
    }
}
