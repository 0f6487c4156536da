//! Bytes into their brotli coding (RFC 7932), as a whole.

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;

use super::{PIECE, write_in_pieces};

/// The least window and the largest. Below the least the encoder searches in another way, which takes four
/// times as long for a page as it takes here for a feed, and 15 MB; above the largest is an extension that
/// browsers do not know. Who decodes takes as much memory as the window has.
const WINDOWS: (u32, u32) = (17, 24);

/// The brotli form of this quality; `None` where it was given up.
pub(super) fn code(
    bytes: &[u8],
    quality: i32,
    is_given_up: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    // All of it, and no more: a window costs memory at both ends, and the encoder at best quality eight
    // times as much.
    let window = (usize::BITS - bytes.len().leading_zeros()).clamp(WINDOWS.0, WINDOWS.1);
    let params = BrotliEncoderParams {
        quality,
        lgwin: i32::try_from(window).ok()?,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut coder = CompressorWriter::with_params(Vec::new(), PIECE, &params);
    write_in_pieces(&mut coder, bytes, is_given_up)?;
    let mut coded = coder.into_inner();
    coded.shrink_to_fit();
    Some(coded)
}
