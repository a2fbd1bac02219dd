//! What a log tells of a session's past besides the conversation: how it was folded, what its calls did,
//! what it has cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Payload};
use crate::protocol::{Cost, Effect, Item, TaintSource, Usage};

/// A view of the conversation: what requests are made of from here on, in place of its oldest items.
/// The items themselves stay in the log as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// How many items the branch had when it was made.
    pub at: usize,
    /// So many of the oldest items give way to `brief`; 0 when there is none.
    pub folded: usize,
    pub brief: String,
    /// Results that are shown shortened.
    pub elided: Vec<Shortened>,
    /// What was put into the content store for it.
    pub kept: Vec<PutAway>,
    /// The user's words on what matters, as they wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<String>,
    /// Estimated tokens of the request before and after.
    pub before_tokens: u64,
    pub after_tokens: u64,
    pub why: String,
}

/// A result of a call as the view shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortened {
    pub call_id: String,
    pub text: String,
}

/// A text of the conversation in the content store, and the untrusted sources that are part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutAway {
    pub handle: String,
    pub sources: Vec<(TaintSource, String)>,
}

/// What requests of one model came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    /// `provider/model`; empty where the log does not say.
    pub model: String,
    pub requests: u32,
    pub usage: Usage,
    pub cost: Cost,
}

/// The tokens that a provider counted for a request, and the items it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub tokens: u64,
    pub items: usize,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// On the current branch, oldest first; the last one counts.
    pub compactions: Vec<Compaction>,
    /// What calls were judged to do, by call.
    pub effects: BTreeMap<String, Vec<Effect>>,
    /// Of every branch, in the order of first use: what was paid for is paid for.
    pub spent: Vec<Spending>,
    pub counted: Option<Counted>,
    /// Tokens in the window after the last request of the current branch, or after it was folded since.
    pub in_window: u64,
}

impl Past {
    pub(super) fn read(entries: &[Entry], branch: &[&Entry]) -> Self {
        let mut past = Self::default();
        for entry in entries {
            if let Payload::Usage { usage, cost, model } = &entry.payload {
                past.spend(model.as_deref().unwrap_or_default(), *usage, *cost);
            }
        }
        let mut items = 0;
        for entry in branch {
            match &entry.payload {
                Payload::Item { item } => {
                    items += 1;
                    // Before this answer stood what its request was made of.
                    if let (Item::Assistant { .. }, Some(counted)) = (item, &mut past.counted)
                        && counted.items == usize::MAX
                    {
                        counted.items = items - 1;
                    }
                }
                Payload::Usage { usage, .. } => {
                    past.counted = Some(Counted { tokens: usage.context_tokens(), items: usize::MAX });
                    past.in_window = usage.context_tokens() + usage.output_tokens;
                }
                Payload::Call(record) => {
                    past.effects.insert(record.call_id.clone(), record.effects.clone());
                }
                Payload::Compacted(compaction) => {
                    past.in_window = compaction.after_tokens;
                    past.compactions.push(compaction.clone());
                }
                _ => {}
            }
        }
        past.counted = past.counted.filter(|counted| counted.items <= items);
        past
    }

    /// Adds one request.
    pub fn spend(&mut self, model: &str, usage: Usage, cost: Cost) {
        match self.spent.iter_mut().find(|known| known.model == model) {
            Some(known) => {
                known.requests += 1;
                known.usage.add(usage);
                known.cost = known.cost.plus(cost);
            }
            None => self.spent.push(Spending { model: model.to_owned(), requests: 1, usage, cost }),
        }
    }
}
