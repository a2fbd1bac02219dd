//! Cuts Markdown into the blocks at its top level while it arrives, by whole lines: what a block is depends only on
//! the lines so far, never on how they were cut into pieces.
//!
//! The block structure is that of CommonMark 0.31 and GFM tables as far as it decides where a block ends; what is
//! in a block is parsed later, once, when it is whole.

/// A paragraph, table or list item longer than this is cut at a line, so that no single block is costly.
pub(super) const MOST_BLOCK: usize = 32 * 1024;

/// One finished piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A blank line stood between two blocks.
    Gap,
    Block(String),
    /// Begins a block of code; the line as it was written.
    Fence(String),
    Code(String),
    FenceEnd(String),
}

impl Piece {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Gap => 0,
            Self::Block(text) | Self::Fence(text) | Self::Code(text) | Self::FenceEnd(text) => text.len(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Paragraph,
    Table,
    Quote,
    Indented,
    Fence {
        indent: usize,
        mark: u8,
        length: usize,
    },
    /// Content begins at this column; whether a fence is open in it.
    Item {
        content: usize,
        fenced: bool,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Blocks {
    open: Open,
    /// The open block.
    held: String,
    /// Where its last line begins.
    last_line: usize,
    /// Blank lines after it that may belong to it.
    blanks: usize,
    any: bool,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { open: Open::Nothing, held: String::new(), last_line: 0, blanks: 0, any: false }
    }
}

impl Blocks {
    /// The source of the open block, or the fence that is open and nothing.
    pub(super) fn held(&self) -> &str {
        &self.held
    }

    /// Whether a blank line stands before what comes next, and was not said yet.
    pub(super) fn owes_gap(&self) -> bool {
        self.held.is_empty() && self.any && self.blanks > 0
    }

    pub(super) fn in_fence(&self) -> bool {
        matches!(self.open, Open::Fence { .. })
    }

    /// Takes one line without its line end.
    pub(super) fn line(&mut self, line: &str, out: &mut Vec<Piece>) {
        if let Open::Fence { indent, mark, length } = self.open {
            return self.fence_line(line, indent, mark, length, out);
        }
        if line.trim().is_empty() {
            return self.blank(out);
        }
        if self.held.len() > MOST_BLOCK {
            self.close(out);
        }
        if self.goes_on(line, out) {
            return self.keep(line);
        }
        self.close(out);
        self.begin(line, out);
    }

    pub(super) fn finish(&mut self, out: &mut Vec<Piece>) {
        self.close(out);
        self.open = Open::Nothing;
    }

    fn keep(&mut self, line: &str) {
        for _ in 0..std::mem::take(&mut self.blanks) {
            self.held.push('\n');
        }
        self.last_line = self.held.len();
        self.held.push_str(line);
        self.held.push('\n');
        if let Open::Item { content, fenced } = self.open {
            let inner = line.trim_start().trim_start_matches(['-', '*', '+', ' ']);
            let toggles = inner.starts_with("```") || inner.starts_with("~~~");
            self.open = Open::Item { content, fenced: fenced != toggles };
        }
    }

    fn blank(&mut self, out: &mut Vec<Piece>) {
        match self.open {
            Open::Paragraph | Open::Table | Open::Quote => {
                self.close(out);
                self.blanks = 1;
            }
            _ => self.blanks += 1,
        }
    }

    fn close(&mut self, out: &mut Vec<Piece>) {
        if !self.held.is_empty() {
            self.any = true;
            out.push(Piece::Block(std::mem::take(&mut self.held)));
        }
        self.last_line = 0;
        self.open = Open::Nothing;
    }

    fn gap(&mut self, out: &mut Vec<Piece>) {
        if std::mem::take(&mut self.blanks) > 0 && self.any {
            out.push(Piece::Gap);
        }
    }

    /// Whether a line that is not blank belongs to the open block.
    fn goes_on(&mut self, line: &str, out: &mut Vec<Piece>) -> bool {
        let indent = indent(line);
        match self.open {
            Open::Nothing | Open::Fence { .. } => false,
            Open::Paragraph => {
                if is_underline(line) {
                    return true;
                }
                if self.last_line_heads(line) {
                    let head = self.held.split_off(self.last_line);
                    if !self.held.is_empty() {
                        out.push(Piece::Block(std::mem::take(&mut self.held)));
                    }
                    (self.held, self.last_line) = (head, 0);
                    self.open = Open::Table;
                    return true;
                }
                let item = item(line).filter(|item| item.may_interrupt);
                !(begins_block(line) || item.is_some() || self.after_underline())
            }
            Open::Table => !(begins_block(line) || item(line).is_some()),
            Open::Quote => {
                let quoted = line.trim_start().starts_with('>') && indent < 4;
                let last = self.held[self.last_line..].trim_start().trim_start_matches(['>', ' ']);
                let lazy = !last.trim().is_empty() && !begins_block(line) && item(line).is_none();
                quoted || (lazy && !last.starts_with("```"))
            }
            Open::Indented => indent >= 4,
            Open::Item { content, fenced } => {
                if indent >= content {
                    return true;
                }
                self.blanks == 0 && !fenced && !begins_block(line) && item(line).is_none()
            }
        }
    }

    fn after_underline(&self) -> bool {
        self.last_line > 0 && is_underline(self.held[self.last_line..].trim_end())
    }

    /// Whether the last line and this one are the head of a table.
    fn last_line_heads(&self, line: &str) -> bool {
        let head = self.held[self.last_line..].trim_end();
        head.contains('|') && is_delimiter(line) && cells(head) == cells(line)
    }

    fn begin(&mut self, line: &str, out: &mut Vec<Piece>) {
        self.gap(out);
        if indent(line) >= 4 {
            self.open = Open::Indented;
            return self.keep(line);
        }
        if let Some((mark, length)) = fence(line) {
            self.open = Open::Fence { indent: indent(line), mark, length };
            self.any = true;
            return out.push(Piece::Fence(line.trim().to_owned()));
        }
        if is_heading(line) || is_rule(line) {
            self.any = true;
            return out.push(Piece::Block(format!("{line}\n")));
        }
        self.open = match item(line) {
            _ if line.trim_start().starts_with('>') => Open::Quote,
            Some(item) => Open::Item { content: item.content, fenced: false },
            None => Open::Paragraph,
        };
        self.keep(line);
    }

    fn fence_line(&mut self, line: &str, depth: usize, mark: u8, length: usize, out: &mut Vec<Piece>) {
        let bare = line.trim();
        let closes = indent(line) < 4 && bare.len() >= length && bare.bytes().all(|byte| byte == mark);
        if closes {
            self.open = Open::Nothing;
            return out.push(Piece::FenceEnd(bare.to_owned()));
        }
        let take = line.bytes().take(depth).take_while(|byte| *byte == b' ').count();
        out.push(Piece::Code(line[take..].to_owned()));
    }
}

/// Columns of white space before the first word.
fn indent(line: &str) -> usize {
    let mut columns = 0;
    for byte in line.bytes() {
        match byte {
            b' ' => columns += 1,
            b'\t' => columns += 4 - columns % 4,
            _ => break,
        }
    }
    columns
}

/// What other block begins here and may interrupt a paragraph, lists apart.
fn begins_block(line: &str) -> bool {
    indent(line) < 4
        && (fence(line).is_some() || is_heading(line) || is_rule(line) || line.trim_start().starts_with('>'))
}

fn fence(line: &str) -> Option<(u8, usize)> {
    let bare = line.trim_start();
    let mark = *bare.as_bytes().first().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = bare.bytes().take_while(|byte| *byte == mark).count();
    let named = mark == b'~' || !bare[length..].contains('`');
    (length >= 3 && named && indent(line) < 4).then_some((mark, length))
}

fn is_heading(line: &str) -> bool {
    let bare = line.trim_start();
    let level = bare.bytes().take_while(|byte| *byte == b'#').count();
    (1..=6).contains(&level) && bare[level..].chars().next().is_none_or(char::is_whitespace)
}

fn is_rule(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| !c.is_whitespace());
    let Some(first) = marks.next().filter(|c| matches!(c, '-' | '*' | '_')) else { return false };
    let mut count = 1;
    marks.all(|c| {
        count += 1;
        c == first
    }) && count >= 3
}

/// The line below a heading of the second kind.
fn is_underline(line: &str) -> bool {
    let bare = line.trim();
    indent(line) < 4
        && !bare.is_empty()
        && (bare.bytes().all(|byte| byte == b'=') || bare.bytes().all(|byte| byte == b'-'))
}

struct ItemMark {
    /// Column at which the content begins.
    content: usize,
    /// Whether it may follow a paragraph without a blank line.
    may_interrupt: bool,
}

fn item(line: &str) -> Option<ItemMark> {
    let depth = indent(line);
    let bare = line.trim_start();
    if depth >= 4 || is_rule(line) {
        return None;
    }
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match digits {
        0 => bare.starts_with(['-', '*', '+']).then_some(1)?,
        1..=9 => bare[digits..].starts_with(['.', ')']).then_some(digits + 1)?,
        _ => return None,
    };
    let rest = &bare[mark..];
    let spaces = indent(rest);
    let empty = rest.trim().is_empty();
    if !empty && spaces == 0 {
        return None;
    }
    let inner = if empty || spaces > 4 { 1 } else { spaces };
    let may_interrupt = !empty && (digits == 0 || &bare[..digits] == "1");
    Some(ItemMark { content: depth + mark + inner, may_interrupt })
}

fn is_delimiter(line: &str) -> bool {
    let bare = line.trim().trim_matches('|');
    let cell = |cell: &str| {
        let cell = cell.trim();
        let dashes = cell.strip_prefix(':').unwrap_or(cell);
        let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
        !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
    };
    line.contains('-') && !bare.is_empty() && bare.split('|').all(cell)
}

fn cells(line: &str) -> usize {
    let bare = line.trim();
    let bare = bare.strip_prefix('|').unwrap_or(bare);
    let bare = bare.strip_suffix('|').filter(|rest| !rest.ends_with('\\')).unwrap_or(bare);
    let mut escaped = false;
    let mut count = 1;
    for ch in bare.chars() {
        count += usize::from(ch == '|' && !escaped);
        escaped = ch == '\\' && !escaped;
    }
    count
}
