//! Raises the limit on open files and derives the maximum number of connections from it.
//!
//! Each connection is an open file. Without a lower bound for connections, they would use up the limit
//! and no content file could be opened: a hidden post would stay served.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files reserved for content, listeners, logs, and the operator's 128 connections.
const RESERVED_FILES: u64 = 256;

/// Raises the soft limit on open files to the hard limit if the system permits. Returns the resulting
/// limit.
pub fn raise_open_file_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // A failure leaves the old limit, which is read below.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Returns the maximum number of connections for a limit on open files. The reserve takes at most half of
/// the limit.
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
    fn connections_leave_a_reserve_of_open_files() {
        let cases = [(0, 1), (1, 1), (64, 32), (512, 256), (1_024, 768)];
        for (limit, expected) in cases {
            assert_eq!(max_connections(limit), expected, "{limit}");
        }
        assert!(max_connections(u64::MAX) > 1_000_000);
    }
}
