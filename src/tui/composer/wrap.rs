//! Where the rows of a text begin and end on the screen. A row is looked at only when it is near the cursor,
//! so that a long text costs no more than a screenful.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::chip::{Chips, is_chip};
use crate::tui::paint;

/// First byte of every character that stands for a chip, and of no other that a text can hold.
const CHIP_BYTE: u8 = 0xf4;

/// Where the unit at `at` ends: a grapheme, a chip or a line end. `at` itself at the end of the text.
pub(super) fn next(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    match rest.chars().next() {
        None => at,
        Some(c) if is_chip(c) => at + c.len_utf8(),
        Some(_) => {
            let grapheme = rest.graphemes(true).next().unwrap_or(rest);
            // A chip joins no cluster.
            let chip = grapheme.bytes().position(|byte| byte == CHIP_BYTE);
            at + chip.unwrap_or(grapheme.len())
        }
    }
}

/// Where the unit before `at` begins.
pub(super) fn previous(text: &str, at: usize) -> usize {
    let before = &text[..at];
    match before.chars().next_back() {
        None => 0,
        Some(c) if is_chip(c) => at - c.len_utf8(),
        Some(_) => {
            let grapheme = before.graphemes(true).next_back().unwrap_or(before);
            let chip = grapheme.bytes().rposition(|byte| byte == CHIP_BYTE);
            at - grapheme.len() + chip.map_or(0, |chip| chip + 4)
        }
    }
}

/// The line around `at`, without its line end.
pub(super) fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    start..end
}

/// Columns of one unit in rows of `width` columns.
pub(super) fn columns_of(unit: &str, chips: &Chips, width: usize) -> usize {
    match unit.chars().next() {
        Some(c) if is_chip(c) => paint::columns(&chips.label(c)).clamp(1, width.max(1)),
        _ => paint::shown(unit).1,
    }
}

/// The rows of one line (of `text`, which holds no line end in it) at `width` columns: at least one.
pub(super) fn rows(text: &str, line: Range<usize>, width: usize, chips: &Chips) -> Vec<Range<usize>> {
    let width = width.max(1);
    let content = &text[line.clone()];
    if content.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return ascii_rows(content.as_bytes(), line.start, width);
    }
    let mut rows = Vec::new();
    let (mut start, mut taken) = (line.start, 0);
    // Where a row may end after the last space, and the columns up to there.
    let mut space: Option<(usize, usize)> = None;
    let mut at = line.start;
    while at < line.end {
        let end = next(&text[..line.end], at);
        let unit = &text[at..end];
        let columns = columns_of(unit, chips, width);
        while taken + columns > width && at > start {
            let (cut, cut_columns) = space.unwrap_or((at, taken));
            rows.push(start..cut);
            (start, taken, space) = (cut, taken - cut_columns, None);
        }
        taken += columns;
        at = end;
        if unit == " " {
            space = Some((at, taken));
        }
    }
    rows.push(start..line.end);
    rows
}

/// One byte is one column.
fn ascii_rows(line: &[u8], offset: usize, width: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::with_capacity(line.len() / width + 1);
    let mut start = 0;
    while line.len() - start > width {
        let whole = start + width;
        // A space that would be the first of the next row ends none.
        let space = line[start..whole].iter().rposition(|byte| *byte == b' ');
        let end = space.map_or(whole, |space| start + space + 1);
        rows.push(offset + start..offset + end);
        start = end;
    }
    rows.push(offset + start..offset + line.len());
    rows
}

/// Which of the rows of a line holds the place `at`: between two rows it is the later.
pub(super) fn row_of(rows: &[Range<usize>], at: usize) -> usize {
    rows.partition_point(|row| row.start <= at).saturating_sub(1)
}

/// Columns before `at` in its row.
pub(super) fn column_of(text: &str, row: &Range<usize>, at: usize, chips: &Chips, width: usize) -> usize {
    let (mut here, mut columns) = (row.start, 0);
    while here < at {
        let end = next(&text[..row.end], here);
        if end == here {
            break;
        }
        columns += columns_of(&text[here..end], chips, width);
        here = end;
    }
    columns
}

/// The place in a row that is nearest to `column` from the left. `last`: no row of the line follows.
pub(super) fn place_at(
    text: &str,
    row: &Range<usize>,
    column: usize,
    last: bool,
    chips: &Chips,
    width: usize,
) -> usize {
    let (mut here, mut columns) = (row.start, 0);
    while here < row.end {
        let end = next(&text[..row.end], here);
        columns += columns_of(&text[here..end], chips, width);
        // The end of a row is the start of the next one.
        if columns > column || (!last && end >= row.end) {
            break;
        }
        here = end;
    }
    here
}

/// The rows to show of a text in `height` rows with the one that holds `cursor` among them, and which of
/// them that is.
pub(super) fn window(
    text: &str,
    cursor: usize,
    width: usize,
    height: usize,
    chips: &Chips,
) -> (Vec<Range<usize>>, usize) {
    let line = line_around(text, cursor);
    let mut near = rows(text, line.clone(), width, chips);
    let own = row_of(&near, cursor);
    let mut above: Vec<Range<usize>> = near[own.saturating_sub(height)..own].to_vec();
    let mut start = line.start;
    while above.len() < height && start > 0 {
        let before = line_around(text, start - 1);
        let rows = rows(text, before.clone(), width, chips);
        let wanted = rows.len().saturating_sub(height - above.len());
        above.splice(0..0, rows[wanted..].iter().cloned());
        start = before.start;
    }
    near.drain(..own);
    near.truncate(height + 1);
    let mut end = line.end;
    while near.len() <= height && end < text.len() {
        let after = line_around(text, end + 1);
        near.extend(rows(text, after.clone(), width, chips).into_iter().take(height + 1 - near.len()));
        end = after.end;
    }
    // The cursor in the middle, unless one of the ends is near.
    let below = near.len() - 1;
    let room = height.saturating_sub(1);
    let shown_above = above.len().min((room / 2).max(room.saturating_sub(below)));
    let mut shown = above.split_off(above.len() - shown_above);
    shown.extend(near.into_iter().take(height.saturating_sub(shown_above).max(1)));
    (shown, shown_above)
}

/// Rows of the whole text, counted no further than `most`.
pub(super) fn count(text: &str, width: usize, most: usize, chips: &Chips) -> usize {
    let (mut counted, mut at) = (0, 0);
    loop {
        let line = line_around(text, at);
        counted += rows(text, line.clone(), width, chips).len();
        if counted >= most || line.end >= text.len() {
            return counted.min(most);
        }
        at = line.end + 1;
    }
}
