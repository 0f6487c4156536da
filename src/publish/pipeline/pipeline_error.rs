//! Defines the error of a pipeline, and formats it with its causes.

use crate::library::LibraryError;
use crate::render::RenderError;

/// Error of building the next snapshot. The last one stays up.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The content could not be scanned.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// An output could not be written.
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl PipelineError {
    /// Returns the error and its causes on one line.
    pub fn message_with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        text
    }
}
