//! The policy in force: compiled as a whole, exchanged as a whole.

use std::sync::{Arc, PoisonError};

use super::charter::{Capability, Charter};
use super::error::KernelError;
use super::examples::check_examples;
use super::intake::Tools;
use super::journal::Row;
use super::judge::Kernel;
use super::leases::Leases;
use super::rung::Rules;
use super::spent::Spent;
use crate::base::Digest;
use crate::config::Policy;
use crate::protocol::Actor;

/// What a policy means in this session. A call is judged by one of these from its first rung to its
/// last.
pub(super) struct Law {
    /// As the session's, with the policy that is in force now.
    pub charter: Charter,
    pub rules: Rules,
    /// The commands that rules want passed.
    pub checks: Vec<String>,
}

impl Law {
    /// Compiles the charter's policy and tries every rule on its own examples.
    pub fn new(charter: Charter, tools: &Tools) -> Result<Self, KernelError> {
        let rules = Rules::compile(&charter.policy, &charter)?;
        check_examples(&charter, tools)?;
        let checks = charter.policy.rules.iter().filter_map(|rule| rule.check.clone()).collect();
        Ok(Self { charter, rules, checks })
    }
}

/// A change of policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// Digest of the policy now in force.
    pub digest: String,
    pub rules: usize,
}

impl Kernel {
    /// What a person agreed to for the session is asked again.
    pub fn ask_again(&self) {
        self.state().agreed.clear();
    }

    /// Puts another policy in force: the whole of it, or (on `Err`) nothing. Answers that a person gave
    /// for the session stay. On record before it counts; `None` when nothing would change.
    pub fn reload(&self, policy: Policy) -> Result<Option<Reloaded>, KernelError> {
        let before = self.law();
        if before.charter.policy == policy {
            return Ok(None);
        }
        let (digest, rules) = (policy.digest(), policy.rules.len());
        let law = Law::new(Charter { policy, ..before.charter.clone() }, &self.tools)?;
        self.record(Row {
            rung: Some("policy".to_owned()),
            rule: Some("reload".to_owned()),
            args_digest: Some(digest.clone()),
            ..Row::by(Actor::User)
        })?;
        // While no rule asked for a check, nobody counted what changed.
        self.state().forget_checks();
        *self.law.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(law);
        Ok(Some(Reloaded { digest, rules }))
    }

    /// Puts another capability and the policy that goes with it in force, both at once: the whole of them,
    /// or (on `Err`) nothing. Only what a person asked for comes here. Calls that were granted before keep
    /// their grants, and answers for the session stay.
    pub fn assume(&self, capability: Capability, policy: Policy) -> Result<(), KernelError> {
        let before = self.law();
        if before.charter.policy == policy && before.charter.capability == capability {
            return Ok(());
        }
        let allowed = capability.tools.iter().chain(&capability.effects);
        let digest = allowed
            .fold(Digest::default().field(capability.profile.as_bytes()), |digest, word| {
                digest.field(word.as_bytes())
            })
            .field(policy.digest().as_bytes())
            .hex();
        let tool: String = capability.profile.chars().take(64).collect();
        let law = Law::new(Charter { policy, capability, ..before.charter.clone() }, &self.tools)?;
        self.record(Row {
            rung: Some("capability".to_owned()),
            rule: Some("profile".to_owned()),
            tool: Some(tool),
            args_digest: Some(digest),
            approver: Some(self.identity.answers("user")),
            ..Row::by(Actor::User)
        })?;
        // While no rule asked for a check, nobody counted what changed.
        self.state().forget_checks();
        *self.law.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(law);
        Ok(())
    }

    /// What the profile in force allows at all.
    pub fn capability(&self) -> Capability {
        self.law().charter.capability.clone()
    }

    /// The policy that calls are judged by now.
    pub fn policy(&self) -> Policy {
        self.law().charter.policy.clone()
    }

    /// Says which paths belong to which agent from now on.
    pub fn lease(&self, leases: Leases) {
        self.state().leases = Some(Arc::new(leases));
    }

    /// Adds what a request to a model has cost, to `agent` and to all above it.
    pub fn spent(&self, agent: &str, spent: Spent) {
        self.state().accounts.add(agent, spent);
    }

    pub(super) fn law(&self) -> Arc<Law> {
        self.law.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
