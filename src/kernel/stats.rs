//! Journals counted: verdicts by kind, reason and rung, questions, and the slowest.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::admission::is_aftermath;

/// How many of the slowest are told.
const SLOWEST: usize = 5;

/// One slow verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slow {
    pub micros: u64,
    pub session: String,
    pub seq: u64,
    pub tool: String,
    pub verdict: String,
}

/// What journals say, all together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stats {
    pub sessions: u64,
    /// Calls of agents that were judged; an answered question is judged again and counts once.
    pub calls: u64,
    pub by_verdict: BTreeMap<String, u64>,
    pub by_reason: BTreeMap<String, u64>,
    /// Of verdicts that were not a plain yes.
    pub by_rung: BTreeMap<String, u64>,
    pub by_tool: BTreeMap<String, u64>,
    pub questions: u64,
    pub questions_per_100_calls: f64,
    pub policy_changes: u64,
    pub median_us: u64,
    pub p99_us: u64,
    pub slowest: Vec<Slow>,
    #[serde(skip)]
    durations: Vec<u64>,
}

impl Stats {
    /// Adds the rows of one journal's file. Lines that are no rows are `verify`'s affair.
    pub fn add(&mut self, journal: &str) {
        self.sessions += 1;
        for line in journal.lines() {
            if let Ok(row) = serde_json::from_str::<Value>(line) {
                self.row(&row);
            }
        }
    }

    fn row(&mut self, row: &Value) {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        if text("rung") == Some("policy") && text("rule") == Some("reload") {
            self.policy_changes += 1;
        }
        let (Some(verdict), Some("agent")) = (text("verdict"), text("actor")) else { return };
        let count =
            |map: &mut BTreeMap<String, u64>, name: &str| *map.entry(name.to_owned()).or_default() += 1;
        count(&mut self.by_verdict, verdict);
        if verdict == "require_approval" {
            self.questions += 1;
        }
        if let Some(reason) = text("reason") {
            count(&mut self.by_reason, reason);
        }
        if !matches!(verdict, "allow" | "transform") {
            count(&mut self.by_rung, text("rung").unwrap_or("unknown"));
        }
        // What a person answered was judged before.
        // An answer from before, or a rule's, came with the first judgement. Old rows have a bare name.
        let approver =
            row.get("approver").and_then(|approver| approver.get("by").unwrap_or(approver).as_str());
        let rung_and_rule = text("rung").zip(text("rule"));
        let aftermath = rung_and_rule.is_some_and(|(rung, rule)| is_aftermath(rung, rule));
        if !aftermath && approver.is_none_or(|by| matches!(by, "session" | "rule")) {
            self.calls += 1;
            count(&mut self.by_tool, text("tool").unwrap_or("unknown"));
        }
        let number = |name: &str| row.get(name).and_then(Value::as_u64);
        if let Some(micros) = number("duration_us") {
            self.durations.push(micros);
            let owned = |name: &str| text(name).unwrap_or_default().to_owned();
            let (session, tool) = (owned("session"), owned("tool"));
            let seq = number("seq").unwrap_or_default();
            self.slowest.push(Slow { micros, session, seq, tool, verdict: verdict.to_owned() });
            self.slowest.sort_by_key(|slow| std::cmp::Reverse(slow.micros));
            self.slowest.truncate(SLOWEST);
        }
    }

    /// Rates and percentiles, once every journal is added.
    pub fn finish(mut self) -> Self {
        self.durations.sort_unstable();
        let at = |share: f64| {
            let last = self.durations.len().saturating_sub(1);
            self.durations.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
        };
        (self.median_us, self.p99_us) = (at(0.5), at(0.99));
        self.questions_per_100_calls =
            if self.calls == 0 { 0.0 } else { self.questions as f64 * 100.0 / self.calls as f64 };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, RawResult};

    #[test]
    fn rows_are_counted_by_what_they_say() {
        let world = World::new();
        let kernel = world.kernel();
        let judge = |tool: &str, argument: &str| kernel.judge("main", &world.call(tool, argument)).unwrap();
        judge("read", "src/a.rs");
        judge("write", ".git/config");
        let Judgement::Asked(question) = judge("bash", "git push origin main") else { panic!("asked") };
        kernel.approve(question, "user", false).unwrap();
        kernel.admit("main", &world.call("read", "src/a.rs"), RawResult::ok("", "")).unwrap();
        kernel.reload(crate::config::Policy::of(crate::config::Preset::Strict, Vec::new())).unwrap();
        let dir = world.state().sub("journal").unwrap();
        let journal = |name: &String| name.starts_with("s_") && name.ends_with(".jsonl");
        let name = dir.names().unwrap().into_iter().find(journal).unwrap();
        let mut stats = Stats::default();
        stats.add(&String::from_utf8(dir.read(&name).unwrap()).unwrap());
        stats.add("not a row\n");
        let stats = stats.finish();
        let count = |map: &BTreeMap<String, u64>, name: &str| map.get(name).copied().unwrap_or_default();
        assert_eq!((stats.sessions, stats.calls, stats.questions, stats.policy_changes), (2, 3, 1, 1));
        assert!((stats.questions_per_100_calls - 100.0 / 3.0).abs() < 1e-9);
        for (verdict, n) in [("allow", 2), ("deny", 1), ("require_approval", 1)] {
            assert_eq!(count(&stats.by_verdict, verdict), n, "{verdict}");
        }
        assert_eq!((count(&stats.by_reason, "SelfModify"), count(&stats.by_rung, "egress")), (1, 1));
        assert_eq!((stats.slowest.len(), count(&stats.by_tool, "bash")), (4, 1));
    }
}
