//! Counts, in the text format of Prometheus.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>. Labels are names
//! of routes and statuses: nothing of a request is in them, and there are few.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::Response,
};

use crate::state::State;

/// Bounds of the histogram, in milliseconds: from a health check to the longest stream that one waits
/// for.
const BOUNDS_MS: [u64; 12] = [5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 15_000, 60_000, 300_000];

/// What is counted of requests.
#[derive(Default)]
pub(crate) struct Metrics {
    in_flight: AtomicU64,
    /// Streams whose clients did not read them.
    cut: AtomicU64,
    ended: Mutex<BTreeMap<(String, u16), u64>>,
    latency: Mutex<Histogram>,
}

#[derive(Default)]
struct Histogram {
    /// How many took at most each bound, and longer than the one before.
    counts: [u64; BOUNDS_MS.len()],
    total: u64,
    sum: Duration,
}

impl Metrics {
    pub(crate) fn began(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// `route` is a pattern of a path, and no path.
    pub(crate) fn ended(&self, route: &str, status: u16, took: Duration) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        *lock(&self.ended).entry((route.to_owned(), status)).or_default() += 1;
        let mut latency = lock(&self.latency);
        let within = |bound: &u64| took <= Duration::from_millis(*bound);
        if let Some(at) = BOUNDS_MS.iter().position(within)
            && let Some(count) = latency.counts.get_mut(at)
        {
            *count += 1;
        }
        latency.total += 1;
        latency.sum = latency.sum.saturating_add(took);
    }

    pub(crate) fn cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // to write to a text does not fail
        let mut line = |line: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{line}");
        };
        line(format_args!("# HELP sigmapol_requests_total Requests that have ended."));
        line(format_args!("# TYPE sigmapol_requests_total counter"));
        for ((route, status), count) in lock(&self.ended).iter() {
            let route = route.replace('\\', "\\\\").replace('"', "\\\"");
            line(format_args!(
                "sigmapol_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            ));
        }
        line(format_args!("# HELP sigmapol_requests_in_flight Requests that have not ended."));
        line(format_args!("# TYPE sigmapol_requests_in_flight gauge"));
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        line(format_args!("sigmapol_requests_in_flight {in_flight}"));
        line(format_args!(
            "# HELP sigmapol_streams_cut_total Streams that their client did not read."
        ));
        line(format_args!("# TYPE sigmapol_streams_cut_total counter"));
        line(format_args!("sigmapol_streams_cut_total {}", self.cut.load(Ordering::Relaxed)));
        let name = "sigmapol_request_duration_seconds";
        line(format_args!("# HELP {name} From the head of a request to the end of its response."));
        line(format_args!("# TYPE {name} histogram"));
        let latency = lock(&self.latency);
        let mut below = 0;
        for (bound, count) in BOUNDS_MS.iter().zip(&latency.counts) {
            below += count;
            let bound = Duration::from_millis(*bound).as_secs_f64();
            line(format_args!("{name}_bucket{{le=\"{bound}\"}} {below}"));
        }
        line(format_args!("{name}_bucket{{le=\"+Inf\"}} {}", latency.total));
        line(format_args!("{name}_sum {}", latency.sum.as_secs_f64()));
        line(format_args!("{name}_count {}", latency.total));
        text
    }
}

/// `GET /metrics`
pub(crate) async fn metrics(extract::State(state): extract::State<State>) -> Response {
    let text = state.metrics().text() + &state.reloads().text() + &state.records().text();
    let mut response = Response::new(Body::from(text));
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Counts are whole between two calls.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_what_is_below_them() {
        let metrics = Metrics::default();
        for ms in [5, 6, 999, 400_000] {
            metrics.began();
            metrics.ended("/v1/x\"", 200, Duration::from_millis(ms));
        }
        metrics.began();
        let text = metrics.text();
        for line in [
            "sigmapol_requests_total{route=\"/v1/x\\\"\",status=\"200\"} 4",
            "sigmapol_requests_in_flight 1",
            "sigmapol_request_duration_seconds_bucket{le=\"0.005\"} 1",
            "sigmapol_request_duration_seconds_bucket{le=\"0.01\"} 2",
            "sigmapol_request_duration_seconds_bucket{le=\"0.5\"} 2",
            "sigmapol_request_duration_seconds_bucket{le=\"1\"} 3",
            "sigmapol_request_duration_seconds_bucket{le=\"300\"} 3",
            "sigmapol_request_duration_seconds_bucket{le=\"+Inf\"} 4",
            "sigmapol_request_duration_seconds_sum 401.01",
            "sigmapol_request_duration_seconds_count 4",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
}
