//! A generation into why there is one.

/// What a generation was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cause {
    /// It is the first.
    #[default]
    Start,
    /// Posts are others, or something that cards are drawn with.
    Content,
    /// The configuration is another.
    Configuration,
}

impl Cause {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Start => "start",
            Cause::Content => "content",
            Cause::Configuration => "configuration",
        }
    }
}
