//! Compaction: when the window fills up, requests are made of a smaller view of the conversation. The
//! conversation itself stays as it is, in memory and in the log.
//!
//! First old outputs give way to head, tail and handle; then old turns to typed episodes in which the
//! user's words stand as they were written. No model is asked. A view is made once, kept in the log, and
//! stays until the next: between two compactions every request begins with the bytes of the one before.

mod brief;
mod elide;
mod episode;
mod filling;
mod plan;
mod size;
#[cfg(test)]
mod tests;
mod transcript;
mod view;

use std::collections::BTreeMap;

pub use filling::{Filling, LastRequest};

use super::driver::Agent;
use crate::base::plural;
use crate::protocol::{Block, Cost, Effect, Event, Item, Report, ReportKind, Usage};
use crate::session::{Compaction, Past, Payload, PutAway, Spending};
use episode::Record;
use plan::{Cause, Failed, Plan, Room};

/// Of the room below the threshold, in percent, what a folded conversation should take: what is left
/// decides how soon the next compaction comes.
const GOAL_PERCENT: usize = 60;
/// The estimate is off by no more than this either way; a report beyond it counts something else.
const SCALES: std::ops::RangeInclusive<f64> = 0.5..=4.0;
/// Below this, in estimated tokens, fixed costs of a provider tell more than the text does.
const TELLING: usize = 500;
/// Room for an answer that is always left, in tokens and as a part of the window.
const LEAST_ANSWER: usize = 256;
const MOST_KEPT_FREE: usize = 4_096;
const ANSWER_SHARE: usize = 16;

/// How a conversation stands to the window.
#[derive(Debug, Clone)]
pub(super) struct Fold {
    past: Past,
    /// Tokens as the provider counts them for one that is estimated.
    scale: f64,
    last: Option<LastRequest>,
    /// Why the next request does not begin as the last one did.
    broken: Option<String>,
    /// The threshold, as a part of the window.
    percent: u8,
}

impl Fold {
    pub fn new(past: Past, percent: u8) -> Self {
        Self { past, scale: 1.0, last: None, broken: None, percent }
    }

    /// What a call was judged to do.
    pub fn judged(&mut self, call_id: &str, effects: &[Effect]) {
        self.past.effects.insert(call_id.to_owned(), effects.to_vec());
    }

    /// A provider has counted the request under way.
    pub fn counted(&mut self, usage: Usage) {
        let Some(last) = &mut self.last else { return };
        last.reported = Some(usage);
        if last.estimated >= TELLING && usage.context_tokens() > 0 {
            let scale = usage.context_tokens() as f64 / last.estimated as f64;
            self.scale = scale.clamp(*SCALES.start(), *SCALES.end());
        }
    }

    pub fn spend(&mut self, model: &str, usage: Usage, cost: Cost) {
        self.past.spend(model, usage, cost);
    }

    /// The next request begins with other bytes.
    pub fn broke(&mut self, why: &str) {
        self.broken = Some(match self.broken.take() {
            Some(before) => format!("{before}; {why}"),
            None => why.to_owned(),
        });
    }

    /// Another model counts in its own way.
    pub fn other_model(&mut self) {
        self.scale = 1.0;
    }

    fn current(&self) -> Option<&Compaction> {
        self.past.compactions.last()
    }

    /// Views that were made of messages that are no longer there do not count.
    fn forget_after(&mut self, items: usize) {
        while self.current().is_some_and(|made| made.at > items) {
            self.past.compactions.pop();
            self.broke("the conversation went back to before it was folded");
        }
    }
}

/// The words of the model in this item; empty where it is none of its.
fn said(item: &Item) -> String {
    let Item::Assistant { blocks, .. } = item else { return String::new() };
    let texts = blocks.iter().filter_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n").trim().to_owned()
}

impl Agent {
    /// The items of the next request, folded if they must be; an error when they cannot be made to fit.
    pub(super) async fn fitted(&mut self) -> Result<Vec<Item>, Report> {
        self.fold.forget_after(self.parts.items.len());
        let room = self.room();
        let mut shown = self.shown_items();
        if room.fixed + size::of_items(&shown) > room.limit {
            let window = self.window();
            let why = format!("the conversation reached {} % of {window} tokens", self.fold.percent);
            if self.fold_with(Cause::Full, &why).await? {
                shown = self.shown_items();
            }
        }
        let estimated = room.fixed + size::of_items(&shown);
        let broken = self.fold.broken.take();
        self.fold.last = Some(LastRequest { estimated, reported: None, broken });
        Ok(shown)
    }

