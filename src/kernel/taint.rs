//! Taint: which agents have read text that somebody else may have written, and from where.
//!
//! A mark is made from the judged effects of a call, never from what a tool or a model says. It stands
//! until a person clears it; sub-agents inherit it, and what they return brings it back.

use std::collections::BTreeMap;

use super::error::KernelError;
use super::journal::Row;
use super::judge::Kernel;
use crate::protocol::{Actor, AgentPath, TaintMark, TaintSource};

/// Marks of one agent that are told apart; the rest is one mark more.
const MOST_MARKS: usize = 256;
/// Sources named in a row of the journal or a message.
const NAMED: usize = 4;

/// A source of text: its kind, and the host, server or path.
pub(super) type Source = (TaintSource, String);

/// Marks by agent.
#[derive(Debug, Default)]
pub(super) struct Taint(BTreeMap<AgentPath, Vec<TaintMark>>);

impl Taint {
    /// Marks `agent`; `None` when an uncleared mark of that source stands already.
    fn raise(&mut self, agent: &str, source: &Source, call: &str, seq: u64) -> Option<TaintMark> {
        let marks = self.0.entry(agent.to_owned()).or_default();
        let what = if marks.len() < MOST_MARKS { source.1.as_str() } else { "many more" };
        let stands =
            |mark: &&TaintMark| mark.cleared.is_none() && mark.source == source.0 && mark.what == what;
        if marks.iter().any(|mark| stands(&mark)) {
            return None;
        }
        let mark = TaintMark {
            source: source.0,
            what: what.to_owned(),
            call: call.to_owned(),
            since_seq: seq,
            cleared: None,
        };
        marks.push(mark.clone());
        Some(mark)
    }

    /// Marks `agent` with all of `sources`; returns the new marks.
    pub fn raise_all(&mut self, agent: &str, sources: &[Source], call: &str, seq: u64) -> Vec<TaintMark> {
        sources.iter().filter_map(|source| self.raise(agent, source, call, seq)).collect()
    }

    /// Says which row of the journal recorded marks just raised.
    pub fn recorded(&mut self, agent: &str, marks: &mut [TaintMark], seq: u64) {
        for mark in marks {
            let same = |kept: &&mut TaintMark| **kept == *mark;
            if let Some(kept) = self.0.get_mut(agent).and_then(|all| all.iter_mut().rev().find(same)) {
                kept.since_seq = seq;
            }
            mark.since_seq = seq;
        }
    }

    fn standing(&self, agent: &str) -> impl Iterator<Item = &TaintMark> {
        self.0.get(agent).into_iter().flatten().filter(|mark| mark.cleared.is_none())
    }

    /// Every source that `agent` has ever read, cleared or not.
    pub fn all_sources(&self, agent: &str) -> Vec<Source> {
        let marks = self.0.get(agent).into_iter().flatten();
        let mut sources: Vec<Source> = marks.map(|mark| (mark.source, mark.what.clone())).collect();
        sources.sort();
        sources.dedup();
        sources
    }

    pub fn is_tainted(&self, agent: &str) -> bool {
        self.standing(agent).next().is_some()
    }

    /// The first few sources in one line; `None` for an agent that is not tainted.
    pub fn label(&self, agent: &str) -> Option<String> {
        let names: Vec<String> = self.standing(agent).take(NAMED).map(TaintMark::to_string).collect();
        let more = self.standing(agent).count().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!names.is_empty()).then(|| names.join(", ") + &more)
    }
}

impl Kernel {
    /// The marks of an agent, cleared ones too, oldest first.
    pub fn taint(&self, agent: &str) -> Vec<TaintMark> {
        self.memory().taint.0.get(agent).cloned().unwrap_or_default()
    }

    /// Whether some mark of the agent stands.
    pub fn is_tainted(&self, agent: &str) -> bool {
        self.memory().taint.is_tainted(agent)
    }

    /// A person says that one mark of `agent` need not stand. `None` when it does not stand. The caller
    /// keeps the mark returned with the session.
    pub fn clear_taint(
        &self,
        agent: &str,
        mark: &TaintMark,
        approver: &str,
    ) -> Result<Option<TaintMark>, KernelError> {
        if !self.memory().taint.standing(agent).any(|standing| standing == mark) {
            return Ok(None);
        }
        // On record first: a mark whose clearing cannot be recorded stands.
        self.record(Row {
            agent: Some(agent.to_owned()),
            call: Some(mark.call.clone()),
            rung: Some("taint".to_owned()),
            rule: Some("cleared".to_owned()),
            taint: Some(mark.to_string()),
            approver: Some(self.identity.answers(approver)),
            ..Row::by(Actor::User)
        })?;
        let mut memory = self.memory();
        let marks = memory.taint.0.get_mut(agent).into_iter().flatten();
        for standing in marks.filter(|standing| *standing == mark) {
            standing.cleared = Some(approver.to_owned());
        }
        Ok(Some(TaintMark { cleared: Some(approver.to_owned()), ..mark.clone() }))
    }

    /// A sub-agent knows what its parent tells it: it begins with the parent's marks.
    pub fn inherit(&self, parent: &str, child: &str) -> Result<Vec<TaintMark>, KernelError> {
        self.pass_on(parent, child, "inherited")
    }

    /// What a sub-agent returns carries its marks to the parent.
    pub fn absorb(&self, child: &str, parent: &str) -> Result<Vec<TaintMark>, KernelError> {
        self.pass_on(child, parent, "absorbed")
    }

    fn pass_on(&self, from: &str, to: &str, rule: &str) -> Result<Vec<TaintMark>, KernelError> {
        let mut memory = self.memory();
        let marks: Vec<TaintMark> = memory.taint.standing(from).cloned().collect();
        let mut raised: Vec<TaintMark> = marks
            .iter()
            .filter_map(|mark| {
                memory.taint.raise(to, &(mark.source, mark.what.clone()), &mark.call, mark.since_seq)
            })
            .collect();
        if raised.is_empty() {
            return Ok(raised);
        }
        let label = memory.taint.label(to);
        let seq = self.record(Row {
            agent: Some(to.to_owned()),
            rung: Some("taint".to_owned()),
            rule: Some(rule.to_owned()),
            taint: label,
            ..Row::by(Actor::System)
        })?;
        memory.taint.recorded(to, &mut raised, seq);
        Ok(raised)
    }

    /// Marks as a session kept them, for an agent that goes on. Later entries about the same source
    /// count more.
    pub fn restore_taint(&self, agent: &str, kept: &[TaintMark]) {
        let mut memory = self.memory();
        let marks = memory.taint.0.entry(agent.to_owned()).or_default();
        for mark in kept {
            let same = |known: &&mut TaintMark| {
                (known.source, &known.what, known.since_seq) == (mark.source, &mark.what, mark.since_seq)
            };
            match marks.iter_mut().find(same) {
                Some(known) => known.cleared.clone_from(&mark.cleared),
                None => marks.push(mark.clone()),
            }
        }
    }
}
