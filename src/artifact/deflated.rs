//! A piece of an output into deflate coding (RFC 1951), and back.
//!
//! Each is coded by itself, not as the last of a stream and up to the end of a byte, so that pieces can
//! stand behind one another as one, and their checksums make that of the whole.

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// A piece in deflate coding, to stand among others.
#[derive(Debug, Clone)]
pub struct Deflated {
    bytes: Bytes,
    /// The CRC-32 of the uncoded bytes.
    crc: u32,
    /// How many of them there are.
    length: usize,
}

/// Coded bytes do not give back what they were made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a piece of an output does not unpack to what it was")]
pub struct Damaged;

impl Deflated {
    /// Codes a piece.
    pub fn of(bytes: &[u8]) -> Deflated {
        Deflated {
            bytes: deflate(bytes).into(),
            crc: crc32fast::hash(bytes),
            length: bytes.len(),
        }
    }

    /// The same, but that it gives back nothing.
    #[cfg(test)]
    pub(crate) fn damaged(self) -> Deflated {
        Deflated {
            crc: !self.crc,
            ..self
        }
    }

    /// The coded bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The uncoded bytes.
    ///
    /// # Errors
    /// They are not those that were coded.
    pub fn inflate(&self) -> Result<Vec<u8>, Damaged> {
        let mut coder = Decompress::new(false);
        let mut bytes = Vec::with_capacity(self.length);
        // The stream has no end here, and so the coder does not ask for one either.
        let coded = coder.decompress_vec(&self.bytes, &mut bytes, FlushDecompress::Sync);
        let is_same = bytes.len() == self.length && crc32fast::hash(&bytes) == self.crc;
        match coded {
            Ok(_) if is_same => Ok(bytes),
            _ => Err(Damaged),
        }
    }
}

/// The CRC-32 of the uncoded bytes of some pieces, one behind the other.
pub fn checksum<'a>(pieces: impl IntoIterator<Item = &'a Deflated>) -> u32 {
    let mut checksum = Hasher::new();
    for piece in pieces {
        let length = piece.length as u64;
        checksum.combine(&Hasher::new_with_initial_len(piece.crc, length));
    }
    checksum.finalize()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
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
    coded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let text = prop::collection::vec(prop::sample::select(b"abcdefgh <>/".to_vec()), 0..20_000);
        prop_oneof![text, prop::collection::vec(any::<u8>(), 0..5_000)]
    }

    proptest! {
        #[test]
        fn what_is_deflated_is_inflated_to_the_same(bytes in piece()) {
            prop_assert_eq!(Deflated::of(&bytes).inflate(), Ok(bytes));
        }

        #[test]
        fn what_was_damaged_is_never_taken_for_the_bytes(
            bytes in piece(), place in any::<prop::sample::Index>(), flip in 1_u8..,
        ) {
            let mut coded = Deflated::of(&bytes);
            let mut damaged = coded.bytes.to_vec();
            *place.get_mut(&mut damaged) ^= flip;
            coded.bytes = damaged.into();
            // Some bits of a coding mean nothing, and then the bytes are still right.
            prop_assert!(coded.inflate().is_ok_and(|is| is == bytes) || coded.inflate() == Err(Damaged));
        }

        #[test]
        fn what_was_cut_short_is_never_taken_for_less(
            bytes in piece(), place in any::<prop::sample::Index>(),
        ) {
            prop_assume!(!bytes.is_empty());
            let mut coded = Deflated::of(&bytes);
            let cut = place.index(coded.bytes.len());
            coded.bytes.truncate(cut);
            match coded.inflate() {
                // The last bytes are ends of blocks and the mark of a flush, which say nothing: without them
                // the others still say all.
                Ok(is) => prop_assert_eq!(is, bytes),
                Err(damaged) => prop_assert_eq!(damaged, Damaged),
            }
        }
    }
}
