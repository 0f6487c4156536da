//! Builds the findings about card assets.

use crate::model::finding::{Finding, Rule, Severity};

/// Creates a warning about a file, without a line.
pub(super) fn new_warning(file: &str, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: file.to_owned(),
        line: None,
        highlight: None,
        severity: Severity::Warning,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
