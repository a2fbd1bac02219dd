//! A page of text: whole lines from one on, bounded in lines and bytes.

use super::lines;
use crate::base::grouped;
use crate::tools::leaf::count_lines;

/// Bytes of text in a page; one line more never starts beyond it.
const PAGE_BYTES: usize = 20_000;
/// Bytes of one line that are shown.
const LINE_BYTES: usize = 4_000;
/// Cut lines that are named one by one.
const NAMED: usize = 3;

pub(super) struct Page {
    pub(super) text: String,
    /// First and last line, counted from 1.
    first: usize,
    last: usize,
    total: usize,
    /// Lines shown in part: number and bytes.
    cut: Vec<(usize, usize)>,
    /// Byte sequences that are not UTF-8 and are shown as `�`.
    invalid: usize,
}

impl Page {
    /// The page of `bytes` (not empty) that starts with line `first`.
    pub(super) fn of(bytes: &[u8], first: usize, limit: usize, numbers: bool) -> Result<Self, String> {
        let total = count_lines(bytes);
        if first > total {
            return Err(format!("offset {first} is past the end: there {} {}", verb(total), lines(total)));
        }
        let mut page =
            Self { text: String::new(), first, last: first - 1, total, cut: Vec::new(), invalid: 0 };
        for line in bytes.split_inclusive(|byte| *byte == b'\n').skip(first - 1).take(limit) {
            if page.last >= first && page.text.len() + line.len().min(LINE_BYTES) > PAGE_BYTES {
                break;
            }
            page.last += 1;
            if numbers {
                page.text.push_str(&format!("{}\t", page.last));
            }
            page.push(line);
        }
        Ok(page)
    }

    fn push(&mut self, line: &[u8]) {
        if line.len() <= LINE_BYTES {
            return self.push_lossy(line);
        }
        let mut end = LINE_BYTES;
        // Not inside a character: its later bytes are 0b10xxxxxx.
        while end > LINE_BYTES - 4 && line[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        self.cut.push((self.last, line.len()));
        self.push_lossy(&line[..end]);
        self.text.push('…');
        if line.ends_with(b"\n") {
            self.text.push('\n');
        }
    }

    fn push_lossy(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                self.invalid += 1;
                self.text.push('\u{fffd}');
            }
        }
    }

    /// What the text itself does not say.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.last < self.total {
            notes.push(format!("{}; go on with offset={}", self.range(), self.last + 1));
        } else if self.first > 1 {
            notes.push(format!("{}, the end", self.range()));
        }
        if !self.cut.is_empty() {
            let named = self.cut.iter().take(NAMED);
            let named: Vec<_> =
                named.map(|(line, size)| format!("{line} ({} bytes)", grouped(*size))).collect();
            let more = self.cut.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let shown = grouped(LINE_BYTES);
            notes.push(format!("cut after {shown} bytes (…): line {}{more}", named.join(", ")));
        }
        if self.invalid > 0 {
            notes.push(format!(
                "not valid UTF-8: {} shown as \u{fffd}, which no edit can match",
                crate::base::plural(self.invalid, "byte sequence")
            ));
        }
        notes
    }

    pub(super) fn summary(&self) -> String {
        if self.first == 1 && self.last == self.total { lines(self.total) } else { self.range() }
    }

    fn range(&self) -> String {
        format!("lines {}–{} of {}", grouped(self.first), grouped(self.last), grouped(self.total))
    }
}

fn verb(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
