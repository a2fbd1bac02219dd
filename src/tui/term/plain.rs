//! Text as a terminal may be given it: what would act, hide or turn the reading order around is shown as
//! an escape. Text comes from models and from programs; none of it is trusted.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns from one tab stop to the next, as terminals have them.
const TAB: usize = 8;

/// `text` in one row, without anything that acts: for titles, notifications, single cells.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    append(text, &mut column, &mut out);
    out
}

/// Appends `text` made harmless. `column` counts the columns of its line so far, for tabs.
pub(super) fn append(text: &str, column: &mut usize, out: &mut String) {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        *column += text.len();
        out.push_str(text);
        return;
    }
    for cluster in text.graphemes(true) {
        if cluster == "\t" {
            let gap = TAB - *column % TAB;
            out.extend(std::iter::repeat_n(' ', gap));
            *column += gap;
            continue;
        }
        let from = out.len();
        // Tags spell the names of some flags; anywhere else they are text that nobody sees.
        let flag = cluster.starts_with('\u{1f3f4}');
        if cluster.chars().any(|ch| acts(ch) && !(flag && is_tag(ch))) {
            cluster.chars().for_each(|ch| append_escaped(ch, out));
        } else {
            // A mark with nothing before it would land on what an earlier line left there.
            if *column == 0 && cluster.width() == 0 {
                out.push('\u{25cc}');
            }
            out.push_str(cluster);
        }
        *column += out[from..].width();
    }
}

/// Whether every character may be written as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !text.chars().any(acts)
}

fn append_escaped(ch: char, out: &mut String) {
    match ch {
        // The caret notation of terminals: `^[` is ESC, `^?` is DEL.
        '\0'..='\x1f' | '\x7f' => {
            out.push('^');
            out.push(char::from(ch as u8 ^ 0x40));
        }
        _ if acts(ch) => out.extend(ch.escape_unicode()),
        _ => out.push(ch),
    }
}

fn is_tag(ch: char) -> bool {
    matches!(ch, '\u{e0000}'..='\u{e007f}')
}

/// Controls (C0, DEL, C1), breaks of lines, embeddings, overrides and isolates of the bidirectional
/// algorithm, and characters without any look of their own that joiners and scripts do not need.
fn acts(ch: char) -> bool {
    ch.is_control()
        || is_tag(ch)
        || matches!(ch,
            '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_and_what_is_text_stays() {
        for (text, wanted) in [
            ("plain ~", "plain ~"),
            ("a\tb", "a       b"),
            ("1234567\tb", "1234567 b"),
            ("12345678\tb", "12345678        b"),
            ("\u{1b}[2J", "^[[2J"),
            ("\u{1b}]0;t\u{7}", "^[]0;t^G"),
            ("a\r\nb", "a^M^Jb"),
            ("\u{7f}\0", "^?^@"),
            ("\u{9b}2J\u{9d}", "\\u{9b}2J\\u{9d}"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("e\u{301}", "e\u{301}"),
            ("\u{301}e", "\u{25cc}\u{301}e"),
            ("👩‍👩‍👧 é 漢", "👩‍👩‍👧 é 漢"),
            ("x\u{e0041}", "x\\u{e0041}"),
            ("\u{1f3f4}\u{e0067}\u{e007f}", "\u{1f3f4}\u{e0067}\u{e007f}"),
            ("שלום", "שלום"),
        ] {
            assert_eq!(plain(text), wanted, "{text:?}");
        }
    }
}
