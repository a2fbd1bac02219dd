//! When to ask again, and after how long: pure. The caller waits.

use std::time::Duration;

use super::error::ModelError;

/// Exponential back-off with full jitter above half, as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Requests after the first one.
    pub retries: u32,
    /// The same where nobody answers at all: a server that is not running will seldom be soon.
    pub knocks: u32,
    /// The longest wait before the first retry; it doubles with each further one.
    pub first: Duration,
    /// The back-off grows no further than this.
    pub longest: Duration,
    /// A provider that asks for a longer wait than this is not waited for.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 4,
            knocks: 2,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(20),
            patience: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// Most requests in all while this is what goes wrong, the first one included.
    pub fn requests(&self, error: &ModelError) -> u32 {
        match error {
            ModelError::Unreachable { .. } => 1 + self.retries.min(self.knocks),
            error if error.is_transient() => 1 + self.retries,
            _ => 1,
        }
    }

    /// How long to wait before asking again, or `None` to give up. `attempt` counts the requests
    /// that have failed, from 1; `random` lies in `0.0..1.0` and spreads clients that failed
    /// together.
    pub fn delay(&self, attempt: u32, error: &ModelError, random: f64) -> Option<Duration> {
        if attempt >= self.requests(error) {
            return None;
        }
        let random = random.clamp(0.0, 1.0);
        let doubled =
            self.first.saturating_mul(1u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        let back_off = doubled.min(self.longest).mul_f64(0.5 + random / 2.0);
        match error.retry_after() {
            Some(asked) if asked > self.patience => None,
            // Never earlier than asked, and a little later so that not everybody comes at once.
            Some(asked) => Some(asked.max(back_off).max(asked + asked.mul_f64(random / 10.0))),
            None => Some(back_off),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(retry_after: Option<u64>) -> ModelError {
        ModelError::RateLimited {
            provider: "p".into(),
            message: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn waits_double_and_end_after_four_retries() {
        let policy = RetryPolicy::default();
        let waits: Vec<_> = (1..=5).map(|attempt| policy.delay(attempt, &limited(None), 1.0)).collect();
        assert_eq!(
            waits,
            [1, 2, 4, 8].map(|s| Some(Duration::from_secs(s))).into_iter().chain([None]).collect::<Vec<_>>()
        );
        assert_eq!(policy.delay(1, &limited(None), 0.0), Some(Duration::from_millis(500)));
        let patient = RetryPolicy { retries: 100, ..policy };
        assert_eq!(patient.delay(90, &limited(None), 1.0), Some(policy.longest));
    }

    #[test]
    fn what_the_provider_asks_for_is_kept_up_to_a_minute() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay(1, &limited(Some(30)), 0.0), Some(Duration::from_secs(30)));
        assert_eq!(policy.delay(1, &limited(Some(30)), 1.0), Some(Duration::from_secs(33)));
        assert_eq!(policy.delay(1, &limited(Some(61)), 0.0), None);
    }

    #[test]
    fn a_server_that_does_not_answer_is_asked_three_times_in_all() {
        let unreachable =
            ModelError::Unreachable { provider: "p".into(), url: "u".into(), message: String::new() };
        let policy = RetryPolicy::default();
        assert!(policy.delay(2, &unreachable, 0.5).is_some());
        assert_eq!(policy.delay(3, &unreachable, 0.5), None);
    }

    #[test]
    fn a_refused_key_is_not_tried_again() {
        let refused = ModelError::Refused { provider: "p".into(), status: 401, message: String::new() };
        assert_eq!(RetryPolicy::default().delay(1, &refused, 0.5), None);
    }
}
