//! What the kernel said of a call, as a value that model and user see.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    Allow,
    /// Repaired without loss, judged again, allowed.
    Transform,
    /// Not now; the same call may pass later.
    Wait,
    /// A named check must have passed on exactly this tree since the last write.
    RequireWitness,
    /// A person must say yes.
    RequireApproval,
    Deny,
}

impl VerdictKind {
    /// Most restrictive is highest: folding verdicts takes the maximum.
    pub fn rank(self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Transform => 1,
            Self::Wait => 2,
            Self::RequireWitness => 3,
            Self::RequireApproval => 4,
            Self::Deny => 5,
        }
    }
}

impl std::fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Transform => "transform",
            Self::Wait => "wait",
            Self::RequireWitness => "require_witness",
            Self::RequireApproval => "require_approval",
            Self::Deny => "deny",
        })
    }
}

/// Why, from a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Reason {
    DefaultDeny,
    PolicyBlock,
    SelfModify,
    LeaseHeld,
    TrustViolation,
    Malformed,
    Misroute,
    RateLimited,
    SecretExfil,
    Unwitnessed,
    Oversize,
    UnknownTool,
    Contract,
    Irreversible,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DefaultDeny => "DefaultDeny",
            Self::PolicyBlock => "PolicyBlock",
            Self::SelfModify => "SelfModify",
            Self::LeaseHeld => "LeaseHeld",
            Self::TrustViolation => "TrustViolation",
            Self::Malformed => "Malformed",
            Self::Misroute => "Misroute",
            Self::RateLimited => "RateLimited",
            Self::SecretExfil => "SecretExfil",
            Self::Unwitnessed => "Unwitnessed",
            Self::Oversize => "Oversize",
            Self::UnknownTool => "UnknownTool",
            Self::Contract => "Contract",
            Self::Irreversible => "Irreversible",
        })
    }
}

/// What the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Disposition {
    /// A corrected call may pass.
    Retryable,
    /// The same call may pass later.
    Wait,
    /// Only a person can change this.
    Escalate,
    /// It will never pass.
    Terminal,
}

/// On whose behalf a call is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    User,
    System,
    Agent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub kind: VerdictKind,
    /// Absent when the call was simply allowed.
    pub reason: Option<Reason>,
    pub disposition: Option<Disposition>,
    /// The rung that decided, such as `scope`.
    pub rung: String,
    /// The rule within it, such as `outside_workspace`.
    pub rule: String,
    /// One line for the user.
    pub user_line: String,
    /// One line for the model: what was wrong and what to do instead, never the policy text.
    pub model_line: String,
}

impl Verdict {
    pub fn allow(rung: &str, rule: &str) -> Self {
        Self {
            kind: VerdictKind::Allow,
            reason: None,
            disposition: None,
            rung: rung.to_owned(),
            rule: rule.to_owned(),
            user_line: String::new(),
            model_line: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People read what scripts do.
    #[test]
    fn words_are_those_of_the_published_shapes() {
        use {Reason as R, VerdictKind as K};
        let kinds = [K::Allow, K::Transform, K::Wait, K::RequireWitness, K::RequireApproval, K::Deny];
        for kind in kinds {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.to_string());
        }
        let reasons = [
            R::DefaultDeny,
            R::PolicyBlock,
            R::SelfModify,
            R::LeaseHeld,
            R::TrustViolation,
            R::Malformed,
            R::Misroute,
            R::RateLimited,
            R::SecretExfil,
            R::Unwitnessed,
            R::Oversize,
            R::UnknownTool,
            R::Contract,
            R::Irreversible,
        ];
        for reason in reasons {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.to_string());
        }
    }
}
