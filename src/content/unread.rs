//! Tells faults of the machine from faults of a file: what cannot be read for a moment is read again soon, and stays as
//! it was until then.

use std::io;

use crate::finding::{Finding, Rule, Severity};
use crate::text::one_line;

/// `EIO`, `ENFILE` and `EMFILE`, which have these numbers on Linux, the BSDs and macOS.
const OS_ERRORS: [i32; 3] = [5, 23, 24];

/// Whether an error says nothing of the file: too many files are open, memory is short, or the disk or the network
/// fails.
pub(super) fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory
            | io::ErrorKind::StaleNetworkFileHandle
            | io::ErrorKind::TimedOut
    ) || error
        .raw_os_error()
        .is_some_and(|number| OS_ERRORS.contains(&number))
}

/// What is told of a file, or a directory, that cannot be read for the moment.
pub(super) fn finding(path: &str, error: &io::Error) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        mark: None,
        severity: Severity::Error,
        rule: Rule::UnreadableFile,
        message: format!(
            "cannot be read for the moment: {}",
            one_line(&error.to_string()).to_lowercase()
        ),
        hint: "it, and what else cannot be read, is tried again each second and stays as it is until then; look at \
               the disk, and at the limit on open files"
            .to_owned(),
    }
}

/// What is told of a directory that cannot be looked at.
pub(super) fn directory(path: &str, error: Option<&io::Error>) -> Finding {
    let reason = error.map_or_else(|| "it cannot be looked at".to_owned(), ToString::to_string);
    Finding {
        file: path.to_owned(),
        line: None,
        mark: None,
        severity: Severity::Error,
        rule: Rule::UnreadableDirectory,
        message: format!("cannot be read: {}", one_line(&reason).to_lowercase()),
        hint: "give the service permission to read it; what was known of it stays published"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_machine_are_told_from_faults_of_a_file() {
        for number in [5, 12, 23, 24] {
            assert!(
                is_transient(&io::Error::from_raw_os_error(number)),
                "{number}"
            );
        }
        // ENOENT, EACCES, EISDIR.
        for number in [2, 13, 21] {
            assert!(
                !is_transient(&io::Error::from_raw_os_error(number)),
                "{number}"
            );
        }
    }
}
