//! Log lines to stderr, one a line: for people, coloured on a terminal that wants it, or for programs, as
//! objects of JSON.
//!
//! A log that nobody reads, or that cannot be written, holds nothing up: lines are handed to a
//! thread of their own, and what does not fit is dropped.

use std::io::IsTerminal as _;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// So many lines wait to be written, at most. The queue of them is there from the start.
const MOST_LINES: usize = 4_096;

/// What is logged unless `COURANT_LOG` says otherwise.
const DEFAULT_FILTER: &str = "courant=info";

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

/// What is logged. A bare level, such as `warn`, is that of courant alone: libraries log what no operator can do
/// anything about, such as each table of a post that HTML's parser had to mend, and what a client could fill the log
/// with, such as frames of HTTP/2.
fn filter(asked: Option<&str>) -> EnvFilter {
    let directives = asked.map(|asked| match asked.trim().parse::<LevelFilter>() {
        Ok(level) => format!("courant={level}"),
        Err(_) => asked.to_owned(),
    });
    let filter = directives.and_then(|directives| EnvFilter::try_new(directives).ok());
    filter.unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_write_no_line_unless_named() {
        for (asked, expected) in [
            (None, "courant=info"),
            (Some("warn"), "courant=warn"),
            (Some("courant=debug"), "courant=debug"),
            (Some("h2=debug"), "h2=debug"),
            (Some("a=b=c"), "courant=info"),
        ] {
            assert_eq!(filter(asked).to_string(), expected, "{asked:?}");
        }
    }
}
