//! Encodes bytes with brotli (RFC 7932).

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;

use super::pieces::{ENCODER_CHUNK_BYTES, write_chunks};

/// Least and largest window, as powers of two. Below the least, the encoder uses a search that takes four times as long
/// for a page as this one for a feed, and 15 MB. Above the largest is an extension that browsers do not support. A
/// decoder needs as much memory as the window.
const WINDOW_LOG_RANGE: (u32, u32) = (17, 24);

/// Encodes bytes at a brotli quality; `None` if it was interrupted.
pub(super) fn encode_brotli(
    bytes: &[u8],
    quality: i32,
    is_interrupted: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    // The window covers the whole input and no more. It costs memory at both ends, and in the
    // encoder at the best quality eight times its size.
    let window =
        (usize::BITS - bytes.len().leading_zeros()).clamp(WINDOW_LOG_RANGE.0, WINDOW_LOG_RANGE.1);
    let params = BrotliEncoderParams {
        quality,
        lgwin: i32::try_from(window).ok()?,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut coder = CompressorWriter::with_params(Vec::new(), ENCODER_CHUNK_BYTES, &params);
    write_chunks(&mut coder, bytes, is_interrupted)?;
    let mut coded = coder.into_inner();
    coded.shrink_to_fit();
    Some(coded)
}
