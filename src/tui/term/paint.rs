//! Rows of cells as bytes: what differs from the rows shown, by moves relative to the tail's first row.

use std::io::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::pen::{Ink, Pen};
use super::plain;

/// Collects the bytes of one frame.
pub(super) struct Painter<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) pen: Pen,
    /// Column and row of the cursor, from the tail's first row.
    pub(super) at: (u16, u16),
    /// Rows that are there: further ones come by newlines, which scroll where the screen ends.
    pub(super) rows: u16,
    /// Whether the terminal wraps by itself now.
    wraps: bool,
}

impl<'a> Painter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, pen: Pen, at: (u16, u16), rows: u16) -> Self {
        Self { out, pen, at, rows, wraps: true }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn csi(&mut self, count: u16, last: char) {
        // Writing to memory does not fail.
        let _ =
            if count == 1 { write!(self.out, "\x1b[{last}") } else { write!(self.out, "\x1b[{count}{last}") };
    }

    pub(super) fn go(&mut self, x: u16, y: u16) {
        let (from_x, from_y) = self.at;
        if y < from_y {
            self.csi(from_y - y, 'A');
        }
        let reachable = y.min(self.rows.saturating_sub(1));
        if reachable > from_y {
            self.csi(reachable - from_y, 'B');
        }
        let mut column = from_x;
        if y >= self.rows {
            // A newline at the bottom fills the new row with the colour of the pen.
            self.pen.plain(self.out);
            for _ in self.rows..=y {
                self.put(b"\r\n");
            }
            self.rows = y + 1;
            column = 0;
        }
        match x {
            _ if x == column => {}
            0 => self.put(b"\r"),
            _ => self.csi(x + 1, 'G'),
        }
        self.at = (x, y);
    }

    /// Erases row `y` and all below. The first row is erased alone, and the rest from its second column:
    /// tmux takes an erasure from the home position for a full clear and keeps the old screen in its history.
    pub(super) fn erase_from(&mut self, y: u16) {
        self.go(0, y);
        self.pen.plain(self.out);
        self.put(b"\x1b[K\x1b[C\x1b[J\r");
    }

    /// Brings what is shown from `before` (an absent row is blank) to `after`.
    pub(super) fn rows(&mut self, before: &Buffer, after: &Buffer) {
        for y in 0..after.area.height {
            let new = row(after, y);
            if y < before.area.height {
                self.row(y, Some(row(before, y)), new);
            } else {
                self.row(y, None, new);
            }
        }
        if after.area.height > self.rows {
            self.go(0, after.area.height - 1);
        }
        if after.area.height < before.area.height {
            self.erase_from(after.area.height);
        }
    }

    fn row(&mut self, y: u16, old: Option<&[Cell]>, new: &[Cell]) {
        if old.is_some_and(|old| old == new) {
            return;
        }
        let wanted = used(new);
        // A row that becomes shorter is drawn anew: terminals that rewrap go by how far a row was ever
        // written, unless it was erased as a whole.
        let old = old.filter(|old| old.len() == new.len());
        let shorter = old.filter(|old| used(old) > wanted);
        let old = if shorter.is_some() {
            self.go(0, y);
            self.pen.plain(self.out);
            self.put(b"\x1b[K");
            None
        } else {
            old
        };
        let mut old_head = 0;
        let mut x = 0;
        while x < wanted {
            let cell = &new[usize::from(x)];
            let width = width(cell).max(1).min(wanted - x);
            let same = old.is_some_and(|old| {
                // The first column of the old character that covers column `x`.
                while old_head + self::width(&old[usize::from(old_head)]).max(1) <= x {
                    old_head += self::width(&old[usize::from(old_head)]).max(1);
                }
                let before = &old[usize::from(x)];
                old_head == x && before == cell
            });
            if !same {
                self.cell(x, y, cell, width);
            }
            x += width;
        }
    }

    fn cell(&mut self, x: u16, y: u16, cell: &Cell, width: u16) {
        self.go(x, y);
        if self.wraps {
            // Whatever a character's width turns out to be, the tail never spills into another row.
            self.put(b"\x1b[?7l");
            self.wraps = false;
        }
        self.pen.take(Ink::of_cell(cell, self.pen.depth()), self.out);
        let symbol = cell.symbol();
        if UnicodeWidthStr::width(symbol) != usize::from(width) || !plain::is_plain(symbol) {
            let blank = if symbol.is_empty() || plain::is_plain(symbol) { b' ' } else { b'?' };
            self.out.extend(std::iter::repeat_n(blank, usize::from(width)));
        } else {
            self.put(symbol.as_bytes());
        }
        self.at.0 = x + width;
        if !is_sure(symbol) {
            // Terminals disagree on how wide this one is; the next cell gets its column by number.
            self.at.0 = u16::MAX;
        }
    }

    /// Ends a frame's drawing: look reset, wrapping as before.
    pub(super) fn finish(&mut self) {
        self.pen.plain(self.out);
        if !self.wraps {
            self.put(b"\x1b[?7h");
            self.wraps = true;
        }
    }
}

/// The cells of row `y`, counted from the buffer's first.
pub(super) fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    let from = usize::from(y) * width;
    buffer.content.get(from..from + width).unwrap_or_default()
}

/// Columns of a row up to the last that is not blank. The blanks behind it are never written, so that
/// they are neither copied nor rewrapped.
pub(super) fn used(row: &[Cell]) -> u16 {
    let last = row.iter().rposition(|cell| !is_blank(cell));
    let end = last.map_or(0, |at| at + usize::from(width(&row[at]).max(1)));
    end.min(row.len()) as u16
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " "
        && cell.bg == Color::Reset
        && !cell.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT)
}

/// Columns that a cell's character takes.
pub(super) fn width(cell: &Cell) -> u16 {
    match cell.symbol() {
        symbol if symbol.len() == 1 => 1,
        symbol => symbol.width().min(8) as u16,
    }
}

/// Whether all terminals agree on the width: Latin and box drawing, one character a cell.
fn is_sure(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    matches!((chars.next(), chars.next()), (Some('\0'..='\u{2ff}' | '\u{2500}'..='\u{259f}'), None))
}
