//! Bytes into a short name that changes when they do: the ground of ETags and of sitemap parts.
//!
//! BLAKE3, so that the same bytes have the same name on every replica and after every restart.

/// The first 128 bits of the BLAKE3 hash, as 32 lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut hex = blake3::hash(bytes).to_hex().to_string();
    hex.truncate(32);
    hex
}

/// The first 64 bits of the BLAKE3 hash, for sorting things into buckets that stay the same.
pub fn bucket_hash(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    let mut first = [0_u8; 8];
    for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    u64::from_le_bytes(first)
}
