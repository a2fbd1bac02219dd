//! Rungs: each looks at the prepared effects and says what it thinks; the most restrictive word wins.
//!
//! All rungs run, so their order never matters. An effect that no rung allows is denied.

mod budget;
mod capability;
mod contained;
mod contract;
mod destructive;
mod egress;
mod finding;
mod fold;
mod git;
mod lease;
mod own_program;
mod proposal;
mod publish;
mod rules;
mod scope;
mod self_protection;
mod trees;
mod unkept;
mod user_policy;
mod witness;

pub(super) use finding::{Case, Finding, Findings};
pub(super) use fold::{Agreed, Decision, Mode, fold};
pub use proposal::kinds_and_paths;
pub(super) use rules::{Compiled, Rules};

/// One rung.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rung {
    pub name: &'static str,
    pub judge: fn(&Case<'_>, &mut Findings),
}

/// The rung that objects to deleting what nothing else holds.
pub(super) const UNKEPT: &str = "unkept";

/// Every rung in force, cheapest first.
pub(super) const RUNGS: &[Rung] = &[
    Rung { name: "budget", judge: budget::judge },
    Rung { name: "capability", judge: capability::judge },
    Rung { name: "self_protection", judge: self_protection::judge },
    Rung { name: "scope", judge: scope::judge },
    Rung { name: "lease", judge: lease::judge },
    Rung { name: UNKEPT, judge: unkept::judge },
    Rung { name: "git", judge: git::judge },
    Rung { name: "destructive", judge: destructive::judge },
    Rung { name: "contained", judge: contained::judge },
    Rung { name: "egress", judge: egress::judge },
    Rung { name: "publish", judge: publish::judge },
    Rung { name: "contract", judge: contract::judge },
    Rung { name: "witness", judge: witness::judge },
    Rung { name: "user_policy", judge: user_policy::judge },
];
