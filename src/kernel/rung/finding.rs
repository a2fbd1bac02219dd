//! What a rung may say.

use std::path::PathBuf;

use crate::kernel::charter::Charter;
use crate::kernel::effects::{MOST_FACTS, Prepared};
use crate::kernel::moment::Moment;
use crate::kernel::rung::Rules;
use crate::kernel::rung::rules::Spelled;
use crate::protocol::{Disposition, Reason, ToolSpec, Verdict, VerdictKind};

/// What a rung is shown.
pub(in crate::kernel) struct Case<'a> {
    pub charter: &'a Charter,
    pub rules: &'a Rules,
    pub spec: &'a ToolSpec,
    pub prepared: &'a Prepared,
    pub moment: &'a Moment,
    /// The commands of a shell line, where a rule looks at them.
    pub spelled: Vec<Spelled>,
    /// The path as the call wrote it, from the workspace, where that differs from the real one.
    pub written: Option<PathBuf>,
}

impl<'a> Case<'a> {
    pub fn new(
        charter: &'a Charter,
        rules: &'a Rules,
        spec: &'a ToolSpec,
        prepared: &'a Prepared,
        moment: &'a Moment,
    ) -> Self {
        let written = prepared.written.as_deref().map(|written| charter.workspace.join(written));
        Self { charter, rules, spec, prepared, moment, spelled: rules.spell(prepared), written }
    }
}

/// An objection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kernel) struct Finding {
    /// `Wait`, `RequireWitness`, `RequireApproval` or `Deny`.
    pub kind: VerdictKind,
    pub reason: Reason,
    pub disposition: Disposition,
    pub rung: &'static str,
    pub rule: &'static str,
    /// What exactly it is about (a path, a host, a command): an approval for the session holds for
    /// this and nothing else.
    pub subject: String,
    /// No rule of the user loosens it; only a person does, if anybody.
    pub firm: bool,
    /// An approval holds for this one call, never for the session.
    pub one_by_one: bool,
    /// The effect it is about; none when it is about the call.
    pub at: Option<usize>,
    pub user: String,
    pub model: String,
}

impl Finding {
    pub fn deny(rung: &'static str, rule: &'static str, reason: Reason) -> Self {
        Self {
            kind: VerdictKind::Deny,
            reason,
            disposition: Disposition::Terminal,
            rung,
            rule,
            subject: String::new(),
            firm: true,
            one_by_one: false,
            at: None,
            user: String::new(),
            model: String::new(),
        }
    }

    pub fn ask(rung: &'static str, rule: &'static str, reason: Reason) -> Self {
        Self {
            kind: VerdictKind::RequireApproval,
            disposition: Disposition::Escalate,
            firm: false,
            ..Self::deny(rung, rule, reason)
        }
    }

    /// A corrected call may pass.
    pub fn retryable(mut self) -> Self {
        self.disposition = Disposition::Retryable;
        self
    }

    /// Only a person can change this.
    pub fn escalate(mut self) -> Self {
        self.disposition = Disposition::Escalate;
        self
    }

    pub fn firm(mut self) -> Self {
        self.firm = true;
        self
    }

    pub fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// `user`: what is wrong, in a few words. `model`: the same and what to do instead.
    pub fn says(mut self, user: impl Into<String>, model: impl Into<String>) -> Self {
        self.user = user.into();
        self.model = model.into();
        self
    }

    /// The verdict of this finding alone.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            kind: self.kind,
            reason: Some(self.reason),
            disposition: Some(self.disposition),
            rung: self.rung.to_owned(),
            rule: self.rule.to_owned(),
            user_line: self.user.clone(),
            model_line: self.model.clone(),
        }
    }
}

/// How far the user's `allow` rules reach in this call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::kernel) enum Loosened {
    #[default]
    Nothing,
    /// Its commands, not where its redirections go.
    Commands,
    All,
}

/// What all rungs said. Allocates only when something is objected to.
#[derive(Debug, Default)]
pub(in crate::kernel) struct Findings {
    pub objections: Vec<Finding>,
    /// One bit for each effect that some rung allowed or asked about.
    covered: u128,
    /// One bit for each effect that a rule of the user's answers for.
    freed: u128,
    pub loosened: Loosened,
}

const _: () = assert!(MOST_FACTS < 128, "one bit for each fact");

impl Findings {
    /// The effect at `fact` is fine as far as this rung is concerned, and this rung is one that may
    /// say so.
    pub fn allow(&mut self, fact: usize) {
        self.covered |= 1u128.checked_shl(fact as u32).unwrap_or(0);
    }

    /// Objects to the effect at `fact`.
    pub fn object(&mut self, fact: usize, finding: Finding) {
        self.allow(fact);
        self.objections.push(Finding { at: Some(fact), ..finding });
    }

    /// A rule of the user's answers beforehand what would be asked about this effect.
    pub fn free(&mut self, fact: usize) {
        self.freed |= 1u128.checked_shl(fact as u32).unwrap_or(0);
    }

    /// Whether a rule of the user's answers for an objection to one effect.
    pub fn is_freed(&self, finding: &Finding) -> bool {
        finding.at.is_some_and(|fact| self.freed.checked_shr(fact as u32).unwrap_or(0) & 1 == 1)
    }

    /// Whether a rule of the user's answers for anything.
    pub fn opens_anything(&self) -> bool {
        self.freed != 0 || self.loosened != Loosened::Nothing
    }

    /// Objects to the call as a whole.
    pub fn object_to_call(&mut self, finding: Finding) {
        self.objections.push(finding);
    }

    /// The first effect that nobody said anything about.
    pub fn uncovered(&self, facts: usize) -> Option<usize> {
        let first = self.covered.trailing_ones() as usize;
        (first < facts).then_some(first)
    }
}
