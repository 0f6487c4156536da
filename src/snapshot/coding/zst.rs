//! Bytes into their zstd coding (RFC 8878), as a whole.

use zstd::stream::write::Encoder;

use super::write_in_pieces;

/// The largest window that a client has to take in a content coding: 8 MiB (RFC 9659 §3).
const WINDOW: u32 = 23;

/// The zstd form of this level; `None` where it was given up.
pub(super) fn code(
    bytes: &[u8],
    level: i32,
    is_given_up: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    let mut coder = Encoder::new(Vec::new(), level).ok()?;
    // With it the window is no larger than the content, and the encoder takes no more memory than that
    // asks for.
    coder.set_pledged_src_size(Some(bytes.len() as u64)).ok()?;
    coder.window_log(WINDOW).ok()?;
    write_in_pieces(&mut coder, bytes, is_given_up)?;
    let mut coded = coder.finish().ok()?;
    coded.shrink_to_fit();
    Some(coded)
}
