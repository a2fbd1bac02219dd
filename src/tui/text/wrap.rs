//! Logical lines and where they may be broken.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::width::{grapheme_width, line_width, spans_width};

/// Who breaks lines that are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    /// The terminal: a paragraph is one line, which can be copied as one and reflows with the window.
    Terminal,
    /// We do, at words, in this many columns.
    Words(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// Between words, and within those that are longer than a line.
    AtWords,
    /// Anywhere, as a terminal does: code, and whatever has a layout of its own.
    Anywhere,
}

/// One logical line, and how it goes on when it is broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub line: Line<'static>,
    /// What stands before each further line.
    pub hang: Vec<Span<'static>>,
    pub breaks: Breaks,
}

impl Row {
    pub fn words(line: impl Into<Line<'static>>) -> Self {
        Self { line: line.into(), hang: Vec::new(), breaks: Breaks::AtWords }
    }

    pub fn fixed(line: impl Into<Line<'static>>) -> Self {
        Self { line: line.into(), hang: Vec::new(), breaks: Breaks::Anywhere }
    }

    pub fn blank() -> Self {
        Self::fixed(Line::default())
    }

    /// The same row, going on below this many columns of indent.
    pub fn hanging(mut self, columns: usize) -> Self {
        self.hang = if columns == 0 { Vec::new() } else { vec![Span::raw(" ".repeat(columns))] };
        self
    }

    /// The same row behind `first`, and behind `rest` where it goes on.
    pub fn behind(mut self, first: &[Span<'static>], rest: &[Span<'static>]) -> Self {
        self.line.spans.splice(0..0, first.iter().cloned());
        self.hang.splice(0..0, rest.iter().cloned());
        self
    }
}

/// Rows as lines for a terminal.
pub fn settle(rows: Vec<Row>, wrap: Wrap) -> Vec<Line<'static>> {
    match wrap {
        Wrap::Terminal => rows.into_iter().map(|row| row.line).collect(),
        Wrap::Words(width) => rows.into_iter().flat_map(|row| break_row(row, width)).collect(),
    }
}

/// One row in lines of at most `width` columns (at least one).
pub fn break_row(row: Row, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width.max(1));
    if line_width(&row.line) <= width {
        return vec![row.line];
    }
    // An indent that takes most of a narrow line helps nobody.
    let hang = if spans_width(&row.hang) * 2 > width { Vec::new() } else { row.hang };
    let hang_width = spans_width(&hang);
    let units = units(&row.line);
    let style = row.line.style;
    let mut lines = Vec::new();
    let mut start = 0;
    while start < units.len() {
        let room = if lines.is_empty() { width } else { width - hang_width };
        let (end, next) = line_end(&units, start, room, row.breaks);
        let mut spans = if lines.is_empty() { Vec::new() } else { hang.clone() };
        join(&units[start..end], room, &mut spans);
        lines.push(Line { style, alignment: None, spans });
        start = next;
    }
    lines
}

/// One grapheme with its look.
struct Unit<'a> {
    text: &'a str,
    width: usize,
    style: Style,
    /// Which span it is of; neighbours of one span become one again.
    span: usize,
}

impl Unit<'_> {
    fn is_space(&self) -> bool {
        self.text == " "
    }
}

fn units<'a>(line: &'a Line<'static>) -> Vec<Unit<'a>> {
    let spans = line.spans.iter().enumerate();
    spans
        .flat_map(|(span, of)| {
            of.content.graphemes(true).map(move |text| Unit {
                text,
                width: grapheme_width(text),
                style: of.style,
                span,
            })
        })
        .collect()
}

/// Where the line that begins at `start` ends, and where the next begins.
fn line_end(units: &[Unit], start: usize, room: usize, breaks: Breaks) -> (usize, usize) {
    let mut used = 0;
    let mut seen_word = false;
    let mut best = None;
    for (at, unit) in units.iter().enumerate().skip(start) {
        let words = breaks == Breaks::AtWords;
        if words && unit.is_space() {
            if seen_word {
                best = Some(at);
            }
        } else {
            // Between ideographs and emoji a line may end anywhere.
            let wide = unit.width > 1 || (at > start && units[at - 1].width > 1);
            if words && seen_word && wide && !units[at - 1].is_space() {
                best = Some(at);
            }
            seen_word = true;
        }
        used += unit.width;
        if used > room {
            let end = match best {
                Some(best) => best,
                None => at.max(start + 1),
            };
            let spaces = units[end..].iter().take_while(|unit| words && unit.is_space()).count();
            return (end, end + spaces);
        }
    }
    (units.len(), units.len())
}

fn join(units: &[Unit], room: usize, out: &mut Vec<Span<'static>>) {
    let mut open: Option<(usize, Style, String)> = None;
    for unit in units {
        // Wider than a whole line: two columns where there is one.
        let text = if unit.width > room { "…" } else { unit.text };
        match &mut open {
            Some((span, _, held)) if *span == unit.span => held.push_str(text),
            _ => {
                out.extend(open.take().map(|(_, style, held)| Span::styled(held, style)));
                open = Some((unit.span, unit.style, text.to_owned()));
            }
        }
    }
    out.extend(open.map(|(_, style, held)| Span::styled(held, style)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, hang: usize, width: u16) -> Vec<String> {
        let row = Row::words(text.to_owned()).hanging(hang);
        break_row(row, width).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_break_at_words_below_a_hanging_indent() {
        assert_eq!(broken("• one two three", 2, 9), ["• one two", "  three"]);
        assert_eq!(broken("one  two", 0, 5), ["one", "two"]);
        assert_eq!(broken("  one two", 0, 5), ["  one", "two"]);
        assert_eq!(broken("abcdefgh ij", 0, 4), ["abcd", "efgh", "ij"]);
        assert_eq!(broken("日本語の文章", 0, 5), ["日本", "語の", "文章"]);
        assert_eq!(broken("a 日本", 0, 4), ["a 日", "本"]);
        assert_eq!(broken("日本", 0, 1), ["…", "…"]);
        assert_eq!(broken("x y", 40, 2), ["x", "y"]);
        assert_eq!(broken("", 0, 1), [""]);
    }

    #[test]
    fn code_breaks_anywhere_and_the_terminal_breaks_nothing() {
        let row = || Row::fixed("let a = 1;".to_owned());
        let lines: Vec<_> = break_row(row(), 6).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["let a ", "= 1;"]);
        assert_eq!(settle(vec![row()], Wrap::Terminal).len(), 1);
    }

    #[test]
    fn looks_stay_with_their_letters() {
        let bold = Style::new().bold();
        let line = Line::from(vec![Span::raw("ab "), Span::styled("cd ef", bold)]);
        let lines = break_row(Row::words(line), 5);
        assert_eq!(lines[0].spans, [Span::raw("ab "), Span::styled("cd", bold)]);
        assert_eq!(lines[1].spans, [Span::styled("ef", bold)]);
    }
}
