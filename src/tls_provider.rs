//! Selects the cryptography of TLS connections that this process opens.

use tokio_rustls::rustls::crypto::ring;

/// Makes ring the provider of clients that name none, such as those of object stores. Later calls change nothing.
pub fn install_tls_provider() {
    // Fails if a provider is installed already.
    let _ = ring::default_provider().install_default();
}
