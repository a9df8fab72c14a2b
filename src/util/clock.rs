//! The one clock of the library: when a run began and how long it took.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant, SystemTime};

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts a measurement at the present time.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// When something began, to tell later how long it took.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    date: jiff::Timestamp,
    stopwatch: Stopwatch,
}

impl Clock {
    /// Reads the date, and starts to measure now.
    #[must_use]
    pub fn start() -> Self {
        Self { date: timestamp(SystemTime::now()), stopwatch: Stopwatch::start() }
    }

    /// Seconds since it began.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.stopwatch.elapsed().as_secs_f64()
    }

    /// From the beginning to now.
    #[must_use]
    pub fn times(&self) -> RunTimes {
        RunTimes { start: date(self.date), end: date(timestamp(SystemTime::now())), seconds: self.seconds() }
    }
}

/// A point in time by the system's clock. A clock that is out of bounds, before the year -9999 or
/// after 9999, spoils no training: the nearest time that has a date is taken.
pub fn timestamp(at: SystemTime) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at).unwrap_or(match at < SystemTime::UNIX_EPOCH {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    })
}

/// A point in time by the UTC clock, to the millisecond.
pub fn date(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}

/// When a run began and ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunTimes {
    /// Its beginning, RFC 3339, in UTC.
    pub start: String,
    /// Its end, RFC 3339, in UTC.
    pub end: String,
    /// Seconds from start to end, measured by a clock that is never set back.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_rfc_3339() {
        let at = jiff::Timestamp::from_millisecond(1_700_000_000_120).map(date).unwrap_or_default();
        assert_eq!(at, "2023-11-14T22:13:20.120Z");
    }

    #[test]
    fn a_clock_out_of_bounds_is_no_failure() {
        use std::time::Duration;
        let epoch = SystemTime::UNIX_EPOCH;
        let shown = |at: Option<SystemTime>| at.map(|at| date(timestamp(at))).unwrap_or_default();
        assert_eq!(shown(epoch.checked_sub(Duration::from_secs(86_400))), "1969-12-31T00:00:00.000Z");
        // The year 10000, and half a million years from now.
        for seconds in [253_402_300_800, 1 << 44] {
            let late = shown(epoch.checked_add(Duration::from_secs(seconds)));
            assert!(late.starts_with("9999-12-30T") && late.ends_with('Z'), "{late}");
        }
        assert!(shown(epoch.checked_sub(Duration::from_secs(1 << 44))).starts_with("-009999-01-0"));
    }
}
