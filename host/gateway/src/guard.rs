//! Pages in a browser on this machine: they reach a loopback address, too.
//!
//! A browser says which page a request comes from in `Origin`, with each POST, also where the name of
//! a page has been made to stand for this machine. Programs send none. Where a key is asked for, no
//! page has one that nobody gave it, and its origin is of no matter.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{StatusCode, header::ORIGIN},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::error::{ApiError, INVALID_REQUEST};

/// Refuses what a page of another machine asks for.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    if origins.all(|origin| origin.to_str().is_ok_and(is_of_this_machine)) {
        return next.run(request).await;
    }
    let message = "the page that asks is not of this machine: its Origin is no loopback address";
    let status = StatusCode::FORBIDDEN;
    ApiError::new(status, INVALID_REQUEST, "origin_not_allowed", message).into_response()
}

/// Whether an origin, `scheme://host[:port]`, is one of this machine.
fn is_of_this_machine(origin: &str) -> bool {
    let Some((_, host)) = origin.split_once("://") else { return false };
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => host.split(':').next(),
    };
    let host = host.unwrap_or_default();
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (origin, expected) in [
            ("http://localhost:3000", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:8080", true),
            ("tauri://localhost", true),
            ("https://example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://192.168.0.1", false),
            ("http://example.com#://localhost", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(is_of_this_machine(origin), expected, "{origin}");
        }
    }
}
