//! Tokens, money and limits.

use serde::{Deserialize, Serialize};

/// Tokens of one request, or of many added up. Input counts every input token once: read from the
/// cache, written to it, or neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Usage {
    /// Input tokens neither read from nor written to a cache.
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
}

impl Usage {
    /// Counts are a provider's: nonsense ends at the largest number.
    pub fn add(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(other.cache_read_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(other.cache_write_tokens);
    }

    /// Every input token.
    pub fn context_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.cache_read_tokens).saturating_add(self.cache_write_tokens)
    }

    /// Every token: what the conversation takes once the answer is part of it.
    pub fn total_tokens(&self) -> u64 {
        self.context_tokens().saturating_add(self.output_tokens)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostBasis {
    /// The provider said so.
    Provider,
    /// Usage times the catalogue's prices.
    Catalogue,
    /// No price is known.
    Unknown,
    /// It ran on this machine.
    Local,
}

/// US dollars; `usd` is `None` when no price is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cost {
    pub usd: Option<f64>,
    pub basis: CostBasis,
}

impl Cost {
    pub const ZERO: Self = Self { usd: Some(0.0), basis: CostBasis::Catalogue };

    /// The sum; unknown as soon as one part is.
    pub fn plus(self, other: Self) -> Self {
        Self {
            usd: self.usd.zip(other.usd).map(|(a, b)| a + b),
            basis: if other.usd.is_none() { CostBasis::Unknown } else { other.basis },
        }
    }
}

/// Where a run must stop.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Requests to the model.
    pub max_turns: Option<u32>,
    /// US dollars.
    pub max_budget_usd: Option<f64>,
    /// Wall time.
    pub max_minutes: Option<f64>,
}
