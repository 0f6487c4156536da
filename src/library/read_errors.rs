//! Tells transient read errors from permanent ones. A file with a transient error is read again soon, and stays as it
//! was until then.

use std::io;

use crate::model::finding::{Finding, Rule, Severity};
use crate::text::collapse_whitespace;

/// Numbers of `EIO`, `ENFILE` and `EMFILE` on Linux, the BSDs and macOS.
const TRANSIENT_OS_ERRORS: [i32; 3] = [5, 23, 24];

/// Returns true if the error is not the file's fault: too many open files, no memory, or a failing disk or network.
pub(super) fn is_transient_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory
            | io::ErrorKind::StaleNetworkFileHandle
            | io::ErrorKind::TimedOut
    ) || error
        .raw_os_error()
        .is_some_and(|number| TRANSIENT_OS_ERRORS.contains(&number))
}

/// Reports a file or directory that cannot be read at the moment.
pub(super) fn transient_error_finding(path: &str, error: &io::Error) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        highlight: None,
        severity: Severity::Error,
        rule: Rule::UnreadableFile,
        message: format!(
            "cannot be read at the moment: {}",
            collapse_whitespace(&error.to_string()).to_lowercase()
        ),
        hint: "files that cannot be read stay as they were and are tried again every second; check the disk, and the \
               limit on open files"
            .to_owned(),
    }
}

/// Reports a directory that cannot be listed. `error` is `None` if the reason is unknown.
pub(super) fn unreadable_directory_finding(path: &str, error: Option<&io::Error>) -> Finding {
    let reason = error.map_or_else(|| "it cannot be listed".to_owned(), ToString::to_string);
    Finding {
        file: path.to_owned(),
        line: None,
        highlight: None,
        severity: Severity::Error,
        rule: Rule::UnreadableDirectory,
        message: format!(
            "cannot be read: {}",
            collapse_whitespace(&reason).to_lowercase()
        ),
        hint: "give the service permission to read it; its posts stay published as they were"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_errors_differ_from_permanent_ones() {
        for number in [5, 12, 23, 24] {
            assert!(
                is_transient_error(&io::Error::from_raw_os_error(number)),
                "{number}"
            );
        }
        // ENOENT, EACCES, EISDIR.
        for number in [2, 13, 21] {
            assert!(
                !is_transient_error(&io::Error::from_raw_os_error(number)),
                "{number}"
            );
        }
    }
}
