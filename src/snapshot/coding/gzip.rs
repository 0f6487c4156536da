//! Bytes into their gzip coding (RFC 1952), piece by piece: of what is the same as before, nothing is
//! compressed again.
//!
//! Each piece is deflated by itself, and stands here among the others. No time stamp and no file name go
//! into the header, so the same bytes always give the same bytes.

use bytes::Bytes;

use crate::artifact::{Chunk, Pieces, checksum};

/// No name, no time, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty block that is the last.
const END: [u8; 2] = [3, 0];

/// The gzip form.
pub(super) fn code(chunks: &[Chunk]) -> Pieces {
    let deflated = || chunks.iter().map(Chunk::deflated);
    let coded = deflated().map(|deflated| deflated.bytes().clone());
    let mut trailer = END.to_vec();
    trailer.extend(checksum(deflated()).to_le_bytes());
    // The length modulo 2^32, as the format has it.
    trailer.extend((length(chunks) as u32).to_le_bytes());
    let header = std::iter::once(Bytes::from_static(&HEADER));
    Pieces::new(header.chain(coded).chain([trailer.into()]))
}

fn length(chunks: &[Chunk]) -> usize {
    chunks.iter().map(Chunk::len).sum()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_coded_in_pieces_is_one_stream(
            pieces in prop::collection::vec(prop::collection::vec(prop::sample::select(b"abcdefgh".to_vec()), 0..3_000), 0..6)
        ) {
            let whole = pieces.concat();
            let chunks: Vec<Chunk> = pieces.into_iter().map(Chunk::new).collect();
            let coded = code(&chunks).to_vec().unwrap();
            let mut decoded = Vec::new();
            GzDecoder::new(&*coded).read_to_end(&mut decoded).unwrap();
            prop_assert_eq!(decoded, whole);
        }
    }
}
