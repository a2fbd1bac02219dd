//! Judging for people who want to know why: each step by itself, with its time.

use std::collections::BTreeSet;
use std::time::Instant;

use super::effects::prepare;
use super::error::KernelError;
use super::judge::Kernel;
use super::rung::{Case, Findings, Mode, RUNGS, fold};
use super::sink::carried_out;
use crate::config::Rule;
use crate::protocol::{Effect, ToolCall, Verdict};

/// One step of judging, as `explain` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `intake`, `effects`, or the name of a rung.
    pub name: String,
    /// What it said: `allow`, nothing, or its objections.
    pub said: Vec<String>,
    pub micros: f64,
}

/// Every step of judging a call that is not carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The call as judged.
    pub call: ToolCall,
    pub effects: Vec<Effect>,
    pub steps: Vec<Step>,
    /// All rungs and the decision at one go, as a call that is carried out has them; 0 where it came to none.
    pub fold_micros: f64,
    pub verdict: Verdict,
    /// As in [`super::Question::proposal`], also where nobody is there to be asked.
    pub proposal: Option<Rule>,
}

impl Explanation {
    /// Of a call that was refused before its effects were known.
    fn early(call: ToolCall, steps: Vec<Step>, verdict: Verdict) -> Self {
        Self { call, effects: Vec::new(), steps, fold_micros: 0.0, verdict, proposal: None }
    }
}

impl Kernel {
    /// Judges without granting and without a trace: what each step said, and how long it took.
    pub fn explain(&self, call: &ToolCall) -> Result<Explanation, KernelError> {
        let mut steps = Vec::new();
        let micros = |since: Instant| since.elapsed().as_secs_f64() * 1e6;
        let mut step = |name: &str, micros: f64, said: Vec<String>| {
            steps.push(Step { name: name.to_owned(), said, micros });
        };
        let since = Instant::now();
        let intake = self.take_in(call)?;
        let (spec, call, repaired) = match intake {
            Ok(taken) => taken,
            Err((finding, call)) => {
                step("intake", micros(since), vec![finding.user.clone()]);
                return Ok(Explanation::early(call, steps, finding.verdict()));
            }
        };
        step("intake", micros(since), repaired.iter().map(|_| "repaired without loss".to_owned()).collect());
        let since = Instant::now();
        let law = self.law();
        let prepared = match prepare(&law.charter, spec, &call) {
            Ok(prepared) => prepared,
            Err(finding) => {
                step("effects", micros(since), vec![finding.user.clone()]);
                return Ok(Explanation::early(call, steps, finding.verdict()));
            }
        };
        let effects = prepared.effects();
        step("effects", micros(since), effects.iter().map(Effect::describe).collect());
        let moment = self.moment("main", &law, &prepared);
        let moment = carried_out(&self.memory(), "main", &call, &prepared, moment);
        let case = Case::new(&law.charter, &law.rules, spec, &prepared, &moment);
        let mut findings = Findings::default();
        for rung in RUNGS {
            let before = findings.objections.len();
            let since = Instant::now();
            (rung.judge)(&case, &mut findings);
            let micros = micros(since);
            let told = findings.objections[before..].iter();
            step(rung.name, micros, told.map(|f| format!("{} ({}): {}", f.kind, f.rule, f.user)).collect());
        }
        let session = self.state().agreed.clone();
        let since = Instant::now();
        let decision = fold(&case, RUNGS, &Mode { session: &session, call: &BTreeSet::new() });
        let fold_micros = micros(since);
        let verdict = decision.verdict(&case, repaired.is_some());
        let proposal = decision.proposal(&case);
        Ok(Explanation { call, effects, steps, fold_micros, verdict, proposal })
    }
}
