//! Defines the error for a listen address that cannot be bound.

use crate::config::ListenAddress;
use std::io;

/// Error for a listen address that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`")]
pub struct ListenError {
    /// The configured address.
    pub address: ListenAddress,
    /// Error of the operating system.
    pub source: io::Error,
}
