//! The time of a record, as text.

use std::time::SystemTime;

use jiff::Timestamp;

/// Microseconds, in UTC. What no calendar has is the epoch.
pub(crate) fn time(now: SystemTime) -> String {
    let text = Timestamp::try_from(now).map(format_time).unwrap_or_default();
    if is_time(&text) { text } else { format_time(Timestamp::UNIX_EPOCH) }
}

fn format_time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// Years before 0 have a sign and a longer text.
pub(crate) fn is_time(text: &str) -> bool {
    text.len() == "2026-02-24T12:00:30.000000Z".len()
        && text.parse().is_ok_and(|time| format_time(time) == text)
}
