//! The end that a caller sets to a whole run.

use std::{future::poll_fn, pin::pin, task::Poll};

use serde_json::Value;
use sigmapol_core::json::{Members, Object, quote};

use super::{RouterError, Sleeping};

/// The member of a contract; it is the router's alone.
pub(super) const MEMBER: &str = "deadline_ms";

/// The error of a run whose time is over.
pub(super) const ERROR: &str = "deadline";

/// What limits a call, in milliseconds; the adapter has a default for the first.
const LIMITS: [&str; 3] = ["timeout_ms", "first_token_timeout_ms", "idle_timeout_ms"];

/// The milliseconds of the member, whole ones.
pub(super) fn read(text: &str) -> Result<f64, RouterError> {
    let ms = serde_json::from_str::<Value>(text).ok().and_then(|ms| ms.as_f64());
    ms.filter(|ms| *ms > 0.0).map(f64::ceil).ok_or_else(|| {
        RouterError::Input(format!("contract.{MEMBER}: expected a number of milliseconds above 0"))
    })
}

/// A request that no limit lets go on for longer than what is left.
pub(super) fn cut(request: &str, left_ms: f64) -> String {
    let Ok(members) = serde_json::from_str::<Members<'_>>(request) else {
        return request.to_owned();
    };
    let left = left_ms.ceil().to_string();
    let mut cut = Object::new();
    for (key, value) in &members.0 {
        let text = value.get();
        let longer = text.parse::<f64>().is_ok_and(|limit| limit > left_ms);
        let is_limit = LIMITS.contains(&key.as_str());
        if is_limit && text == "null" {
            continue;
        }
        cut = cut.with(key, if is_limit && longer { &left } else { text });
    }
    match members.get("timeout_ms").filter(|limit| *limit != "null") {
        Some(_) => cut,
        None => cut.with("timeout_ms", &left),
    }
    .finish()
}

/// A result of the engine with the deadline as its error.
pub(super) fn name(done: &str) -> String {
    let Ok(members) = serde_json::from_str::<Members<'_>>(done) else { return done.to_owned() };
    let error = quote(ERROR);
    let name = |named: Object, (key, value): &(String, &serde_json::value::RawValue)| {
        named.with(key, if key == "error" { &error } else { value.get() })
    };
    members.0.iter().fold(Object::new(), name).finish()
}

/// What a future comes to, unless a time comes first.
pub(super) async fn before<T>(call: impl Future<Output = T>, mut end: Sleeping<'_>) -> Option<T> {
    let mut call = pin!(call);
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_cut_to_what_is_left() {
        for (request, expected) in [
            (r#"{"a":1.0,"timeout_ms":30000}"#, r#"{"a":1.0,"timeout_ms":71}"#),
            (r#"{"timeout_ms":70}"#, r#"{"timeout_ms":70}"#),
            (
                r#"{"idle_timeout_ms":90,"first_token_timeout_ms":9}"#,
                r#"{"idle_timeout_ms":71,"first_token_timeout_ms":9,"timeout_ms":71}"#,
            ),
        ] {
            assert_eq!(cut(request, 70.5), expected);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(read("1500").unwrap(), 1500.0);
        assert_eq!(read("0.5").unwrap(), 1.0);
        for wrong in ["0", "-1", "\"9\"", "null", "1e999"] {
            let error = read(wrong).unwrap_err();
            let expected = "contract.deadline_ms: expected a number of milliseconds above 0";
            assert_eq!((error.code().as_str(), error.to_string().as_str()), ("input", expected));
        }
    }
}
