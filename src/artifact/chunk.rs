//! Bytes in pieces that generations share: what is the same in two is there once, named once and
//! compressed once.
//!
//! The plain bytes of a piece can be let go of once there are coded ones. Who asks for them then has
//! them unpacked, and who asks while somebody still has them is given the same.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use tracing::error;

use super::deflated::{Damaged, Deflated};
use crate::fingerprint;

/// A piece that is longer than this, in bytes, is not let go of: a connection holds one that is unpacked
/// while it is sent, and the thread that unpacks it answers nobody for that long, here some
/// milliseconds. Pieces are of 50 KB or so; only posts that are books have such.
const LONGEST_PACKED: usize = 1 << 20;

/// One piece. Cheap to copy; a copy is the same piece.
#[derive(Debug, Clone)]
pub struct Chunk(Arc<Piece>);

#[derive(Debug)]
struct Piece {
    plain: Mutex<Plain>,
    length: usize,
    fingerprint: u128,
    deflated: OnceLock<Deflated>,
}

/// The plain bytes of a piece. They are held for as long as there are no others.
#[derive(Debug)]
enum Plain {
    Held(Bytes),
    /// Let go of; those who asked since may still have them.
    LetGo(Weak<Vec<u8>>),
    /// They cannot be had any more.
    Lost,
}

impl Chunk {
    /// A piece.
    pub fn new(bytes: Vec<u8>) -> Chunk {
        Chunk(Arc::new(Piece {
            fingerprint: fingerprint::wide(&bytes),
            length: bytes.len(),
            plain: Mutex::new(Plain::Held(Bytes::from(bytes))),
            deflated: OnceLock::new(),
        }))
    }

    /// How many plain bytes it has.
    pub fn len(&self) -> usize {
        self.0.length
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.length == 0
    }

    /// Its plain bytes, unpacked where they were let go of.
    ///
    /// # Errors
    /// The coded bytes are no longer what they were when they were tried.
    pub fn bytes(&self) -> Result<Bytes, Damaged> {
        let mut plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = match &*plain {
            Plain::Held(bytes) => return Ok(bytes.clone()),
            Plain::LetGo(lent) => lent.upgrade(),
            Plain::Lost => return Err(Damaged),
        };
        if let Some(lent) = lent {
            return Ok(Bytes::from_owner(Lent(lent)));
        }
        // Under the lock: who comes meanwhile would do the same work, and have the same bytes twice.
        match self.0.deflated.get().ok_or(Damaged)?.inflate() {
            Ok(bytes) => {
                let bytes = Arc::new(bytes);
                *plain = Plain::LetGo(Arc::downgrade(&bytes));
                Ok(Bytes::from_owner(Lent(bytes)))
            }
            Err(damaged) => {
                *plain = Plain::Lost;
                error!(
                    bytes = self.0.length,
                    "{damaged}; answers that hold it are broken off until it is another, and it may be \
                     that this machine's memory is at fault"
                );
                Err(damaged)
            }
        }
    }

    /// Its name, which other bytes do not have.
    pub fn fingerprint(&self) -> u128 {
        self.0.fingerprint
    }

    /// Whether the coded bytes are there.
    pub fn is_deflated(&self) -> bool {
        self.0.deflated.get().is_some()
    }

    /// In deflate coding, made where it has not been made yet.
    pub fn deflated(&self) -> &Deflated {
        // Whoever lets go of the plain bytes has seen the coded ones, so here they are held.
        let plain = || self.bytes().unwrap_or_default();
        self.0.deflated.get_or_init(|| Deflated::of(&plain()))
    }

    /// Keeps the coded bytes only, where they are fewer and give back the plain ones.
    pub fn let_go(&self) {
        let Some(deflated) = self.0.deflated.get() else {
            return;
        };
        if deflated.bytes().len() >= self.0.length || self.0.length > LONGEST_PACKED {
            return;
        }
        let unpacked = deflated.inflate();
        let mut plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        if let Plain::Held(bytes) = &*plain
            && unpacked.is_ok_and(|unpacked| unpacked == *bytes)
        {
            *plain = Plain::LetGo(Weak::new());
        }
    }

    /// How many plain bytes of it are in memory, for whoever it may be.
    pub fn held(&self) -> usize {
        let plain = self.0.plain.lock().unwrap_or_else(PoisonError::into_inner);
        match &*plain {
            Plain::Held(bytes) => bytes.len(),
            Plain::LetGo(lent) => lent.upgrade().map_or(0, |bytes| bytes.len()),
            Plain::Lost => 0,
        }
    }

    /// One that was let go of and cannot be unpacked.
    #[cfg(test)]
    pub(crate) fn damaged(bytes: Vec<u8>) -> Chunk {
        let chunk = Chunk::new(bytes);
        let _ = chunk
            .0
            .deflated
            .set(Deflated::of(&chunk.bytes().unwrap()).damaged());
        *chunk.0.plain.lock().unwrap() = Plain::LetGo(Weak::new());
        chunk
    }
}

/// Unpacked bytes, which are there for as long as somebody has them.
struct Lent(Arc<Vec<u8>>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Chunk {
    fn eq(&self, other: &Chunk) -> bool {
        self.0.fingerprint == other.0.fingerprint
    }
}

impl Eq for Chunk {}

impl From<Vec<u8>> for Chunk {
    fn from(bytes: Vec<u8>) -> Chunk {
        Chunk::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Vec<u8> {
        b"the same line again\n".repeat(100)
    }

    fn packed() -> Chunk {
        let chunk = Chunk::new(text());
        chunk.deflated();
        chunk.let_go();
        chunk
    }

    #[test]
    fn plain_bytes_are_held_until_there_are_coded_ones() {
        let chunk = Chunk::new(text());
        chunk.let_go();
        assert_eq!(chunk.held(), text().len());
        let mine = chunk.bytes().unwrap();
        chunk.deflated();
        chunk.let_go();
        assert_eq!(chunk.held(), 0);
        assert_eq!(mine, text(), "who had them keeps them");
        assert_eq!(chunk.bytes().unwrap(), text());
        assert_eq!(chunk, Chunk::new(text()), "it has the same name");
    }

    #[test]
    fn who_asks_at_once_is_given_the_same_bytes_and_the_last_drops_them() {
        let chunk = packed();
        let (first, second) = (chunk.bytes().unwrap(), chunk.clone().bytes().unwrap());
        assert_eq!(first.as_ptr(), second.as_ptr());
        drop(first);
        assert_eq!(chunk.held(), text().len());
        drop(second);
        assert_eq!(chunk.held(), 0);
    }

    #[test]
    fn what_does_not_shrink_and_what_is_long_is_not_let_go_of() {
        for bytes in [b",".to_vec(), Vec::new(), vec![b'x'; LONGEST_PACKED + 1]] {
            let chunk = Chunk::new(bytes);
            chunk.deflated();
            chunk.let_go();
            assert_eq!(chunk.held(), chunk.len());
        }
    }

    #[test]
    fn what_does_not_come_back_is_not_let_go_of() {
        let chunk = Chunk::new(text());
        let _ = chunk.0.deflated.set(Deflated::of(&[b'x'; 2_000]));
        chunk.let_go();
        assert_eq!(chunk.bytes().unwrap(), text());
    }

    #[test]
    fn what_is_damaged_is_an_error_every_time() {
        let chunk = Chunk::damaged(text());
        assert_eq!(chunk.bytes(), Err(Damaged));
        assert_eq!(chunk.bytes(), Err(Damaged));
        assert_eq!(chunk.held(), 0);
    }
}
