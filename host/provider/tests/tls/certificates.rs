//! A server that cannot show who it is gets no request.

use serde_json::json;
use sigmapol_provider::ErrorKind;

use super::{
    authority::{Authority, Flaw},
    server::{Server, Then},
};
use crate::{call, in_child};

#[test]
fn a_trusted_server_answers() {
    in_child("tls::certificates::a_trusted_server_answers", async |file| {
        let authority = Authority::trusted(&file);
        let server = Server::start(authority.server(Flaw::None, &["h2"]), Then::Answer).await;
        let (result, pieces) = call(&server.url, json!({})).await;
        assert_eq!((result.unwrap().text.as_str(), pieces.concat().as_str()), ("hi", "hi"));
        assert_eq!((server.requests(), server.connections()), (1, 1));
    });
}

#[test]
fn others_are_not_asked() {
    in_child("tls::certificates::others_are_not_asked", async |file| {
        let authority = Authority::trusted(&file);
        for (flaw, told) in [
            (Flaw::Name, "not valid for name \"localhost\""),
            (Flaw::Expired, "certificate expired"),
            (Flaw::NotYet, "certificate not valid yet"),
            (Flaw::Itself, "UnknownIssuer"),
            (Flaw::Stranger, "UnknownIssuer"),
        ] {
            let server = Server::start(authority.server(flaw, &["h2"]), Then::Answer).await;
            let (result, pieces) = call(&server.url, json!({})).await;
            let error = result.unwrap_err();
            assert_eq!((error.kind, error.http_status), (ErrorKind::NetworkError, None));
            assert!(error.message.contains("invalid peer certificate: "), "{error}");
            assert!(error.message.contains(told), "{error}");
            assert_eq!((server.requests(), pieces.len()), (0, 0), "{flaw:?}");
        }
    });
}
