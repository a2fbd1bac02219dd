//! Small strokes on a buffer that can never leave it, and text made safe to look at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns of a tab; a fixed number, so that a line has one width wherever it begins.
const TAB: &str = "    ";
/// Stands for a character that has no width of its own, so that nothing is in a text unseen.
const UNSEEN: &str = "\u{b7}";

/// How one grapheme is drawn: its symbol and its columns, never 0.
pub(super) fn shown(grapheme: &str) -> (&str, usize) {
    match grapheme {
        "\t" => (TAB, TAB.len()),
        _ if grapheme.contains(char::is_control) => (UNSEEN, 1),
        _ => match grapheme.width() {
            0 => (UNSEEN, 1),
            width => (grapheme, width),
        },
    }
}

/// Writes `text` from column `x` of row `y` (both within `area`), as far as it fits; gives the column after
/// it. Nothing is drawn outside `area`, and a wide character that does not fit whole is left out.
pub(super) fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    let mut at = x;
    if y >= area.height {
        return at;
    }
    for grapheme in text.graphemes(true) {
        let (symbol, columns) = shown(grapheme);
        let Some(after) = u16::try_from(columns).ok().and_then(|columns| at.checked_add(columns)) else {
            break;
        };
        if after > area.width {
            break;
        }
        buf.set_stringn(area.x + at, area.y + y, symbol, columns, style);
        at = after;
    }
    at
}

/// As [`put`], with an ellipsis when it does not fit into `columns`.
pub(super) fn put_cut(
    buf: &mut Buffer,
    area: Rect,
    (x, y): (u16, u16),
    columns: u16,
    text: &str,
    style: Style,
) -> u16 {
    let field = Rect { width: area.width.min(x.saturating_add(columns)), ..area };
    let cut = cut(text, usize::from(field.width.saturating_sub(x)));
    put(buf, field, x, y, &cut, style)
}

/// Columns that a text takes as we draw it.
pub(super) fn columns(text: &str) -> usize {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return text.len();
    }
    text.graphemes(true).map(|grapheme| shown(grapheme).1).sum()
}

/// The text, or as much of it as fits with an ellipsis at its end.
pub(super) fn cut(text: &str, most: usize) -> std::borrow::Cow<'_, str> {
    if columns(text) <= most {
        return text.into();
    }
    let (mut taken, mut end) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += shown(grapheme).1;
        if taken + 1 > most {
            break;
        }
        end = at + grapheme.len();
    }
    if most == 0 { "".into() } else { format!("{}…", &text[..end]).into() }
}

/// One line of text as it may be shown where trust depends on it: what would move the cursor, turn the
/// direction of reading or have no width is spelled out.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str(TAB),
            _ if c.is_control() || hides(c) => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// Characters that change how others read, or cannot be seen (Unicode 17, `Default_Ignorable_Code_Point` and
/// `Bidi_Control`), less those that emoji and scripts need.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The pieces of one line, without line ends, that fit into `width` columns each: broken at spaces where
/// there are some, else between graphemes. At least one piece.
pub(super) fn wrap(line: &str, width: usize) -> Vec<&str> {
    let width = width.max(1);
    let mut rows = Vec::new();
    let (mut start, mut taken, mut space) = (0, 0, None);
    for (at, grapheme) in line.grapheme_indices(true) {
        let (_, columns) = shown(grapheme);
        while taken + columns > width && at > start {
            let end = space.filter(|end| *end > start).unwrap_or(at);
            rows.push(&line[start..end]);
            start = end;
            taken = self::columns(&line[start..at]);
            space = None;
        }
        taken += columns;
        if grapheme == " " {
            space = Some(at + 1);
        }
    }
    rows.push(&line[start..]);
    rows
}

/// A buffer as text, for tests: rows without the spaces at their ends, the cursor as `█`.
#[cfg(test)]
pub(super) fn screen(buf: &Buffer, cursor: Option<ratatui::layout::Position>) -> String {
    let mut out = String::new();
    for y in buf.area.rows() {
        let mut row = String::new();
        let mut skip = 0;
        for x in y.columns() {
            let cell = &buf[(x.x, y.y)];
            let here = cursor.is_some_and(|cursor| (cursor.x, cursor.y) == (x.x, y.y));
            match (skip, here) {
                (0, true) => row.push('█'),
                (0, false) => row.push_str(cell.symbol()),
                _ => {}
            }
            skip = if skip > 0 { skip - 1 } else { cell.symbol().width().saturating_sub(1) };
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_field() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 2));
        let area = Rect::new(1, 0, 3, 1);
        assert_eq!(put(&mut buf, area, 0, 0, "a世界", Style::new()), 3);
        put(&mut buf, area, 0, 1, "below", Style::new());
        put(&mut buf, Rect::new(3, 1, 9, 9), 0, 0, "beyond", Style::new());
        let expected = Buffer::with_lines([" a世", "   b"]);
        assert_eq!(buf, expected);
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("世界人", 4), "世…");
        assert_eq!((cut("ab", 0), cut("ab", 1), cut("ab", 2)), ("".into(), "…".into(), "ab".into()));
    }

    #[test]
    fn what_hides_is_spelled_out() {
        assert_eq!(plain("rm\u{202e}fdp\u{200b}.\u{1b}[1m"), "rm<U+202E>fdp<U+200B>.<U+001B>[1m");
        assert_eq!(plain("naïve 👩\u{200d}💻 שלום"), "naïve 👩\u{200d}💻 שלום");
    }

    #[test]
    fn lines_break_at_spaces_and_lose_nothing() {
        assert_eq!(wrap("the quick fox", 9), ["the ", "quick fox"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("世界", 1), ["世", "界"]);
        assert_eq!(wrap("a b c d", 2).concat(), "a b c d");
    }
}
