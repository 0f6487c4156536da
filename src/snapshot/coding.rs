//! Bytes into their gzip coding (RFC 1952), piece by piece: of what is the same as before, nothing is
//! compressed again.
//!
//! Each piece is deflated by itself, up to the end of a byte, so that pieces can stand behind one another
//! as one stream, and their checksums make that of the whole. No time stamp and no file name go into
//! the header, so the same bytes always give the same bytes.

use std::sync::Arc;

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::artifact::{Chunk, Deferred, Deflated, Draw, DrawError, Pieces};

/// No name, no time, an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty block that is the last.
const END: [u8; 2] = [3, 0];

/// The gzip form, or `None` where it would not be smaller.
pub(super) fn gzip(chunks: &[Chunk]) -> Option<Pieces> {
    let length: usize = chunks.iter().map(|chunk| chunk.bytes().len()).sum();
    Some(gzip_always(chunks)).filter(|coded| coded.len() < length)
}

fn gzip_always(chunks: &[Chunk]) -> Pieces {
    let length: usize = chunks.iter().map(|chunk| chunk.bytes().len()).sum();
    let mut checksum = Hasher::new();
    let mut pieces = vec![Bytes::from_static(&HEADER)];
    for chunk in chunks {
        let deflated = chunk.deflated(deflate);
        let amount = chunk.bytes().len() as u64;
        checksum.combine(&Hasher::new_with_initial_len(deflated.crc, amount));
        pieces.push(deflated.bytes.clone());
    }
    let mut trailer = END.to_vec();
    trailer.extend(checksum.finalize().to_le_bytes());
    // The length modulo 2^32, as the format has it.
    trailer.extend((length as u32).to_le_bytes());
    pieces.push(Bytes::from(trailer));
    Pieces::new(pieces)
}

fn deflate(bytes: &[u8]) -> Deflated {
    let mut coder = Compress::new(Compression::new(6), false);
    let mut coded = Vec::with_capacity(bytes.len() / 3 + 64);
    loop {
        let read = usize::try_from(coder.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(read..).unwrap_or_default();
        let room = coded.len();
        let status = coder.compress_vec(rest, &mut coded, FlushCompress::Sync);
        let is_done = usize::try_from(coder.total_in()) == Ok(bytes.len())
            && (coded.len() < coded.capacity() || coded.len() == room);
        match status {
            Ok(Status::Ok) if is_done => break,
            Ok(Status::Ok | Status::BufError) if coded.len() == coded.capacity() => {
                coded.reserve(bytes.len() / 4 + 64);
            }
            // Writing to memory does not fail.
            _ => break,
        }
    }
    coded.shrink_to_fit();
    Deflated {
        bytes: Bytes::from(coded),
        crc: crc32fast::hash(bytes),
    }
}

/// The same in gzip coding, under a name of its own.
pub(super) fn deferred(identity: Deferred) -> Deferred {
    Deferred {
        fingerprint: format!("{}-gzip", identity.fingerprint),
        draw: Arc::new(Gzipped(identity)),
    }
}

#[derive(Debug)]
struct Gzipped(Deferred);

impl Draw for Gzipped {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let bytes = self.0.draw.draw()?;
        // What does not shrink is in this coding all the same, for its name is given out already.
        Ok(gzip_always(&[Chunk::new(bytes)]).to_vec())
    }
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
            let coded = gzip_always(&chunks).to_vec();
            let mut decoded = Vec::new();
            GzDecoder::new(&*coded).read_to_end(&mut decoded).unwrap();
            prop_assert_eq!(decoded, whole);
        }
    }
}
