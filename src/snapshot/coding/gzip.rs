//! Bytes into their gzip coding (RFC 1952), as a whole.

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::{PIECE, is_on};

/// The usual one: more effort takes twice the time for a hundredth of the size.
const LEVEL: u32 = 6;

/// The gzip form; `None` where it was given up. It holds no time and no file name, so that the same bytes always give
/// the same bytes.
pub(super) fn code(bytes: &[u8], is_given_up: &mut dyn FnMut() -> bool) -> Option<Vec<u8>> {
    let room = Vec::with_capacity(bytes.len() / 4 + 64);
    let mut coder: GzEncoder<Vec<u8>> = GzBuilder::new().write(room, Compression::new(LEVEL));
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
