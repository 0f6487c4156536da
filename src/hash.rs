//! Hashes bytes and values for ETags, cache keys and sitemap sums.
//!
//! BLAKE3, so that the same bytes have the same hash on every replica and after every restart, and the
//! faster XXH3 for texts, of which there are many.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3Default;

/// Returns the first 128 bits of the BLAKE3 hash as 32 lower-case hexadecimal digits.
pub fn blake3_hex(bytes: &[u8]) -> String {
    let mut hex = blake3::hash(bytes).to_hex().to_string();
    hex.truncate(32);
    hex
}

/// Hashes a value through its `Hash` implementation, as 32 lower-case hexadecimal digits. The result
/// is the same on all machines of one architecture.
pub fn hash_value_hex(value: &impl Hash) -> String {
    let mut hex = blake3_of_value(value).to_hex().to_string();
    hex.truncate(32);
    hex
}

/// Hashes a value through its `Hash` implementation, as a number.
pub fn hash_value_u128(value: &impl Hash) -> u128 {
    leading_u128(&blake3_of_value(value))
}

/// Like [`hash_value_u128`], in 64 bits.
pub fn hash_value_u64(value: &impl Hash) -> u64 {
    leading_u64(&blake3_of_value(value))
}

fn blake3_of_value(value: &impl Hash) -> blake3::Hash {
    let mut hasher = Blake3Hasher(blake3::Hasher::new());
    value.hash(&mut hasher);
    hasher.0.finalize()
}

struct Blake3Hasher(blake3::Hasher);

impl Hasher for Blake3Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        leading_u64(&self.0.finalize())
    }
}

/// Hasher for bytes with XXH3 in 128 bits, the same on every machine.
///
/// Costs a tenth of BLAKE3 but does not resist collisions by the author of the bytes.
#[derive(Default)]
pub struct Xxh3Hasher(Xxh3Default);

impl Xxh3Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the hash of all bytes added so far.
    pub fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

/// Returns the first 64 bits of the BLAKE3 hash, for a stable assignment to buckets.
pub fn blake3_u64(bytes: &[u8]) -> u64 {
    leading_u64(&blake3::hash(bytes))
}

fn leading_u128(hash: &blake3::Hash) -> u128 {
    let mut first = [0_u8; 16];
    for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    u128::from_le_bytes(first)
}

fn leading_u64(hash: &blake3::Hash) -> u64 {
    let mut first = [0_u8; 8];
    for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xxh3_matches_its_test_vectors() {
        // From the algorithm's test vectors, so that no release of the library changes all hashes.
        assert_eq!(
            Xxh3Hasher::default().finish(),
            0x99aa_06d3_0147_98d8_6001_c324_468d_497f
        );
        let mut parts = Xxh3Hasher::default();
        parts.update(&[7; 100]);
        parts.update(&[8; 300]);
        let mut whole = Xxh3Hasher::default();
        whole.update(&[[7; 100].as_slice(), &[8; 300]].concat());
        assert_eq!(parts.finish(), whole.finish());
    }
}
