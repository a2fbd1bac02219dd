//! Past calls under another policy: judged by the effects that were resolved then, never by today's
//! files.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::effects::recall;
use super::error::KernelError;
use super::judge::Kernel;
use super::moment::Moment;
use super::rung::{Case, Mode, RUNGS, fold};
use super::spent::Accounts;
use super::witness::Witnesses;
use crate::protocol::{Effect, ToolCall, Verdict, VerdictKind};

/// A call of a session, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// As the model wrote it.
    pub call: ToolCall,
    /// As they were resolved then; empty when the call was refused before.
    pub effects: Vec<Effect>,
    /// The first verdict: a question, where one was asked.
    pub then: Verdict,
    /// Whether it was carried out in the end.
    pub ran: bool,
    /// Whether it came back without an error.
    pub ok: bool,
}

/// A past call judged anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub call: ToolCall,
    pub then: Verdict,
    /// `None` when it cannot be judged anew: its effects are not on record, or its tool is not here.
    pub now: Option<Verdict>,
    /// In words, where the verdict differs.
    pub differs: Option<&'static str>,
    /// Whether what follows in the session would have been another: nothing past it is certain.
    pub diverges: bool,
}

impl Kernel {
    /// Judges past calls of one agent, in their order, under the policy in force: nothing is granted, and
    /// nothing is written. Time and money are not replayed; counts of calls and passed checks are.
    pub fn replay(&self, past: &[Past]) -> Result<Vec<Replayed>, KernelError> {
        let mut accounts = Accounts::default();
        let mut witnesses = Witnesses::default();
        past.iter().map(|past| self.replay_one(past, &mut accounts, &mut witnesses)).collect()
    }

    fn replay_one(
        &self,
        past: &Past,
        accounts: &mut Accounts,
        witnesses: &mut Witnesses,
    ) -> Result<Replayed, KernelError> {
        let law = self.law();
        let same = Replayed {
            call: past.call.clone(),
            then: past.then.clone(),
            now: None,
            differs: None,
            diverges: false,
        };
        let Ok((spec, call, repaired)) = self.take_in(&past.call)? else { return Ok(same) };
        if past.effects.is_empty() {
            return Ok(same);
        }
        let prepared = recall(&law.charter, spec, &call, &past.effects);
        let spent = accounts.standing("main");
        let moment = Moment { spent, witnesses: Arc::new(witnesses.clone()), ..Moment::default() };
        let case = Case::new(&law.charter, &law.rules, spec, &prepared, &moment);
        let none = BTreeSet::new();
        let decision = fold(&case, RUNGS, &Mode { session: &none, call: &none });
        let now = decision.verdict(&case, repaired.is_some());
        accounts.call("main");
        if past.ran {
            witnesses.granted(&call, &prepared, &law.checks);
            witnesses.ended(&call.id, past.ok);
        }
        let (differs, diverges) = compare(past, &now);
        Ok(Replayed { now: Some(now), differs, diverges, ..same })
    }
}

fn compare(past: &Past, now: &Verdict) -> (Option<&'static str>, bool) {
    let runs = |kind| matches!(kind, VerdictKind::Allow | VerdictKind::Transform);
    let asks = |kind| kind == VerdictKind::RequireApproval;
    let (then, kind) = (past.then.kind, now.kind);
    // Allowed then because the same had been agreed to for the session.
    let agreed = past.then.rung == now.rung && past.then.rule == now.rule;
    match (runs(kind), asks(kind)) {
        (true, _) if runs(then) => (None, false),
        (true, _) if asks(then) => (Some("no longer asked"), !past.ran),
        (true, _) => (Some("now allowed"), true),
        (false, true) if asks(then) || runs(then) && agreed => (None, false),
        // Who knows what a person would have said.
        (false, true) => (Some("now asked"), true),
        (false, false) if runs(then) => (Some("now refused"), true),
        (false, false) if asks(then) => (Some("refused without a question"), past.ran),
        (false, false) => (None, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layer, PolicyFile, Reading};
    use crate::kernel::Judgement;
    use crate::kernel::testing::World;

    /// Judges calls for real and keeps what a session log would.
    fn session(world: &World, calls: &[(&str, &str)]) -> Vec<Past> {
        let kernel = world.kernel();
        let one = |(tool, argument): &(&str, &str)| {
            let call = world.call(tool, argument);
            let (effects, then, ran) = match kernel.judge("main", &call).unwrap() {
                Judgement::Granted(granted) => (granted.effects, granted.verdict, true),
                Judgement::Refused(refused) => (refused.effects, refused.verdict, false),
                Judgement::Asked(question) => {
                    let (effects, verdict) = (question.effects.clone(), question.verdict.clone());
                    kernel.approve(question, "user", true).unwrap();
                    (effects, verdict, true)
                }
            };
            Past { call, effects, then, ran, ok: true }
        };
        calls.iter().map(one).collect()
    }

    #[test]
    fn the_same_policy_says_the_same_of_every_call() {
        let world = World::new();
        let past = session(
            &world,
            &[
                ("read", "src/a.rs"),
                ("write", "linked-inside/b.rs"),
                ("bash", "cargo test 2>&1 | tee ../outside/log"),
                ("bash", "git push origin main"),
                ("bash", "git push origin main"),
                ("write", ".git/config"),
                ("bash", "rm -rf src/*.orig; cat .env"),
                ("bash", "eval \"$X\""),
                ("todo", "x"),
            ],
        );
        for replayed in world.kernel().replay(&past).unwrap() {
            assert_eq!((replayed.differs, replayed.diverges), (None, false), "{replayed:?}");
            assert!(replayed.now.is_some());
        }
    }

    #[test]
    fn differences_are_told_and_past_effects_count_not_todays_files() {
        let mut world = World::new();
        let past = session(
            &world,
            &[
                ("write", "linked-inside/b.rs"),
                ("bash", "make"),
                ("bash", "git push origin main"),
                ("bash", "git commit -m x"),
            ],
        );
        std::fs::remove_file(world.charter.workspace.join("linked-inside")).unwrap();
        for (yaml, expected) in [
            ("{name: a, action: deny, path: src/}", [Some(("now refused", true)), None, None, None]),
            ("{name: a, action: ask, command: make}", [None, Some(("now asked", true)), None, None]),
            ("{name: a, action: allow, git: push}", [None, None, Some(("no longer asked", false)), None]),
            (
                "{name: a, action: deny, git: push}",
                [None, None, Some(("refused without a question", true)), None],
            ),
            ("{name: a, require: {check: make}, git: commit}", [None, None, None, None]),
            (
                "{name: a, require: {check: make test}, git: commit}",
                [None, None, None, Some(("now refused", true))],
            ),
        ] {
            let reading = Reading { layer: Layer::User, file: None, tools: &[] };
            world.charter.policy.rules =
                PolicyFile::read(&format!("rules: [{yaml}]"), reading).unwrap().rules;
            let replayed = world.kernel().replay(&past).unwrap();
            let told: Vec<_> =
                replayed.iter().map(|r| r.differs.map(|differs| (differs, r.diverges))).collect();
            assert_eq!(told, expected, "{yaml}: {replayed:#?}");
        }
    }
}
