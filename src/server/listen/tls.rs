//! A certificate and its key into TLS, and those that replace them, whole or not at all.
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
use crate::stamp::Stamp;

/// What is spoken within, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The encryption of connections, by the certificate that is valid now.
pub struct Tls {
    files: config::Tls,
    pair: Arc<Pair>,
    acceptor: TlsAcceptor,
    seen: Mutex<Seen>,
}

/// A certificate with its chain, and the key.
#[derive(Debug)]
struct Pair(ArcSwap<CertifiedKey>);

type Stamps = [Option<Stamp>; 2];

/// What the files were like.
struct Seen {
    /// When they were last read.
    read: Stamps,
    /// When they were last looked at.
    last: Stamps,
}

/// Why a certificate and a key are not used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate, or one of its chain.
    #[error("cannot use the certificate in `{}`: {why}", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The key.
    #[error("cannot use the key in `{}`: {why}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Each is good, but not with the other.
    #[error("the key in `{}` is not that of the certificate in `{}`", key.display(), certificate.display())]
    Strangers {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub fn load(files: &config::Tls) -> Result<Arc<Tls>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let read = stamps(files);
        let pair = Arc::new(Pair(ArcSwap::from_pointee(load(files, &provider)?)));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&files.certificate, &error))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Pair>::clone(&pair);
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Arc::new(Tls {
            files: files.clone(),
            pair,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            seen: Mutex::new(Seen {
                last: read.clone(),
                read,
            }),
        }))
    }

    /// Looks at the files, and goes on with the pair that is in them if it is another: when they are as
    /// they were at the look before, for the two are not replaced at once; at once if that is `asked`
    /// for. `None` where there is nothing to tell.
    ///
    /// # Errors
    /// The pair cannot be used. That which was in use goes on being used.
    pub fn look(&self, asked: bool) -> Option<Result<(), TlsError>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamps(&self.files);
        let is_settled = now != seen.read && now == seen.last;
        seen.last.clone_from(&now);
        if !is_settled && !asked {
            return None;
        }
        seen.read = now;
        let provider = ring::default_provider();
        Some(load(&self.files, &provider).map(|pair| self.pair.0.store(Arc::new(pair))))
    }

    /// A connection once its handshake is done.
    pub(in crate::server) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.files.fmt(f)
    }
}

impl ResolvesServerCert for Pair {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn stamps(files: &config::Tls) -> Stamps {
    [&files.certificate, &files.key]
        .map(|file| std::fs::metadata(file).ok().map(|file| Stamp::of(&file)))
}

fn load(files: &config::Tls, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let config::Tls { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| unreadable_certificate(certificate, error))?;
    if chain.is_empty() {
        return Err(unreadable_certificate(
            certificate,
            pem::Error::NoItemsFound,
        ));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key {
        file: key.clone(),
        why: said(error, "it holds no private key in PEM form"),
    })?;
    // Taken apart so that the file that is wrong is the one that is named.
    let signing = provider
        .key_provider
        .load_private_key(secret)
        .map_err(|error| TlsError::Key {
            file: key.clone(),
            why: error.to_string(),
        })?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(pair)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Strangers {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        Err(error) => Err(unusable(certificate, &error)),
    }
}

fn unreadable_certificate(file: &Path, error: pem::Error) -> TlsError {
    TlsError::Certificate {
        file: file.to_owned(),
        why: said(error, "it holds no certificate in PEM form"),
    }
}

fn unusable(certificate: &Path, error: &rustls::Error) -> TlsError {
    TlsError::Certificate {
        file: certificate.to_owned(),
        why: error.to_string(),
    }
}

/// What is wrong with a file of PEM.
fn said(error: pem::Error, nothing: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => nothing.to_owned(),
        other => other.to_string(),
    }
}
