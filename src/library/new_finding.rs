//! Builds the findings about a whole file.

use crate::model::finding::{Finding, Rule, Severity};

pub(super) fn error_finding(path: &str, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        highlight: None,
        severity: Severity::Error,
        rule,
        message,
        hint: hint.to_owned(),
    }
}

pub(super) fn warning_finding(
    path: &str,
    rule: Rule,
    line: Option<usize>,
    message: String,
    hint: &str,
) -> Finding {
    Finding {
        line,
        severity: Severity::Warning,
        ..error_finding(path, rule, message, hint)
    }
}
