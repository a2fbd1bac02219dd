//! A table of Markdown, laid out by the width of what is in it; one too wide for any screen as `name: value`.

use ratatui::text::{Line, Span};

use super::width::{spans_width, truncate_line};
use crate::tui::style::{Styles, Token};

/// Columns of the screen that a table may take before it is told row by row.
const WIDEST: usize = 110;
/// Columns of one column of a table.
const WIDEST_COLUMN: usize = 60;

type Cell = Vec<Span<'static>>;

#[derive(Debug, Default)]
pub(super) struct Table {
    /// Which columns stand to the right.
    right: Vec<bool>,
    rows: Vec<Vec<Cell>>,
    row: Vec<Cell>,
}

impl Table {
    pub(super) fn new(right: Vec<bool>) -> Self {
        Self { right, ..Self::default() }
    }

    pub(super) fn cell(&mut self, cell: Cell) {
        self.row.push(cell);
    }

    pub(super) fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    pub(super) fn lines(self, styles: &Styles) -> Vec<Line<'static>> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |at: usize| {
            self.rows.iter().filter_map(|row| row.get(at)).map(|cell| spans_width(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let total = widths.iter().sum::<usize>() + columns.saturating_sub(1) * 3;
        if total > WIDEST { self.told(styles) } else { self.drawn(&widths, styles) }
    }

    fn drawn(self, widths: &[usize], styles: &Styles) -> Vec<Line<'static>> {
        let border = styles.get(Token::Border);
        let heading = styles.get(Token::Strong);
        let mut lines = Vec::new();
        for (number, row) in self.rows.into_iter().enumerate() {
            // A head of nothing but blanks is no head.
            if number == 0 && row.iter().all(|cell| spans_width(cell) == 0) {
                continue;
            }
            let mut spans = Vec::new();
            for (at, cell) in row.into_iter().enumerate() {
                if at > 0 {
                    spans.push(Span::styled(" │ ", border));
                }
                let width = widths[at].min(WIDEST_COLUMN);
                let cell = truncate_line(Line::from(cell), width).spans;
                let blank = " ".repeat(width - spans_width(&cell).min(width));
                let right = self.right.get(at).copied().unwrap_or_default();
                if right {
                    spans.push(Span::raw(blank.clone()));
                }
                spans.extend(cell.into_iter().map(|span| if number == 0 { span.patch_style(heading) } else { span }));
                if !right && at + 1 < widths.len() {
                    spans.push(Span::raw(blank));
                }
            }
            lines.push(Line::from(spans));
            if number == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat((*width).min(WIDEST_COLUMN))).collect();
                lines.push(Line::from(Span::styled(rule.join("─┼─"), border)));
            }
        }
        lines
    }

    fn told(self, styles: &Styles) -> Vec<Line<'static>> {
        let muted = styles.get(Token::Muted);
        let mut rows = self.rows.into_iter();
        let names: Vec<Cell> = rows.next().unwrap_or_default();
        let mut lines: Vec<Line<'static>> = Vec::new();
        for row in rows {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            for (at, cell) in row.into_iter().enumerate() {
                let mut spans = names.get(at).cloned().unwrap_or_default();
                if spans_width(&spans) > 0 {
                    spans.push(Span::styled(": ", muted));
                }
                spans.extend(cell);
                lines.push(Line::from(spans));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::style::Styles;
    use crate::tui::text::Markdown;

    fn shown(source: &str) -> Vec<String> {
        Markdown::of(source, &Styles::plain()).iter().map(|row| row.line.to_string()).collect()
    }

    #[test]
    fn a_table_is_as_wide_as_what_is_in_it() {
        assert_eq!(
            shown("| a | bb |\n|---|--:|\n| one | 2 |\n| 日本 | 33 |"),
            ["a    │ bb", "─────┼───", "one  │  2", "日本 │ 33"]
        );
        assert_eq!(shown("| | |\n|---|---|\n| x | y |"), ["x │ y"]);
    }

    #[test]
    fn one_that_fits_no_screen_is_told() {
        let long = "word ".repeat(30);
        let lines = shown(&format!("| name | text |\n|---|---|\n| a | {long} |\n| b | {long} |"));
        assert_eq!((lines[0].as_str(), lines.len()), ("name: a", 5));
        assert!(lines[1].starts_with("text: word word"), "{lines:?}");
    }
}
