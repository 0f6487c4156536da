//! Defines the outcome of a refresh.

/// Outcome of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Nothing changed.
    Unchanged,
    /// Files changed, but no served byte did.
    SameOutputs,
    /// A new snapshot is served.
    Published,
}
