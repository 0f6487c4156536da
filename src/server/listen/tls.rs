//! Accepts TLS connections, and reloads certificate and key together when their files change.
//!
//! The only file that names the `tokio_rustls` crate.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config;
use crate::file_stamp::FileStamp;

/// Application protocols (ALPN), preferred first.
const ALPN_PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// TLS acceptor whose certificate can be reloaded.
pub struct ReloadableTls {
    files: config::TlsConfig,
    certificate: Arc<CurrentCertificate>,
    acceptor: TlsAcceptor,
    observed: Mutex<ObservedFiles>,
}

/// The certificate chain and key in use.
#[derive(Debug)]
struct CurrentCertificate(ArcSwap<CertifiedKey>);

/// Stamps of certificate and key; `None` if a file cannot be read.
type FileStamps = [Option<FileStamp>; 2];

/// Stamps of the files at earlier checks.
struct ObservedFiles {
    /// Stamps when the files were last read.
    loaded: FileStamps,
    /// Stamps at the last check.
    last_seen: FileStamps,
}

/// Error for a certificate and key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate, or one of its chain, cannot be used.
    #[error("cannot use the certificate in `{}`: {why}", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// Description of the error.
        why: String,
    },
    /// The key cannot be used.
    #[error("cannot use the key in `{}`: {why}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// Description of the error.
        why: String,
    },
    /// Both are valid, but the key does not match the certificate.
    #[error("the key in `{}` does not match the certificate in `{}`", key.display(), certificate.display())]
    KeyMismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

impl ReloadableTls {
    /// Loads certificate and key.
    ///
    /// # Errors
    /// One of the files cannot be used.
    pub fn load(files: &config::TlsConfig) -> Result<Arc<ReloadableTls>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let read = read_stamps(files);
        let pair = Arc::new(CurrentCertificate(ArcSwap::from_pointee(
            load_certified_key(files, &provider)?,
        )));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable_certificate_error(&files.certificate, &error))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<CurrentCertificate>::clone(&pair);
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = ALPN_PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Arc::new(ReloadableTls {
            files: files.clone(),
            certificate: pair,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            observed: Mutex::new(ObservedFiles {
                last_seen: read.clone(),
                loaded: read,
            }),
        }))
    }

    /// Reloads certificate and key if their files changed and are the same as at the check before, as the two are
    /// not replaced at one instant. If `is_forced`, reloads at once. `None` if nothing was read.
    ///
    /// # Errors
    /// The new pair cannot be used. The one before stays in use.
    pub fn reload_if_changed(&self, is_forced: bool) -> Option<Result<(), TlsError>> {
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = read_stamps(&self.files);
        let is_settled = now != observed.loaded && now == observed.last_seen;
        observed.last_seen.clone_from(&now);
        if !is_settled && !is_forced {
            return None;
        }
        observed.loaded = now;
        let provider = ring::default_provider();
        Some(
            load_certified_key(&self.files, &provider)
                .map(|pair| self.certificate.0.store(Arc::new(pair))),
        )
    }

    /// Performs the TLS handshake.
    pub(in crate::server) async fn accept_handshake(
        &self,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl std::fmt::Debug for ReloadableTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.files.fmt(f)
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn read_stamps(files: &config::TlsConfig) -> FileStamps {
    [&files.certificate, &files.key].map(|file| {
        std::fs::metadata(file)
            .ok()
            .map(|file| FileStamp::from_metadata(&file))
    })
}

fn load_certified_key(
    files: &config::TlsConfig,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let config::TlsConfig { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| unreadable_certificate_error(certificate, error))?;
    if chain.is_empty() {
        return Err(unreadable_certificate_error(
            certificate,
            pem::Error::NoItemsFound,
        ));
    }
    let private_key = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key {
        file: key.clone(),
        why: describe_pem_error(error, "no private key in PEM format found"),
    })?;
    // Parsed separately, so that the error names the faulty file.
    let signing_key = provider
        .key_provider
        .load_private_key(private_key)
        .map_err(|error| TlsError::Key {
            file: key.clone(),
            why: error.to_string(),
        })?;
    let pair = CertifiedKey::new(chain, signing_key);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(pair)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::KeyMismatch {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        Err(error) => Err(unusable_certificate_error(certificate, &error)),
    }
}

fn unreadable_certificate_error(file: &Path, error: pem::Error) -> TlsError {
    TlsError::Certificate {
        file: file.to_owned(),
        why: describe_pem_error(error, "no certificate in PEM format found"),
    }
}

fn unusable_certificate_error(certificate: &Path, error: &rustls::Error) -> TlsError {
    TlsError::Certificate {
        file: certificate.to_owned(),
        why: error.to_string(),
    }
}

/// Describes an error of a PEM file; `not_found` is the text for a file without the wanted item.
fn describe_pem_error(error: pem::Error, not_found: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => not_found.to_owned(),
        other => other.to_string(),
    }
}
