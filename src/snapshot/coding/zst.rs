//! Bytes into their zstd coding (RFC 8878), as a whole.

use std::io::Write as _;

use zstd::stream::write::Encoder;

use super::{PIECE, is_on};

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
    for piece in bytes.chunks(PIECE) {
        if !is_on(is_given_up) {
            return None;
        }
        coder.write_all(piece).ok()?;
    }
    let mut coded = coder.finish().ok()?;
    coded.shrink_to_fit();
    Some(coded)
}
