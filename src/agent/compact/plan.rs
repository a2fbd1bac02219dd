//! Decides what gives way: first old outputs, then old turns, at last everything but the newest message.

use std::collections::{BTreeMap, BTreeSet};

use super::brief::{Told, Words, brief, words_of_user};
use super::elide::{old_results, shortened};
use super::episode::{Record, episodes};
use super::size::{of_item, of_items};
use super::transcript::transcript;
use super::view::{cuts, view};
use crate::agent::prompt::Overflow;
use crate::kernel::KernelError;
use crate::protocol::{Item, ToolResult};
use crate::session::{Compaction, PutAway, Shortened};

/// Sizes in estimated tokens, as the estimate stands to what the provider counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// Prompt and tools: they are not folded.
    pub fixed: usize,
    /// A request larger than this is folded before it is sent.
    pub limit: usize,
    /// What a folded request should come to, so that the next one is not folded again.
    pub goal: usize,
    /// A request larger than this cannot be answered.
    pub most: usize,
}

/// Why a view is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause<'a> {
    /// The window fills up.
    Full,
    /// The user wants it, perhaps with a word on what matters.
    Asked(Option<&'a str>),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error("{0}")]
    Overflow(Overflow),
}

/// Puts a text away; what comes back opens it.
pub(super) type PutAwayFn<'a> = &'a mut dyn FnMut(&str) -> Result<PutAway, KernelError>;

/// What a view is made from.
pub(super) struct Plan<'a> {
    pub items: &'a [Item],
    pub before: Option<&'a Compaction>,
    pub record: Record<'a>,
    pub room: Room,
}

/// One way of making room.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Tokens of the newest outputs that stay whole.
    whole: usize,
    /// Whether outputs that the agent has not read yet stay whole at any rate.
    spared: bool,
    /// Tokens of the newest messages that are not folded; `None` folds nothing more.
    tail: Option<usize>,
    /// Whether everything before the last turn is folded, where that turn is not too large.
    last_turn: bool,
    /// Tokens that the message in place of the folded ones may have.
    brief: usize,
    words: Words,
}

