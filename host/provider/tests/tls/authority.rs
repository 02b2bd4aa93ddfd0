//! Certificates.

use std::{fs, path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flaw {
    None,
    Name,
    Expired,
    NotYet,
    /// It is signed by itself.
    Itself,
    /// By an authority that nobody trusts.
    Stranger,
}

/// An authority.
pub(super) struct Authority(Issuer<'static, KeyPair>);

impl Authority {
    /// One that is trusted in this process from now on.
    pub(super) fn trusted(file: &Path) -> Self {
        let (authority, pem) = Self::new("trusted");
        fs::write(file, pem).unwrap();
        authority
    }

    fn new(name: &str) -> (Self, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        (Self(Issuer::new(params, key)), pem)
    }

    /// What a server for `localhost` shows, and which protocols it speaks.
    pub(super) fn server(&self, flaw: Flaw, protocols: &[&str]) -> Arc<ServerConfig> {
        let name = if flaw == Flaw::Name { "other.example" } else { "localhost" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = match flaw {
            Flaw::Expired => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
            Flaw::NotYet => (date_time_ymd(2999, 1, 1), date_time_ymd(3000, 1, 1)),
            _ => (date_time_ymd(2020, 1, 1), date_time_ymd(3000, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        let certificate = match flaw {
            Flaw::Itself => params.self_signed(&key),
            Flaw::Stranger => params.signed_by(&key, &Self::new("stranger").0.0),
            _ => params.signed_by(&key, &self.0),
        };
        let chain = vec![CertificateDer::from(certificate.unwrap().der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}
