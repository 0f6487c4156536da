//! What is made when it is first asked for: its name before it is made, and how to make it.
//!
//! The server and the snapshot pass it on without knowing what it draws.

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;

use super::Payload;

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

    /// At most how many bytes it makes, where they may be many.
    fn max_len(&self) -> Option<usize> {
        None
    }

    /// Whether it makes the gzip form of what is to be sent uncoded.
    fn is_sent_decompressed(&self) -> bool {
        false
    }
}

impl Deferred {
    /// What is sent when `drawn` was made.
    pub fn payload(&self, drawn: Bytes) -> Payload {
        match self.draw.is_sent_decompressed() {
            true => Payload::decompressing(drawn),
            false => drawn.into(),
        }
    }
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
