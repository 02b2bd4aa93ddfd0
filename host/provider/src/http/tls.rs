//! The client that all calls share.

use std::sync::Arc;

use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::Verifier;

use crate::{
    SetupError,
    limits::{HEADER_BYTES, HEADERS},
};

/// A client that trusts whom the system trusts.
///
/// The cryptography is given to it: a library does not set a default for its whole process.
pub(crate) fn client() -> Result<Client, SetupError> {
    let failed = |error: &dyn std::fmt::Display| SetupError(format!("https: {error}"));
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let mut tls = match Verifier::new(provider) {
        Ok(verifier) => {
            let verifier = Arc::new(verifier);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        // a system without certificates can still call what is local, and trusts nobody else
        Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("sigmapol/", env!("CARGO_PKG_VERSION")))
        .http1_max_headers(HEADERS)
        .http2_max_header_list_size(HEADER_BYTES)
        // a redirect would carry the credential elsewhere
        .redirect(redirect::Policy::none())
        .build()
        .map_err(|error| failed(&error))
}
