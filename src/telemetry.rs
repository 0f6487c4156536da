//! Log lines to stderr, one a line: for people, coloured on a terminal that wants it, or for programs, as
//! objects of JSON.
//!
//! A log that nobody reads, or that cannot be written, holds nothing up: lines are handed to a
//! thread of their own, and what does not fit is dropped.

use std::io::IsTerminal as _;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// So many lines wait to be written, at most. The queue of them is there from the start.
const MOST_LINES: usize = 4_096;

/// What libraries say that is no trouble of ours. `notify` warns when it is told twice that a directory is gone, which
/// the system does. `h2` warns of frames that a client sends, and so a client could fill the log: of each `PING` that
/// answers none, and of each connection that resets too much.
const QUIET: &str = "notify=error,h2=error";
/// What is logged unless `COURANT_LOG` says otherwise.
const USUAL: &str = "info";

/// Whom lines are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Human,
    /// For programs: one object a line, with `timestamp`, `level`, `message`, and what else is told.
    Json,
}

/// Begins logging. `COURANT_LOG` sets what is logged, as in `courant=debug`; `NO_COLOR` is obeyed.
/// What is logged is written before the guard is gone.
pub fn init(form: Form) -> WorkerGuard {
    let filter = filter(std::env::var("COURANT_LOG").ok().as_deref());
    let colour = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(MOST_LINES)
        .finish(std::io::stderr());
    // A second call, as in tests, leaves the first as it is.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_target(false)
        // It would be said on the very stderr that fails, and panic there.
        .log_internal_errors(false)
        .with_writer(writer);
    let _ = match form {
        Form::Human => lines.try_init(),
        Form::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init(),
    };
    guard
}

/// What is logged. What was asked for goes before what is quiet.
fn filter(asked: Option<&str>) -> EnvFilter {
    let asked = asked.and_then(|asked| EnvFilter::try_new(format!("{QUIET},{asked}")).ok());
    asked.unwrap_or_else(|| EnvFilter::new(format!("{QUIET},{USUAL}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_clients_write_no_line_unless_asked_for() {
        for (asked, expected) in [
            (None, "h2=error,notify=error,info"),
            (Some("warn"), "h2=error,notify=error,warn"),
            (Some("courant=debug"), "courant=debug,h2=error,notify=error"),
            (Some("h2=debug"), "h2=debug,notify=error"),
            (Some("a=b=c"), "h2=error,notify=error,info"),
        ] {
            let mut filter: Vec<String> = filter(asked)
                .to_string()
                .split(',')
                .map(str::to_owned)
                .collect();
            let mut expected: Vec<&str> = expected.split(',').collect();
            filter.sort();
            expected.sort_unstable();
            assert_eq!(filter, expected, "{asked:?}");
        }
    }
}
