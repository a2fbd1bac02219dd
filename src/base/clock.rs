//! Wall time as Unix milliseconds, and elapsed time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch; 0 when the machine's clock stands before it.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// RFC 3339 in UTC with milliseconds, such as `2026-11-21T01:20:03.250Z`.
pub fn rfc3339(millis: u64) -> String {
    jiff::Timestamp::from_millisecond(millis as i64)
        .map_or_else(|_| "1970-01-01T00:00:00.000Z".to_owned(), |t| format!("{t:.3}"))
}

/// The same moment where the user is, to the minute, for people: `2026-11-21 02:20`. What is no RFC 3339
/// stamp stays as it is.
pub fn local_minute(stamp: &str) -> String {
    minute_in(stamp, &jiff::tz::TimeZone::system())
}

fn minute_in(stamp: &str, zone: &jiff::tz::TimeZone) -> String {
    let zoned = stamp.parse::<jiff::Timestamp>().map(|at| at.to_zoned(zone.clone()));
    zoned.map_or_else(|_| stamp.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

/// Unix seconds of an RFC 3339 stamp; `None` for what is none.
pub fn unix_seconds(stamp: &str) -> Option<i64> {
    stamp.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// Measures elapsed time on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn micros(&self) -> u64 {
        self.0.elapsed().as_micros() as u64
    }

    pub fn millis(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_utc_with_milliseconds() {
        assert_eq!(rfc3339(1_795_224_003_250), "2026-11-21T01:20:03.250Z");
    }

    #[test]
    fn people_are_told_their_own_time() {
        let east = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(minute_in("2026-11-21T20:20:03.250Z", &east), "2026-11-22 05:20");
        assert_eq!(minute_in("2026-11-21T20:20:03.250Z", &jiff::tz::TimeZone::UTC), "2026-11-21 20:20");
        assert_eq!(minute_in("never", &east), "never");
    }
}
