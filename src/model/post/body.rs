//! Represents a post's body by its fingerprint, and renders its HTML when an output needs it.
//!
//! Most bodies are in no output that is rendered eagerly, so their HTML is not kept. Fingerprints
//! are compared without rendering.

use std::fmt::Debug;
use std::sync::Arc;

use super::links::ResolvedLinks;

/// Body of a post. Two bodies are equal if their fingerprints are.
#[derive(Debug, Clone)]
pub struct PostBody {
    /// Hash that changes whenever the rendered content does.
    pub fingerprint: u128,
    source: Arc<dyn BodySource>,
}

/// Rendered body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyContent {
    /// Sanitised HTML with absolute URLs.
    pub html: Arc<str>,
    /// Upper bound on the encoded length in any feed format, in bytes.
    pub max_encoded_len: usize,
}

/// Renderer of one body. Rendering is slow, so threads that serve requests must not call it.
pub trait BodySource: Debug + Send + Sync {
    /// Renders the content that the fingerprint and the URLs of its links stand for.
    fn render_content(&self, links: &ResolvedLinks) -> BodyContent;

    /// Compresses the source text in memory, in some microseconds per kilobyte.
    fn compress_source(&self) {}
}

impl PostBody {
    /// Creates a body that `source` renders.
    pub fn new(fingerprint: u128, source: Arc<dyn BodySource>) -> PostBody {
        PostBody {
            fingerprint,
            source,
        }
    }

    /// Creates a body from rendered content.
    pub fn from_rendered(fingerprint: u128, content: BodyContent) -> PostBody {
        PostBody::new(fingerprint, Arc::new(RenderedSource(content)))
    }

    /// Renders the content. A link to a post becomes its text.
    pub fn render_content(&self) -> BodyContent {
        self.render_with_links(&ResolvedLinks::default())
    }

    /// Renders the content with links to other posts.
    pub fn render_with_links(&self, links: &ResolvedLinks) -> BodyContent {
        self.source.render_content(links)
    }

    /// Compresses the source text: less memory, slower rendering.
    pub fn compress_source(&self) {
        self.source.compress_source();
    }
}

impl PartialEq for PostBody {
    fn eq(&self, other: &PostBody) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for PostBody {}

impl std::hash::Hash for PostBody {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

/// Source of a body without links to posts that is already rendered.
#[derive(Debug)]
struct RenderedSource(BodyContent);

impl BodySource for RenderedSource {
    fn render_content(&self, _: &ResolvedLinks) -> BodyContent {
        self.0.clone()
    }
}