impl Plan<'_> {
    /// A smaller view; `None` when what is there is as good as it gets and fits.
    pub(super) fn make(
        &self,
        cause: Cause<'_>,
        why: &str,
        put_away: PutAwayFn<'_>,
    ) -> Result<Option<Compaction>, Failed> {
        let before = self.total(self.before);
        let free = self.room.goal.saturating_sub(self.room.fixed);
        let fold = Way {
            whole: free / 4,
            spared: true,
            tail: Some(free / 2),
            last_turn: false,
            brief: free / 2,
            words: Words::All,
        };
        let ways = match cause {
            Cause::Full => vec![
                (Way { tail: None, ..fold }, self.room.goal),
                (fold, self.room.goal.max(self.room.limit / 4 * 3)),
            ],
            // Whoever asks wants room: all but the last turn.
            Cause::Asked(_) => {
                vec![(Way { whole: free / 8, tail: Some(free / 8), last_turn: true, ..fold }, before)]
            }
        };
        for (way, most) in ways {
            if let Ok(made) = self.try_way(way, cause, put_away)? {
                let after = self.total(Some(&made));
                if after < before && after <= most {
                    return Ok(Some(finished(made, before, after, why)));
                }
            }
        }
        if before <= self.room.most {
            return Ok(None);
        }
        // Everything that can go goes; then what the user said in full, as long as it can.
        let most = self.room.most.saturating_sub(self.room.fixed);
        let (mut overflow, mut least) = (None, before);
        for (whole, spared, words) in
            [(free / 8, true, Words::All), (0, false, Words::All), (0, false, Words::Wishes)]
        {
            let newest = cuts(self.items).last().map_or(0, |cut| of_items(&self.items[*cut..]));
            let brief = most.saturating_sub(newest.min(most / 2));
            match self.try_way(
                Way { whole, spared, tail: Some(0), last_turn: false, brief, words },
                cause,
                put_away,
            )? {
                Ok(made) => {
                    let after = self.total(Some(&made));
                    if after < before && after <= self.room.most {
                        return Ok(Some(finished(made, before, after, why)));
                    }
                    least = least.min(after);
                }
                Err(found) => overflow = Some(found),
            }
        }
        Err(Failed::Overflow(overflow.unwrap_or_else(|| self.too_large(least))))
    }

    /// Tokens of a request with this view.
    pub(super) fn total(&self, compaction: Option<&Compaction>) -> usize {
        self.room.fixed + of_items(&view(self.items, compaction))
    }

    fn try_way(
        &self,
        way: Way,
        cause: Cause<'_>,
        put_away: PutAwayFn<'_>,
    ) -> Result<Result<Compaction, Overflow>, KernelError> {
        let focus = match cause {
            Cause::Asked(Some(focus)) => Some(focus.to_owned()),
            _ => self.before.and_then(|before| before.focus.clone()),
        };
        let mut made = Compaction { at: self.items.len(), focus, ..Compaction::default() };
        self.elide(way, &mut made, put_away)?;
        let folded = self.before.map_or(0, |before| before.folded);
        let cut = match way.tail {
            None => folded,
            Some(tail) => self.cut(&made, folded, tail, way.last_turn),
        };
        if way.tail.is_none() || cut == 0 {
            if let Some(before) = self.before {
                made.brief.clone_from(&before.brief);
            }
            made.folded = folded;
            return Ok(Ok(made));
        }
        made.folded = cut;
        let shown: BTreeSet<&str> = self.items[cut..].iter().filter_map(result_id).collect();
        made.elided.retain(|it| shown.contains(it.call_id.as_str()));
        let found = episodes(&self.items[..cut], &self.record);
        let mut handles = Vec::new();
        for episode in &found {
            let items = &self.items[episode.first..episode.first + episode.len];
            let kept = put_away(&transcript(items, episode.first))?;
            handles.push(kept.handle.clone());
            made.kept.push(kept);
        }
        let told: Vec<Told<'_>> =
            found.iter().zip(&handles).map(|(episode, handle)| Told { episode, handle }).collect();
        // The user's words are never what gives way while the request can be sent with them.
        let room = self.room.most.saturating_sub(self.room.fixed);
        let budget = way.brief.max((words_of_user(&told) * 5 / 4 + 200 + 60 * told.len()).min(room));
        Ok(brief(&told, made.focus.as_deref(), way.words, budget).map(|brief| Compaction { brief, ..made }))
    }

    /// Shortens all results but the newest; those that were short before stay as they were.
    fn elide(&self, way: Way, made: &mut Compaction, put_away: PutAwayFn<'_>) -> Result<(), KernelError> {
        let known: BTreeMap<&str, &Shortened> = self
            .before
            .into_iter()
            .flat_map(|before| &before.elided)
            .map(|it| (it.call_id.as_str(), it))
            .collect();
        let old: Vec<&ToolResult> = old_results(self.items, way.whole, way.spared);
        let also = self.items.iter().filter_map(|item| match item {
            Item::ToolResult(result) if known.contains_key(result.call_id.as_str()) => Some(result),
            _ => None,
        });
        let mut seen = BTreeSet::new();
        for result in old.into_iter().chain(also) {
            if !seen.insert(result.call_id.as_str()) {
                continue;
            }
            if let Some(known) = known.get(result.call_id.as_str()) {
                made.elided.push((*known).clone());
                continue;
            }
            let kept = put_away(&result.text())?;
            let text = shortened(result, &kept.handle);
            made.kept.push(kept);
            made.elided.push(Shortened { call_id: result.call_id.clone(), text });
        }
        Ok(())
    }

    /// Where to cut so that at most `tail` tokens follow; the newest message stays at any rate.
    fn cut(&self, made: &Compaction, folded: usize, tail: usize, last_turn: bool) -> usize {
        let shown = view(self.items, Some(&Compaction { folded: 0, ..made.clone() }));
        let mut sizes: Vec<usize> = shown.iter().map(of_item).collect();
        for at in (0..sizes.len().saturating_sub(1)).rev() {
            sizes[at] += sizes[at + 1];
        }
        let allowed: Vec<usize> = cuts(self.items).into_iter().filter(|cut| *cut >= folded).collect();
        let begins_turn = |cut: &&usize| matches!(self.items[**cut], Item::User { .. });
        let turn = allowed.iter().rfind(begins_turn).filter(|cut| last_turn && sizes[**cut] <= tail * 2);
        if let Some(turn) = turn {
            return *turn;
        }
        let fits = allowed.iter().find(|cut| sizes[**cut] <= tail);
        fits.or(allowed.last()).copied().unwrap_or(folded)
    }

    /// What stands in the way when even the smallest view, of `least` tokens, is too large.
    fn too_large(&self, least: usize) -> Overflow {
        let from = cuts(self.items).last().copied().unwrap_or(0);
        let newest = of_items(&self.items[from..]);
        let mut sections = vec![
            format!("prompt and tools ({})", self.room.fixed),
            format!("the newest messages ({newest})"),
        ];
        let known = self.room.fixed + newest;
        if known < least {
            sections.push(format!("what stands for the older ones ({})", least - known));
        }
        Overflow { sections, needed: known.max(least), budget: self.room.most }
    }
}

fn result_id(item: &Item) -> Option<&str> {
    match item {
        Item::ToolResult(result) => Some(&result.call_id),
        _ => None,
    }
}

fn finished(made: Compaction, before: usize, after: usize, why: &str) -> Compaction {
    Compaction { before_tokens: before as u64, after_tokens: after as u64, why: why.to_owned(), ..made }
}
