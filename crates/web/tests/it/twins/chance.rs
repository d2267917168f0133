//! Choices that depend on a seed and a name alone, so that a pair that differs can be run again.

use sha2::{Digest, Sha256};
use uuid::Uuid;

pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64, of: &str) -> Chance {
        let digest = Sha256::digest(format!("{seed}:{of}"));
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        Chance(u64::from_le_bytes(bytes))
    }

    /// Below `n`; SplitMix64.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        usize::try_from(z % n as u64).unwrap()
    }

    pub fn of<'t, T>(&mut self, among: &'t [T]) -> Option<&'t T> {
        match among.len() {
            0 => None,
            n => among.get(self.below(n)),
        }
    }
}

/// An id that depends on its name alone.
pub fn id(name: &str) -> Uuid {
    let digest = Sha256::digest(name);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
