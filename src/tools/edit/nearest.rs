//! Where a text that does not occur nearly does, and what the difference is.
//!
//! Only told, never acted upon: which place was meant is for the model to say.

use similar::{ChangeTag, TextDiff};

use super::places::places;

/// Lines of `old` that are compared, and that are shown.
const MOST_LINES: usize = 200;
const SHOWN_LINES: usize = 24;
/// Characters of a line that are shown.
const LINE_CHARS: usize = 300;

/// A description of the places in `bytes` most like `old`; empty when nothing is.
pub(super) fn describe(bytes: &[u8], old: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let file: Vec<&str> = text.split('\n').collect();
    // A line end at either side of `old` is no line of its own.
    let wanted: Vec<&str> = old.trim_matches('\n').split('\n').take(MOST_LINES).collect();
    let places = places(&file, &wanted);
    let mut out = String::new();
    for (first, alike) in places {
        let found = &file[first..(first + wanted.len()).min(file.len())];
        let range = match found.len() {
            1 => format!("line {}", first + 1),
            count => format!("lines {}–{}", first + 1, first + count),
        };
        out.push_str(&format!("nearest: {range}, {}% alike\n", alike / 10));
        if found == wanted {
            out.push_str(match found.iter().any(|line| line.contains('\u{fffd}')) {
                true => "the bytes there are not valid UTF-8, so no text matches them\n",
                false => "these lines are there, but not with the line ends around them that old has\n",
            });
        } else if let Some(name) = whitespace_only(found, &wanted) {
            out.push_str(&format!("only whitespace differs: {name}\n"));
        }
        out.push_str(&compare(found, &wanted, first));
    }
    out
}

/// When nothing but whitespace differs: what kind, in words.
fn whitespace_only(found: &[&str], wanted: &[&str]) -> Option<String> {
    if found.len() != wanted.len() {
        return None;
    }
    let bare = |line: &str| line.chars().filter(|ch| !ch.is_whitespace()).collect::<String>();
    if !found.iter().zip(wanted).all(|(a, b)| bare(a) == bare(b)) {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    let mut name = |words| {
        if !names.contains(&words) {
            names.push(words);
        }
    };
    for (there, asked) in found.iter().zip(wanted).filter(|(a, b)| a != b) {
        let (there_end, asked_end) = (there.ends_with('\r'), asked.ends_with('\r'));
        match (there_end, asked_end) {
            (true, false) => name("the file has CRLF line ends, old has LF"),
            (false, true) => name("old has CRLF line ends, the file has LF"),
            _ => {}
        }
        let (there, asked) = (there.trim_end_matches('\r'), asked.trim_end_matches('\r'));
        let indent = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
        let (there_in, asked_in) = (indent(there), indent(asked));
        if there_in != asked_in {
            name(match (there_in.contains('\t'), asked_in.contains('\t')) {
                (true, false) => "the file is indented with tabs, old with spaces",
                (false, true) => "the file is indented with spaces, old with tabs",
                _ => "the indentation is of another depth",
            });
        }
        let (there, asked) = (there.trim_start(), asked.trim_start());
        match (there.len() - there.trim_end().len(), asked.len() - asked.trim_end().len()) {
            (a, b) if a > b => name("the file has trailing whitespace"),
            (a, b) if a < b => name("old has trailing whitespace"),
            _ => {}
        }
        if there.trim_end() != asked.trim_end() {
            name("spacing within the line");
        }
    }
    (!names.is_empty()).then(|| names.join("; "))
}

/// `-` what `old` says, `+` what the file has, with line numbers; where two lines differ in
/// whitespace alone, it is made visible.
fn compare(found: &[&str], wanted: &[&str], first: usize) -> String {
    let diff = TextDiff::from_slices(wanted, found);
    let mut out = String::new();
    let bare = |line: &str| line.chars().filter(|ch| !ch.is_whitespace()).collect::<String>();
    for (shown, change) in diff.iter_all_changes().enumerate() {
        if shown == SHOWN_LINES {
            out.push_str("…\n");
            break;
        }
        let line = change.value();
        let others = if change.tag() == ChangeTag::Delete { found } else { wanted };
        let blank = change.tag() != ChangeTag::Equal && others.iter().any(|other| bare(other) == bare(line));
        let line = if blank { visible(line) } else { cut(line) };
        match change.tag() {
            ChangeTag::Equal => {
                out.push_str(&format!("  {}| {line}\n", first + 1 + change.new_index().unwrap_or(0)));
            }
            ChangeTag::Delete => out.push_str(&format!("- old| {line}\n")),
            ChangeTag::Insert => {
                out.push_str(&format!("+ {}| {line}\n", first + 1 + change.new_index().unwrap_or(0)));
            }
        }
    }
    out
}

/// Spaces at either end as `·`, tabs as `→`, carriage returns as `␍`.
fn visible(line: &str) -> String {
    let start = line.len() - line.trim_start().len();
    let end = line.trim_end().len();
    let mark = |(at, ch): (usize, char)| match ch {
        '\t' => '→',
        '\r' => '␍',
        ' ' if at < start || at >= end => '·',
        other => other,
    };
    cut(&line.char_indices().map(mark).collect::<String>())
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
