//! What an edit changed, as a small unified diff. Only the lines around the changes are compared.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

use super::plan::Plan;

const CONTEXT: usize = 3;
/// Bytes of diff in a result.
const MOST_BYTES: usize = 6_000;

/// Lines of a text by the offsets at which they start, with the end of the text as the last.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let mut starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        if starts.last() != Some(&bytes.len()) {
            starts.push(bytes.len());
        }
        Self(starts)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len() - 1
    }

    /// The line, counted from 0, in which this byte lies.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of these lines.
    pub(super) fn bytes(&self, lines: Range<usize>) -> Range<usize> {
        self.0[lines.start]..self.0[lines.end]
    }
}

/// The diff between two texts, bounded.
pub(in crate::tools) fn line_diff(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut out = diff.unified_diff().context_radius(CONTEXT).missing_newline_hint(false).to_string();
    if out.len() > MOST_BYTES {
        let cut = (0..=MOST_BYTES).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        out.truncate(cut);
        out.push_str("\n[more is not shown]\n");
    }
    out
}

/// The diff that `plan` makes to `old`, bounded.
pub(super) fn unified(old: &[u8], plan: &Plan) -> String {
    let lines = Lines::of(old);
    let mut out = String::new();
    // How far the line numbers of the new text are ahead of those of the old.
    let mut shift = 0isize;
    let hunks = hunks(&lines, plan);
    for (index, hunk) in hunks.iter().enumerate() {
        let part = lines.bytes(hunk.lines.clone());
        let mut new = Vec::new();
        let mut at = part.start;
        for replacement in &plan.replacements[hunk.replacements.clone()] {
            new.extend_from_slice(&old[at..replacement.range.start]);
            new.extend_from_slice(replacement.new.as_bytes());
            at = replacement.range.end;
        }
        new.extend_from_slice(&old[at..part.end]);
        let body = hunk_text(&old[part], &new, hunk.lines.start, &mut shift);
        if out.len() + body.len() > MOST_BYTES {
            let room = MOST_BYTES.saturating_sub(out.len());
            let end = body.match_indices('\n').map(|(at, _)| at).take_while(|at| *at < room).last();
            out.push_str(&body[..end.map_or(0, |at| at + 1)]);
            let left = hunks.len() - index - 1;
            out.push_str(&format!(
                "[diff cut here; {} not shown]\n",
                crate::base::plural(left, "later hunk")
            ));
            break;
        }
        out.push_str(&body);
    }
    out.pop();
    out
}

struct Hunk {
    lines: Range<usize>,
    replacements: Range<usize>,
}

/// Replacements whose surroundings touch share a hunk.
fn hunks(lines: &Lines, plan: &Plan) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for (index, replacement) in plan.replacements.iter().enumerate() {
        let first = lines.at(replacement.range.start).min(lines.count().saturating_sub(1));
        // A replacement that takes a line end and puts none back joins the line after.
        let at_start = lines.bytes(first..first + 1).start == replacement.range.start;
        let whole = replacement.new.ends_with('\n') || (replacement.new.is_empty() && at_start);
        let end = replacement.range.end - usize::from(whole);
        let last = lines.at(end).min(lines.count().saturating_sub(1));
        let around = first.saturating_sub(CONTEXT)..(last + 1 + CONTEXT).min(lines.count());
        match hunks.last_mut() {
            Some(hunk) if around.start <= hunk.lines.end => {
                hunk.lines.end = hunk.lines.end.max(around.end);
                hunk.replacements.end = index + 1;
            }
            _ => hunks.push(Hunk { lines: around, replacements: index..index + 1 }),
        }
    }
    hunks
}

fn hunk_text(old: &[u8], new: &[u8], first: usize, shift: &mut isize) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let (before, after) = (old.split_inclusive('\n').count(), new.split_inclusive('\n').count());
    let new_first = (first as isize + *shift + 1).max(0);
    *shift += after as isize - before as isize;
    let mut out = format!("@@ -{},{before} +{new_first},{after} @@\n", first + 1);
    for change in diff.iter_all_changes() {
        out.push(match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        });
        let line = change.value();
        let bare = line.strip_suffix('\n').unwrap_or(line);
        out.push_str(bare.strip_suffix('\r').unwrap_or(bare));
        out.push('\n');
        if !line.ends_with('\n') {
            out.push_str("\\ no line end\n");
        }
    }
    out
}
