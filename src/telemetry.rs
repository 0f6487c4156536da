//! Log lines to stderr, one a line, coloured on a terminal that wants it.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Begins logging. `COURANT_LOG` sets what is logged, as in `courant=debug`; `NO_COLOR` is obeyed.
pub fn init() {
    let filter = EnvFilter::try_from_env("COURANT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colour = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // A second call, as in tests, leaves the first as it is.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_target(false)
        .with_writer(std::io::stderr)
        .try_init();
}
