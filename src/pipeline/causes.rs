//! An error into a line that says why, too.

use super::PipelineError;

impl PipelineError {
    /// The error, and what caused it, on one line.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        text
    }
}
