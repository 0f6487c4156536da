//! Raises the limit on open files, and says how many connections it leaves room for.
//!
//! Each connection is an open file. Without a bound below the limit, connections take all of it, and then no file of
//! the content can be opened: a post that is hidden would stay served.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// So many open files are kept for the content, listeners, logs, and the operator's 128 connections.
const RESERVED_FILES: u64 = 256;

/// Raises the soft limit on open files to the hard one, as far as the system lets it. Returns the limit from now on.
pub fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // What is refused leaves the limit as it is, which is asked for below.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The most connections within a limit on open files: what the reserve leaves, which is half of a small limit.
pub fn max_connections(limit: u64) -> usize {
    let reserve = RESERVED_FILES.min(limit / 2);
    usize::try_from(limit - reserve)
        .unwrap_or(usize::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_a_reserve_of_files() {
        let cases = [(0, 1), (1, 1), (64, 32), (512, 256), (1_024, 768)];
        for (limit, expected) in cases {
            assert_eq!(max_connections(limit), expected, "{limit}");
        }
        assert!(max_connections(u64::MAX) > 1_000_000);
    }
}
