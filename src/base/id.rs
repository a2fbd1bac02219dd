//! Time-ordered identifiers: a prefix and 16 Crockford base-32 characters.

use super::clock::now_ms;

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SHORTEST_PREFIX: usize = 4;

/// A new id such as `s_01k9x2m4c7q8v3zt`: 48 bits of Unix milliseconds, then 32 random bits, most
/// significant first, so ids sort by the time they were made.
pub fn new_id(prefix: &str) -> String {
    let mut random = [0u8; 4];
    // Without a random source ids would collide silently; there is no sensible way to go on.
    getrandom::fill(&mut random).expect("the operating system's random source answers");
    encode(prefix, now_ms(), u32::from_be_bytes(random))
}

/// A name that nobody can guess: a prefix and 128 random bits in hex.
pub fn secret_id(prefix: &str) -> String {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).expect("the operating system's random source answers");
    format!("{prefix}_{}", hex::encode(random))
}

fn encode(prefix: &str, millis: u64, random: u32) -> String {
    let bits: u128 = (u128::from(millis & 0xffff_ffff_ffff) << 32) | u128::from(random);
    let mut out = String::with_capacity(prefix.len() + 17);
    out.push_str(prefix);
    out.push('_');
    for place in (0..16).rev() {
        out.push(CROCKFORD[((bits >> (place * 5)) & 31) as usize] as char);
    }
    out
}

/// Whether `given` names `id`: the whole id, or at least four leading characters, with or without
/// the `s_` part.
pub fn matches_prefix(id: &str, given: &str) -> bool {
    let bare = id.split_once('_').map_or(id, |(_, rest)| rest);
    let given = given.to_ascii_lowercase();
    if given == id {
        return true;
    }
    let given_bare = match given.split_once('_') {
        Some((prefix, rest)) if id.starts_with(prefix) => rest,
        Some(_) => return false,
        None => given.as_str(),
    };
    given_bare.len() >= SHORTEST_PREFIX && bare.starts_with(given_bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_have_sixteen_characters() {
        let early = encode("s", 1_000, u32::MAX);
        let late = encode("s", 1_001, 0);
        assert!(early < late);
        assert_eq!(early.len(), 2 + 16);
    }

    #[test]
    fn a_prefix_needs_four_characters() {
        let id = "s_01k9x2m4c7q8v3zt";
        assert!(matches_prefix(id, "01k9"));
        assert!(matches_prefix(id, "s_01K9x2"));
        assert!(matches_prefix(id, id));
        assert!(!matches_prefix(id, "01k"));
        assert!(!matches_prefix(id, "r_01k9"));
        assert!(!matches_prefix(id, "1k9x2"));
    }
}
