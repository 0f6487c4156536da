//! Bytes into a short name that changes when they do: the ground of ETags and of sitemap parts.
//!
//! BLAKE3, so that the same bytes have the same name on every replica and after every restart; and a
//! quicker one for texts, of which there are many.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3Default;

/// The first 128 bits of the BLAKE3 hash, as 32 lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut hex = blake3::hash(bytes).to_hex().to_string();
    hex.truncate(32);
    hex
}

/// The name of a value, by all that its `Hash` takes in; the same on every machine of one kind.
pub fn of(value: &impl Hash) -> String {
    let mut hex = hash_of(value).to_hex().to_string();
    hex.truncate(32);
    hex
}

/// The same, as a number.
pub fn wide_of(value: &impl Hash) -> u128 {
    first_of(&hash_of(value))
}

fn hash_of(value: &impl Hash) -> blake3::Hash {
    let mut hasher = Blake(blake3::Hasher::new());
    value.hash(&mut hasher);
    hasher.0.finalize()
}

struct Blake(blake3::Hasher);

impl Hasher for Blake {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        bucket(&self.0.finalize())
    }
}

/// The name of bytes of which only their author could make others of the same name, at a tenth of the cost
/// of [`wide`]: XXH3 in 128 bits, the same on every machine.
#[derive(Default)]
pub struct Quick(Xxh3Default);

impl Quick {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The name of all that was added.
    pub fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

/// The first 64 bits of the BLAKE3 hash, for sorting things into buckets that stay the same.
pub fn bucket_hash(bytes: &[u8]) -> u64 {
    bucket(&blake3::hash(bytes))
}

/// The first 128 bits of the BLAKE3 hash, as a number.
pub fn wide(bytes: &[u8]) -> u128 {
    first_of(&blake3::hash(bytes))
}

fn first_of(hash: &blake3::Hash) -> u128 {
    let mut first = [0_u8; 16];
    for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    u128::from_le_bytes(first)
}

fn bucket(hash: &blake3::Hash) -> u64 {
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
    fn the_quick_name_is_that_of_xxh3() {
        // As the algorithm's own test vectors have it, so that no release of the library renames all texts.
        assert_eq!(
            Quick::default().finish(),
            0x99aa_06d3_0147_98d8_6001_c324_468d_497f
        );
        let mut parts = Quick::default();
        parts.add(&[7; 100]);
        parts.add(&[8; 300]);
        let mut whole = Quick::default();
        whole.add(&[[7; 100].as_slice(), &[8; 300]].concat());
        assert_eq!(parts.finish(), whole.finish());
    }
}
