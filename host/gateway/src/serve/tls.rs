//! TLS: a certificate, its key, and the protocols that are agreed on.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sigmapol::file;
use tokio_rustls::TlsAcceptor;

/// The longest file of certificates or of a key: a chain has some 10 kB.
const FILE_BYTES: usize = 1 << 20;

/// HTTP/2, as it is agreed on.
pub(super) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub struct TlsError {
    path: String,
    what: String,
}

/// A certificate and its key, from files that can be read again. A clone is the same.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    certificates: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads a chain of certificates, that of the server first, and its key, both PEM.
    ///
    /// # Errors
    ///
    /// A file cannot be read, has none, or the key is not that of the certificate.
    pub fn read(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = RwLock::new(Arc::new(config(certificates, key)?));
        let (certificates, key) = (certificates.to_owned(), key.to_owned());
        Ok(Self(Arc::new(Inner { certificates, key, config })))
    }

    /// Reads the files again. Connections that are open keep what they have; where the files are wrong,
    /// so do new ones.
    ///
    /// # Errors
    ///
    /// As those of [`read`](Self::read).
    pub fn read_again(&self) -> Result<(), TlsError> {
        let config = Arc::new(config(&self.0.certificates, &self.0.key)?);
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let config = self.0.config.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&config).into()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { certificates, key, .. } = &*self.0;
        f.debug_struct("Tls").field("certificates", certificates).field("key", key).finish()
    }
}

fn config(certificates: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let wrong = |path: &Path, what: String| TlsError { path: path.display().to_string(), what };
    let read =
        |path: &Path| file::read(path, FILE_BYTES).map_err(|error| wrong(path, error.to_string()));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificates)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let expected = "expected certificates, as PEM";
    let chain = chain.ok_or_else(|| wrong(certificates, expected.to_owned()))?;
    let own = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|_| wrong(key, "expected a private key, as PEM".to_owned()))?;
    let provider = Arc::new(ring::default_provider());
    // what was never negotiable: TLS 1.2 and 1.3, and no renegotiation
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(key, error.to_string()))?;
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, own)
        .map_err(|error| wrong(key, format!("no key of {}: {error}", certificates.display())))?;
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
    Ok(config)
}
