//! The inline screen: queued lines above, the live tail below, one write a frame.
//!
//! It owns neither the tty nor its modes; it only writes bytes, each frame's in one call.

use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::colour::Depth;
use super::paint::Painter;
use super::pen::{Ink, Pen};
use super::plain;
use super::reflow::{self, Rewrap};

/// Columns and rows of a terminal; at least one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub cols: u16,
    pub rows: u16,
}

impl Size {
    pub fn new(cols: u16, rows: u16) -> Self {
        Self { cols: cols.max(1), rows: rows.max(1) }
    }
}

/// Synchronized output: the terminal shows a frame when it is whole.
/// <https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036>
const BEGIN: &[u8] = b"\x1b[?2026h\x1b[?25l";
const END: &[u8] = b"\x1b[?2026l";

/// A screen that writes to `W`.
pub struct Screen<W: Write> {
    out: W,
    size: Size,
    depth: Depth,
    rewrap: Rewrap,
    /// Finalised lines as bytes, not yet written. They do not depend on the size: the terminal wraps them.
    queue: Vec<u8>,
    /// What is shown; its height is the tail's.
    tail: Buffer,
    /// The buffer of the next frame, kept for its memory.
    next: Buffer,
    body: Vec<u8>,
    /// Column and row of the cursor, from the tail's first row.
    at: (u16, u16),
    /// What the cursor is: shown, hidden, or not known to us.
    cursor_shown: Option<bool>,
    begun: bool,
    /// The terminal's size is no longer the one that the tail was drawn for.
    resized: bool,
    alternate: bool,
    alternate_wanted: bool,
    /// What goes with the alternate screen: written on it first, and last.
    around: (&'static [u8], &'static [u8]),
}

impl<W: Write> Screen<W> {
    /// Writes nothing yet. The first frame begins below what is on the terminal, at the first row whose
    /// first column is free: see [`Screen::restart`].
    pub fn new(out: W, size: Size, depth: Depth, rewrap: Rewrap) -> Self {
        let none = Buffer::empty(Rect::new(0, 0, size.cols, 0));
        Self {
            out,
            size,
            depth,
            rewrap,
            queue: Vec::new(),
            tail: none.clone(),
            next: none,
            body: Vec::new(),
            at: (0, 0),
            cursor_shown: None,
            begun: false,
            resized: false,
            alternate: false,
            alternate_wanted: false,
            around: (b"", b""),
        }
    }

    /// Modes that terminals keep for the alternate screen alone: `around` is written first and last on it.
    pub fn around_alternate(mut self, around: (&'static [u8], &'static [u8])) -> Self {
        self.around = around;
        self
    }

    /// Whether the alternate screen is shown.
    pub fn is_alternate(&self) -> bool {
        self.alternate
    }

    /// Rows from the cursor down to the first free row below the tail.
    pub fn below(&self) -> u16 {
        self.tail.area.height.saturating_sub(self.at.1)
    }

    pub fn size(&self) -> Size {
        self.size
    }

    pub fn writer(&mut self) -> &mut W {
        &mut self.out
    }

    /// How much of the printed text waits for the next frame, in bytes. On the alternate screen it grows:
    /// a face that stays there for long holds its lines back.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Queues finalised lines. The next frame prints each once, whole, above the tail, and the terminal
    /// wraps it. What would act on the terminal is shown as an escape; a newline ends a line.
    pub fn print(&mut self, lines: impl IntoIterator<Item = Line<'static>>) {
        let mut pen = Pen::new(self.depth);
        let mut text = String::new();
        for line in lines {
            let mut column = 0;
            for span in &line.spans {
                let ink = Ink::of_style(line.style.patch(span.style), self.depth);
                for (at, part) in span.content.split('\n').enumerate() {
                    if at > 0 {
                        pen.plain(&mut self.queue);
                        self.queue.extend_from_slice(b"\r\n");
                        column = 0;
                    }
                    let part = part.strip_suffix('\r').unwrap_or(part);
                    if part.is_empty() {
                        continue;
                    }
                    pen.take(ink, &mut self.queue);
                    text.clear();
                    plain::append(part, &mut column, &mut text);
                    self.queue.extend_from_slice(text.as_bytes());
                }
            }
            // Before the newline: the row that it may bring takes the colour of the pen.
            pen.plain(&mut self.queue);
            self.queue.extend_from_slice(b"\r\n");
        }
    }

    /// Draws a tail of `height` rows (all rows on the alternate screen; never more than there are) below
    /// what was printed. `draw` gets a blank buffer and says where the cursor is shown, if anywhere.
    /// Writes once, and nothing at all when nothing changed.
    pub fn frame(
        &mut self,
        height: u16,
        draw: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>,
    ) -> io::Result<()> {
        let height = if self.alternate_wanted { self.size.rows } else { height.min(self.size.rows) };
        let area = Rect::new(0, 0, self.size.cols, height);
        let mut next = std::mem::take(&mut self.next);
        next.resize(area);
        next.reset();
        let cursor = draw(&mut next).filter(|(x, y)| *x < area.width && *y < area.height);
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        let rows = self.tail.area.height.max(1);
        let mut painter = Painter::new(&mut body, Pen::new(self.depth), self.at, rows);
        self.prepare(&mut painter);
        painter.rows(&self.tail, &next);
        painter.finish();
        // Hidden, it waits on the first column of the first row, where no rewrapping moves it.
        let drawn = !painter.out.is_empty();
        let (x, y) = cursor.unwrap_or((0, 0));
        painter.go(x, y);
        self.at = painter.at;
        self.next = std::mem::replace(&mut self.tail, next);
        let written = self.flush(&body, drawn, cursor.is_some());
        self.body = body;
        written
    }

