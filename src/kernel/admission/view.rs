//! Copies of a text that are easier to read than the text itself, for scanning only, each with the way
//! back to the bytes of the original.
//!
//! What hides words from a scanner is undone in the copy: invisible and direction characters, look-alike
//! letters, full-width forms, terminal escapes, one level of base64 or hex. The original is never changed.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Encoded runs that are decoded in one text; a text of nothing but such runs is data, not a message.
const MOST_RUNS: usize = 256;
/// Bytes of one encoded run that are decoded.
const LONGEST_RUN: usize = 256 * 1024;

/// Base64 (both alphabets) or hex of at least 24 characters.
static ENCODED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{24,}={0,2}").expect("a pattern of our own"));

/// A readable copy of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    pub text: String,
    map: Map,
}

#[derive(Debug, PartialEq, Eq)]
enum Map {
    /// The text itself.
    Same,
    /// Where pieces begin: `(in the copy, in the original)`, in order; the last pair is both ends.
    Pieces(Vec<(usize, usize)>),
    /// All of the copy stands for this range.
    Whole(Range<usize>),
}

impl View {
    /// The text itself.
    pub fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), map: Map::Same }
    }

    /// The range of the original that a range of the copy stands for: whole characters, never less than
    /// what the copy shows.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        match &self.map {
            Map::Same => range,
            Map::Whole(whole) => whole.clone(),
            Map::Pieces(pieces) => {
                let first = pieces.partition_point(|(copy, _)| *copy <= range.start).saturating_sub(1);
                let last = pieces.partition_point(|(copy, _)| *copy < range.end);
                let start = pieces.get(first).map_or(0, |(_, original)| *original);
                let end = pieces.get(last).or(pieces.last()).map_or(start, |(_, original)| *original);
                start..end.max(start)
            }
        }
    }

    /// Whether this is the text itself.
    pub fn is_text(&self) -> bool {
        self.map == Map::Same
    }
}

/// The text itself, its normal form where that differs, and what its encoded runs decode to.
pub(super) fn views(text: &str) -> Vec<View> {
    let mut views = vec![View::plain(text)];
    views.extend(normalised(text));
    views.extend(decoded(text));
    views
}

/// Without escapes and invisible characters, in compatibility form, look-alikes as the Latin letters
/// they look like. `None` when there is nothing of the kind.
pub(super) fn normalised(text: &str) -> Option<View> {
    if text.bytes().all(|byte| byte.is_ascii() && byte != 0x1b) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut pieces = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let before = out.len();
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            c if c.is_ascii() => out.push(c),
            c if is_invisible(c) => {}
            c => fold(c, &mut out),
        }
        if out.len() > before {
            pieces.push((before, at));
        }
    }
    pieces.push((out.len(), text.len()));
    (out != text).then_some(View { text: out, map: Map::Pieces(pieces) })
}

/// A letter of another script that looks like a Latin one becomes that one; the rest takes its
/// compatibility form. The skeleton of UTS 39 also folds ASCII (`m` to `rn`), which is why ASCII is
/// left alone and a skeleton counts only where it is one plain character.
fn fold(c: char, out: &mut String) {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    let compatible: String = text.nfkc().collect();
    if compatible.is_ascii() {
        return out.push_str(&compatible);
    }
    let mut alike = skeleton(text);
    match (alike.next(), alike.next()) {
        (Some(one), None) if one.is_ascii() => out.push(one),
        _ => out.push_str(&compatible),
    }
}

/// Zero-width, joining and direction characters, soft hyphen, variation selectors, tag characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    if chars.next_if(|(_, c)| *c == '[').is_some() {
        while chars.next_if(|(_, c)| !('\u{40}'..='\u{7e}').contains(c)).is_some() {}
        chars.next();
    }
}

/// What encoded runs say, where it is text.
fn decoded(text: &str) -> Vec<View> {
    let runs = ENCODED.find_iter(text).take(MOST_RUNS);
    runs.filter_map(|run| {
        let text = decode(run.as_str())?;
        Some(View { text, map: Map::Whole(run.range()) })
    })
    .collect()
}

fn decode(run: &str) -> Option<String> {
    let run = run.trim_end_matches('=');
    if run.len() > LONGEST_RUN {
        return None;
    }
    let as_hex = run.len().is_multiple_of(2).then(|| hex::decode(run).ok()).flatten();
    let bytes =
        as_hex.or_else(|| STANDARD_NO_PAD.decode(run).ok()).or_else(|| URL_SAFE_NO_PAD.decode(run).ok())?;
    let text = String::from_utf8(bytes).ok()?;
    let printable = text.chars().filter(|c| !c.is_control() || c.is_whitespace()).count();
    (text.len() >= 12 && printable * 20 >= text.chars().count() * 19).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn reads(text: &str, hidden: &str, stands_for: &str) {
        let views = views(text);
        let view = views.iter().rev().find(|view| view.text.contains(hidden));
        let view = view.unwrap_or_else(|| panic!("{hidden:?} is in none of {views:#?}"));
        let at = view.text.find(hidden).unwrap();
        assert_eq!(&text[view.origin(at..at + hidden.len())], stands_for);
    }

    #[test]
    fn what_hides_words_is_undone_and_leads_back() {
        reads("a ig\u{200b}nore b", "ignore", "ig\u{200b}nore");
        reads("x \u{202e}ignore\u{202c} y", "ignore", "ignore\u{202c}");
        reads("см \u{456}gn\u{43e}re all", "ignore", "\u{456}gn\u{43e}re");
        reads("\u{ff49}\u{ff47}nore!", "ignore", "\u{ff49}\u{ff47}nore");
        reads("i\u{1b}[31mgnore", "ignore", "i\u{1b}[31mgnore");
        let encoded = base64::engine::general_purpose::STANDARD.encode("please ignore all of it");
        reads(&format!("see {encoded} there"), "ignore all", &encoded);
        let encoded = hex::encode("please ignore all of it");
        reads(&format!("see {encoded} there"), "ignore all", &encoded);
    }

    #[test]
    fn plain_text_and_digests_have_no_copies() {
        for text in ["fn main() {}\n", "7b502c3a1f48c8609ae212cdfb639dee39673f5e", "naïve — “quoted”, 日本"]
        {
            let others: Vec<_> = views(text).into_iter().filter(|view| view.text != text).collect();
            let kept = others.iter().all(|view| view.text.contains("naïve"));
            assert!(kept, "{text:?}: {others:?}");
        }
    }

    proptest! {
        #[test]
        fn no_range_of_a_copy_splits_a_character(text in "\\PC{0,40}", from in 0usize..60, length in 0usize..20) {
            for view in views(&text) {
                let bound = |at: usize| {
                    (0..=at.min(view.text.len())).rev().find(|at| view.text.is_char_boundary(*at)).unwrap()
                };
                let (start, end) = (bound(from), bound(from + length));
                let range = view.origin(start..end);
                prop_assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?}");
            }
        }
    }
}
