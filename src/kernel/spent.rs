//! What agents have used up: calls counted by the kernel, tokens and money told to it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::base::Stopwatch;

const MINUTE: Duration = Duration::from_secs(60);
/// Calls of the last minute that are remembered; a limit above this is never reached.
const MOST_REMEMBERED: usize = 4096;

/// What was used up by one agent, or by many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    pub calls: u64,
    /// In and out.
    pub tokens: u64,
    /// US dollars, as far as prices are known.
    pub usd: f64,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.usd += other.usd;
    }
}

/// Every agent of a run.
#[derive(Debug)]
pub(super) struct Accounts {
    by_agent: BTreeMap<String, (Spent, Stopwatch)>,
    run: Spent,
    began: Stopwatch,
    recent: VecDeque<Instant>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            by_agent: BTreeMap::new(),
            run: Spent::default(),
            began: Stopwatch::start(),
            recent: VecDeque::new(),
        }
    }
}

/// What counts for one call, all sub-agents included.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Standing {
    pub agent: Spent,
    pub agent_minutes: f64,
    pub run: Spent,
    pub run_minutes: f64,
    pub calls_in_minute: u64,
}

impl Accounts {
    /// Adds to an agent and to everyone above it: `main/2/1` spends for `main/2` and `main`.
    pub fn add(&mut self, agent: &str, spent: Spent) {
        self.run.add(spent);
        let mut path = Some(agent);
        while let Some(name) = path {
            match self.by_agent.get_mut(name) {
                Some((total, _)) => total.add(spent),
                None => drop(self.by_agent.insert(name.to_owned(), (spent, Stopwatch::start()))),
            }
            path = name.rsplit_once('/').map(|(above, _)| above);
        }
    }

    /// Counts one call.
    pub fn call(&mut self, agent: &str) {
        self.add(agent, Spent { calls: 1, ..Spent::default() });
        if self.recent.len() == MOST_REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(Instant::now());
    }

    /// What stood before the next call of `agent`.
    pub fn standing(&mut self, agent: &str) -> Standing {
        while self.recent.front().is_some_and(|at| at.elapsed() > MINUTE) {
            self.recent.pop_front();
        }
        let own = self.by_agent.get(agent);
        let minutes = |watch: &Stopwatch| watch.millis() as f64 / 60_000.0;
        Standing {
            agent: own.map_or_else(Spent::default, |(spent, _)| *spent),
            agent_minutes: own.map_or(0.0, |(_, since)| minutes(since)),
            run: self.run,
            run_minutes: minutes(&self.began),
            calls_in_minute: self.recent.len() as u64,
        }
    }
}
