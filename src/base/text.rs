//! Measuring and shortening text for people and models.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `1 file`, `2 files`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A text that a terminal shows and does not obey: controls as pictures (`␛`) or names (`‹U+009B›`), and what
/// would turn the order of the text round by name. Line ends and tabs stay; carriage returns go.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => {}
            '\u{7f}' => out.push('␡'),
            c if c < ' ' && obeyed(c) => out.extend(char::from_u32(0x2400 + u32::from(c))),
            c if obeyed(c) => out.push_str(&format!("‹U+{:04X}›", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `4,000`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The candidate most like `name`, if any is alike enough to be a plausible slip of the pen.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Tokens that `text` costs, estimated without a vocabulary: about four bytes a token in English
/// and code, fewer bytes where text is dense in punctuation or outside ASCII. Used for layout; the
/// usage that a provider reports corrects it.
pub fn estimate_tokens(text: &str) -> usize {
    let mut quarters = 0usize;
    for ch in text.chars() {
        quarters += match ch {
            'a'..='z' | 'A'..='Z' | ' ' => 85,
            '0'..='9' => 160,
            '\n' | '\t' => 130,
            c if c.is_ascii() => 190,
            c if (c as u32) < 0x800 => 220,
            _ => 360,
        };
    }
    quarters.div_ceil(400)
}

/// A text cut to head and tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elided {
    pub text: String,
    /// Bytes left out; 0 when the text was short enough.
    pub dropped_bytes: usize,
    /// Lines left out.
    pub dropped_lines: usize,
}

/// Keeps at most `head` bytes from the start and `tail` bytes from the end, cut at line ends where
/// one is near and never inside a character.
pub fn elide_middle(text: &str, head: usize, tail: usize) -> Elided {
    if text.len() <= head + tail {
        return Elided { text: text.to_owned(), dropped_bytes: 0, dropped_lines: 0 };
    }
    let head_end = line_end_before(text, head);
    let tail_start = line_start_after(text, text.len() - tail);
    let dropped = &text[head_end..tail_start];
    let dropped_lines = dropped.lines().count();
    let note = format!("\n[… {} bytes, {} left out …]\n", dropped.len(), plural(dropped_lines, "line"));
    Elided {
        text: [&text[..head_end], &note, &text[tail_start..]].concat(),
        dropped_bytes: dropped.len(),
        dropped_lines,
    }
}

fn line_end_before(text: &str, at: usize) -> usize {
    let at = floor_boundary(text, at);
    text[..at].rfind('\n').filter(|end| at - end < 400).unwrap_or(at)
}

fn line_start_after(text: &str, at: usize) -> usize {
    let at = ceil_boundary(text, at);
    text[at..].find('\n').filter(|next| *next < 400).map_or(at, |next| at + next + 1)
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// What a terminal would have shown at the end: escape sequences dropped, carriage-return progress
/// folded to its last state, a line repeated more than three times in a row counted.
pub fn fold_terminal_output(raw: &str) -> String {
    let plain = strip_escapes(raw);
    let mut out = String::with_capacity(plain.len());
    let mut previous: Option<&str> = None;
    let mut repeats = 0usize;
    for line in plain.split('\n') {
        let shown = line.trim_end_matches('\r');
        let shown = shown.rsplit('\r').next().unwrap_or(shown);
        if previous == Some(shown) && !shown.is_empty() {
            repeats += 1;
            continue;
        }
        flush_repeats(&mut out, previous, repeats);
        repeats = 0;
        out.push_str(shown);
        out.push('\n');
        previous = Some(shown);
    }
    flush_repeats(&mut out, previous, repeats);
    out.pop();
    out
}

fn flush_repeats(out: &mut String, line: Option<&str>, repeats: usize) {
    let Some(line) = line else { return };
    if repeats > 2 {
        out.push_str(&format!("[the line above {repeats} more times]\n"));
        return;
    }
    for _ in 0..repeats {
        out.push_str(line);
        out.push('\n');
    }
}

fn strip_escapes(raw: &str) -> String {
    if !raw.contains(['\u{1b}', '\u{8}']) {
        return raw.to_owned();
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            '\u{8}' => {
                out.pop();
            }
            '\u{1b}' => skip_escape(&mut chars),
            _ => out.push(ch),
        }
    }
    out
}

/// Skips one escape sequence after its ESC (ECMA-48: CSI, OSC and other string sequences, two-byte).
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => {
            for ch in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&ch) {
                    break;
                }
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(ch) = chars.next() {
                if ch == '\u{7}' {
                    break;
                }
                if ch == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_controls_and_obeys_none() {
        assert_eq!(harmless("a\tb\r\nü 🦀\n"), "a\tb\nü 🦀\n");
        assert_eq!(harmless("\u{1b}]0;x\u{7}\u{7f}\u{9b}2J\u{202e}"), "␛]0;x␇␡‹U+009B›2J‹U+202E›");
        assert!(matches!(harmless("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn elision_keeps_both_ends_and_counts_the_rest() {
        let text: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let cut = elide_middle(&text, 100, 100);
        assert!(cut.text.starts_with("line 0\n") && cut.text.ends_with("line 999\n"));
        assert!(cut.dropped_bytes > text.len() - 300);
        assert_eq!(elide_middle("short", 3, 3).dropped_bytes, 0);
    }

    #[test]
    fn elision_never_splits_a_character() {
        let text = "ж".repeat(500);
        let cut = elide_middle(&text, 101, 101);
        assert!(cut.text.starts_with('ж') && cut.text.ends_with('ж'));
    }

    #[test]
    fn terminal_noise_folds() {
        assert_eq!(fold_terminal_output("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(fold_terminal_output("10%\r50%\r100%\ndone"), "100%\ndone");
        assert_eq!(fold_terminal_output("a\r\nb"), "a\nb");
        assert_eq!(fold_terminal_output("x\nx\nx\nx\nx\ny"), "x\n[the line above 4 more times]\ny");
        assert_eq!(fold_terminal_output("x\nx\ny\n"), "x\nx\ny\n");
        assert_eq!(fold_terminal_output("\u{1b}]0;title\u{7}after"), "after");
    }

    #[test]
    fn nearest_names() {
        assert_eq!(nearest("raed", ["read", "write"]), Some("read"));
        assert_eq!(nearest("zzzz", ["read", "write"]), None);
    }
}
