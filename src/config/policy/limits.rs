//! Limits of the budget rung: what agents and runs may use up.

use serde::{Deserialize, Serialize};

/// What one agent with all its sub-agents, or one run, may use up. Absent means without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cap {
    /// Calls put before the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Tokens, in and out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Wall time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
}

impl Cap {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn tightened(self, other: Self) -> Self {
        let least = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let fewest = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self {
            calls: fewest(self.calls, other.calls),
            tokens: fewest(self.tokens, other.tokens),
            usd: least(self.usd, other.usd),
            minutes: least(self.minutes, other.minutes),
        }
    }
}

/// The limits of a policy. Layers never widen them: the least of every value counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallLimits {
    /// One agent and its sub-agents.
    #[serde(skip_serializing_if = "Cap::is_empty")]
    pub agent: Cap,
    /// All agents of a run.
    #[serde(skip_serializing_if = "Cap::is_empty")]
    pub run: Cap,
    /// Calls in any minute, over all agents; more wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<u64>,
}

impl CallLimits {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn tightened(self, other: Self) -> Self {
        Self {
            agent: self.agent.tightened(other.agent),
            run: self.run.tightened(other.run),
            calls_per_minute: self.calls_per_minute.into_iter().chain(other.calls_per_minute).min(),
        }
    }

    /// A number that cannot be meant.
    pub(super) fn fault(&self) -> Option<String> {
        for (name, cap) in [("agent", self.agent), ("run", self.run)] {
            for (what, value) in [("usd", cap.usd), ("minutes", cap.minutes)] {
                if value.is_some_and(|value| !value.is_finite() || value <= 0.0) {
                    return Some(format!("limits.{name}.{what} must be a number above 0"));
                }
            }
        }
        (self.calls_per_minute == Some(0)).then(|| "limits.calls_per_minute must be above 0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_every_value_counts() {
        let cap = |calls, usd| Cap { calls, usd, ..Cap::default() };
        let one = CallLimits { agent: cap(Some(5), Some(3.0)), ..CallLimits::default() };
        let two =
            CallLimits { agent: cap(Some(9), Some(2.0)), run: cap(Some(7), None), calls_per_minute: Some(3) };
        let both = one.tightened(two);
        assert_eq!(both, two.tightened(one));
        assert_eq!((both.agent.calls, both.agent.usd, both.run.calls), (Some(5), Some(2.0), Some(7)));
        assert!(CallLimits { run: cap(None, Some(0.0)), ..one }.fault().is_some() && one.fault().is_none());
    }
}
