//! Markdown as it comes: what is finished is laid out once, the rest again and again, but only the rest.
//!
//! A block ends with a blank line that no indented line follows; a fenced block of code is finished line by
//! line. So the cost is linear in the text, however it is cut into pieces, as long as its blocks are short.

use ratatui::text::{Line, Span};

use super::block::rows_of;
use super::code::Highlighter;
use super::wrap::Row;
use crate::tui::style::{Styles, Token};

/// A paragraph longer than this is printed in parts, at an end of line: no text holds the screen up.
const LONGEST_BLOCK: usize = 16 * 1024;

/// A text under way.
#[derive(Debug, Clone, Default)]
pub struct Markdown {
    /// What is not finished yet.
    rest: String,
    /// Bytes of `rest` in which no end of a block was found.
    searched: usize,
    code: Option<Fence>,
    over: bool,
    /// Whether something was finished before, so that a blank row has to come between.
    begun: bool,
}

/// A block of code that is open.
#[derive(Debug, Clone)]
struct Fence {
    /// What closes it: so many of this character.
    mark: char,
    count: usize,
    indent: usize,
    highlighter: Highlighter,
}

impl Markdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole text at once.
    pub fn of(text: &str, styles: &Styles) -> Vec<Row> {
        let mut whole = Self::new();
        whole.push(text);
        whole.finish();
        whole.take_finished(styles)
    }

    pub fn push(&mut self, text: &str) {
        self.rest.push_str(text);
    }

    /// Nothing more will come.
    pub fn finish(&mut self) {
        self.over = true;
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The rows that will not change any more, since this was last asked.
    pub fn take_finished(&mut self, styles: &Styles) -> Vec<Row> {
        let mut rows = Vec::new();
        loop {
            if self.code.is_some() {
                if !self.take_code_line(styles, &mut rows) {
                    break;
                }
            } else if !self.take_block(styles, &mut rows) {
                break;
            }
        }
        rows
    }

    /// The rest, as it would look if nothing more came.
    pub fn tail(&self, styles: &Styles) -> Vec<Row> {
        let mut copy = self.clone();
        copy.over = true;
        copy.take_finished(styles)
    }

    /// Everything that was not taken.
    pub fn all(&self, styles: &Styles) -> Vec<Row> {
        self.tail(styles)
    }

    /// The next line of an open block of code; false when there is none yet.
    fn take_code_line(&mut self, styles: &Styles, rows: &mut Vec<Row>) -> bool {
        let Some(fence) = &mut self.code else { return false };
        let (end, next) = match self.rest.find('\n') {
            Some(end) => (end, end + 1),
            None if self.over && !self.rest.is_empty() => (self.rest.len(), self.rest.len()),
            None => {
                if self.over {
                    self.code = None;
                }
                return false;
            }
        };
        let line = self.rest[..end].trim_end_matches('\r');
        if fence.is_closed_by(line) {
            self.code = None;
        } else {
            let body = line.get(fence.indent.min(line.len() - line.trim_start().len())..).unwrap_or(line);
            let mut spans = vec![Span::raw("  ")];
            spans.extend(fence.highlighter.line(body, styles));
            rows.push(Row::fixed(Line::from(spans)));
        }
        self.rest.drain(..next);
        self.searched = 0;
        true
    }

    /// The next block that is whole; false when there is none yet.
    fn take_block(&mut self, styles: &Styles, rows: &mut Vec<Row>) -> bool {
        let blank = self.rest.len() - self.rest.trim_start_matches(['\n', '\r']).len();
        self.rest.drain(..blank);
        self.searched = self.searched.saturating_sub(blank);
        let found = match self.end_of_block() {
            Some(end) => end,
            None if self.over && !self.rest.trim().is_empty() => End { at: self.rest.len(), fence: None },
            None => return false,
        };
        let block: String = self.rest.drain(..found.at).collect();
        self.searched = 0;
        if !block.trim().is_empty() {
            self.part(rows);
            rows.extend(rows_of(block.trim_end(), styles));
        }
        if let Some(fence) = found.fence {
            let end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
            self.rest.drain(..end);
            self.part(rows);
            self.code = Some(fence);
        }
        true
    }

    /// Blocks stand apart.
    fn part(&mut self, rows: &mut Vec<Row>) {
        if std::mem::replace(&mut self.begun, true) {
            rows.push(Row::blank());
        }
    }

    /// Where the first block of the rest ends, if that is known.
    fn end_of_block(&mut self) -> Option<End> {
        let mut at = self.searched;
        // A line is only looked at when it is whole, and a blank one when the next has begun.
        while let Some(length) = self.rest[at..].find('\n') {
            let line = &self.rest[at..at + length];
            let next = at + length + 1;
            if let Some(fence) = Fence::opened_by(line) {
                return Some(End { at, fence: Some(fence) });
            }
            if line.trim().is_empty() {
                match self.rest[next..].chars().next() {
                    None => break,
                    Some('\n' | '\r') => {}
                    // It belongs to what came before: an item of a list goes on.
                    Some(' ' | '\t') if self.rest[..at].trim_start().starts_with(['-', '*', '+', '1', '2', '3', '4', '5', '6', '7', '8', '9']) => {}
                    Some(_) => return Some(End { at: next, fence: None }),
                }
            } else if next > LONGEST_BLOCK {
                return Some(End { at: next, fence: None });
            }
            at = next;
        }
        self.searched = at;
        if self.over {
            let line = &self.rest[at..];
            if let Some(fence) = Fence::opened_by(line) {
                return Some(End { at, fence: Some(fence) });
            }
        }
        None
    }
}

