//! Defines the exit codes, and errors with a hint.

/// Result of a command, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandOutcome {
    /// Success, code 0.
    Success,
    /// Failure, code 1.
    Failure,
    /// Invalid command line or configuration, code 2.
    UsageError,
    /// Errors found by `check`, code 3.
    ErrorsFound,
}

/// Failure of the system or its setup, with a hint.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct HintedError {
    pub(super) message: String,
    pub(super) hint: String,
    pub(super) source: Option<std::io::Error>,
}
