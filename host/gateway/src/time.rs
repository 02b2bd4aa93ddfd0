//! Times as text, RFC 3339.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Now, in whole milliseconds: what a text says of it is all of it.
#[must_use]
pub fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    UNIX_EPOCH + Duration::from_millis(ms)
}

/// `2026-11-27T14:25:48.123Z`; empty for a time that no calendar has.
#[must_use]
pub fn time_text(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

/// Reads a time.
///
/// # Errors
///
/// `expected a time such as 2026-11-27T14:25:48Z`
pub fn read_time(text: &str) -> Result<SystemTime, String> {
    let expected = || "expected a time such as 2026-11-27T14:25:48Z".to_owned();
    text.parse::<Timestamp>().map(SystemTime::from).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let time = read_time("2026-11-27T15:25:48.123+01:00").unwrap();
        // of `date -u -d 2026-11-27T14:25:48 +%s`
        assert_eq!(time, UNIX_EPOCH + Duration::from_millis(1_795_789_548_123));
        assert_eq!(time_text(time), "2026-11-27T14:25:48.123Z");
        let now = now();
        assert_eq!(read_time(&time_text(now)), Ok(now));
        for text in ["", "tomorrow", "2026-11-27", "1764253548"] {
            assert_eq!(
                read_time(text).unwrap_err(),
                "expected a time such as 2026-11-27T14:25:48Z",
                "{text}"
            );
        }
    }
}
