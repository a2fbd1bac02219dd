//! Who wrote a word: the user, trusted text, or only text that somebody else may have written.
//!
//! A tainted agent may send things where the user said. It needs a person for a recipient, an address, a
//! channel or a file that only ever stood in untrusted text. Kept are keyed digests of words and pairs
//! of words, bounded, never the texts; of the user's own words a bounded plain copy.

mod record;
mod word;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use record::records;
use word::{host_of, is_address, words};

/// Digests of each class; beyond, untrusted text makes everything suspect and trusted text helps no more.
const MOST_DIGESTS: usize = 300_000;
/// Bytes of the user's words.
const MOST_HEARD: usize = 512 * 1024;
/// A text of more words than this is prose: only the addresses in it say where something goes.
const PROSE: usize = 8;

#[derive(Debug, Default)]
struct Seen {
    digests: HashSet<u64>,
    full: bool,
}

impl Seen {
    fn add(&mut self, hasher: &RandomState, words: &[String]) {
        for digest in digests(hasher, words) {
            if self.digests.len() >= MOST_DIGESTS {
                self.full = true;
                return;
            }
            self.digests.insert(digest);
        }
        self.digests.extend(words.iter().filter_map(|word| host_of(word)).map(|host| hasher.hash_one(host)));
    }

    fn has(&self, hasher: &RandomState, words: &[String]) -> bool {
        !words.is_empty() && digests(hasher, words).all(|digest| self.digests.contains(&digest))
    }
}

/// Words and neighbouring pairs: a text whose pairs all occur is taken to occur.
fn digests<'a>(hasher: &'a RandomState, words: &'a [String]) -> impl Iterator<Item = u64> + 'a {
    let singles = words.iter().map(move |word| hasher.hash_one(word.as_str()));
    singles.chain(words.windows(2).map(move |pair| hasher.hash_one(pair)))
}

/// What a result is, as far as its words are concerned.
pub(super) struct Learned<'a> {
    pub text: &'a str,
    pub untrusted: bool,
    /// The remote server that answered.
    pub server: Option<&'a str>,
    /// Texts in the arguments of the call.
    pub args: &'a [String],
}

/// The words of a session, by who wrote them.
#[derive(Debug, Default)]
pub(super) struct Provenance {
    hasher: RandomState,
    /// The user's words, each set off by a space on either side.
    heard: String,
    trusted: Seen,
    untrusted: Seen,
    /// Words of untrusted text that the user pointed at, and values that a server lists as such.
    vouched: Seen,
}

impl Provenance {
    /// The user said this.
    pub fn heard(&mut self, text: &str) {
        for word in words(text) {
            if self.heard.len() + word.len() > MOST_HEARD {
                return;
            }
            self.heard.push(' ');
            self.heard.push_str(&word);
        }
        // Who names a page names its host. The end of one message and the start of the next are no phrase.
        for host in words(text).iter().filter_map(|word| host_of(word)) {
            self.heard.push_str(" \u{1f} ");
            self.heard.push_str(host);
        }
        self.heard.push_str(" \u{1f} ");
    }

    /// The agent was shown this.
    pub fn learned(&mut self, result: &Learned<'_>) {
        let all = words(result.text);
        if !result.untrusted {
            return self.trusted.add(&self.hasher, &all);
        }
        self.untrusted.add(&self.hasher, &all);
        let records = if result.server.is_some() { records(result.text) } else { Vec::new() };
        // The user named what this is the answer to: a file, a page.
        let asked: Vec<Vec<String>> =
            result.args.iter().filter(|arg| self.points_at(arg)).map(|arg| words(arg)).collect();
        if records.is_empty() && !asked.is_empty() {
            return self.vouched.add(&self.hasher, &all);
        }
        for record in records {
            let says = |value: &str| {
                let all = words(value);
                asked.iter().any(|asked| all.windows(asked.len()).any(|part| part == asked.as_slice()))
            };
            // One of its fields is in the user's words, or it says what they had looked for.
            let named = record.fields.iter().any(|(_, value)| self.points_at(value) || says(value));
            for (key, value) in &record.fields {
                let all = words(value);
                if named || record::is_listed(key, &all) {
                    self.vouched.add(&self.hasher, &all);
                }
            }
        }
    }

    /// Text that was withheld: its words come from nobody else.
    pub fn withheld(&mut self, text: &str) {
        self.untrusted.add(&self.hasher, &words(text));
    }

    /// Whether the user's words contain this, and it is telling enough to point at something.
    fn points_at(&self, value: &str) -> bool {
        let words = words(value);
        let telling = words.iter().any(|word| word.len() >= 3 && word.chars().any(char::is_alphabetic));
        telling && words.len() <= PROSE && !record::is_filler(&words) && self.said(&words)
    }

    /// Whether the user wrote this.
    pub fn said_by_user(&self, value: &str) -> bool {
        self.said(&words(value))
    }

    /// Whether some trusted word accounts for this.
    pub fn vouches_for(&self, value: &str) -> bool {
        self.is_ours(&words(value))
    }

    fn said(&self, words: &[String]) -> bool {
        !words.is_empty() && self.heard.contains(&format!(" {} ", words.join(" ")))
    }

    fn is_ours(&self, words: &[String]) -> bool {
        self.said(words) || self.trusted.has(&self.hasher, words) || self.vouched.has(&self.hasher, words)
    }

    fn is_theirs(&self, words: &[String]) -> bool {
        self.untrusted.full || self.untrusted.has(&self.hasher, words)
    }

    /// The first of `values` (arguments of something that leaves the machine) that no trusted word
    /// accounts for: it stands in untrusted text only, or it is an address that nobody wrote.
    pub fn alien<'v>(&self, values: impl IntoIterator<Item = &'v str>) -> Option<String> {
        values.into_iter().find_map(|value| self.alien_in(value))
    }

    fn alien_in(&self, value: &str) -> Option<String> {
        let all = words(value);
        if all.is_empty() || self.is_ours(&all) {
            return None;
        }
        if all.len() <= PROSE
            && all.iter().any(|word| word.chars().any(char::is_alphanumeric))
            && self.is_theirs(&all)
        {
            return Some(shown(value));
        }
        let address = all.iter().find(|word| is_address(word) && !self.is_ours(std::slice::from_ref(word)));
        address.map(|word| shown(word))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
