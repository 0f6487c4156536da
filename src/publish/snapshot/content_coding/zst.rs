//! Encodes bytes with zstd (RFC 8878).

use zstd::stream::write::Encoder;

use super::pieces::write_chunks;

/// Largest window that every client must support, 8 MiB, as a power of two (RFC 9659 §3).
const MAX_WINDOW_LOG: u32 = 23;

/// Encodes bytes at a zstd level; `None` if it was interrupted.
pub(super) fn encode_zstd(
    bytes: &[u8],
    level: i32,
    is_interrupted: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    let mut coder = Encoder::new(Vec::new(), level).ok()?;
    // A known size keeps the window no larger than the content, and so the encoder's memory small.
    coder.set_pledged_src_size(Some(bytes.len() as u64)).ok()?;
    coder.window_log(MAX_WINDOW_LOG).ok()?;
    write_chunks(&mut coder, bytes, is_interrupted)?;
    let mut coded = coder.finish().ok()?;
    coded.shrink_to_fit();
    Some(coded)
}
