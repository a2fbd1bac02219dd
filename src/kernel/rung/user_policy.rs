//! The rules of the policy: `deny` and `ask` tighten anything, `allow` answers questions beforehand.

use super::finding::Loosened;
use super::rules::Compiled;
use super::trees::is_wide;
use super::{Case, Finding, Findings};
use crate::config::{Layer, RuleAction};
use crate::kernel::effects::Fact;
use crate::protocol::Reason;

const RUNG: &str = "user_policy";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    for rule in case.rules.iter().filter(|rule| holds_back(rule)) {
        let Some(meant) = rule.tightens(case) else { continue };
        out.object_to_call(objection(case, rule, meant));
    }
    loosen(case, out);
}

/// Constraints and witnesses have rungs of their own.
fn holds_back(rule: &Compiled) -> bool {
    let own = rule.rule.origin.layer != Layer::Constraints && rule.rule.check.is_none();
    own && rule.rule.action != RuleAction::Allow
}

fn objection(case: &Case<'_>, rule: &Compiled, meant: Option<&Fact>) -> Finding {
    let subject = &case.prepared.subject;
    let shown = match meant {
        Some(fact) => fact.effect.describe(),
        None if subject.is_empty() => case.spec.name.to_owned(),
        None => subject.clone(),
    };
    let rule = &rule.rule;
    let reason = rule.reason.unwrap_or(Reason::PolicyBlock);
    let why = rule.message.as_ref().map_or(String::new(), |message| format!(": {message}"));
    let from = format!("the rule `{}` of {}{why}", rule.name, rule.origin);
    let instead = rule.message.as_ref().map_or_else(
        || match meant.filter(|fact| is_wide(fact)) {
            Some(_) => "It is meant for all that lies below, and the rule is about some of that. Name the files or folders that are needed.".to_owned(),
            None => "Find another way, or tell the user why it is needed.".to_owned(),
        },
        |message| format!("{}.", message.trim_end_matches('.')),
    );
    let finding = match rule.action {
        RuleAction::Deny => Finding::deny(RUNG, "deny", reason).escalate().says(
            format!("{shown}: denied by {from}"),
            format!("Refused: the user's policy forbids `{shown}`. {instead}"),
        ),
        _ => Finding::ask(RUNG, "ask", reason).firm().says(
            format!("{shown}: {from} asks"),
            format!("The user's policy asks a person about `{shown}`. {instead}"),
        ),
    };
    finding.about(subject)
}

fn loosen(case: &Case<'_>, out: &mut Findings) {
    // Walked anew each time rather than collected: the fold allocates nothing.
    let rules = || case.rules.iter().filter(|rule| rule.rule.loosens() && rule.for_tool(case.spec.name));
    if rules().any(|rule| rule.is_whole() || rule.opens_argument(case)) {
        out.loosened = Loosened::All;
        return;
    }
    if case.prepared.shell.as_ref().is_some_and(|scan| scan.opaque.is_none()) {
        let every = case.spelled.iter().all(|command| rules().any(|rule| rule.opens_command(command)));
        if every && !case.spelled.is_empty() {
            out.loosened = Loosened::Commands;
        }
    }
    for (at, fact) in case.prepared.facts.iter().enumerate() {
        if rules().any(|rule| rule.opens_fact(fact)) {
            out.free(at);
        }
    }
}

#[cfg(test)]
#[path = "user_policy_tests.rs"]
mod tests;
