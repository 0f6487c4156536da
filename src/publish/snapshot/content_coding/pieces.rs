//! Writes content in chunks, so that encoding can be stopped in between.

use std::io::Write;

/// Bytes that are encoded between two checks for an interruption.
pub(super) const ENCODER_CHUNK_BYTES: usize = 32 * 1024;

/// Writes bytes to an encoder in chunks; `None` if it was interrupted between two chunks, or the encoder failed.
pub(super) fn write_chunks(
    coder: &mut impl Write,
    bytes: &[u8],
    is_interrupted: &mut dyn FnMut() -> bool,
) -> Option<()> {
    for piece in bytes.chunks(ENCODER_CHUNK_BYTES) {
        if is_interrupted() {
            return None;
        }
        coder.write_all(piece).ok()?;
    }
    Some(())
}
