//! Configures hyper for HTTP/1.1 and HTTP/2 over one socket: hyper-util tells them apart by the client's first bytes.

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;

use crate::config;

/// The initial flow-control window of streams and connections (RFC 9113 §6.9.2), in bytes. Clients have no body to
/// send, so the smallest that needs no settings will do.
const WINDOW_BYTES: u32 = 65_535;
/// How many bytes of responses hyper buffers for one HTTP/2 stream.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// How many streams hyper resets for a client's errors before it closes the connection.
const MAX_ERROR_RESETS: usize = 100;

/// Builds what serves each connection. The timers of a connection are not hyper's, see `pulse`.
pub(super) fn builder(limits: &config::Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(limits.header_size)
        .max_headers(limits.header_fields);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX))
        .max_concurrent_streams(u32::try_from(limits.streams).unwrap_or(u32::MAX))
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_pending_accept_reset_streams(limits.resets)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        .max_send_buf_size(SEND_BUFFER_BYTES);
    builder
}
