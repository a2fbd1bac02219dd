//! SHA-256 over bytes and over sequences of fields.

use sha2::{Digest as _, Sha256};

/// Lower-case hexadecimal SHA-256 of `bytes`.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A running SHA-256 over length-prefixed fields, so that no two field lists share a digest by
/// moving a boundary.
#[derive(Default)]
pub struct Digest(Sha256);

impl Digest {
    pub fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_boundary_changes_the_digest() {
        let one = Digest::default().field(b"ab").field(b"c").hex();
        let other = Digest::default().field(b"a").field(b"bc").hex();
        assert_ne!(one, other);
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
