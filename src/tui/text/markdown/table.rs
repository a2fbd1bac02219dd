//! Tables fitted to a width: columns shrink and their cells wrap; where that helps nobody, each row becomes a
//! list of `column: value`.

use pulldown_cmark::Alignment;
use ratatui::text::{Line, Span};

use crate::tui::style::{Styles, Token};
use crate::tui::text::width::{line_width, spans_width};
use crate::tui::text::wrap::{Row, break_row};

/// A column narrower than this cannot be read.
const LEAST_COLUMN: usize = 6;

type Cell = Vec<Span<'static>>;

#[derive(Debug, Default)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new() }
    }

    pub(super) fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn cell(&mut self, cell: Cell) {
        if let Some(row) = self.rows.last_mut() {
            row.push(cell);
        }
    }

    pub(super) fn rows(self, room: usize, styles: &Styles) -> Vec<Row> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let natural: Vec<usize> = (0..columns)
            .map(|at| self.rows.iter().filter_map(|row| row.get(at)).map(|cell| spans_width(cell)).max())
            .map(|most| most.unwrap_or(0).max(1))
            .collect();
        match fit(&natural, room) {
            Some(widths) => self.grid(&widths, styles),
            None => self.list(styles),
        }
    }

    fn grid(&self, widths: &[usize], styles: &Styles) -> Vec<Row> {
        let border = styles.get(Token::Border);
        let mut rows = Vec::new();
        let too_wide = |row: &Vec<Cell>| row.iter().zip(widths).any(|(cell, room)| spans_width(cell) > *room);
        let broken = self.rows.iter().any(too_wide);
        for (number, cells) in self.rows.iter().enumerate() {
            let columns: Vec<Vec<Line>> = widths
                .iter()
                .enumerate()
                .map(|(at, width)| {
                    let cell = cells.get(at).cloned().unwrap_or_default();
                    break_row(Row::words(cell), u16::try_from(*width).unwrap_or(u16::MAX))
                })
                .collect();
            let height = columns.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..height {
                let mut spans = Vec::new();
                for (at, width) in widths.iter().enumerate() {
                    if at > 0 {
                        spans.push(Span::styled(" │ ", border));
                    }
                    let cell = columns[at].get(line).cloned().unwrap_or_default();
                    let last = at + 1 == widths.len();
                    self.pad(cell, at, *width, last, &mut spans);
                }
                rows.push(Row::fixed(spans));
            }
            // Below the head, and between rows that take more than a line each.
            if number == 0 || (broken && number + 1 < self.rows.len()) {
                let parts: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                rows.push(Row::fixed(Span::styled(parts.join("─┼─"), border)));
            }
        }
        rows
    }

    fn pad(&self, cell: Line<'static>, at: usize, width: usize, last: bool, out: &mut Cell) {
        let space = width.saturating_sub(line_width(&cell));
        let before = match self.alignments.get(at) {
            Some(Alignment::Right) => space,
            Some(Alignment::Center) => space / 2,
            _ => 0,
        };
        if before > 0 {
            out.push(Span::raw(" ".repeat(before)));
        }
        out.extend(cell.spans);
        if space > before && !last {
            out.push(Span::raw(" ".repeat(space - before)));
        }
    }

    fn list(self, styles: &Styles) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut records = self.rows.into_iter();
        let head = records.next().unwrap_or_default();
        let mut any = false;
        for cells in records {
            if any {
                rows.push(Row::blank());
            }
            any = true;
            for (at, cell) in cells.into_iter().enumerate() {
                let mut spans = head.get(at).cloned().unwrap_or_default();
                spans.push(Span::styled(": ", styles.get(Token::Muted)));
                spans.extend(cell);
                rows.push(Row::words(spans).hanging(2));
            }
        }
        if !any {
            rows.extend(head.into_iter().map(Row::words));
        }
        rows
    }
}

/// Widths of columns that fit in `room`, the widest giving most; `None` when they would be too narrow.
fn fit(natural: &[usize], room: usize) -> Option<Vec<usize>> {
    let borders = natural.len().saturating_sub(1) * 3;
    let room = room.checked_sub(borders)?;
    if natural.iter().sum::<usize>() <= room {
        return Some(natural.to_vec());
    }
    if natural.iter().map(|width| (*width).min(LEAST_COLUMN)).sum::<usize>() > room {
        return None;
    }
    // Columns up to a common cap keep what they want; the cap is the largest that fits.
    let total = |cap: usize| natural.iter().map(|width| (*width).min(cap)).sum::<usize>();
    let (mut low, mut high) = (LEAST_COLUMN, room);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if total(middle) <= room {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let mut widths: Vec<usize> = natural.iter().map(|width| (*width).min(low)).collect();
    let mut left = room - widths.iter().sum::<usize>();
    for (width, wanted) in widths.iter_mut().zip(natural) {
        if *width < *wanted && left > 0 {
            *width += 1;
            left -= 1;
        }
    }
    Some(widths)
}
