//! Where the tail's first row went when the terminal rewrapped its rows.

use ratatui::buffer::Buffer;

use super::paint;

/// What a terminal does with rows that no longer fit when it becomes narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrap {
    /// It cuts them off (xterm, GNU screen, the Linux console).
    Never,
    /// It wraps them, and the cursor stays with its text (most of today's).
    All,
    /// As `All`, but leaves the line with the cursor to the program (xterm.js: VS Code and its kin).
    AllButCursor,
}

/// Rows from the cursor up to the first row of `tail`, which was drawn with the cursor at `at`, now that
/// the terminal has `columns` columns.
pub(super) fn rows_up(tail: &Buffer, at: (u16, u16), columns: u16, rewrap: Rewrap) -> u16 {
    let rows = tail.area.height;
    if rewrap == Rewrap::Never || columns >= tail.area.width || rows == 0 {
        return at.1;
    }
    let above =
        (0..at.1.min(rows)).map(|y| wrapped(tail, y, u16::MAX, columns).0).fold(0, u16::saturating_add);
    if rewrap == Rewrap::AllButCursor {
        return above;
    }
    above.saturating_add(wrapped(tail, at.1.min(rows - 1), at.0, columns).1)
}

/// Rows that row `y` takes, and the one of them in which its column `x` lies.
fn wrapped(tail: &Buffer, y: u16, x: u16, columns: u16) -> (u16, u16) {
    let row = paint::row(tail, y);
    let used = paint::used(row);
    let (mut rows, mut column, mut found) = (1, 0, 0);
    let mut at = 0;
    while at < used {
        let width = paint::width(&row[usize::from(at)]).min(columns);
        if column + width > columns {
            rows += 1;
            column = 0;
        }
        if at <= x {
            found = rows - 1;
        }
        column += width;
        at += width.max(1);
    }
    (rows, found)
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn rows_are_counted_as_a_terminal_wraps_them() {
        let mut tail = Buffer::empty(Rect::new(0, 0, 20, 3));
        tail.set_string(0, 0, "0123456789abcdefghij", Style::new());
        tail.set_string(0, 1, "漢漢漢漢", Style::new());
        tail.set_string(0, 2, "0123456789abc", Style::new());
        for (at, columns, rewrap, wanted) in [
            ((0, 0), 10, Rewrap::All, 0),
            ((9, 0), 10, Rewrap::All, 0),
            ((10, 0), 10, Rewrap::All, 1),
            ((0, 1), 20, Rewrap::All, 1),
            ((0, 1), 19, Rewrap::All, 2),
            ((0, 1), 10, Rewrap::All, 2),
            ((0, 1), 9, Rewrap::All, 3),
            // Two of the wide ones fit in five columns: the fifth stays empty.
            ((0, 2), 5, Rewrap::All, 4 + 2),
            ((12, 2), 5, Rewrap::All, 4 + 2 + 2),
            ((12, 2), 5, Rewrap::AllButCursor, 4 + 2),
            ((12, 2), 5, Rewrap::Never, 2),
            ((0, 2), 40, Rewrap::All, 2),
        ] {
            assert_eq!(rows_up(&tail, at, columns, rewrap), wanted, "{at:?} at {columns} {rewrap:?}");
        }
    }
}
