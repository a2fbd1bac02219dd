//! How wide text is on a terminal, how it is cut, and what cannot be seen made visible.
//!
//! A grapheme is what is drawn as one; its width is that of `unicode-width`, which follows UAX #11 and counts
//! an emoji sequence as two columns. Widths here are sums over graphemes, as ratatui's buffer draws them.

use std::borrow::Cow;

use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns between tab stops.
const TAB: usize = 4;

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

/// Columns that a line takes.
pub fn line_width(line: &Line) -> usize {
    spans_width(&line.spans)
}

pub fn spans_width(spans: &[Span]) -> usize {
    spans.iter().map(|span| width(&span.content)).sum()
}

pub(super) fn grapheme_width(grapheme: &str) -> usize {
    if is_plain(grapheme) { grapheme.len() } else { grapheme.width() }
}

/// Printable ASCII: a column a byte.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The text in at most `most` columns; what was cut off ends in `…`.
pub fn truncate(text: &str, most: usize) -> Cow<'_, str> {
    // Nothing is wider than two columns a byte, so a long text need not be measured whole.
    if text.len() <= most.saturating_mul(4).saturating_add(16) && width(text) <= most {
        return Cow::Borrowed(text);
    }
    if most == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > most {
            let kept = fitting(text, most - 1);
            return Cow::Owned(format!("{}…", &text[..kept]));
        }
        if at + grapheme.len() == text.len() {
            break;
        }
    }
    Cow::Borrowed(text)
}

/// Bytes of the longest beginning that fits in `most` columns.
fn fitting(text: &str, most: usize) -> usize {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > most {
            return at;
        }
    }
    text.len()
}

/// A line in at most `most` columns; what was cut off ends in `…`.
pub fn truncate_line(line: Line<'static>, most: usize) -> Line<'static> {
    if line_width(&line) <= most {
        return line;
    }
    let mut left = most;
    let mut spans = Vec::new();
    let (style, alignment) = (line.style, line.alignment);
    let mut rest = line.spans.into_iter().peekable();
    while let Some(span) = rest.next() {
        let wide = width(&span.content);
        let more = rest.peek().is_some();
        if wide < left || (wide == left && !more) {
            left -= wide;
            spans.push(span);
            continue;
        }
        if left > 0 {
            let kept = fitting(&span.content, left - 1);
            spans.push(Span::styled(format!("{}…", &span.content[..kept]), span.style));
        }
        break;
    }
    Line { style, alignment, spans }
}

/// The text as it can be shown on one line: tabs become spaces up to the next stop, control characters their
/// pictures (`␛`), and characters that would turn the order of what follows their names (`‹U+202E›`).
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    // Columns are only wanted for tabs, and every character before one counts once.
    let mut counted = 0;
    let mut column = 0;
    for ch in text.chars() {
        match ch {
            '\t' => {
                column += width(&out[counted..]);
                let fill = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', fill));
                column += fill;
                counted = out.len();
            }
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + ch as u32).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => out.push('\u{fffd}'),
            _ if is_hidden(ch) => out.push_str(&format!("‹U+{:04X}›", ch as u32)),
            _ => out.push(ch),
        }
    }
    Cow::Owned(out)
}

/// Control characters, and those of UAX #9 that embed, override or isolate: they make code read otherwise
/// than it runs. Marks that only give a direction to themselves stay, as do joiners of emoji and scripts.
fn is_hidden(ch: char) -> bool {
    ch.is_control()
        || matches!(ch, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        || matches!(ch, '\u{e0000}'..='\u{e001f}' | '\u{206a}'..='\u{206f}')
}

/// One line of whatever this is: line ends become `⏎`, the rest visible.
pub fn one_line(text: &str) -> String {
    let text = text.trim_end_matches(['\n', '\r']);
    let joined = if text.contains('\n') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\n', " ⏎ "))
    } else {
        Cow::Borrowed(text)
    };
    visible(&joined).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_what_is_drawn() {
        let cases = [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👩‍👩‍👧‍👦", 2), ("🇩🇪", 2), ("שלום", 4), ("", 0)];
        for (text, expected) in cases {
            assert_eq!(width(text), expected, "{text}");
        }
    }

    #[test]
    fn cutting_keeps_whole_graphemes_and_says_so() {
        assert_eq!(truncate("abcdef", 6), "abcdef");
        assert_eq!(truncate("abcdef", 5), "abcd…");
        assert_eq!(truncate("日本語", 4), "日…");
        assert_eq!(truncate("日本語", 5), "日本…");
        assert_eq!(truncate("a👩‍👩‍👧‍👦b", 3), "a…");
        assert_eq!(truncate("a👩‍👩‍👧‍👦b", 4), "a👩‍👩‍👧‍👦b");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
        let line = Line::from(vec![Span::raw("abc"), Span::raw("def")]);
        assert_eq!(truncate_line(line.clone(), 6), line);
        assert_eq!(truncate_line(line.clone(), 3).to_string(), "ab…");
        assert_eq!(truncate_line(line, 4).to_string(), "abc…");
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        assert_eq!(visible("a\tb\u{1b}[31m\u{7f}"), "a   b␛[31m␡");
        assert_eq!(visible("日\tx"), "日  x");
        assert_eq!(visible("if \u{202e}x\u{2066}"), "if ‹U+202E›x‹U+2066›");
        assert_eq!(visible("e\u{301} 👩‍👧 \u{200f}שלום"), "e\u{301} 👩‍👧 \u{200f}שלום");
        assert_eq!(one_line("a\nb\r\nc\n"), "a ⏎ b ⏎ c");
    }
}
