//! Bytes into their gzip coding (RFC 1952), ahead of any request.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The gzip form, or `None` where it would not be smaller. No time stamp and no file name go
/// into the header, so the same bytes always give the same bytes.
pub(super) fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::new(6));
    // Writing to memory does not fail; were it to, identity is still right.
    encoder.write_all(body).ok()?;
    let coded = encoder.finish().ok()?;
    (coded.len() < body.len()).then_some(coded)
}
