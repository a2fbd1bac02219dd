//! Output of a command: its end while it runs, folded after.

use ratatui::text::Span;

use crate::base::{fold_terminal_output, plural};
use crate::config::Action;
use crate::tui::style::{Styles, Token, WRITING};
use crate::tui::text::{Row, visible};

/// Bytes of one call's output that are held; the engine sends less, and what is older is dropped.
const MOST_BYTES: usize = 128 * 1024;
/// Bytes looked at for the few lines shown while a command runs.
const LOOKED_AT: usize = 8 * 1024;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Output {
    raw: String,
    ends: usize,
    dropped_lines: usize,
}

impl Output {
    pub fn push(&mut self, piece: &str) {
        self.raw.push_str(piece);
        self.ends += piece.matches('\n').count();
        if self.raw.len() > MOST_BYTES {
            let mut at = self.raw.len() - MOST_BYTES / 2;
            while !self.raw.is_char_boundary(at) {
                at += 1;
            }
            let at = self.raw[at..].find('\n').map_or(at, |end| at + end + 1);
            let gone = self.raw[..at].matches('\n').count();
            self.dropped_lines += gone;
            self.ends -= gone;
            self.raw.drain(..at);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// Lines held.
    pub fn lines(&self) -> usize {
        self.ends + usize::from(!self.raw.is_empty() && !self.raw.ends_with('\n'))
    }

    /// The last `most` lines; before them how many there are above.
    pub(super) fn rows(&self, most: usize, live: bool, styles: &Styles, rows: &mut Vec<Row>) {
        if self.raw.is_empty() {
            return;
        }
        let seen = if live { end_lines(&self.raw, LOOKED_AT) } else { &self.raw };
        let text = fold_terminal_output(seen.trim_end_matches(['\n', '\r']));
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(most);
        let above = self.raw[..self.raw.len() - seen.len()].matches('\n').count();
        let hidden = self.dropped_lines + above + skipped;
        let look = styles.get(Token::ToolOutput);
        let bar = [Span::styled("  │ ", styles.get(Token::Border))];
        if hidden > 0 {
            let more = styles.hint(WRITING, Action::ExpandTool, "shows them").filter(|_| !live);
            let how = more.map_or(String::new(), |more| format!(", {more}"));
            let note = format!("… {} above{how}", plural(hidden, "line"));
            rows.push(Row::words(Span::styled(note, styles.get(Token::Muted))).behind(&bar, &bar));
        }
        for line in &lines[skipped..] {
            let row = Row::fixed(Span::styled(visible(line).into_owned(), look));
            rows.push(row.behind(&bar, &bar));
        }
    }
}

/// The end of a text, from the beginning of a line.
fn end_lines(text: &str, most: usize) -> &str {
    let mut at = text.len().saturating_sub(most);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    if at == 0 { text } else { text[at..].find('\n').map_or(&text[at..], |end| &text[at + end + 1..]) }
}
