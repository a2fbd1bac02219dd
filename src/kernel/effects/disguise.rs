//! Names that look like other names: hidden and reordering characters, letters of another alphabet that
//! look like ours.
//!
//! Ordinary names in any one script pass, and so do words of several scripts side by side (`отчёт-v2`):
//! only a letter that looks like an ASCII one inside an ASCII word is a disguise.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Why `name` looks like something that it is not.
pub(in crate::kernel) fn disguise(name: &str) -> Option<&'static str> {
    if name.is_ascii() {
        return None;
    }
    if reorders(name) {
        return Some("it holds characters that show it in another order");
    }
    if name.chars().any(is_hidden) || joins_ascii(name) {
        return Some("it holds characters that cannot be seen");
    }
    let word = |word: &str| {
        word.chars().any(|c| c.is_ascii_alphabetic()) && word.chars().any(|c| looks_ascii(c).is_some())
    };
    let mixed = name.split(|c: char| !c.is_alphanumeric()).any(word);
    mixed.then_some("it mixes letters that look the same and are not")
}

/// The name it looks like, where that is another one.
pub(in crate::kernel) fn looks_like(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let plain = |c: char| looks_ascii(c).unwrap_or(c);
    let folded: String = name.nfkc().filter(|c| !is_hidden(*c) && !is_joiner(*c)).map(plain).collect();
    (folded != name).then_some(folded)
}

/// Characters that turn the direction of text round (Unicode Bidirectional Algorithm, explicit formatting).
pub(in crate::kernel) fn reorders(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// Characters without a width, except the joiners that some scripts and emoji need.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}'
    ) || c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A joiner beside an ASCII character joins nothing.
fn joins_ascii(name: &str) -> bool {
    let chars: Vec<char> = name.chars().collect();
    let ascii = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_none_or(char::is_ascii);
    chars.iter().enumerate().any(|(at, c)| is_joiner(*c) && (ascii(at.checked_sub(1)) || ascii(Some(at + 1))))
}

/// The ASCII letter that a letter of another script looks like (Unicode Technical Standard 39).
fn looks_ascii(c: char) -> Option<char> {
    let foreign = matches!(
        c,
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
            | '\u{1f00}'..='\u{1fff}' | '\u{ab70}'..='\u{abbf}' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}'
            | '\u{2024}' | '\u{2044}' | '\u{2215}' | '\u{29f8}'
    );
    if !foreign {
        return None;
    }
    let mut buffer = [0u8; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    let mut plain = text.nfkc();
    if let (Some(one), None) = (plain.next(), plain.next())
        && one.is_ascii()
    {
        return Some(one);
    }
    let mut folded = skeleton(text);
    match (folded.next(), folded.next()) {
        (Some(one), None) if one.is_ascii() => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_are_seen_and_names_of_one_script_pass() {
        for name in [
            "s\u{440}c",
            "\u{441}url",
            "src\u{200b}",
            "a\u{202e}txt.exe",
            "r\u{ff4d}",
            "\u{ff27}it",
            "a\u{200d}b",
            "package\u{ad}.json",
            "\u{1d41b}ash",
            "\u{3bf}s",
            "x\u{feff}",
        ] {
            assert!(disguise(name).is_some(), "{name:?}");
        }
        for name in [
            "src",
            "отчёт-v2.md",
            "日本語guide.md",
            "müller.txt",
            "dışarı",
            "Δt.csv",
            "σ_x.py",
            "naïve café",
            "한국어",
            "שלום.txt",
            "👩\u{200d}💻.md",
            "ملف",
            "Ελλάδα",
            "µm.dat",
            "résumé (2).pdf",
            "“quoted” – text…",
        ] {
            assert_eq!(disguise(name), None, "{name:?}");
        }
        assert_eq!(looks_like(".\u{435}nv").as_deref(), Some(".env"));
        assert_eq!(looks_like("\u{ff0e}git").as_deref(), Some(".git"));
        assert_eq!(looks_like("отчёт").as_deref().map(|name| name.is_ascii()), Some(false));
    }
}
