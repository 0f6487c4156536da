//! Defines the error of a renderer.

use crate::model::artifact::LazyRenderError;

/// Error of a writer of feeds or XML.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The RSS writer failed.
    #[error("cannot write RSS")]
    Rss(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The Atom writer failed.
    #[error("cannot write Atom")]
    Atom(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The JSON writer failed.
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
    /// The XML writer failed.
    #[error("cannot write XML")]
    Xml(#[from] std::io::Error),
}

/// Converts a writer's error to the error that a lazily rendered body reports.
pub(super) fn map_render_error(
    body: Result<Vec<u8>, RenderError>,
) -> Result<Vec<u8>, LazyRenderError> {
    body.map_err(|error| LazyRenderError::Failed(error.to_string()))
}