struct End {
    at: usize,
    /// The block is followed by code.
    fence: Option<Fence>,
}

impl Fence {
    /// CommonMark 4.5: at least three backticks or tildes, indented by at most three spaces.
    fn opened_by(line: &str) -> Option<Self> {
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        let mark = body.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let count = body.chars().take_while(|c| *c == mark).count();
        let info = body[count..].trim();
        if indent > 3 || count < 3 || (mark == '`' && info.contains('`')) {
            return None;
        }
        let language = info.split([' ', ',', '{']).next().unwrap_or_default();
        Some(Self { mark, count, indent, highlighter: Highlighter::new(language) })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let body = line.trim();
        line.len() - line.trim_start_matches(' ').len() <= 3
            && body.len() >= self.count
            && body.chars().all(|c| c == self.mark)
    }
}

/// The look of what a terminal has no other look for.
pub(super) fn code_span(text: &str, styles: &Styles) -> Span<'static> {
    let shown = if styles.is_plain() { format!("`{text}`") } else { text.to_owned() };
    Span::styled(shown, styles.get(Token::Code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| row.line.to_string()).collect()
    }

    fn whole(source: &str) -> Vec<String> {
        text(&Markdown::of(source, &Styles::plain()))
    }

    #[test]
    fn blocks_are_finished_one_by_one() {
        let styles = Styles::plain();
        let mut stream = Markdown::new();
        stream.push("# A *title*\n\nOne\ntwo");
        assert_eq!(text(&stream.take_finished(&styles)), ["A title"]);
        assert_eq!(text(&stream.tail(&styles)), ["", "One two"]);
        stream.push(" three.\n\n```rust\nfn a() {}\nlet");
        assert_eq!(text(&stream.take_finished(&styles)), ["", "One two three.", "", "  fn a() {}"]);
        stream.push(" b;\n```\nend");
        assert_eq!(text(&stream.take_finished(&styles)), ["  let b;"]);
        stream.finish();
        assert_eq!(text(&stream.take_finished(&styles)), ["", "end"]);
        assert!(stream.take_finished(&styles).is_empty());
    }

    #[test]
    fn a_list_goes_on_over_blank_lines() {
        assert_eq!(whole("1. one\n\n   more\n2. two\n   - deep\n\nend"), ["1. one", "", "   more", "2. two", "   • deep", "", "end"]);
        assert_eq!(whole("- [x] done\n- [ ] open\n> said\n> twice"), ["• [x] done", "• [ ] open", "", "▏ said twice"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pieces_make_no_difference(parts in proptest::collection::vec(
            "(# h|\n|\n\n|- a|  b|```|~~~ x|\\*\\*b\\*\\*|\\| a \\| b \\||\\|-\\|-\\||> q|`c`|1\\. x|\u{1b}|é|  )", 0..40), cut in 1usize..7) {
            let source: String = parts.concat();
            let styles = Styles::plain();
            let mut stream = Markdown::new();
            let mut seen = Vec::new();
            let letters: Vec<char> = source.chars().collect();
            for piece in letters.chunks(cut) {
                stream.push(&piece.iter().collect::<String>());
                seen.extend(text(&stream.take_finished(&styles)));
                stream.tail(&styles);
            }
            stream.finish();
            seen.extend(text(&stream.take_finished(&styles)));
            prop_assert_eq!(seen, whole(&source));
        }
    }
}
