//! Markdown as styled lines, rendered once, while it arrives.
//!
//! Every byte is scanned once for its line, parsed once with its block, and rendered once when that block is
//! whole. What is not whole yet is shown as it would look now, and only its end, so that a frame costs the same
//! however long a message is.

mod blocks;
mod render;
mod table;

use ratatui::text::{Line, Span};

use self::blocks::{Blocks, MOST_BLOCK, Piece};
use super::code::Highlighter;
use super::width::visible;
use super::wrap::{Row, Wrap, settle};
use crate::tui::style::{Styles, Token};

/// Bytes of an unfinished block that its preview looks at; more than any screen shows of one.
const TAIL_BYTES: usize = 8 * 1024;

/// One message on its way.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    blocks: Blocks,
    /// What came after the last line end.
    partial: String,
    ready: Vec<Piece>,
    /// Of the code that is to be taken next.
    code: Highlighter,
}

/// Whole blocks, to be drawn at any width.
#[derive(Debug, Clone, Default)]
pub struct Part {
    pieces: Vec<Piece>,
    /// Of the first of them, when it is code.
    code: Highlighter,
}

impl Part {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The same in parts of about so many bytes, a whole block at least, so that each can be let go by itself.
    pub fn split(self, bytes: usize) -> Vec<Self> {
        let Self { pieces, mut code } = self;
        let mut parts: Vec<Self> = Vec::new();
        let mut held = usize::MAX;
        for piece in pieces {
            if held >= bytes {
                parts.push(Self { pieces: Vec::new(), code: code.clone() });
                held = 0;
            }
            pass(&piece, &mut code);
            // A gap is a row too.
            held += piece.bytes() + 1;
            if let Some(part) = parts.last_mut() {
                part.pieces.push(piece);
            }
        }
        parts
    }

    /// Bytes of text held.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(Piece::bytes).sum()
    }

    pub fn rows(&self, width: u16, styles: &Styles) -> Vec<Row> {
        let mut code = self.code.clone();
        let pieces = self.pieces.iter();
        pieces.flat_map(|piece| render_piece(piece, &mut code, width, styles)).collect()
    }
}

impl Stream {
    pub fn new() -> Self {
        Self::default()
    }

    /// The next piece of the message, cut anywhere.
    pub fn push(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            self.partial.push_str(piece);
            self.cut_long();
            if self.partial.ends_with('\n') {
                let line = std::mem::take(&mut self.partial);
                self.line(line.trim_end_matches(['\n', '\r']));
            }
        }
    }

    /// A line without end is cut where it depends on the line alone.
    fn cut_long(&mut self) {
        while self.partial.trim_end_matches(['\n', '\r']).len() > MOST_BLOCK {
            let mut at = MOST_BLOCK;
            while !self.partial.is_char_boundary(at) {
                at -= 1;
            }
            let at = self.partial[..at].rfind(' ').filter(|space| *space > MOST_BLOCK / 2).unwrap_or(at);
            let rest = self.partial.split_off(at);
            let line = std::mem::replace(&mut self.partial, rest);
            self.line(&line);
        }
    }

    fn line(&mut self, line: &str) {
        self.blocks.line(line, &mut self.ready);
    }

    /// The message is whole: everything is finished. More may be pushed; it is another message then.
    pub fn finish(&mut self) {
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.line(last.trim_end_matches('\r'));
        }
        self.blocks.finish(&mut self.ready);
    }

    /// Whether there is something to take.
    pub fn has_finished(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Every block that is whole and was not taken yet.
    pub fn take(&mut self) -> Part {
        let part = Part { pieces: std::mem::take(&mut self.ready), code: self.code.clone() };
        part.pieces.iter().for_each(|piece| pass(piece, &mut self.code));
        part
    }

    /// The lines of every block that is whole and was not taken yet. `width` is what tables are fitted to.
    pub fn take_finished(&mut self, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
        settle(self.take().rows(width, styles), wrap)
    }

    /// What is not whole yet, as it would look now, in lines of at most `width` columns; of a long rest the end.
    pub fn tail(&self, width: u16, styles: &Styles) -> Vec<Line<'static>> {
        let wrap = Wrap::Words(width);
        let mut code = self.code.clone();
        self.ready.iter().for_each(|piece| pass(piece, &mut code));
        let mut source = end_of(self.blocks.held(), TAIL_BYTES).to_owned();
        source.push_str(end_of(&self.partial, TAIL_BYTES));
        let fence = self.blocks.in_fence();
        if source.is_empty() && !fence {
            return Vec::new();
        }
        let piece = if fence { Piece::Code(source) } else { Piece::Block(source) };
        if fence && self.partial.is_empty() {
            return Vec::new();
        }
        let mut rows = render_piece(&piece, &mut code, width, styles);
        if !fence && self.blocks.owes_gap() {
            rows.insert(0, Row::blank());
        }
        settle(rows, wrap)
    }
}

/// The last bytes of a text, from the beginning of a line where there is one.
fn end_of(text: &str, most: usize) -> &str {
    let mut at = text.len().saturating_sub(most);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    if at == 0 {
        return text;
    }
    let line = text[at..].find('\n').map_or(at, |end| at + end + 1);
    if line < text.len() { &text[line..] } else { &text[at..] }
}

/// A whole text at once.
pub fn lines(text: &str, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
    settle(rows(text, width, styles), wrap)
}

/// As [`lines`], to be put behind something.
pub fn rows(text: &str, width: u16, styles: &Styles) -> Vec<Row> {
    let mut stream = Stream::new();
    stream.push(text);
    stream.finish();
    stream.take().rows(width, styles)
}

/// What drawing a piece would do to the highlighter.
fn pass(piece: &Piece, code: &mut Highlighter) {
    match piece {
        Piece::Fence(line) => *code = Highlighter::new(line.trim_start_matches(['`', '~'])),
        Piece::Code(line) => code.skip(&visible(line)),
        Piece::Gap | Piece::Block(_) | Piece::FenceEnd(_) => {}
    }
}

fn render_piece(piece: &Piece, code: &mut Highlighter, width: u16, styles: &Styles) -> Vec<Row> {
    match piece {
        Piece::Gap => vec![Row::blank()],
        Piece::Block(source) => render::block(source, width, styles),
        Piece::Code(line) => vec![Row::fixed(code.line(&visible(line), styles))],
        Piece::Fence(line) | Piece::FenceEnd(line) => {
            pass(piece, code);
            vec![Row::fixed(Span::styled(visible(line).into_owned(), styles.get(Token::Muted)))]
        }
    }
}

#[cfg(test)]
mod tests;
