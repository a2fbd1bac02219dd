//! A screen whose bytes go into a vt100 terminal with a scrollback.

use std::num::NonZeroU16;

use iosm::tui::term::{Depth, Rewrap, Screen, Size};
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::text::Line;

/// What a terminal was asked to do beside showing text.
#[derive(Default)]
pub(super) struct Acts(pub(super) Vec<String>);

impl vt100::Callbacks for Acts {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".to_owned());
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("icon".to_owned());
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("title".to_owned());
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], _: &[u8]) {
        self.0.push("clipboard".to_owned());
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parameters: &[&[u8]]) {
        self.0.push(format!("osc {parameters:?}"));
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("control {byte}"));
    }
}

pub(super) struct World {
    pub(super) screen: Screen<Vec<u8>>,
    pub(super) terminal: vt100::Parser<Acts>,
    /// Everything written since the last look.
    pub(super) bytes: Vec<u8>,
}

fn count(value: u16) -> NonZeroU16 {
    NonZeroU16::new(value).unwrap()
}

impl World {
    pub(super) fn new(cols: u16, rows: u16) -> Self {
        let screen = Screen::new(Vec::new(), Size::new(cols, rows), Depth::True, Rewrap::Never);
        let terminal = vt100::Parser::new_with_callbacks(count(rows), count(cols), 100_000, Acts::default());
        Self { screen, terminal, bytes: Vec::new() }
    }

    /// What stood on the terminal before.
    pub(super) fn stood(mut self, text: &str) -> Self {
        self.terminal.process(text.as_bytes());
        self
    }

    pub(super) fn print(&mut self, lines: &[&str]) {
        self.screen.print(lines.iter().map(|line| line_of(line)));
    }

    pub(super) fn frame(&mut self, tail: &[&str]) {
        self.frame_with(tail, None);
    }

    pub(super) fn frame_with(&mut self, tail: &[&str], cursor: Option<(u16, u16)>) {
        self.screen
            .frame(tail.len() as u16, |buffer| {
                draw(buffer, tail);
                cursor
            })
            .unwrap();
        self.deliver();
    }

    pub(super) fn leave(&mut self, keep: bool) {
        self.screen.leave(keep).unwrap();
        self.deliver();
    }

    pub(super) fn resize(&mut self, cols: u16, rows: u16) {
        self.terminal.set_size(count(rows), count(cols));
        self.screen.resize(Size::new(cols, rows));
    }

    fn deliver(&mut self) {
        let bytes = std::mem::take(self.screen.writer());
        self.terminal.process(&bytes);
        self.bytes.extend(bytes);
    }

    /// What was written since the last call.
    pub(super) fn written(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.bytes)).unwrap()
    }

    /// Scrollback and screen as logical lines: wrapped rows joined, blanks at the ends left out.
    pub(super) fn lines(&mut self) -> Vec<String> {
        joined(self.rows())
    }

    /// The rows of scrollback and screen, each with whether it goes on in the next.
    pub(super) fn rows(&mut self) -> Vec<(String, bool)> {
        let mut rows = Vec::new();
        let screen = self.terminal.screen_mut();
        for back in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(back);
            rows.push(row(screen, 0));
        }
        screen.set_scrollback(0);
        rows.extend((0..screen.size().0.get()).map(|at| row(screen, at)));
        rows
    }
}

pub(super) fn draw(buffer: &mut Buffer, tail: &[&str]) {
    for (y, text) in tail.iter().enumerate() {
        if (y as u16) < buffer.area.height {
            buffer.set_stringn(0, y as u16, text, usize::from(buffer.area.width), Style::new());
        }
    }
}

/// A line of one span, newlines and all.
pub(super) fn line_of(text: &str) -> Line<'static> {
    Line { spans: vec![ratatui::text::Span::raw(text.to_owned())], ..Line::default() }
}

/// The lines that this terminal makes of one: where a wide character does not fit at the right edge it wraps,
/// but does not mark the row as wrapped.
pub(super) fn broken(line: &str, cols: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut column = 0;
    for ch in line.chars() {
        let width = unicode_width::UnicodeWidthChar::width(ch).unwrap_or(0);
        if column + width > usize::from(cols) {
            if column < usize::from(cols) {
                lines.push(String::new());
            }
            column = 0;
        }
        column += width;
        lines.last_mut().unwrap().push(ch);
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// The text of a row, and whether it goes on in the next.
fn row(screen: &vt100::Screen, at: u16) -> (String, bool) {
    let wrapped = screen.row_wrapped(at);
    let mut text = String::new();
    let mut blanks = 0;
    for column in 0..screen.size().1.get() {
        let Some(cell) = screen.cell(at, column) else { continue };
        if cell.is_wide_continuation() {
            continue;
        }
        if cell.has_contents() {
            text.extend(std::iter::repeat_n(' ', std::mem::take(&mut blanks)));
            text.push_str(cell.contents());
        } else {
            blanks += 1;
        }
    }
    (text, wrapped)
}

/// Rows as logical lines, blanks at the ends and at the end left out. Each says whether it goes on in the next.
pub fn joined(rows: Vec<(String, bool)>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for (text, wrapped) in rows {
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(&text),
            None => lines.push(text),
        }
        goes_on = wrapped;
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
