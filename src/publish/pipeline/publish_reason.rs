//! Names the reasons for publishing a snapshot.

/// Reason for publishing a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PublishReason {
    /// First snapshot after the start.
    #[default]
    Start,
    /// Posts, or files that cards use, changed.
    Content,
    /// The configuration changed.
    Configuration,
}

impl PublishReason {
    /// Returns the reason as one lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            PublishReason::Start => "start",
            PublishReason::Content => "content",
            PublishReason::Configuration => "configuration",
        }
    }
}
