//! Fuzzy search over a list: what fits the letters typed so far, the best first.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A search under way. Narrows down from what fitted before when letters are added.
#[derive(Debug, Clone)]
pub(super) struct Fuzzy {
    matcher: Matcher,
    pattern: Pattern,
    query: String,
    /// Places in the list, the best first.
    found: Vec<usize>,
}

impl Fuzzy {
    /// For lists of paths, the end of a path counts more.
    pub(super) fn new(paths: bool) -> Self {
        let config = if paths { Config::DEFAULT.match_paths() } else { Config::DEFAULT };
        Self { matcher: Matcher::new(config), pattern: pattern(""), query: String::new(), found: Vec::new() }
    }

    /// Searches the whole list for `query`, which may be empty: then everything fits, in its order.
    pub(super) fn search<'a>(&mut self, list: impl ExactSizeIterator<Item = &'a str>, query: &str) {
        let all = list.enumerate();
        let scored = Self::score(&mut self.matcher, &pattern(query), all);
        self.settle(query, scored);
    }

    /// As [`Self::search`] for the same list as before, by index.
    pub(super) fn refine<'a>(&mut self, length: usize, item: impl Fn(usize) -> &'a str, query: &str) {
        // More letters leave fewer: only what fitted before can fit now.
        let narrower = query.starts_with(&self.query) && !self.query.is_empty() && !query.ends_with('\\');
        let places: Vec<usize> =
            if narrower { std::mem::take(&mut self.found) } else { (0..length).collect() };
        let items = places.into_iter().filter(|place| *place < length).map(|place| (place, item(place)));
        let scored = Self::score(&mut self.matcher, &pattern(query), items);
        self.settle(query, scored);
    }

    fn score<'a>(
        matcher: &mut Matcher,
        pattern: &Pattern,
        items: impl Iterator<Item = (usize, &'a str)>,
    ) -> Vec<(u32, usize, usize)> {
        let mut letters = Vec::new();
        let scored = items.filter_map(|(place, text)| {
            let score = pattern.score(Utf32Str::new(text, &mut letters), matcher)?;
            Some((score, text.len(), place))
        });
        scored.collect()
    }

    fn settle(&mut self, query: &str, mut scored: Vec<(u32, usize, usize)>) {
        if query.trim().is_empty() {
            scored.sort_unstable_by_key(|(_, _, place)| *place);
        } else {
            scored.sort_unstable_by_key(|(score, length, place)| (Reverse(*score), *length, *place));
        }
        self.found = scored.into_iter().map(|(_, _, place)| place).collect();
        self.pattern = pattern(query);
        query.clone_into(&mut self.query);
    }

    pub(super) fn query(&self) -> &str {
        &self.query
    }

    /// Places in the list of what fits, the best first.
    pub(super) fn found(&self) -> &[usize] {
        &self.found
    }

    /// Which characters of `text` the letters fell on, sorted.
    pub(super) fn letters(&self, text: &str) -> Vec<u32> {
        let (mut buffer, mut at) = (Vec::new(), Vec::new());
        let mut matcher = self.matcher.clone();
        self.pattern.indices(Utf32Str::new(text, &mut buffer), &mut matcher, &mut at);
        at.sort_unstable();
        at.dedup();
        at
    }
}

fn pattern(query: &str) -> Pattern {
    Pattern::new(query, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_and_narrowing_finds_the_same() {
        let list = ["src/tui/keys.rs", "docs/keys.md", "src/engine/key.rs", "README.md"];
        let mut fresh = Fuzzy::new(true);
        fresh.search(list.iter().copied(), "keyrs");
        assert_eq!(fresh.found(), [2, 0]);
        let mut typed = Fuzzy::new(true);
        for query in ["", "k", "ke", "key", "keyr", "keyrs"] {
            typed.refine(list.len(), |place| list[place], query);
        }
        assert_eq!(typed.found(), fresh.found());
        assert_eq!(fresh.letters("key.rs"), [0, 1, 2, 4, 5]);
        typed.refine(list.len(), |place| list[place], "");
        assert_eq!(typed.found(), [0, 1, 2, 3]);
    }
}
