//! Defines lazy bodies: response bodies with a known fingerprint that are rendered on the first request.
//!
//! The server and the published snapshot handle them without knowing what they render.

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;

use super::Payload;

/// Response body that is not rendered yet, with its fingerprint.
#[derive(Debug, Clone)]
pub struct LazyBody {
    /// Hash of all inputs, in visible ASCII without quotes, because it becomes a part of entity tags. It changes
    /// exactly when the bytes would change: the same fingerprint means the same bytes on every machine.
    pub fingerprint: String,
    /// Renders the bytes.
    pub renderer: Arc<dyn RenderBody>,
}

/// Renders the bytes of a lazy body. Takes milliseconds and may read files, so it must not run on server threads.
pub trait RenderBody: Debug + Send + Sync {
    /// Renders the bytes.
    ///
    /// # Errors
    /// The inputs changed, or rendering failed.
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError>;

    /// Returns an upper bound of the rendered length in bytes; `None` if it is always small.
    fn max_rendered_len(&self) -> Option<usize> {
        None
    }

    /// Returns true if the rendered bytes are gzip that is decompressed while it is sent to the client.
    fn is_sent_decompressed(&self) -> bool {
        false
    }
}

impl LazyBody {
    /// Returns the payload to send for rendered bytes.
    pub fn make_payload(&self, rendered: Bytes) -> Payload {
        match self.renderer.is_sent_decompressed() {
            true => Payload::from_gzip(rendered),
            false => rendered.into(),
        }
    }
}

/// Reason why a lazy body could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LazyRenderError {
    /// An input changed after the fingerprint was computed. The next published generation has a new fingerprint.
    #[error("`{0}` changed and will be read again")]
    SourceChanged(String),
    /// Rendering failed, and a retry would fail again.
    #[error("rendering failed: {0}")]
    Failed(String),
}

impl PartialEq for LazyBody {
    fn eq(&self, other: &LazyBody) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for LazyBody {}
