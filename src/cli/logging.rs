//! Sets up logging to stderr: text, with colours on a terminal, or one JSON object per line.
//!
//! A log that is not read or cannot be written delays no request. Lines are queued for a thread of their own, and
//! dropped if the queue is full.

use std::io::IsTerminal as _;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Maximum queued lines. The queue is allocated at the start.
const MAX_BUFFERED_LINES: usize = 4_096;

/// Filter used if `COURANT_LOG` is not set or not valid.
const DEFAULT_FILTER: &str = "courant=info";

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLineFormat {
    /// Text for people.
    Human,
    /// One JSON object per line, with `timestamp`, `level`, `message` and the event's fields.
    Json,
}

/// Starts logging. `COURANT_LOG` is the filter, such as `courant=debug`; `NO_COLOR` turns colours off.
/// Dropping the guard writes the queued lines.
pub fn init_logging(format: LogLineFormat) -> WorkerGuard {
    let filter = build_filter(std::env::var("COURANT_LOG").ok().as_deref());
    let colour = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(MAX_BUFFERED_LINES)
        .finish(std::io::stderr());
    // A second call, as in tests, keeps the first subscriber.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_target(false)
        // Such an error would be printed to the failing stderr, which panics.
        .log_internal_errors(false)
        .with_writer(writer);
    let _ = match format {
        LogLineFormat::Human => lines.try_init(),
        LogLineFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init(),
    };
    guard
}

/// Builds the log filter. A level alone, such as `warn`, applies to courant only. Libraries log events that no
/// operator can act on, such as each table that the HTML parser repaired, and events with which a client could fill
/// the log, such as HTTP/2 frames.
fn build_filter(requested: Option<&str>) -> EnvFilter {
    let directives = requested.map(|asked| match asked.trim().parse::<LevelFilter>() {
        Ok(level) => format!("courant={level}"),
        Err(_) => asked.to_owned(),
    });
    directives
        .and_then(|directives| EnvFilter::try_new(directives).ok())
        .unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER))
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
            assert_eq!(build_filter(asked).to_string(), expected, "{asked:?}");
        }
    }
}
