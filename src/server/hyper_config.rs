//! Configures hyper for HTTP/1.1 and HTTP/2 over one socket: hyper-util tells them apart by the client's first bytes.

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;

use crate::config;

/// Initial flow-control window of streams and connections (RFC 9113 §6.9.2), in bytes: the protocol's default, as
/// clients have no body to send.
const H2_WINDOW_BYTES: u32 = 65_535;
/// Maximum bytes of a response that hyper buffers for one HTTP/2 stream.
const H2_SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Maximum streams that hyper resets for a client's errors before it closes the connection.
const MAX_ERROR_RESETS: usize = 100;

/// Configures hyper's connection builder. Header and idle timeouts are not hyper's, see `ConnectionTimers`.
pub(super) fn connection_builder(limits: &config::ClientLimits) -> auto::Builder<TokioExecutor> {
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
        .initial_stream_window_size(H2_WINDOW_BYTES)
        .initial_connection_window_size(H2_WINDOW_BYTES)
        .max_pending_accept_reset_streams(limits.resets)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        .max_send_buf_size(H2_SEND_BUFFER_BYTES);
    builder
}