    /// Most tokens of the next answer: what the window leaves.
    pub(super) fn answer_tokens(&self) -> u32 {
        let asked = self.fold.last.as_ref().map_or(0, |last| last.estimated);
        let left = self.window().saturating_sub((asked as f64 * self.fold.scale) as usize);
        let left = left.max(self.least_answer());
        self.parts.max_tokens.min(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// Folds the conversation now. `false` when there is nothing that folding would make smaller.
    pub async fn compact(&mut self, focus: Option<&str>) -> Result<bool, Report> {
        self.fold.forget_after(self.parts.items.len());
        self.fold_with(Cause::Asked(focus), "asked for").await
    }

    /// The conversation was cut to its first `items`: views of what came after are gone with it. To be
    /// called by whoever cuts it.
    pub fn forget_after(&mut self, items: usize) {
        self.fold.forget_after(items);
    }

    /// Another branch of the conversation goes on: its own views count from here on.
    pub fn take_past(&mut self, past: Past) {
        self.recall_handles(&past);
        self.fold.past = Past { spent: std::mem::take(&mut self.fold.past.spent), ..past };
        self.fold.broke("the conversation goes on elsewhere");
    }

    /// What requests have come to in this session, by model.
    pub fn spending(&self) -> &[Spending] {
        &self.fold.past.spent
    }

    /// What faces are told of a conversation that goes on, here or elsewhere.
    pub fn stands(&self) -> Event {
        let past = &self.fold.past;
        let spent = past.spent.iter().fold(None, |sum: Option<(Usage, Cost)>, one| {
            let (mut usage, cost) = sum.unwrap_or((Usage::default(), Cost::ZERO));
            usage.add(one.usage);
            Some((usage, cost.plus(one.cost)))
        });
        let answer = self.parts.items.iter().rev().map(said).find(|text| !text.is_empty());
        Event::Stands { context_tokens: past.in_window, spent, answer: answer.unwrap_or_default() }
    }

    /// The items as the next request would show them.
    pub fn shown_items(&self) -> Vec<Item> {
        view::view(&self.parts.items, self.fold.current())
    }

    /// The estimate is corrected by what was reported before; handles of earlier runs keep their sources.
    pub(super) fn take_up_fold(&mut self) {
        let past = self.fold.past.clone();
        self.recall_handles(&past);
        let Some(counted) = past.counted else { return };
        // Made before the last compaction, it counted another view.
        let since = past.compactions.last().map_or(0, |made| made.at);
        if counted.items < since || counted.items > self.parts.items.len() {
            return;
        }
        let asked = view::view(&self.parts.items[..counted.items], self.fold.current());
        let estimated = self.parts.epoch.tokens + size::of_items(&asked);
        self.fold.last = Some(LastRequest { estimated, reported: None, broken: None });
        self.fold.counted(Usage { input_tokens: counted.tokens, ..Usage::default() });
        self.fold.last = None;
    }

    fn recall_handles(&self, past: &Past) {
        for kept in past.compactions.iter().flat_map(|made| &made.kept) {
            self.parts.kernel.was_put_away(&kept.handle, &kept.sources);
        }
    }

    async fn fold_with(&mut self, cause: Cause<'_>, why: &str) -> Result<bool, Report> {
        let room = self.room();
        let (kernel, path) = (self.parts.kernel.clone(), self.parts.path.clone());
        let mut put_away = |text: &str| {
            let (handle, sources) = kernel.put_away(&path, text)?;
            Ok(PutAway { handle, sources })
        };
        let made = self.plan(room).make(cause, why, &mut put_away);
        let made = match made {
            Ok(Some(made)) => made,
            Ok(None) => return Ok(false),
            Err(Failed::Kernel(error)) => return Err(Report::from_error(ReportKind::State, &error)),
            Err(Failed::Overflow(overflow)) => {
                let (window, needed) = (self.window(), overflow.needed);
                return Err(Report::new(ReportKind::Context, overflow.to_string())
                    .cause(format!("the model's context is {window} tokens, and {needed} cannot be folded"))
                    .hint("go on with a model that has a larger context: /model, or -m")
                    .hint("or begin a new session; nothing of this one is lost"));
            }
        };
        self.write(Payload::Compacted(made.clone()));
        let parts = made.folded;
        let mut what = Vec::new();
        if parts > self.fold.current().map_or(0, |before| before.folded) {
            what.push(format!("{} folded", plural(parts, "old message")));
        }
        if !made.elided.is_empty() {
            what.push(format!("{} shortened", plural(made.elided.len(), "old output")));
        }
        let report = Report::note(format!(
            "the conversation was made smaller, from about {} to {} tokens: {}",
            made.before_tokens,
            made.after_tokens,
            what.join(", ")
        ))
        .cause(format!("{why}; what the provider had cached of the conversation is not used again"))
        .hint("nothing is lost: the session keeps every message, and the agent can open what was folded");
        let (before_tokens, after_tokens) = (made.before_tokens, made.after_tokens);
        self.fold.past.compactions.push(made);
        self.fold.broke("the conversation was folded");
        self.emit(Event::Compacted { before_tokens, after_tokens, why: why.to_owned() }).await;
        self.emit(Event::Notice { report }).await;
        Ok(true)
    }

    fn plan(&self, room: Room) -> Plan<'_> {
        let record = Record { effects: self.effects(), workspace: &self.parts.workspace };
        Plan { items: &self.parts.items, before: self.fold.current(), record, room }
    }

    fn effects(&self) -> &BTreeMap<String, Vec<Effect>> {
        &self.fold.past.effects
    }

    fn room(&self) -> Room {
        let estimated = |tokens: usize| (tokens as f64 / self.fold.scale) as usize;
        let (window, fixed) = (self.window(), self.parts.epoch.tokens);
        let most = match self.parts.window_is_known {
            true => estimated(window.saturating_sub(self.least_answer())),
            false => usize::MAX,
        };
        let limit = estimated(window * usize::from(self.fold.percent) / 100).min(most);
        let goal = fixed + limit.saturating_sub(fixed) * GOAL_PERCENT / 100;
        Room { fixed, limit, goal, most }
    }

    fn least_answer(&self) -> usize {
        let share = (self.window() / ANSWER_SHARE).clamp(LEAST_ANSWER, MOST_KEPT_FREE);
        share.min(self.parts.max_tokens as usize)
    }

    fn window(&self) -> usize {
        self.parts.in_force.context_window as usize
    }
}
