//! Encodes bytes with gzip (RFC 1952).

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::pieces::write_chunks;

/// Compression level. Higher levels take twice the time for one percent less.
const GZIP_LEVEL: u32 = 6;

/// Encodes bytes; `None` if it was interrupted. The header has no time and no file name, so the output is
/// deterministic.
pub(super) fn encode_gzip(
    bytes: &[u8],
    is_interrupted: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    let buffer = Vec::with_capacity(bytes.len() / 4 + 64);
    let mut coder: GzEncoder<Vec<u8>> =
        GzBuilder::new().write(buffer, Compression::new(GZIP_LEVEL));
    write_chunks(&mut coder, bytes, is_interrupted)?;
    let mut coded = coder.finish().ok()?;
    coded.shrink_to_fit();
    Some(coded)
}
