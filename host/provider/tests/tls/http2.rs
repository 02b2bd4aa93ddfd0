//! Streams and connections of HTTP/2 that end in other ways than they should.

use h2::Reason;
use serde_json::json;
use sigmapol_provider::{ErrorKind, Http};

use super::{
    authority::{Authority, Flaw},
    server::{Server, Then, When},
};
use crate::{call, call_with, in_child};

/// As for a stall of any other kind: the limits of time are those of the answer.
#[test]
fn stalls_end() {
    in_child("tls::http2::stalls_end", async |file| {
        let authority = Authority::trusted(&file);
        let config = || authority.server(Flaw::None, &["h2"]);
        // the request does not fit in what the server takes
        for window in [0, 10_000] {
            let server = Server::start(config(), Then::Stall(window)).await;
            let long = json!([{"role": "user", "content": "x".repeat(1 << 20)}]);
            let members = json!({"messages": long, "timeout_ms": 500});
            let (result, _) = call(&server.url, members).await;
            assert_eq!(result.unwrap_err().to_string(), "timeout: no answer within 500 ms");
        }
        // the answer stops, and the connection does not
        let server = Server::start(config(), Then::Pause).await;
        let (result, pieces) = call(&server.url, json!({"idle_timeout_ms": 400})).await;
        let message = "stream_interrupted: nothing more of the answer within 400 ms";
        assert_eq!(result.unwrap_err().to_string(), message);
        assert_eq!(pieces, ["h"]);
    });
}

#[test]
fn what_breaks_is_a_failure() {
    in_child("tls::http2::what_breaks_is_a_failure", async |file| {
        let authority = Authority::trusted(&file);
        for reason in [Reason::INTERNAL_ERROR, Reason::ENHANCE_YOUR_CALM, Reason::CANCEL] {
            for (when, kind, text) in [
                (When::Before, Some(ErrorKind::NetworkError), ""),
                (When::Half, Some(ErrorKind::StreamInterrupted), "h"),
                // what comes after the end does not matter
                (When::Finished, None, "hi"),
            ] {
                for then in [Then::Reset(reason, when), Then::GoAway(reason, when)] {
                    let config = authority.server(Flaw::None, &["h2"]);
                    let server = Server::start(config, then).await;
                    let (result, pieces) = call(&server.url, json!({})).await;
                    assert_eq!(result.err().map(|error| error.kind), kind, "{then:?}");
                    assert_eq!(pieces.concat(), text, "{then:?}");
                    // what may have been read is not sent again by the client itself
                    assert_eq!(server.requests(), 1, "{then:?}");
                }
            }
        }
    });
}

/// A server that took nothing may be asked again, and not for ever.
#[test]
fn refused_streams_end() {
    in_child("tls::http2::refused_streams_end", async |file| {
        let authority = Authority::trusted(&file);
        for (then, requests) in [
            (Then::Reset(Reason::REFUSED_STREAM, When::Before), 3),
            (Then::GoAway(Reason::NO_ERROR, When::Before), 1),
        ] {
            let server = Server::start(authority.server(Flaw::None, &["h2"]), then).await;
            let (result, _) = call(&server.url, json!({"timeout_ms": 10_000})).await;
            let error = result.unwrap_err();
            assert_eq!(error.kind, ErrorKind::NetworkError, "{then:?}");
            assert_eq!(server.requests(), requests, "{then:?}");
        }
    });
}

/// The answer that is under way comes to its end, and the next call has a connection of its own.
#[test]
fn a_server_that_leaves() {
    in_child("tls::http2::a_server_that_leaves", async |file| {
        let authority = Authority::trusted(&file);
        let server = Server::start(authority.server(Flaw::None, &["h2"]), Then::Leave).await;
        let config =
            json!({"providers": {"p": {"api_kind": "openai_compatible", "base_url": server.url}}});
        let http = Http::new(&config).unwrap();
        for calls in 1..=3 {
            let (result, _) = call_with(&http, json!({})).await;
            assert_eq!(result.unwrap().text, "hi");
            assert_eq!(server.requests(), calls);
        }
        assert!(server.connections() > 1);
    });
}

#[test]
fn headers_without_end() {
    in_child("tls::http2::headers_without_end", async |file| {
        let authority = Authority::trusted(&file);
        let server = Server::start(authority.server(Flaw::None, &["h2"]), Then::Headers).await;
        let (result, _) = call(&server.url, json!({})).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NetworkError, "{error}");
    });
}