    /// Everything that comes before the tail's own rows; afterwards `self.tail` is what is shown of it.
    fn prepare(&mut self, painter: &mut Painter<'_>) {
        if self.alternate_wanted != self.alternate {
            self.switch(painter);
        }
        if self.alternate {
            if self.resized {
                // This buffer has no history, and what the terminal made of it is of no use.
                painter.put(b"\x1b[0m\x1b[H\x1b[J");
                painter.at = (0, 0);
                self.forget_alternate();
            }
            painter.rows = self.size.rows;
            self.resized = false;
            return;
        }
        self.begin(painter);
        self.settle(painter);
        if !self.queue.is_empty() {
            self.wipe(painter);
            painter.out.append(&mut self.queue);
        }
    }

    /// Goes to the first column of a free row. Written over a whole row, blanks end on that row when it was
    /// free, and on the next when something stood on it: so no reply has to be waited for, and nothing on
    /// the terminal is lost.
    fn begin(&mut self, painter: &mut Painter<'_>) {
        if self.begun {
            return;
        }
        self.begun = true;
        painter.put(b"\x1b[0m\x1b[?7h");
        painter.out.extend(std::iter::repeat_n(b' ', usize::from(self.size.cols)));
        painter.put(b"\r\x1b[K");
        painter.at = (0, 0);
        painter.rows = 1;
    }

    /// After a change of size: finds the first row of the tail as the terminal has it now, and takes the
    /// tail away.
    fn settle(&mut self, painter: &mut Painter<'_>) {
        if !std::mem::take(&mut self.resized) {
            return;
        }
        let up = reflow::rows_up(&self.tail, self.at, self.size.cols, self.rewrap);
        // The terminal may have put the cursor into any column.
        painter.at = (u16::MAX, up);
        self.wipe(painter);
    }

    fn wipe(&mut self, painter: &mut Painter<'_>) {
        painter.erase_from(0);
        painter.rows = 1;
        self.tail.resize(Rect::new(0, 0, self.size.cols, 0));
    }

    fn switch(&mut self, painter: &mut Painter<'_>) {
        self.alternate = self.alternate_wanted;
        if self.alternate {
            // The tail goes first, so that no resize can leave parts of it behind.
            if self.begun {
                self.settle(painter);
                self.wipe(painter);
            }
            painter.put(b"\x1b[?1049h\x1b[0m\x1b[H");
            painter.put(self.around.0);
            painter.at = (0, 0);
            self.forget_alternate();
        } else {
            painter.put(self.around.1);
            painter.put(b"\x1b[0m\x1b[?1049l\r");
            painter.at = (0, 0);
            self.tail.resize(Rect::new(0, 0, self.size.cols, 0));
            self.resized = false;
            if self.begun {
                self.wipe(painter);
            }
        }
    }

    fn forget_alternate(&mut self) {
        self.tail.resize(Rect::new(0, 0, self.size.cols, self.size.rows));
        self.tail.reset();
    }

    fn flush(&mut self, body: &[u8], drawn: bool, cursor: bool) -> io::Result<()> {
        if body.is_empty() && self.cursor_shown == Some(cursor) {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(body.len() + 32);
        if drawn {
            bytes.extend_from_slice(BEGIN);
        }
        bytes.extend_from_slice(body);
        match cursor {
            true if drawn || self.cursor_shown != Some(true) => bytes.extend_from_slice(b"\x1b[?25h"),
            false if !drawn && self.cursor_shown != Some(false) => bytes.extend_from_slice(b"\x1b[?25l"),
            _ => {}
        }
        if drawn {
            bytes.extend_from_slice(END);
        }
        self.cursor_shown = Some(cursor);
        self.out.write_all(&bytes)?;
        self.out.flush()
    }

    /// The terminal has another size now: the next frame takes the tail away where the terminal put it,
    /// and draws it anew. Nothing printed is touched.
    pub fn resize(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.resized = true;
        }
    }

    /// With the next frame: on to the alternate screen, or back. While there, printed lines wait.
    pub fn alternate(&mut self, on: bool) {
        self.alternate_wanted = on;
    }

    /// Ends: back from the alternate screen, what waits printed, the tail left (`keep`) or taken away, the
    /// cursor shown at the start of a free row below, attributes reset.
    pub fn leave(&mut self, keep: bool) -> io::Result<()> {
        self.alternate_wanted = false;
        if !self.begun && !self.alternate && self.queue.is_empty() {
            return Ok(());
        }
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        let keep = keep && !self.alternate;
        let kept = self.tail.clone();
        let mut painter =
            Painter::new(&mut body, Pen::new(self.depth), self.at, self.tail.area.height.max(1));
        self.prepare(&mut painter);
        if keep {
            painter.rows(&self.tail, &kept);
            painter.finish();
            painter.go(0, kept.area.height);
        } else {
            self.wipe(&mut painter);
        }
        let written = self.flush(&body, true, true);
        self.restart();
        written
    }

    /// Forgets where everything is: others have written to the terminal. The next frame begins below
    /// what is there, on the main screen, and draws everything anew.
    pub fn restart(&mut self) {
        self.tail.resize(Rect::new(0, 0, self.size.cols, 0));
        self.at = (0, 0);
        self.cursor_shown = None;
        self.begun = false;
        self.resized = false;
        self.alternate = false;
    }
}
