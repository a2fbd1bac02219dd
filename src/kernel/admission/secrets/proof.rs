//! Tests beyond the shape of a secret: checksums, structure, entropy.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a candidate must pass besides its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Proof {
    /// Classic GitHub tokens and npm's: the last six characters are the CRC-32 of the rest after the
    /// prefix, in base 62 (GitHub's "token format updates", 2021).
    Crc32Base62,
    /// Three parts, of which the first is a JSON object with `alg`.
    Jwt,
    /// Looks random: no words, no repetition.
    Entropy,
    /// As `Entropy`, with letters and digits both.
    Mixed,
    /// As `Mixed`, and neither a path, an address nor a name in a program.
    Opaque,
}

impl Proof {
    pub(super) fn holds(self, candidate: &str) -> bool {
        match self {
            Self::Crc32Base62 => crc32_base62(candidate),
            Self::Jwt => is_jwt(candidate),
            Self::Entropy => looks_random(candidate),
            Self::Opaque => Self::Mixed.holds(candidate) && !is_named(candidate),
            Self::Mixed => {
                candidate.bytes().any(|b| b.is_ascii_digit())
                    && candidate.bytes().any(|b| b.is_ascii_alphabetic())
                    && looks_random(candidate)
            }
        }
    }
}

/// A path, an address, `settings.OAUTH2_TOKEN`, or words and numbers joined: `linux-amd64-v2`.
fn is_named(text: &str) -> bool {
    let word = |part: &str| {
        let name = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let one_case = |name: &str| {
            name.bytes().all(|b| b.is_ascii_lowercase()) || name.bytes().all(|b| b.is_ascii_uppercase())
        };
        // Up to four digits: a version, a size, a year.
        part.len() - name.len() <= 4 && one_case(name.get(1..).unwrap_or(name))
    };
    // Base64 may begin with a slash; a folder at the root is a word.
    let root = text.strip_prefix('/').and_then(|rest| rest.split('/').next()).is_some_and(word);
    let address = text.starts_with(['~', '.', ':', '=']) || text.contains("://") || text.contains("::");
    root || address || text.split(['.', '_', '-', '/', ':', '@', ',', '+']).all(word)
}

fn crc32_base62(token: &str) -> bool {
    let Some((_, body)) = token.split_once('_') else { return false };
    let Some((payload, sum)) = body.split_at_checked(body.len().saturating_sub(6)) else { return false };
    sum.as_bytes() == base62(crc32(payload.as_bytes()))
}

/// Six digits of base 62, most significant first, padded with zeros.
pub(super) fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut out = [b'0'; 6];
    for place in out.iter_mut().rev() {
        *place = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    out
}

/// CRC-32 as in zlib (reflected polynomial EDB88320).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

fn is_jwt(token: &str) -> bool {
    let Some(head) = token.split('.').next() else { return false };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(head) else { return false };
    let parsed = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes);
    parsed.is_ok_and(|head| head.contains_key("alg"))
}

/// Shannon entropy over the characters, in bits each, against what random text of that length reaches:
/// short texts cannot reach much. Runs of one character and words written out are far below.
fn looks_random(text: &str) -> bool {
    let length = text.chars().count();
    if length < 8 {
        return false;
    }
    // A text of hexadecimal digits has no more than four bits in each.
    let alphabet: f64 = if text.bytes().all(|b| b.is_ascii_hexdigit()) { 16.0 } else { 40.0 };
    entropy(text) >= 0.72 * alphabet.min(length as f64).log2()
}

pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    for c in text.chars() {
        *counts.entry(c).or_insert(0u32) += 1;
    }
    let total = text.chars().count() as f64;
    counts.values().map(|n| f64::from(*n) / total).map(|p| -p * p.log2()).sum()
}

/// What documentation writes where a secret would stand.
pub(super) fn is_sample(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = [
        "example",
        "xxxx",
        "your",
        "changeme",
        "change_me",
        "placeholder",
        "dummy",
        "redacted",
        "abcdef",
        "123456",
        "sample",
        "secret",
        "password",
        "test",
        "todo",
        "....",
        "****",
        "insert",
        "replace",
        "fake",
    ];
    words.iter().any(|word| lower.contains(word)) || text.contains(['<', '>', '$', '{', '}', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(61), b"00000z");
        let token = |payload: &str| {
            let sum = base62(crc32(payload.as_bytes()));
            format!("ghp_{payload}{}", std::str::from_utf8(&sum).unwrap())
        };
        let good = token("0A1b2C3d4E5f6G7h8I9j0K1l2M3n4O");
        assert!(Proof::Crc32Base62.holds(&good));
        let bad = good.replace("ghp_0A", "ghp_0B");
        assert!(
            !Proof::Crc32Base62.holds(&bad)
                && !Proof::Crc32Base62.holds("ghp_x")
                && !Proof::Crc32Base62.holds("é")
        );
    }

    #[test]
    fn random_text_is_told_from_words() {
        for random in ["q8Zt1Lx0vBn7Rk3P", "f3a9c17e5b8d2046", "hT9$kq2!vW7z"] {
            assert!(Proof::Entropy.holds(random), "{random}");
        }
        for words in ["aaaaaaaaaaaa", "short", "xxxxxxxxxxxx", "abababababab"] {
            assert!(!Proof::Entropy.holds(words), "{words}");
        }
        for sample in ["my_example_value", "your-api-key-here", "${DB_PASSWORD}", "AKIAIOSFODNN7EXAMPLE"] {
            assert!(is_sample(sample), "{sample}");
        }
        assert!(!is_sample("q8Zt1Lx0vBn7Rk3P"));
        assert!(!Proof::Mixed.holds("kQzWvXyBnMpLrTsD"));
    }
}
