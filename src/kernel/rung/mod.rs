//! Rungs: each looks at the prepared effects and says what it thinks; the most restrictive word wins.
//!
//! All rungs run, so their order never matters. An effect that no rung allows is denied.

mod capability;
mod contained;
mod destructive;
mod egress;
mod finding;
mod fold;
mod git;
mod own_program;
mod scope;
mod self_protection;
mod user_policy;

pub(super) use finding::{Case, Finding, Findings};
pub(super) use fold::{Agreed, Decision, Mode, fold, settle};
pub(super) use user_policy::Rules;

/// One rung.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rung {
    pub name: &'static str,
    pub judge: fn(&Case<'_>, &mut Findings),
}

/// Every rung in force, cheapest first.
pub(super) const RUNGS: &[Rung] = &[
    Rung { name: "capability", judge: capability::judge },
    Rung { name: "self_protection", judge: self_protection::judge },
    Rung { name: "scope", judge: scope::judge },
    Rung { name: "git", judge: git::judge },
    Rung { name: "destructive", judge: destructive::judge },
    Rung { name: "contained", judge: contained::judge },
    Rung { name: "egress", judge: egress::judge },
    Rung { name: "user_policy", judge: user_policy::judge },
];
