//! Past calls under another policy: judged by the effects that were resolved then, never by today's
//! files.

use super::effects::recall;
use super::error::KernelError;
use super::judge::Kernel;
use super::moment::Moment;
use super::rung::{Case, Mode, RUNGS, fold};
use crate::protocol::{Effect, ToolCall, Verdict, VerdictKind};
use std::collections::BTreeSet;

/// What became of a past call.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub verdict: Verdict,
    /// Nothing changed, a question more or less, or another outcome.
    pub differs: Option<&'static str>,
    /// Whether what follows in the session would have been another: nothing past it is certain.
    pub diverges: bool,
}

impl Kernel {
    /// Judges a past call under the policy in force, without granting and without a trace. `then` is what
    /// was said, `ran` whether the call was carried out in the end (a question may have been answered).
    /// `Ok(None)` when the call has no effects on record or its tool is not here.
    pub fn replay(
        &self,
        call: &ToolCall,
        effects: &[Effect],
        then: VerdictKind,
        ran: bool,
    ) -> Result<Option<Replayed>, KernelError> {
        let law = self.law();
        let Some(spec) = self.tools.spec(&call.tool).filter(|_| !effects.is_empty()) else { return Ok(None) };
        let prepared = recall(&law.charter, spec, call, effects);
        let moment = Moment::default();
        let case = Case::new(&law.charter, &law.rules, spec, &prepared, &moment);
        let none = BTreeSet::new();
        let decision = fold(&case, RUNGS, &Mode { session: &none, call: &none });
        let verdict = decision.verdict(&case, then == VerdictKind::Transform);
        let runs = |kind| matches!(kind, VerdictKind::Allow | VerdictKind::Transform);
        let asks = |kind| kind == VerdictKind::RequireApproval;
        let now = verdict.kind;
        let (differs, diverges) = match (runs(now), asks(now)) {
            (true, _) if runs(then) => (None, false),
            (true, _) if asks(then) => (Some("no longer asked"), !ran),
            (true, _) => (Some("now allowed"), true),
            (false, true) if asks(then) => (None, false),
            // Who knows what a person would have said.
            (false, true) => (Some("now asked"), true),
            (false, false) if runs(then) => (Some("now refused"), true),
            (false, false) if asks(then) => (Some("refused without a question"), ran),
            (false, false) => (None, false),
        };
        Ok(Some(Replayed { verdict, differs, diverges }))
    }
}
