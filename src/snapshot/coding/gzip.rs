//! Bytes into their gzip coding (RFC 1952), as a whole.

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::write_in_pieces;

/// The usual one: more effort takes twice the time for a hundredth of the size.
const LEVEL: u32 = 6;

/// The gzip form; `None` where it was given up. It holds no time and no file name, so that the same bytes always give
/// the same bytes.
pub(super) fn code(bytes: &[u8], is_given_up: &mut dyn FnMut() -> bool) -> Option<Vec<u8>> {
    let room = Vec::with_capacity(bytes.len() / 4 + 64);
    let mut coder: GzEncoder<Vec<u8>> = GzBuilder::new().write(room, Compression::new(LEVEL));
    write_in_pieces(&mut coder, bytes, is_given_up)?;
    let mut coded = coder.finish().ok()?;
    coded.shrink_to_fit();
    Some(coded)
}
