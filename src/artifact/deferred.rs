//! What is made when it is first asked for: its name before it is made, and how to make it.
//!
//! The server and the snapshot pass it on without knowing what it draws.

use std::fmt::Debug;
use std::sync::Arc;

/// Bytes that are not made yet, under the name that they will have.
#[derive(Debug, Clone)]
pub struct Deferred {
    /// Changes when the bytes would, and only then: visible ASCII without quotes. What is made of
    /// the same fingerprint has the same bytes, on every machine.
    pub fingerprint: String,
    /// Makes the bytes.
    pub draw: Arc<dyn Draw>,
}

/// Makes bytes. It takes milliseconds and may read files, so it is not for threads that answer.
pub trait Draw: Debug + Send + Sync {
    /// Makes them.
    ///
    /// # Errors
    /// See [`DrawError`].
    fn draw(&self) -> Result<Vec<u8>, DrawError>;
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// What it is made of is no longer what the fingerprint was taken of; the next generation
    /// has another.
    #[error("`{0}` has changed and is about to be looked at again")]
    Stale(String),
    /// It cannot be made, and trying again is no use.
    #[error("there is no picture: {0}")]
    Failed(String),
}

impl PartialEq for Deferred {
    fn eq(&self, other: &Deferred) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Deferred {}
