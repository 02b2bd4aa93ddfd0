//! How long a provider asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use crate::json::Object;

/// The kind of detail that Google says it with.
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto>
const RETRY_INFO: &str = "google.rpc.RetryInfo";

/// What the headers say, in milliseconds: `retry-after-ms`, or else `Retry-After` in seconds or as a
/// date.
pub(crate) fn of_headers(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let exact = text("retry-after-ms").and_then(|text| milliseconds(text, 1.0));
    exact.or_else(|| {
        let text = text("retry-after")?;
        milliseconds(text, 1000.0).or_else(|| {
            let time = httpdate::parse_http_date(text).ok()?;
            Some(whole(time.duration_since(now).unwrap_or_default()))
        })
    })
}

/// What the details of an error say, in milliseconds.
pub(crate) fn of_error(error: &Object<'_>) -> Option<u64> {
    error.objects("details").iter().find_map(|detail| {
        let kind = detail.text("@type")?;
        let delay = detail.get("retryDelay").filter(|_| kind.ends_with(RETRY_INFO))?;
        match crate::json::string(delay) {
            Some(text) => milliseconds(text.strip_suffix('s')?, 1000.0),
            // the same, not as Google writes it in JSON
            None => duration(&Object::of(delay)?),
        }
    })
}

/// A duration by its members. In JSON, numbers of 64 bits are texts, but not to every server.
/// <https://protobuf.dev/programming-guides/json>
fn duration(parts: &Object<'_>) -> Option<u64> {
    let part = |key: &str, unit: f64| {
        let Some(value) = parts.get(key) else { return Some(None) };
        let text = crate::json::string(value).unwrap_or(value.get().into());
        milliseconds(&text, unit).map(Some)
    };
    match (part("seconds", 1000.0)?, part("nanos", 1e-6)?) {
        (None, None) => None,
        (seconds, nanos) => Some(seconds.unwrap_or(0).saturating_add(nanos.unwrap_or(0))),
    }
}

/// However long: a wait beyond the type is its end. What is negative or no number is nothing.
fn milliseconds(text: &str, unit: f64) -> Option<u64> {
    let number: f64 = text.trim().parse().ok().filter(|number: &f64| number.is_finite())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    (number >= 0.0).then(|| (number * unit).ceil() as u64)
}

fn whole(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::value;

    #[test]
    fn headers() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (name, text, wait) in [
            ("retry-after", "2", Some(2000)),
            ("retry-after", " 0.5", Some(500)),
            ("retry-after", "86400000", Some(86_400_000_000)),
            ("retry-after", "99999999999999999999", Some(u64::MAX)),
            ("retry-after", "1e300", Some(u64::MAX)),
            ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
            ("retry-after", "Sunday, 06-Nov-94 08:50:07 GMT", Some(30_000)),
            ("retry-after", "Sun Nov  6 08:50:07 1994", Some(30_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("retry-after", "Sat, 06 Nov 2094 08:49:37 GMT", Some(3_155_760_000_000)),
            ("retry-after", "-1", None),
            ("retry-after", "inf", None),
            ("retry-after", "NaN", None),
            ("retry-after", "soon", None),
            ("retry-after-ms", "250", Some(250)),
            ("retry-after-ms", "250.5", Some(251)),
            ("other", "1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, text.parse().unwrap());
            assert_eq!(of_headers(&headers, now), wait, "{name}: {text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "2".parse().unwrap());
        headers.insert("retry-after-ms", "later".parse().unwrap());
        assert_eq!(of_headers(&headers, now), Some(2000));
    }

    #[test]
    fn details() {
        let wait = |delay: &str| {
            let kind = r#""@type": "type.googleapis.com/google.rpc.RetryInfo""#;
            let text = format!(r#"{{"details": [{{}}, 1, {{{kind}, "retryDelay": {delay}}}]}}"#);
            of_error(&Object::of(value(&text).unwrap()).unwrap())
        };
        assert_eq!(wait(r#""2s""#), Some(2000));
        assert_eq!(wait(r#""34.074824224s""#), Some(34_075));
        assert_eq!(wait(r#""99999999999999999999s""#), Some(u64::MAX));
        assert_eq!(wait(r#""0s""#), Some(0));
        assert_eq!(wait(r#"{"seconds": 3}"#), Some(3000));
        assert_eq!(wait(r#"{"seconds": "2"}"#), Some(2000));
        assert_eq!(wait(r#"{"seconds": "2", "nanos": 500000001}"#), Some(2501));
        assert_eq!(wait(r#"{"nanos": 250000000}"#), Some(250));
        assert_eq!(wait(r#"{"seconds": 18446744073709551615}"#), Some(u64::MAX));
        for wrong in [
            r#""2""#,
            r#""-2s""#,
            "2",
            "null",
            r#""s""#,
            "{}",
            r#"{"seconds": "-2"}"#,
            r#"{"seconds": "soon"}"#,
            r#"{"seconds": []}"#,
        ] {
            assert_eq!(wait(wrong), None, "{wrong}");
        }
    }
}
